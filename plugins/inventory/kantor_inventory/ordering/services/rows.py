"""A row of the par sheet: one item at one place, and from whom it is bought first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from ...rules import Factor
from ...services.pairs import Pair
from .. import pricing, rules
from ..pricing import Break
from ..rules import Suggestion, Terms


@dataclass(frozen=True, kw_only=True)
class Offer:
    """From whom an item is bought first: the lowest rank of those one still buys from."""

    id: int
    supplier_id: int
    unit_id: int
    unit: str  # its public id
    pack: str
    terms: Terms
    price: int | None
    sku: str
    breaks: tuple[Break, ...] = ()  # that hold today

    def price_for(self, packs: int) -> int | None:
        """Return what each of so many packs costs."""
        return pricing.price_of(packs, self.price, self.breaks)

    def cheaper(self, packs: int) -> int:
        """Return how many packs cost less than so many, 0 if none do."""
        step = self.terms.step
        return pricing.cheaper(packs, self.price, self.breaks, multiple=step)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Who said at the shelf that it is nearly empty, and when first."""

    by: str
    at: datetime


@dataclass(kw_only=True)
class Row:
    """One item at one place."""

    id: int
    pair: Pair
    item: str
    name: str
    sku: str
    unit: str
    place: str
    place_name: str
    department_id: int | None
    department: str | None
    on_hand: int
    on_order: int
    reserved: int
    minimum: int | None
    maximum: int | None
    counted_at: Any
    periodic: bool
    priced: bool  # one may see what it costs
    offer: Offer | None
    line: str | None  # the draft line it is on, if any
    order: str | None
    packs: int | None
    put_off: date | None
    broken: bool = False  # there are prices by quantity
    level: Any = None  # what its limits were worked out from, where Kantor does
    told: Told | None = None
    weekly: int | None = None
    suggestion: Suggestion | None = None

    @property
    def key(self) -> str:
        """What names the row in a form."""
        return f"{self.item}-{self.place}"

    @property
    def position(self) -> int:
        return rules.position(on_hand=self.on_hand, on_order=self.on_order, reserved=self.reserved)

    @property
    def cover(self) -> Fraction | None:
        return rules.cover(self.position, self.weekly)

    @property
    def missing(self) -> int:
        return rules.needed(self.position, self.minimum, self.maximum)

    def cost(self, packs: int) -> int | None:
        """Return what so many packs cost, to whoever may see it."""
        if self.offer is None or not self.priced:
            return None
        each = self.offer.price_for(packs)
        return each * packs if each is not None else None


def row(found: Any) -> Row:
    """Return the row that one of the ``statements`` found."""
    offer = None
    if found.offer_id is not None:
        offer = Offer(
            id=found.offer_id,
            supplier_id=found.supplier_id,
            unit_id=found.unit_id,
            unit=found.unit_key,
            pack=found.pack,
            terms=Terms(
                pack=Factor(found.num, found.den), least=found.least, multiple=found.multiple
            ),
            price=found.price,
            sku=found.supplier_sku,
        )
    return Row(
        id=found.id,
        pair=(found.item_id, found.point_id),
        item=found.item,
        name=found.name,
        sku=found.sku,
        unit=found.unit,
        place=found.place,
        place_name=found.place_name,
        department_id=found.department_id,
        department=found.department,
        on_hand=found.quantity,
        on_order=found.on_order,
        reserved=found.reserved,
        minimum=found.minimum,
        maximum=found.maximum,
        counted_at=found.counted_at,
        periodic=found.mode == "periodic",
        priced=bool(found.priced),
        offer=offer,
        line=found.line,
        order=found.order,
        packs=found.packs,
        put_off=found.until_on,
        broken=bool(found.broken),
        level=found.last_auto_inputs if found.method == "auto" else None,
        told=Told(by=found.told_by or "", at=found.told_at) if found.told_at is not None else None,
    )
