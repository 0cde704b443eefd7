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


class OverviewForm(Form):
    """What the overview is about; everything may be left as it is."""

    place = ChoiceField(message("Place"), [optional()], blank=message("All places"))
    department = ChoiceField(message("Used by"), [optional()], blank=message("All departments"))
    months = ChoiceField(
        message("Usage of"),
        [optional()],
        coerce=int,
        choices=(
            (3, message("3 months")),
            (6, message("6 months")),
            (12, message("12 months")),
        ),
        default=3,
    )

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the places whose stock one may see, and the departments."""
        self.place.choices = choices.stocked_places(tx)
        self.department.choices = choices.departments(tx)
