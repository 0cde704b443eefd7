"""The stock of the world of the policy tests: items, requests, counts and orders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kantor_inventory.asking.models import Requisition, RequisitionLine, Slip
from kantor_inventory.budgets.models import Budget, BudgetEntry
from kantor_inventory.counting.models import Count, CountEntry, CountLine, CountPlace
from kantor_inventory.labels import flags
from kantor_inventory.models import (
    Balance,
    Category,
    Item,
    ItemUnit,
    Point,
    PriceBreak,
    Substitute,
    Supplier,
    SupplierItem,
    SupplierRecord,
    Unit,
)
from kantor_inventory.ordering.models import (
    Amendment,
    Confirmation,
    Delivery,
    DeliveryLine,
    OrderLine,
    OrderShare,
    PurchaseOrder,
    Receipt,
    Sending,
)
from kantor_inventory.services import balances, items, reserving, stock
from kantor_inventory.watching.models import MonthSum
from portal.contacts.models import Contact
from portal.places.models import Place
from portal.series.services import next_number

if TYPE_CHECKING:
    from tests.policy.world import World

SHARED = ("same", "below", "above", "elsewhere")
CODE = "4006381333931"
STAGES = {  # of a count: its state, what was decided of its line
    "count": ("counting", None),
    "count_submitted": ("submitted", None),
    "count_again": ("submitted", "recount"),
    "count_decided": ("submitted", "keep"),
    "count_posted": ("posted", "keep"),
}


def add_catalogue(tx: Any, world: World) -> None:
    unit, box = Unit(name="piece"), Unit(name="box")
    category = Category(name="Paper")
    tx.session.add_all([unit, box, category])
    tx.session.flush()
    item = Item(name="Thing", sku="T-1", sku_key="t-1", base_unit=unit, category=category)
    item.units = [ItemUnit(unit=unit, num=1), ItemUnit(unit=box, num=12)]
    tx.session.add(item)
    tx.session.flush()
    firm = tx.session.scalars(select(Contact).where(Contact.name == "Firm common")).one()
    supplier = Supplier(contact_id=firm.id)
    tx.session.add(supplier)
    tx.session.flush()
    items.add_code(tx, items.AddCode(unit=item.units[1].public_id, code=CODE))
    world.put("unit", "any", id=box.public_id, version=box.version)
    facts = {"id": item.public_id, "version": item.version, "unit": item.units[0].public_id}
    world.put("item", "any", **facts)
    world.put("item_unit", "any", id=item.units[1].public_id)
    world.put("category", "any", id=category.public_id, version=category.version)
    world.put("supplier", "any", id=supplier.public_id, version=supplier.version)
    offer = SupplierItem(supplier_id=supplier.id, item_unit_id=item.units[1].id, price=100)
    tx.session.add(offer)
    tx.session.flush()
    since = tx.today - timedelta(days=100)
    asked = PriceBreak(supplier_item_id=offer.id, packs=20, price=90, valid_from=since)
    figures = dict.fromkeys(("lead_sd", "on_time", "short_lines"), 0)
    figures |= dict.fromkeys(("lead_count", "promised", "closed_lines"), 1)
    record = SupplierRecord(supplier_id=supplier.id, as_of=tx.now, lead_mean=6_000, **figures)
    tx.session.add_all([asked, record])
    tx.session.flush()
    named = {"id": supplier.public_id, "unit_id": item.units[1].public_id}
    world.put("offer", "any", **named)
    world.put("price_break", "any", **named, break_id=asked.public_id)
    world.common |= {"item": item.public_id, "unit": item.units[0].public_id}
    more = []
    for name in ("Other thing", "Thing that serves"):
        row = Item(name=name, sku=name, sku_key=name.casefold(), base_unit=unit)
        row.units = [ItemUnit(unit=unit, num=1)]
        tx.session.add(row)
        tx.session.flush()
        more.append(row)
    tx.session.add(Substitute(item_id=item.id, other_id=more[1].id))
    world.common |= {"other_item": more[0].public_id, "substitute": more[1].public_id}
    world.common |= {"supplier": supplier.public_id, "code": CODE}


def add_stock(tx: Any, world: World) -> None:
    """Receive some of the item everywhere; one transfer has its ends in two departments."""
    item = world.common["item"]
    received = {}
    for relation in (*SHARED, "team", "common", "served"):
        place = world.places[relation]["id"]
        for _ in range(2):
            command = stock.Receive(item=item, quantity=100_000, to_place=place, price=1_000)
            received[relation] = public_id(tx, stock.receive(tx, command))
        world.put("balance", relation, id=item, place_id=place, name=world.places[relation]["name"])
        world.put("movement", relation, id=received[relation])
    flags.tell(tx, flags.shelf(tx, item, world.places["same"]["id"]))
    across = stock.Transfer(
        item=item,
        quantity=1_000,
        from_place=world.places["same"]["id"],
        to_place=world.places["elsewhere"]["id"],
    )
    world.put("movement", "across", id=public_id(tx, stock.transfer(tx, across)))
    del across


def add_kept_figures(tx: Any, world: World) -> None:
    """Keep a slip that came after the count, and a sum of a month."""
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    point = tx.session.scalars(
        select(Point.id).join(Point.place).where(Place.public_id == world.places["same"]["id"])
    ).one()
    slip = Slip(type="issue", item_id=item.id, point_id=point, quantity=1_000, entered=1_000)
    slip.item_unit_id = item.units[0].id
    slip.occurred_on, slip.counted_at, slip.noted_at = tx.today, tx.now, tx.now
    month = MonthSum(kind="stock", month=tx.today.replace(day=1), point_id=point, as_of=tx.now)
    tx.session.add_all([slip, month])
    tx.session.flush()


def add_requests(tx: Any, world: World) -> None:
    """Let a colleague in every relation ask the room in the same relation for something."""
    asked: list[tuple[str, str, int]] = [
        (relation, "*", world.common[f"colleague_{relation}"]) for relation in (*SHARED, "team")
    ]
    asked.append(("served", "*", world.common["colleague_elsewhere"]))
    asked += [("own", role, actor["id"]) for role, actor in world.actors.items()]
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    for number, (relation, role, owner) in enumerate(asked):
        # One's own requests are to a room of others that serves one.
        name = world.places["served" if relation == "own" else relation]["id"]
        place = tx.session.scalars(select(Place).filter_by(public_id=name)).one()
        row = Requisition(
            number=f"REQ-{number}", place_id=place.id, owner_id=owner, asked_at=tx.now
        )
        tx.session.add(row)
        tx.session.flush()
        line = RequisitionLine(
            requisition_id=row.id,
            item_id=item.id,
            item_unit_id=item.units[0].id,
            quantity=1_000,
            entered=1_000,
        )
        tx.session.add(line)
        tx.session.flush()
        for kind in ("requisition", "asked"):
            world.put(kind, relation, role, id=row.public_id, line=line.public_id)
        if relation == "same":
            _put_aside(tx, line, place.id)
        if relation != "own":
            world.put("to_buy", relation, id=_wish(tx, f"REQ-W{number}", place.id, owner))
    for relation in (*SHARED, "team", "served"):
        world.put("stock_room", relation, id=world.places[relation]["id"])


def _wish(tx: Any, number: str, place_id: int, owner: int) -> str:
    """Let somebody ask for what is not kept, and it is to be bought; return the line."""
    row = Requisition(number=number, place_id=place_id, owner_id=owner, asked_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    line = RequisitionLine(
        requisition_id=row.id, text="Desk lamp", quantity=1_000, entered=1_000, state="to_buy"
    )
    tx.session.add(line)
    tx.session.flush()
    return str(line.public_id)


def _put_aside(tx: Any, line: RequisitionLine, place_id: int) -> None:
    """Put what a line asks for aside."""
    balance = tx.session.scalars(
        select(Balance)
        .join(Balance.point)
        .where(Point.place_id == place_id, Balance.item_id == line.item_id)
    ).one()
    reserving.put_aside(tx, line.id, (balance.item_id, balance.point_id), line.quantity, None)


def add_counts(tx: Any, world: World) -> None:
    """Count the item at a place of every department, as far as each stage; somebody unknown did."""
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    numbers = iter(range(9_000, 10_000))
    for relation in (*SHARED, "team"):
        place = world.places[relation]["id"]
        found = select(Balance).join(Balance.point).join(Point.place)
        balance = tx.session.scalars(
            found.where(Place.public_id == place, Balance.item_id == item.id)
        ).one()
        for kind, (status, decision) in STAGES.items():
            count = Count(
                number=f"C-2026-{next(numbers)}",
                title=f"Room {relation}",
                status=status,
                department_id=world.departments[relation],
                planned_at=tx.now,
                lines_counted=1 if status == "posted" else None,
                lines_right=1 if status == "posted" else None,
            )
            tx.session.add(count)
            tx.session.flush()
            tx.session.add(CountPlace(count_id=count.id, point_id=balance.point_id))
            line = CountLine(
                count_id=count.id,
                item_id=item.id,
                point_id=balance.point_id,
                position=1,
                open=False,
                decision=decision,
            )
            tx.session.add(line)
            tx.session.flush()
            entry = CountEntry(
                count_id=count.id,
                line_id=line.id,
                round=1,
                counted=balance.quantity,
                entered=[[item.units[0].id, balance.quantity]],
                counted_at=tx.now,
                book=balance.quantity,
                book_value=balance.value,
                book_seq=0,
            )
            tx.session.add(entry)
            tx.session.flush()
            world.put(kind, relation, id=count.public_id, version=count.version, place=place)
            if kind in ("count", "count_submitted"):
                facts = {"version": line.version, "entry": entry.id, "place": place}
                world.put(
                    kind.replace("count", "count_line", 1), relation, id=line.public_id, **facts
                )


def add_orders(tx: Any, world: World) -> None:
    """Add a list, an order on its way and one that has come in part, in every department."""
    supplier = tx.session.scalars(select(Supplier).order_by(Supplier.id).limit(1)).one()
    offers = {}
    for name, sku in (("Thing", "T-1"), ("Ordered thing", "T-9")):
        item = tx.session.scalars(select(Item).filter_by(sku=sku)).one_or_none()
        if item is None:
            unit = items.unit_named(tx, "piece")
            item = Item(name=name, sku=sku, sku_key=sku.casefold(), base_unit=unit)
            item.units = [ItemUnit(unit=unit, num=1)]
        offer = SupplierItem(supplier=supplier, item_unit=item.units[0], price=1_000)
        tx.session.add_all([item, offer])
        tx.session.flush()
        offers[sku] = offer
    world.common |= {"offer": offers["T-1"].id, "ordered_offer": offers["T-9"].id}
    world.common["ordered_unit"] = offers["T-9"].item_unit.public_id
    world.common["today"] = tx.today
    world.common["next_week"] = tx.today + timedelta(days=7)
    for relation in (*SHARED, "team"):
        place = world.places[relation]["id"]
        department_id = world.departments[relation]
        for kind, state, received in (
            ("order", "placed", 0),
            ("order_half_come", "placed", 1),
            ("order_list", "draft", 0),
        ):
            order, line = _order(tx, offers["T-9"], department_id, place, state, received)
            facts = {"version": order.version, "line": line.public_id, "place": place}
            world.put(kind, relation, id=order.public_id, **facts)
            if received:
                came = tx.session.scalars(select(Delivery).filter_by(order_id=order.id)).one()
                world.put("delivery", relation, id=came.public_id)
            if state == "draft":
                facts = {"version": line.version, "place": place}
                world.put("order_line", relation, id=line.public_id, **facts)


def add_budgets(tx: Any, world: World) -> None:
    """Add a budget of every department with something committed, and a shared line of an order."""
    for relation in (*SHARED, "team"):
        budget = Budget(
            department_id=world.departments[relation],
            from_on=date(2026, 1, 1),
            until_on=date(2027, 1, 1),
            amount=100_000,
            committed=1_000,
            available=99_000,
        )
        tx.session.add(budget)
        tx.session.flush()
        entry = BudgetEntry(budget_id=budget.id, kind="commit", amount=1_000, number=1, at=tx.now)
        entry.source, entry.booked_on = f"request line {budget.id}", tx.today
        tx.session.add(entry)
        world.put("budget", relation, id=budget.public_id, version=budget.version)
    line = tx.session.scalars(select(OrderLine).order_by(OrderLine.id).limit(1)).one()
    elsewhere = world.departments["elsewhere"]
    tx.session.add(OrderShare(line_id=line.id, for_department_id=elsewhere, quantity=1_000))
    tx.session.flush()


def _order(
    tx: Any, offer: SupplierItem, department_id: int, place: str, state: str, received: int
) -> tuple[PurchaseOrder, OrderLine]:
    """Return an order of ten pieces with its line; so many of them have come."""
    item_id = offer.item_unit.item_id
    point = stock.point_at(tx, tx.one(select(Place), public_id=place))
    placed = state == "placed"
    order = PurchaseOrder(
        number=next_number(tx, "inventory.order") if placed else None,
        supplier_id=offer.supplier_id,
        department_id=department_id,
        status=state,
        made_at=tx.now,
        placed_at=tx.now if placed else None,
        placed_by="phone" if placed else None,
    )
    line = OrderLine(
        order=order,
        item_id=item_id,
        item_unit_id=offer.item_unit_id,
        point_id=point.id,
        state="open" if placed else "draft",
        packs=10,
        ordered=10_000,
        received=received * 1_000,
        outstanding=(10 - received) * 1_000 if placed else 0,
        price=offer.price,
    )
    tx.session.add_all([order, line])
    tx.session.flush()
    if placed:
        balances.expect(tx, {(item_id, point.id): line.outstanding})
    if received:
        item = tx.one(select(Item), id=item_id)
        command = stock.Receive(item=item.public_id, quantity=1_000, to_place=place, price=1_000)
        moved = stock.receive(tx, command)
        _delivered(tx, order, line, moved.id)
    return order, line


def public_id(tx: Any, made: Any) -> str:
    return str(made.public_id if hasattr(made, "public_id") else made)


def _delivered(tx: Any, order: PurchaseOrder, line: OrderLine, movement_id: int) -> None:
    """Write down that a piece of an order came, and what was said of the order before."""
    mine = {"order_id": order.id}
    delivery = Delivery(
        **mine,
        supplier_id=order.supplier_id,
        delivery_note=f"SJ-{order.id}",
        note_key=f"sj{order.id}",
        came_on=tx.today,
        received_at=tx.now,
    )
    said = {"snapshot": {"lines": []}, "changes": [], "reason": "less", "amended_at": tx.now}
    sent = {"attempt": 1, "channel": "phone", "sent_at": tx.now}
    tx.session.add_all(
        [
            delivery,
            Amendment(**mine, number=1, **said),
            Sending(**mine, **sent),
            Confirmation(**mine, confirmed_on=tx.today, noted_at=tx.now),
        ]
    )
    order.amended = 1
    tx.session.flush()
    figures = {"line_id": line.id, "delivery_id": delivery.id}
    tx.session.add(DeliveryLine(**figures, before=0, counted=1_000))
    tx.session.add(Receipt(**mine, **figures, movement_id=movement_id, quantity=1_000))
    tx.session.flush()
