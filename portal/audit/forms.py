"""Filters of the audit."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import ChoiceField, DateField, Form, optional
from portal.work import UnitOfWork

from .reading import known
from .words import ACTIONS, KINDS

ANY = message("Any")


class AuditFilter(Form):
    """Narrow the audit by who acted, by act, by kind of record and by day."""

    actor = ChoiceField(message("Who"), [optional()], blank=ANY)
    action = ChoiceField(message("Act"), [optional()], blank=ANY)
    kind = ChoiceField(message("On what"), [optional()], blank=ANY)
    since = DateField(message("From"), [optional()])
    until = DateField(message("Until"), [optional()])

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer what occurs."""
        found = known(tx)
        self.actor.choices = list(found.actors)
        self.action.choices = [(name, ACTIONS.get(name, name)) for name in found.actions]
        self.kind.choices = [(name, KINDS.get(name, name)) for name in found.kinds]
