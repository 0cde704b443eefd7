"""Records for the check of this plugin: stock, requests, counts, orders and budgets, each as the
services make it, in every state that has a page of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.api import Contact, Department, Person, Place, UnitOfWork
from portal.plugin import SampleAsk

from .asking import services as asking
from .asking.handing import Answer, answer
from .asking.models import Requisition, RequisitionLine
from .budgets.services.keeping import AddBudget, add_budget
from .counting.models import CountLine
from .counting.services import entering, planning, posting, reviewing
from .labels import flags
from .models import Item, ItemUnit, Substitute, Supplier
from .ordering.models import OrderLine, PurchaseOrder
from .ordering.services import amending, drafts, placing, receiving, sending
from .services import items, limits, points, price_breaks, stock, suppliers

ONE = 1000


@dataclass(frozen=True)
class _Shop:
    """What everything of one sample is about."""

    shelf: Place
    corner: Place
    supplier: Supplier
    thing: Item
    other: Item

    @property
    def piece(self) -> ItemUnit:
        return self.thing.units[0]


def write(tx: UnitOfWork, ask: SampleAsk) -> None:
    """Write as many records of each kind as are asked for."""
    for _ in range(ask.number):
        shop = _shop(tx, ask)
        _moved(tx, ask, shop)
        _asked_for(tx, ask, shop)
        _ordered(tx, ask, shop)
        _counted(tx, ask, shop.shelf, "posted")
        _counted(tx, ask, shop.shelf, "submitted")
        _counted(tx, ask, shop.corner, "counting")
    department = tx.one(select(Department), id=ask.department_id)
    category = items.add_category(tx, ask.text("category"))
    ends = tx.today + timedelta(days=200)
    budget = AddBudget(
        department=department.public_id,
        category=category.public_id,
        from_on=tx.today,
        last_on=ends,
        amount=90_000_000,
        note=ask.text("note"),
    )
    add_budget(tx, budget)


def _shop(tx: UnitOfWork, ask: SampleAsk) -> _Shop:
    shelf, corner = _place(ask, "shelf"), _place(ask, "room")
    contact = Contact(kind="organisation", name=ask.text("firm"))
    tx.session.add_all([shelf, corner, contact])
    tx.session.flush()
    kind = points.SetKind(place=corner.public_id, kind="point_of_use")
    points.set_kind(tx, kind)
    added = suppliers.AddSupplier(
        contact=contact.public_id,
        customer_number=ask.text("customer"),
        order_by="phone",
        lead_days=3,
        note=ask.text("note"),
    )
    supplier = suppliers.add_supplier(tx, added)
    shop = _Shop(shelf, corner, supplier, _item(tx, ask), _item(tx, ask))
    first, second = sorted((shop.thing.id, shop.other.id))
    tx.session.add(Substitute(item_id=first, other_id=second))
    for item in (shop.thing, shop.other):
        _sold(tx, ask, supplier, item)
    return shop


def _place(ask: SampleAsk, kind: str) -> Place:
    return Place(
        name=ask.text("place"),
        code=ask.text("code", longest=20),
        kind=kind,
        department_id=ask.department_id,
        walk_order=1,
    )


def _item(tx: UnitOfWork, ask: SampleAsk) -> Item:
    unit = items.add_unit(tx, ask.text("unit", longest=20))
    box = items.add_unit(tx, ask.text("box", longest=20))
    pack = items.Pack(unit=box.public_id, num=12, code=ask.text("barcode", longest=30))
    command = items.AddItem(
        name=ask.text("item"),
        sku=ask.text("sku", longest=30),
        unit=unit.public_id,
        packs=(pack,),
        category=items.add_category(tx, ask.text("category")).public_id,
        note=ask.text("note"),
    )
    return items.add_item(tx, command)


def _sold(tx: UnitOfWork, ask: SampleAsk, supplier: Supplier, item: Item) -> None:
    unit = item.units[0].public_id
    price = suppliers.SetPrice(
        supplier=supplier.public_id,
        unit=unit,
        price=100,
        supplier_sku=ask.text("number", longest=30),
    )
    suppliers.set_price(tx, price)
    cheaper = price_breaks.AddBreak(
        supplier=supplier.public_id, unit=unit, packs=20, price=90, valid_from=tx.today
    )
    price_breaks.add(tx, cheaper)


def _moved(tx: UnitOfWork, ask: SampleAsk, shop: _Shop) -> None:
    for item in (shop.thing, shop.other):
        _received(tx, ask, shop, item)
    stock.issue(
        tx,
        stock.Issue(
            item=shop.thing.public_id,
            quantity=ONE,
            from_place=shop.shelf.public_id,
            for_person=tx.one(select(Person), id=ask.people[0]).public_id,
            note=ask.text("note"),
        ),
    )
    moved = stock.Transfer(
        item=shop.thing.public_id,
        quantity=ONE,
        from_place=shop.shelf.public_id,
        to_place=shop.corner.public_id,
        note=ask.text("note"),
    )
    stock.transfer(tx, moved)
    rule = limits.SetRule(
        item=shop.thing.public_id, place=shop.shelf.public_id, minimum=200 * ONE, maximum=300 * ONE
    )
    limits.set_rule(tx, rule)
    here = flags.shelf(tx, shop.thing.public_id, shop.shelf.public_id)
    if here is not None:
        flags.tell(tx, here)


def _received(tx: UnitOfWork, ask: SampleAsk, shop: _Shop, item: Item) -> None:
    command = stock.Receive(
        item=item.public_id,
        quantity=90 * ONE,
        to_place=shop.shelf.public_id,
        price=100,
        supplier=shop.supplier.public_id,
        note=ask.text("note"),
    )
    stock.receive(tx, command)


def _asked_for(tx: UnitOfWork, ask: SampleAsk, shop: _Shop) -> None:
    """Ask for a thing, for one that is handed out, and for something in words, approved or not."""
    thing = asking.Wanted(item=shop.thing.public_id, unit=shop.piece.public_id, quantity=2 * ONE)
    _request(tx, ask, shop, lines=(thing,))
    for approved in (False, True):
        wish = asking.Wish(
            text=ask.text("wish"), quantity=ONE, price=100, found_at=ask.text("shop")
        )
        row, (line,) = _request(tx, ask, shop, wishes=(wish,))
        if approved:
            row.decided_by_id, row.decided_at = ask.people[0], tx.now
            row.status, line.state = "asked", "to_buy"
    row, (line,) = _request(tx, ask, shop, lines=(thing,))
    unit = shop.piece.public_id
    handed = Answer(line=line.public_id, action="hand_out", unit=unit, quantity=ONE)
    answer(tx, row.public_id, [handed])


def _request(
    tx: UnitOfWork, ask: SampleAsk, shop: _Shop, **wanted: Any
) -> tuple[Requisition, Sequence[RequisitionLine]]:
    """Ask the shelf for something as a colleague; return the request and its lines."""
    command = asking.Ask(
        place=shop.shelf.public_id, needed_on=tx.today, note=ask.text("note"), **wanted
    )
    colleague = replace(tx.actor, person_id=ask.people[1])
    row = asking.ask(replace(tx, actor=colleague), command)
    lines = select(RequisitionLine).filter_by(requisition_id=row.id)
    return row, tx.session.scalars(lines).all()


def _ordered(tx: UnitOfWork, ask: SampleAsk, shop: _Shop) -> None:
    """Make a list, an order on its way that was changed, and one that came in part."""
    part = _placed(tx, ask, shop)
    lines = _lines(tx, part)
    came = receiving.Came(line=lines[0].public_id, unit=shop.piece.public_id, quantity=ONE)
    receipt = receiving.Receive(
        order=part.public_id,
        version=part.version,
        came=(came,),
        delivery_note=ask.text("delivery"),
        note=ask.text("note"),
    )
    receiving.receive(tx, receipt)
    under_way = _placed(tx, ask, shop)
    change = amending.LineChange(line=_lines(tx, under_way)[0].public_id, packs=4)
    amending.amend(
        tx,
        amending.Amend(
            order=under_way.public_id,
            version=under_way.version,
            reason=ask.text("reason"),
            lines=(change,),
        ),
    )
    told = sending.Send(
        order=under_way.public_id,
        amendment=1,
        attempt=1,
        channel="phone",
        recipient=ask.text("recipient"),
    )
    sending.send(tx, told)
    confirmed = sending.Confirm(
        order=under_way.public_id,
        version=under_way.version,
        confirmed_on=tx.today,
        number=ask.text("number", longest=30),
        note=ask.text("note"),
    )
    sending.confirm(tx, confirmed)
    _listed(tx, shop)


def _listed(tx: UnitOfWork, shop: _Shop) -> PurchaseOrder:
    """Put both things on the list of their supplier, and return it."""
    wanted = tuple(
        drafts.Wanted(item=item.public_id, place=shop.shelf.public_id, packs=3)
        for item in (shop.thing, shop.other)
    )
    (order,) = drafts.add_lines(tx, drafts.AddLines(lines=wanted)).orders
    return tx.one(select(PurchaseOrder), public_id=order)


def _placed(tx: UnitOfWork, ask: SampleAsk, shop: _Shop) -> PurchaseOrder:
    order = _listed(tx, shop)
    command = placing.Place(
        order=order.public_id,
        version=order.version,
        placed_by="phone",
        placed_with=ask.text("seller"),
        expected_on=tx.today,
        note=ask.text("note"),
    )
    return placing.place(tx, command)


def _lines(tx: UnitOfWork, order: PurchaseOrder) -> Sequence[OrderLine]:
    lines = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    return tx.session.scalars(lines).all()


def _counted(tx: UnitOfWork, ask: SampleAsk, place: Place, step: str) -> None:
    """Count a place, as far as a step; who counts is not who decides."""
    plan = planning.PlanCount(
        department=tx.one(select(Department), id=ask.department_id).public_id,
        places=(place.public_id,),
        title=ask.text("title"),
        note=ask.text("note"),
        blind=False,
    )
    count = planning.plan_count(tx, plan)
    if step == "counting":
        return
    counter = replace(tx, actor=replace(tx.actor, person_id=ask.people[1]))
    lines = tx.session.execute(
        select(CountLine.public_id, ItemUnit.public_id)
        .join(ItemUnit, ItemUnit.item_id == CountLine.item_id)
        .join(Item, Item.id == CountLine.item_id)
        .where(CountLine.count_id == count.id, ItemUnit.unit_id == Item.base_unit_id)
    )
    for line, unit in lines.all():
        entering.enter(counter, entering.Enter(line=line, amounts=[(unit, 7 * ONE)]))
    entering.submit(counter, entering.Submit(count=count.public_id, missing=0))
    if step == "posted":
        for made in tx.session.scalars(select(CountLine).filter_by(count_id=count.id)).all():
            said = reviewing.Decide(
                line=made.public_id,
                version=made.version,
                decision="keep",
                reason=ask.text("reason"),
            )
            reviewing.decide(tx, said)
        posting.post(tx, posting.Post(count=count.public_id))
