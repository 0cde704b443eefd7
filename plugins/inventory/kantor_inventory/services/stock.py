"""Moving stock: receive, issue, transfer, scrap, reverse."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import select

from portal.api import (
    Conflict,
    Department,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    visible,
)

from .. import events, rules
from ..models import Item, ItemUnit, Movement, Supplier, SupplierItem
from ..ordering.services import reopening
from . import ledger
from .commands import Issue, Open, Receive, Reverse, Scrap, Transfer
from .ends import PlaceClosed, outside, point_at, point_in_reach
from .ledger import Entry
from .limits import SetRule, set_rule

__all__ = [
    "Issue",
    "NotKept",
    "Open",
    "PlaceClosed",
    "Receive",
    "Reverse",
    "Scrap",
    "SetRule",
    "Transfer",
    "issue",
    "open_balance",
    "outside",
    "point_at",
    "receive",
    "reverse",
    "scrap",
    "set_rule",
    "transfer",
]


class NotKept(Conflict):
    """The item is not kept in stock, or not any more."""


def receive(tx: UnitOfWork, command: Receive) -> Movement:
    """Take goods in; without a price they are worth the supplier's last one, or the average."""
    item, unit = _item_and_unit(tx, command)
    if item.status == "discontinued":
        raise NotKept(
            message("{item} is discontinued. Make it active before you receive it.", item=item.name)
        )
    target = point_in_reach(tx, command.to_place, "inventory.stock.receive", target=True)
    supplier = _supplier(tx, command.supplier)
    price = command.price if command.price is not None else _last_price(tx, supplier, unit)
    return _post(
        tx,
        command,
        item,
        unit,
        events.StockReceived,
        type="receive",
        from_point=outside(tx, "supplier"),
        to_point=target,
        value=_worth(command.quantity, price),
        supplier_id=supplier.id if supplier is not None else None,
    )


def open_balance(tx: UnitOfWork, command: Open) -> Movement:
    """Write down what was there before the first movement."""
    item, unit = _item_and_unit(tx, command)
    return _post(
        tx,
        command,
        item,
        unit,
        None,
        type="opening",
        from_point=outside(tx, "opening"),
        to_point=point_in_reach(tx, command.to_place, "inventory.stock.receive", target=True),
        value=_worth(command.quantity, command.price),
    )


def issue(tx: UnitOfWork, command: Issue) -> Movement:
    """Hand stock out; raise NotEnough if the place holds less."""
    item, unit = _item_and_unit(tx, command)
    return _post(
        tx,
        command,
        item,
        unit,
        events.StockIssued,
        type="issue",
        from_point=point_in_reach(tx, command.from_place, "inventory.stock.issue"),
        to_point=outside(tx, "consumption"),
        **_receiver(tx, command),
    )


def transfer(tx: UnitOfWork, command: Transfer) -> Movement:
    """Carry stock to another place, in one line: it cannot get lost on the way."""
    if command.from_place == command.to_place:
        raise ValidationFailed({"to_place": message("Choose another place than the first.")})
    item, unit = _item_and_unit(tx, command)
    return _post(
        tx,
        command,
        item,
        unit,
        events.StockTransferred,
        type="transfer",
        from_point=point_in_reach(tx, command.from_place, "inventory.stock.transfer"),
        to_point=point_in_reach(tx, command.to_place, "inventory.stock.transfer", target=True),
    )


def scrap(tx: UnitOfWork, command: Scrap) -> Movement:
    """Take out what is thrown away; the reason is part of the line."""
    if not command.note.strip():
        raise ValidationFailed({"note": message("Say why this is thrown away.")})
    item, unit = _item_and_unit(tx, command)
    return _post(
        tx,
        command,
        item,
        unit,
        events.StockScrapped,
        type="scrap",
        from_point=point_in_reach(tx, command.from_place, "inventory.stock.scrap"),
        to_point=outside(tx, "scrap"),
    )


