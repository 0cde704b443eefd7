"""What one may narrow the pages of watching by."""

from __future__ import annotations

from portal.api import UnitOfWork, message
from portal.web import ChoiceField, Form, optional

from ..services import choices


class AlertFilters(Form):
    place = ChoiceField(message("Place"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the places whose stock one may see."""
        self.place.choices = choices.stocked_places(tx)
