"""Prices by quantity: what a supplier asks for one unit from so many on, and since when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select

from portal.api import EditConflict, UnitOfWork, ValidationFailed, message, visible

from ..models import ItemUnit, PriceBreak, Supplier, SupplierItem
from ..ordering.pricing import Break, on
from ..rules import Day

EDIT = "inventory.supplier.edit"
LARGEST = 100_000  # packs


@dataclass(frozen=True, kw_only=True)
class AddBreak:
    """From ``packs`` on each costs ``price``, from a day until before another."""

    supplier: str
    unit: str
    packs: int
    price: int
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, kw_only=True)
class EndBreak:
    """A price holds until before ``valid_to``; ``was`` is what stood there when it was read."""

    supplier: str
    unit: str
    price_break: str
    valid_to: date | None
    was: date | None


@dataclass(frozen=True, kw_only=True)
class RemoveBreak:
    """A price that is asked no more, or never was."""

    supplier: str
    unit: str
    price_break: str


def offer_named(tx: UnitOfWork, supplier: str, unit: str, *, lock: bool = False) -> SupplierItem:
    """Return what a supplier asks for a unit, or raise NotFound; ``lock`` holds it."""
    found = (
        select(SupplierItem)
        .join(Supplier, Supplier.id == SupplierItem.supplier_id)
        .join(ItemUnit, ItemUnit.id == SupplierItem.item_unit_id)
        .where(Supplier.public_id == supplier, ItemUnit.public_id == unit)
    )
    row: SupplierItem = tx.one(visible(found, EDIT, tx.actor))
    return tx.one(select(SupplierItem), lock=True, id=row.id) if lock else row


def add(tx: UnitOfWork, command: AddBreak) -> PriceBreak:
    """Add a price by quantity; raise ValidationFailed where one of that quantity holds then.

    The offer is held meanwhile, so that two people cannot add overlapping ones.
    """
    offer = offer_named(tx, command.supplier, command.unit, lock=True)
    _check(command)
    new = Break(command.packs, command.price, command.valid_from, command.valid_to)
    _refuse_overlap(tx, offer, new, "valid_from")
    row = PriceBreak(
        supplier_item_id=offer.id,
        packs=new.packs,
        price=new.price,
        valid_from=new.since,
        valid_to=new.until,
    )
    tx.session.add(row)
    tx.session.flush()
    item = offer.item_unit.item.sku
    tx.audit("inventory.price_break_added", offer.supplier, item=item, **_said(row))
    return row


def change_end(tx: UnitOfWork, command: EndBreak) -> PriceBreak:
    """Let a price hold longer or shorter.

    Raises EditConflict if its last day was changed since it was read, ValidationFailed where
    another price of that quantity holds then.
    """
    offer = offer_named(tx, command.supplier, command.unit, lock=True)
    row = of_offer_named(tx, offer, command.price_break)
    if row.valid_to != command.was:
        raise EditConflict(theirs={"valid_to": row.valid_to})
    _check_days(row.valid_from, command.valid_to)
    new = Break(row.packs, row.price, row.valid_from, command.valid_to)
    _refuse_overlap(tx, offer, new, "valid_to", beside=row.id)
    before = _said(row)
    row.valid_to = command.valid_to
    tx.session.flush()
    item = offer.item_unit.item.sku
    tx.audit(
        "inventory.price_break_changed", offer.supplier, item=item, before=before, after=_said(row)
    )
    return row


def _refuse_overlap(
    tx: UnitOfWork, offer: SupplierItem, new: Break, field: str, *, beside: int = 0
) -> None:
    known = select(PriceBreak).where(
        PriceBreak.supplier_item_id == offer.id,
        PriceBreak.packs == new.packs,
        PriceBreak.id != beside,
        PriceBreak.valid_from < (new.until or date.max),
        or_(PriceBreak.valid_to.is_(None), PriceBreak.valid_to > new.since),
    )
    other = tx.session.scalars(known.limit(1)).first()
    if other is not None:
        text = message(
            "For {packs} there is a price from {day} on in these days. End or remove it first.",
            packs=new.packs,
            day=Day(other.valid_from),
        )
        raise ValidationFailed({field: text})


def remove(tx: UnitOfWork, command: RemoveBreak) -> None:
    """Remove a price by quantity, or raise NotFound."""
    offer = offer_named(tx, command.supplier, command.unit, lock=True)
    row = of_offer_named(tx, offer, command.price_break)
    said = _said(row)
    tx.session.delete(row)
    tx.session.flush()
    item = offer.item_unit.item.sku
    tx.audit("inventory.price_break_removed", offer.supplier, item=item, **said)


def of_offer(tx: UnitOfWork, offer: SupplierItem) -> Sequence[PriceBreak]:
    """Return all prices by quantity of an offer, by quantity and day."""
    return tx.session.scalars(
        select(PriceBreak)
        .where(PriceBreak.supplier_item_id == offer.id)
        .order_by(PriceBreak.packs, PriceBreak.valid_from)
    ).all()


def of_offer_named(tx: UnitOfWork, offer: SupplierItem, public_id: str) -> PriceBreak:
    """Return one price by quantity of an offer, or raise NotFound."""
    row: PriceBreak = tx.one(select(PriceBreak), public_id=public_id, supplier_item_id=offer.id)
    return row


_TODAY: Any = select(
    PriceBreak.supplier_item_id,
    PriceBreak.packs,
    PriceBreak.price,
    PriceBreak.valid_from,
    PriceBreak.valid_to,
).where(PriceBreak.supplier_item_id.in_(bindparam("offers", expanding=True)))


def today(tx: UnitOfWork, offers: Collection[int]) -> dict[int, tuple[Break, ...]]:
    """Return the breaks that hold today, by offer; one statement for all."""
    if not offers:
        return {}
    found: dict[int, list[Break]] = {}
    for row in tx.session.execute(_TODAY, {"offers": sorted(offers)}):
        one = Break(row.packs, row.price, row.valid_from, row.valid_to)
        found.setdefault(row.supplier_item_id, []).append(one)
    return {offer: on(tx.today, breaks) for offer, breaks in found.items()}


def units_with(tx: UnitOfWork, supplier: Supplier) -> dict[str, int]:
    """Return how many prices by quantity hold today for each unit a supplier sells (public id)."""
    rows = tx.session.execute(
        select(ItemUnit.public_id, PriceBreak.valid_from, PriceBreak.valid_to)
        .join(SupplierItem, SupplierItem.id == PriceBreak.supplier_item_id)
        .join(ItemUnit, ItemUnit.id == SupplierItem.item_unit_id)
        .where(SupplierItem.supplier_id == supplier.id)
    )
    found: dict[str, int] = {}
    for unit, since, until in rows:
        holds = Break(1, 0, since, until).holds_on(tx.today)
        found[unit] = found.get(unit, 0) + holds
    return found


def _check(command: AddBreak) -> None:
    if not 1 < command.packs <= LARGEST:
        raise ValidationFailed({"packs": message("A price by quantity begins with 2.")})
    if command.price < 0:
        raise ValidationFailed({"price": message("A price is not negative.")})
    _check_days(command.valid_from, command.valid_to)


def _check_days(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise ValidationFailed({"valid_to": message("The last day is not before the first.")})


def _said(row: PriceBreak) -> dict[str, Any]:
    until = row.valid_to.isoformat() if row.valid_to is not None else None
    said = {"packs": row.packs, "price": row.price, "valid_from": row.valid_from.isoformat()}
    return said | {"valid_to": until}