def reverse(tx: UnitOfWork, command: Reverse) -> Movement:
    """Post the exact opposite of a movement, once; raise AlreadyReversed or NotEnough.

    What came in by an order is then on order again.
    """
    if not command.note.strip():
        raise ValidationFailed({"note": message("Say why this is taken back.")})
    reachable = visible(select(Movement), "inventory.stock.reverse", tx.actor)
    wrong = tx.one(reachable, public_id=command.movement)
    if wrong.type == "reversal":
        raise Conflict(message("A reversal cannot be reversed. Post the movement again instead."))
    receipt = reopening.hold(tx, wrong)
    known = tx.session.scalar(select(Movement.id).where(Movement.reverses_id == wrong.id))
    entry = Entry(
        type="reversal",
        item_id=wrong.item_id,
        from_point=wrong.to_point,
        to_point=wrong.from_point,
        quantity=wrong.quantity,
        entered=wrong.entered,
        item_unit_id=wrong.item_unit_id,
        occurred_on=tx.today,
        for_person_id=wrong.for_person_id,
        for_department_id=wrong.for_department_id,
        for_place_id=wrong.for_place_id,
        supplier_id=wrong.supplier_id,
        note=command.note.strip(),
        reverses=wrong,
        key=command.key,
    )
    movement = _posted(tx, entry, events.MovementReversed)
    if receipt is not None and known is None:
        reopening.reopen(tx, receipt)
    return movement


def _item_and_unit(tx: UnitOfWork, command: Any) -> tuple[Item, ItemUnit]:
    """Return what is moved and in which of its units, or raise NotFound, NotKept."""
    item = tx.one(select(Item), public_id=command.item)
    if item.mode == "non_stock":
        raise NotKept(message("{item} is not kept in stock.", item=item.name))
    units = select(ItemUnit).filter_by(item_id=item.id, active=True)
    if command.unit is None:
        return item, tx.one(units, unit_id=item.base_unit_id)
    return item, tx.one(units, public_id=command.unit)


def _supplier(tx: UnitOfWork, public_id: str | None) -> Supplier | None:
    if public_id is None:
        return None
    supplier: Supplier = tx.one(select(Supplier), public_id=public_id)
    return supplier


def _last_price(tx: UnitOfWork, supplier: Supplier | None, unit: ItemUnit) -> int | None:
    if supplier is None:
        return None
    asked = select(SupplierItem.price).filter_by(supplier_id=supplier.id, item_unit_id=unit.id)
    return tx.session.scalars(asked).one_or_none()


def _worth(entered: int, price: int | None) -> int | None:
    if price is None:
        return None
    if price < 0:
        raise ValidationFailed({"price": message("A price is not negative.")})
    return rules.value_of_receipt(entered=entered, price=price)


def _receiver(tx: UnitOfWork, command: Issue) -> dict[str, int | None]:
    """Return who or what the stock is for, or raise ValidationFailed without any."""
    if not (command.for_person or command.for_department or command.for_place):
        raise ValidationFailed(
            {"for_person": message("Say for whom: a person, a department or a place.")}
        )
    wanted: tuple[tuple[str, Any, str | None], ...] = (
        ("for_person", Person, command.for_person),
        ("for_department", Department, command.for_department),
        ("for_place", Place, command.for_place),
    )
    found: dict[str, int | None] = {}
    for name, model, public_id in wanted:
        row_id = None
        if public_id:
            row_id = tx.session.scalar(select(model.id).where(model.public_id == public_id))
            if row_id is None:
                raise NotFound
        found[f"{name}_id"] = row_id
    return found


def _post(
    tx: UnitOfWork,
    command: Any,
    item: Item,
    unit: ItemUnit,
    event: type[events.Moved] | None,
    **more: Any,
) -> Movement:
    """Post one movement as it was entered, in base units."""
    occurred_on = command.occurred_on or tx.today
    if occurred_on > tx.today:
        raise ValidationFailed({"occurred_on": message("This day has not come yet.")})
    rules.checked(command.quantity)
    quantity = rules.to_base(command.quantity, rules.Factor(unit.num, unit.den))
    entry = Entry(
        item_id=item.id,
        quantity=quantity,
        entered=command.quantity,
        item_unit_id=unit.id,
        occurred_on=occurred_on,
        note=command.note.strip(),
        key=command.key,
        **more,
    )
    return _posted(tx, entry, event)


def _posted(tx: UnitOfWork, entry: Entry, event: type[events.Moved] | None) -> Movement:
    """Post an entry and tell of it, unless it was posted before."""
    (movement_id,), new = ledger.post(tx, [entry])
    movement: Movement = tx.one(select(Movement), id=movement_id)
    if new:
        tx.audit(f"inventory.stock_{movement.type}", movement, quantity=movement.quantity)
    if new and event is not None:
        names = {field.name for field in fields(event)} - {"movement_id"}
        facts = {name: getattr(movement, name) for name in names}
        tx.publish(event(movement_id=movement.id, **facts))
    return movement
