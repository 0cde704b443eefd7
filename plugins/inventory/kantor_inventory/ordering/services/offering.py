"""From whom an item can be ordered now, by which unit, and by how many packs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from portal.api import NotFound, UnitOfWork, ValidationFailed, message

from ...models import Item, ItemUnit, Supplier, SupplierItem
from ...rules import Factor
from ...services import price_breaks, stock
from .. import rules
from ..models import OrderLine
from ..rules import Terms
from . import sheet

LARGEST = 100_000  # packs


def offers(tx: UnitOfWork, item_id: int) -> Sequence[SupplierItem]:
    """Return from whom, and by which unit, an item can be ordered now; first choice first."""
    return tx.session.scalars(
        select(SupplierItem)
        .join(SupplierItem.item_unit)
        .join(SupplierItem.supplier)
        .where(ItemUnit.item_id == item_id, ItemUnit.active, Supplier.active)
        .order_by(SupplierItem.rank, SupplierItem.id)
    ).all()


def offer_of(tx: UnitOfWork, line: OrderLine) -> int | None:
    """Return the offer a line was made of."""
    return tx.session.scalar(
        select(SupplierItem.id).filter_by(
            supplier_id=line.order.supplier_id, item_unit_id=line.item_unit_id
        )
    )


def offer_named(tx: UnitOfWork, item_id: int, offer_id: int) -> SupplierItem:
    """Return one of the offers of an item, or raise NotFound."""
    for offer in offers(tx, item_id):
        if offer.id == offer_id:
            return offer
    raise NotFound


def as_offer(tx: UnitOfWork, offer: SupplierItem) -> sheet.Offer:
    """Return an offer with the prices that hold today."""
    return sheet.Offer(
        id=offer.id,
        supplier_id=offer.supplier_id,
        unit_id=offer.item_unit_id,
        unit=offer.item_unit.public_id,
        pack=offer.item_unit.unit.name,
        terms=terms_of(offer),
        price=offer.price,
        sku=offer.supplier_sku,
        breaks=price_breaks.today(tx, [offer.id]).get(offer.id, ()),
    )


def terms_of(offer: SupplierItem) -> Terms:
    """Return how a supplier sells an item by an offer."""
    unit = offer.item_unit
    return Terms(pack=Factor(unit.num, unit.den), least=offer.least, multiple=offer.multiple)


def check_kept(item: Item) -> None:
    """Refuse what is not kept in stock, or not ordered any more."""
    if item.mode == "non_stock":
        raise stock.NotKept(message("{item} is not kept in stock.", item=item.name))
    if item.status != "active":
        raise stock.NotKept(message("{item} is not ordered any more.", item=item.name))


def check_offer(offer: SupplierItem, packs: int, field: str) -> None:
    """Refuse what is not kept or sold, or not by so many packs; ``field`` is where it is said."""
    item = offer.item_unit.item
    check_kept(item)
    if not offer.item_unit.active:
        raise stock.NotKept(message("{item} is not ordered any more.", item=item.name))
    check_packs(packs, offer, field)


def check_packs(packs: int, offer: SupplierItem | None = None, field: str = "packs") -> None:
    """Refuse a number of packs that is none, or that an offer is not sold by."""
    if not 0 < packs <= LARGEST:
        raise ValidationFailed({field: message("Enter a whole number above zero.")})
    if offer is None:
        return
    terms = terms_of(offer)
    if not rules.allowed(packs, terms):
        raise ValidationFailed(
            {
                field: message(
                    "They sell at least {least}, in multiples of {multiple}.",
                    least=offer.least,
                    multiple=offer.multiple,
                )
            }
        )
    terms.base(packs)
