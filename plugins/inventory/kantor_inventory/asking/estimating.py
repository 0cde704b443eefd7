"""What a request may cost, and whether something of it has to be bought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select

from portal.api import Place, UnitOfWork

from ..models import ItemUnit, Supplier, SupplierItem
from ..ordering import pricing
from ..ordering.rules import Terms, packs_for
from ..rules import ONE, Factor, half_even
from ..services import ledger, price_breaks
from .models import RequisitionLine
from .rooms import held_at

REASON = "what a request may cost"


def of_items(tx: UnitOfWork, wanted: Iterable[tuple[int, int]]) -> list[int | None]:
    """Return what so much of each item, in base units, may cost in minor units; None if unknown.

    That is the price of the first supplier for the packs that hold it, and its share of them;
    where nobody sells an item, what it last cost.
    """
    every = list(wanted)
    items = {item_id for item_id, _ in every}
    offers = _offers(tx, items)
    breaks = price_breaks.today(tx, [one.id for one in offers.values()])
    costs = ledger.last_costs(tx, items - offers.keys())
    found: list[int | None] = []
    for item_id, quantity in every:
        offer = offers.get(item_id)
        if offer is not None:
            found.append(_share(offer, breaks.get(offer.id, ()), quantity))
        elif item_id in costs:
            known, value = costs[item_id]
            found.append(half_even(value * quantity, known))
        else:
            found.append(None)
    return found


def of_words(price: int | None, entered: int) -> int | None:
    """Return what so many thousandths cost at a price of one, None without one."""
    return None if price is None else half_even(price * entered, ONE)


def fill(tx: UnitOfWork, lines: Sequence[RequisitionLine]) -> int:
    """Write beside each line what it may cost; return the sum of all."""
    kept = [line for line in lines if line.item_id is not None]
    costs = of_items(tx, [(line.item_id or 0, line.quantity) for line in kept])
    for line, cost in zip(kept, costs, strict=True):
        line.estimate = cost
    for line in lines:
        if line.item_id is None:
            line.estimate = of_words(line.price, line.entered)
    return sum(line.estimate or 0 for line in lines)


def must_buy(tx: UnitOfWork, room: Place, lines: Sequence[RequisitionLine]) -> bool:
    """Return whether something is not kept, or more is asked for than the room has to give.

    What is being counted by who asks counts as too little: nobody learns from this how much there
    is.
    """
    if any(line.item_id is None for line in lines):
        return True
    held = held_at(tx, room, {line.item_id or 0 for line in lines})
    for line in lines:
        there = held.get(line.item_id or 0)
        if there is None or there.closed or there.quantity < line.quantity:
            return True
    return False


def _share(offer: SupplierItem, breaks: Sequence[pricing.Break], quantity: int) -> int | None:
    unit = offer.item_unit
    terms = Terms(pack=Factor(unit.num, unit.den), least=offer.least, multiple=offer.multiple)
    each = pricing.price_of(packs_for(quantity, terms), offer.price, breaks)
    return None if each is None else half_even(each * quantity * unit.den, ONE * unit.num)


def _offers(tx: UnitOfWork, items: Collection[int]) -> dict[int, SupplierItem]:
    """Return from whom each item is bought first."""
    if not items:
        return {}
    with tx.acting_for("inventory", reason=REASON) as own:
        rows = own.session.scalars(
            select(SupplierItem)
            .join(SupplierItem.item_unit)
            .join(SupplierItem.supplier)
            .where(ItemUnit.item_id.in_(items), ItemUnit.active, Supplier.active)
            .order_by(SupplierItem.rank.desc(), SupplierItem.id.desc())
        ).all()
        return {row.item_unit.item_id: row for row in rows}
