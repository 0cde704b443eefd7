"""A second look at quantities: has so much of this ever been moved at once?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, literal, select

from portal.api import Message, UnitOfWork, ValidationFailed, message

from .. import rules
from ..asking.rules import MOST, usual
from ..models import Item, ItemUnit, Movement
from ..rules import Amount, Factor
from . import packs

LEARNED_FROM = {"ask": "issue"}  # what one asks for is compared with what was handed out

# The newest first, along an index of its own, whoever may see them.
PAST = (
    select(Movement.quantity)
    .where(Movement.item_id == bindparam("item"), Movement.type == bindparam("kind"))
    .order_by(Movement.id.desc())
    .limit(literal(MOST, literal_execute=True))
)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The same number in some unit: its button, and the unit it stands for."""

    unit: str  # public id
    entered: Amount
    moved: Amount

    @property
    def words(self) -> Message | Amount:
        if self.entered == self.moved:
            return self.entered
        return message("{entered} = {moved}", entered=self.entered, moved=self.moved)


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """A quantity that somebody should look at again, and what else may have been meant."""

    said: Meaning
    usual: Amount
    others: tuple[Meaning, ...]

    @property
    def sentence(self) -> Message:
        """Return what is unusual, in words."""
        facts = {"said": self.said.words, "usual": self.usual}
        if self.others:
            units = " / ".join((self.said.entered.unit, *(o.entered.unit for o in self.others)))
            return message("{said}, usual is {usual}. Which unit: {units}?", units=units, **facts)
        return message("{said}, usual is {usual}. Is this right?", **facts)


def unusual(tx: UnitOfWork, item: Item, kind: str, quantity: int, unit: ItemUnit) -> Unusual | None:
    """Return why a quantity should be looked at again before it is posted; None if it is usual.

    ``kind`` is a type of movement, or ``ask``; ``quantity`` is in thousandths of ``unit``. What is
    usual is learnt from the item's own movements of that kind, as far as they may be seen. That
    costs one statement, and another one only when the quantity is unusual. It is a question, never
    a refusal.
    """
    moved = _in_base(quantity, unit)
    if moved is None:
        return None
    asked = {"item": item.id, "kind": LEARNED_FROM.get(kind, kind)}
    known = usual(tx.session.scalars(PAST, asked).all())
    if known is None or known.fits(moved):
        return None
    units = packs.units_of(tx, item)
    base = next((name for other, name, _ in units if other.num == other.den), "")
    others = tuple(
        _meaning(other, name, quantity, meant, base)
        for other, name, _ in units
        if other.id != unit.id
        and (meant := _in_base(quantity, other)) is not None
        and known.fits(meant)
    )
    if not others and not known.too_much(moved):
        return None  # Little, but nothing else can have been meant.
    name = next((name for other, name, _ in units if other.id == unit.id), base)
    said = _meaning(unit, name, quantity, moved, base)
    return Unusual(said=said, usual=Amount(known.middle, base), others=others)


def _in_base(quantity: int, unit: Any) -> int | None:
    """Return what this comes to in base units; None if it does not come out even."""
    try:
        return rules.to_base(quantity, Factor(unit.num, unit.den))
    except ValidationFailed:
        return None


def _meaning(unit: Any, name: str, quantity: int, moved: int, base: str) -> Meaning:
    return Meaning(unit=unit.public_id, entered=Amount(quantity, name), moved=Amount(moved, base))
