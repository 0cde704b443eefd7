"""The forms of counting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.api import UnitOfWork, ValidationFailed, message
from portal.web import (
    AreaField,
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    HiddenField,
    ManyField,
    PickField,
    QuantityField,
    RadioField,
    TextField,
    VersionField,
    longest,
    optional,
    required,
)

from .. import rules as arithmetic
from ..amount_form import unit_title
from . import rules
from .services import where

STATUSES = {
    "planned": message("Planned"),
    "counting": message("Being counted"),
    "submitted": message("To review"),
    "recount": message("Being counted again"),
    "posted": message("Posted"),
    "cancelled": message("Cancelled"),
}
DECISIONS = {
    "keep": message("Keep what was counted"),
    "included": message("Some movements were in the count already"),
    "recount": message("Count it again"),
    "leave_out": message("Leave it out, the books stay"),
}
DECIDED = {
    "keep": message("Kept"),
    "included": message("Kept, with movements"),
    "recount": message("Count again"),
    "leave_out": message("Left out"),
}


class PlanForm(Form):
    """What is to be counted, by when, and by whom."""

    department = ChoiceField(message("Department"), [required()])
    title = TextField(
        message("Name"),
        [optional(), longest(200)],
        empty="",
        default="",
        description=message("Left empty, it is called after its place or department."),
    )
    places = ManyField(
        message("Places"),
        [optional()],
        description=message("None ticked means all of them."),
    )
    categories = ManyField(
        message("Categories"),
        [optional()],
        description=message("None ticked means all of them."),
    )
    blind = BooleanField(
        message("Nobody who counts sees what the books say"),
        default=True,
        description=message("People count better when they do not know the answer."),
    )
    due_on = DateField(message("To be counted by"), [optional()])
    assigned_to = PickField(message("Who counts"), [optional()])
    note = AreaField(message("Note"), [optional(), longest(500)], empty="", default="")
    skip_taken = BooleanField(message("Leave out what another open count has"))


class EntryForm(Form):
    """One figure: a quantity in one unit, single ones beside it, and what the form has shown.

    ``seen`` is the entry that stood in the form, so that nobody writes over one they did not see.
    """

    quantity = QuantityField(message("How many are there?"), [optional()])
    unit = ChoiceField(message("Unit"), [optional()])
    singles = QuantityField(message("and single ones"), [optional()])
    seen = VersionField()
    understood = HiddenField()

    def offer(self, units: Iterable[tuple[Any, str, Any]], base: str) -> None:
        """Offer the units of an item, the one it is counted in first."""
        self.base, self.factors = base, {}
        choices = []
        for unit, name, _ in units:
            self.factors[unit.public_id] = arithmetic.Factor(unit.num, unit.den)
            choices.append((unit.public_id, unit_title(unit, name, base)))
        self.unit.choices = choices
        same = [key for key, factor in self.factors.items() if factor == arithmetic.BASE]
        self.base_unit = same[0] if same else next(iter(self.factors), "")
        if self.unit.data is None:
            self.unit.data = self.base_unit

    @property
    def amounts(self) -> list[tuple[str, int]]:
        """What was entered, as (unit, thousandths); empty when nothing was."""
        found: list[Any] = []
        if self.quantity.data is not None:
            found.append((self.unit.data, self.quantity.data))
        if self.singles.data is not None and self.unit.data != self.base_unit:
            found.append((self.base_unit, self.singles.data))
        return found

    def total(self) -> int | None:
        """Return what was entered in base units, or None with the fault beside its field."""
        if self.errors or not self.amounts:
            return None
        typed = (self.quantity.typed or "").strip()
        if arithmetic.is_gtin(typed):
            self.add_errors(
                {"quantity": message("This is a code, not a quantity. Find the item by it above.")}
            )
            return None
        try:
            parts = [arithmetic.to_base(n, self.factors[unit]) for unit, n in self.amounts]
            total = sum(parts)
            if total > arithmetic.LARGEST:
                arithmetic.checked(total)
            return total
        except ValidationFailed as refused:
            self.add_errors(refused.fields)
            return None

    def is_understood(self) -> bool:
        """Return whether the person has seen what the figure means in base units.

        A plain whole number of what the item is counted in cannot mean anything else.
        """
        if len(self.amounts) == 1 and self.amounts[0][0] == self.base_unit:
            if (self.quantity.typed or self.singles.typed or "").strip().isdecimal():
                return True
        seen, meant = self.understood.data, str(self.total())
        self.understood.data = meant
        return bool(seen == meant)


class AddForm(Form):
    """An item that lies there without being on the sheet."""

    item = PickField(
        message("Item"),
        [required()],
        description=message("Type a part of its name, its code, or scan its barcode."),
    )
    place = ChoiceField(message("Place"), [required()])


class SubmitForm(Form):
    missing = HiddenField()


class DecideForm(Form):
    """What becomes of a line."""

    decision = RadioField(message("What becomes of it"), [required()])
    movements = ManyField(message("Already in the count"), [optional()], coerce=int)
    reason = TextField(
        message("What explains it"), [optional(), longest(500)], empty="", default=""
    )
    version = VersionField()


class CancelForm(Form):
    reason = TextField(
        message("Why"), [required(message("Say why this is not counted.")), longest(500)]
    )
    version = VersionField()


class PlaceNowForm(Form):
    place = TextField(message("Place"), [required()])


class CountFilters(Form):
    department = ChoiceField(message("Department"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the departments whose counts one may see."""
        self.department.choices = where.departments(tx, rules.VIEW)
