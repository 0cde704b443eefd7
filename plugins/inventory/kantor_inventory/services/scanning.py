"""What scanned codes stand for: the barcode on a packet, or the code of an item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from portal.api import Message, UnitOfWork, message, sort_key, visible

from .. import rules
from ..models import Barcode, Item, ItemUnit, Unit
from ..rules import Amount


def look_up(tx: UnitOfWork, codes: Sequence[str]) -> Iterator[tuple[str, Any, Message | str]]:
    """Yield (code as asked, item, what it is in words) of every code that is known.

    The item has ``public_id`` and ``name``. A code that is on a packet and also the code of another
    item yields both.
    """
    packets = {code: key for code in codes if (key := rules.scanned_key(code)) is not None}
    named = {code: sort_key(code) for code in codes}
    on_packets = {row.code_key: row for row in _barcodes(tx, packets.values())}
    on_shelves = {row.sku_key: row for row in _items(tx, named.values())}
    for code in codes:
        packet, shelf = on_packets.get(packets.get(code, "")), on_shelves.get(named[code])
        if packet is not None:
            yield code, packet, _packed(packet)
        if shelf is not None and (packet is None or packet.public_id != shelf.public_id):
            yield code, shelf, message("Code {code}", code=shelf.sku)


def _packed(row: Any) -> Message | str:
    if row.num == row.den:
        return str(row.unit)
    held = Amount(row.num * rules.ONE, row.base)
    if row.den == 1:
        return message("{unit} of {held}", unit=row.unit, held=held)
    return message("{unit}, {count} of them hold {held}", unit=row.unit, count=row.den, held=held)


def _barcodes(tx: UnitOfWork, keys: Any) -> Any:
    base = select(Unit.name).where(Unit.id == Item.base_unit_id).correlate(Item).scalar_subquery()
    statement: Any = (
        select(
            Item.public_id,
            Item.name,
            Barcode.code_key,
            ItemUnit.num,
            ItemUnit.den,
            Unit.name.label("unit"),
            base.label("base"),
        )
        .join(ItemUnit, ItemUnit.item_id == Item.id)
        .join(Barcode, Barcode.item_unit_id == ItemUnit.id)
        .join(Unit, Unit.id == ItemUnit.unit_id)
        .where(Barcode.code_key.in_(set(keys)), Barcode.active)
    )
    return tx.session.execute(visible(statement, "inventory.item.view", tx.actor))


def _items(tx: UnitOfWork, keys: Any) -> Any:
    statement: Any = select(Item.public_id, Item.name, Item.sku, Item.sku_key)
    statement = statement.where(Item.sku_key.in_(set(keys)))
    return tx.session.execute(visible(statement, "inventory.item.view", tx.actor))
