"""Handing work over: what is ticked, and who shall have it."""

from __future__ import annotations

from portal.delegation.forms import find_among, working
from portal.messages import message
from portal.ui.forms import Form, PickField, required
from portal.ui.submitting import NamesField
from portal.work import UnitOfWork

from .services import HandOver


class HandOverForm(Form):
    """Which items, and to whom."""

    keys = NamesField(message("Work"))
    to = PickField(message("Hand over to"), [required()])

    def prepare(self, tx: UnitOfWork) -> HandOverForm:
        """Let the field find everybody who works here."""
        find_among(self.to, tx, working(tx))
        return self

    def command_for_items(self) -> HandOver:
        """Return what was asked for."""
        return HandOver(keys=tuple(self.keys.data or ()), to=self.to.data or "")
