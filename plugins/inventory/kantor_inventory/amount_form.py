"""The form in which people say how much of an item, wherever they say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.api import Message, UnitOfWork, ValidationFailed, message
from portal.web import ChoiceField, Form, HiddenField, QuantityField, required

from . import rules
from .models import Item
from .services import guarding
from .services.guarding import Unusual


def like(unit: Any, units: Iterable[Any]) -> Any:
    """Return which of these units is called the same as one of another item and holds as much."""
    wanted = (unit.unit_id, unit.num, unit.den)
    return next((one for one in units if (one.unit_id, one.num, one.den) == wanted), None)


class AmountForm(Form):
    """How much, in which unit; asked about until it is understood, and meant if it is unusual."""

    quantity = QuantityField(message("Quantity"), [required()])
    unit = ChoiceField(message("Unit"), [required()])
    understood = HiddenField()
    sure = HiddenField()  # the unusual quantity that somebody has said is meant
    asked = HiddenField()  # what stood in the form when it was asked about

    def offer(self, units: Iterable[tuple[Any, str, Any]], base: str) -> None:
        """Offer the units an item comes in, each with what one of it holds."""
        self.factors: dict[str, rules.Factor] = {}
        self.units = {}
        self.base = base
        choices = []
        for unit, name, _ in units:
            self.units[unit.public_id] = unit
            self.factors[unit.public_id] = rules.Factor(unit.num, unit.den)
            choices.append((unit.public_id, unit_title(unit, name, base)))
        self.unit.choices = choices
        if self.unit.data is None and choices:
            self.unit.data = self.base_unit

    @property
    def base_unit(self) -> str:
        """The public id of the unit the item is counted in."""
        same = [key for key, factor in self.factors.items() if factor == rules.BASE]
        return same[0] if same else next(iter(self.factors))

    def in_base_units(self) -> int | None:
        """Return the quantity in base units, or None with the fault beside its field."""
        if self.quantity.data is None or self.unit.data not in self.factors:
            return None
        try:
            quantity = rules.to_base(self.quantity.data, self.factors[self.unit.data])
            return rules.checked(quantity)
        except ValidationFailed as refused:
            self.add_errors(refused.fields)
            return None

    def carry_to(self, other: AmountForm) -> None:
        """Let the form of another item ask for as much: in the same unit, else in base units.

        What is counted in something else starts empty; what was typed there already stays.
        """
        chosen = self.units.get(self.unit.data or "")
        if other.quantity.typed is not None or chosen is None or not self.quantity.typed:
            return
        if (same := like(chosen, other.units.values())) is not None:
            other.unit.data = same.public_id
            other.quantity.typed, other.quantity.data = self.quantity.typed, self.quantity.data
        elif self.base == other.base and (meant := self.in_base_units()) is not None:
            other.unit.data, other.quantity.data = other.base_unit, meant

    def is_understood(self) -> bool:
        """Return whether the person has seen what the quantity means, in base units.

        A plain whole number of what the item is counted in cannot mean anything else.
        """
        typed = (self.quantity.typed or "").strip()
        if typed.isdecimal() and self.factors.get(self.unit.data or "") == rules.BASE:
            return True
        seen, meant = self.understood.data, str(self.in_base_units())
        self.understood.data = meant
        return bool(seen == meant)

    def doubt(self, tx: UnitOfWork, item: Item, kind: str, answer: str) -> Unusual | None:
        """Return what is unusual in the quantity of a valid form, unless it was said to be meant.

        ``answer`` is the unit that somebody chose when asked; it counts as long as nothing else
        was typed since.
        """
        if self.asked.data == self._entered() and answer in self.factors:
            self.unit.data = answer
            self.understood.data = self.sure.data = str(self.in_base_units())
        if self.sure.data == str(self.in_base_units()):
            return None
        unit = self.units[self.unit.data]
        found = guarding.unusual(tx, item, kind, self.quantity.data or 0, unit)
        self.asked.data = self._entered() if found is not None else ""
        return found

    def _entered(self) -> str:
        return f"{self.quantity.data} {self.unit.data}"


def unit_title(unit: Any, name: str, base: str) -> Message | str:
    """Return how a unit is offered: with what one of it, or several, hold."""
    if unit.num == unit.den:
        return name
    held = rules.Amount(unit.num * rules.ONE, base)
    if unit.den == 1:
        return message("{unit} of {held}", unit=name, held=held)
    return message("{unit}, {count} of them hold {held}", unit=name, count=unit.den, held=held)
