"""What services of asking, counting, ordering, labels and alerts give without their permission."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from kantor_inventory.asking import reading as asked
from kantor_inventory.asking import rooms, slips, substitutes
from kantor_inventory.asking.models import RequisitionLine
from kantor_inventory.asking.work import REQUESTS
from kantor_inventory.budgets.models import Budget
from kantor_inventory.budgets.services import keeping as budgets
from kantor_inventory.counting import services as counting
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.services import reading as counted
from kantor_inventory.counting.services import where
from kantor_inventory.labels import flags
from kantor_inventory.labels import services as labels
from kantor_inventory.models import Balance, Item, Movement, Point, Substitute, Supplier
from kantor_inventory.ordering.models import OrderLine, PurchaseOrder
from kantor_inventory.ordering.services import deliveries, drafts, placing, receiving, sheet
from kantor_inventory.ordering.services import reading as ordered
from kantor_inventory.services import stock
from kantor_inventory.watching import services as alerts
from portal.api import Place, departments_reached
from portal.plugin import Whose, WorkAsk
from tests.policy.calling import answer, gives_only_with, the, there

ROOM = "same"


def place(world):
    return world.places[ROOM]["id"]


def inside(tx, statement):
    """Look something up for a test, whoever may see it."""
    with tx.acting_for("inventory", reason="test") as own:
        return own.session.scalars(statement).first()


def item_id(tx, world):
    return inside(tx, select(Item.id).filter_by(public_id=world.common["item"]))


def ordered_id(tx):
    return inside(tx, select(Item.id).filter_by(sku="T-9"))


def point_id(tx, world):
    held = select(Point.id).join(Place, Place.id == Point.place_id)
    return inside(tx, held.where(Place.public_id == place(world)))


def balance_id(tx, world):
    pair = {"item_id": item_id(tx, world), "point_id": point_id(tx, world)}
    return inside(tx, select(Balance.id).filter_by(**pair))


def kept(tx, world):
    room = tx.one(select(Place), public_id=place(world))
    return tx.session.execute(rooms.kept(tx, room)).all()


def on_order_at(tx, world):
    room = tx.one(select(Place), public_id=place(world))
    return rooms.on_order(tx, room, [ordered_id(tx)])


def slips_of(tx, world):
    return slips.newest(tx, tx.one(select(Item), public_id=world.common["item"]), most=5)


def kept_all(tx, world):
    return counting.keep_all(tx, there(world, "count_submitted", ROOM)["id"])


def decided(tx, world):
    line = there(world, "count_line_submitted", ROOM)
    command = counting.Decide(line=line["id"], version=line["version"], decision="leave_out")
    return counting.decide(tx, command)


def sent_back(tx, world):
    return counting.send_back(tx, counting.SendBack(count=there(world, "count_again", ROOM)["id"]))


def posted(tx, world):
    command = counting.Post(count=there(world, "count_decided", ROOM)["id"], missing=0)
    return counting.post(tx, command)


def sent_in(tx, world):
    return counting.submit(tx, counting.Submit(count=there(world, "count", ROOM)["id"], missing=0))


def entered(tx, world):
    line = there(world, "count_line", ROOM)
    unit = world.common["unit"]
    command = counting.Enter(line=line["id"], amounts=[(unit, 1_000)], seen=line["entry"])
    return counting.enter(tx, command)


def came(tx, world):
    order = there(world, "order", ROOM)
    one = receiving.Came(line=order["line"], unit=world.common["ordered_unit"], quantity=1_000)
    command = receiving.Receive(order=order["id"], version=order["version"], came=(one,))
    return receiving.receive(tx, command)


def placed(tx, world):
    order = there(world, "order_list", ROOM)
    command = placing.Place(order=order["id"], version=order["version"], placed_by="phone")
    return placing.place(tx, command)


def request_of(tx, world):
    """Answer a request by a movement, and look for it from there."""
    wanted = there(world, "requisition", ROOM)["line"]
    with tx.acting_for("inventory", reason="test") as own:
        line = own.session.scalars(select(RequisitionLine).filter_by(public_id=wanted)).one()
        movement = own.session.scalars(select(Movement).limit(1)).one().id
        line.state, line.movement_id = "handed_out", movement
        line.given, line.given_item_id = 1_000, line.item_id
    return asked.requisition_of(tx, movement)


def replaced_card(tx, world):
    card = labels.shelf_of(world.common["item"], place(world))
    with tx.acting_for("inventory", reason="test") as own:
        labels.order(own, labels.SHELF, [card])
    return labels.replace(tx, world.common["item"], place(world))


def substituted(tx, world):
    other = inside(tx, select(Item.public_id).filter_by(sku="T-9"))
    return substitutes.add(tx, world.common["item"], other)


def stock_of_a_substitute(tx, world):
    """Look at the item that is in stock from the page of the one it may replace."""
    other = inside(
        tx,
        select(Substitute.other_id).where(Substitute.item_id == item_id(tx, world)),
    )
    return sum(
        row["quantity"] or 0 for row in substitutes.with_stock(tx, SimpleNamespace(id=other))
    )


def expected(tx, world):
    count = the(tx, Count, world, "count")
    count.blind = False
    line = inside(tx, select(CountLine.id).filter_by(count_id=count.id))
    return counted.expected(tx, count, [SimpleNamespace(id=line)])


def open_at(tx, world):
    count = the(tx, Count, world, "count")
    with tx.acting_for("inventory", reason="test") as own:
        own.session.scalars(select(CountLine).filter_by(count_id=count.id)).one().open = True
    found = inside(tx, select(Point.place_id).filter_by(id=point_id(tx, world)))
    return where.open_at(tx, found)


def alerted(call):
    """Look at alerts where the room should hold more than it does."""

    def looked(tx, world):
        wanted = {"item": world.common["item"], "place": place(world)}
        with tx.acting_for("inventory", reason="test") as own:
            stock.set_rule(own, stock.SetRule(minimum=10**12, maximum=None, **wanted))
        return call(tx)

    return looked


# permission -> the services that ask for it
ASKING = {
    "inventory.stock.view": {
        "rooms_by_name": lambda tx, world: rooms.rooms_by_name(tx),
        "newest slips": slips_of,
        "sheet": lambda tx, world: sheet.page(tx, view="to_order").rows,
        "shelf": lambda tx, world: flags.shelf(tx, world.common["item"], place(world)),
        "shelves": lambda tx, world: labels.shelves(tx, [balance_id(tx, world)]),
        "open_flags": lambda tx, world: flags.open_flags(tx, most=5),
        "cards": lambda tx, world: labels.found(
            tx, labels.SHELF, [labels.shelf_of(world.common["item"], place(world))]
        ),
        "stock of a substitute": stock_of_a_substitute,
        "expected": expected,
        "most_serious": alerted(lambda tx: alerts.most_serious(tx, most=5)),
        "how_many": alerted(lambda tx: any(alerts.how_many(tx))),
        "places of an item": lambda tx, world: alerts.places_of(
            tx, SimpleNamespace(id=item_id(tx, world))
        ),
    },
    "inventory.item.view": {
        "kept": kept,
        "labels": lambda tx, world: labels.found(tx, labels.ITEM, [world.common["item"]]),
    },
    "inventory.item.edit": {"substitutes": substituted},
    "inventory.stock.set_rule": {"replace": replaced_card},
    "inventory.budget.view": {
        "find_budget": lambda tx, world: budgets.find_budget(tx, there(world, "budget", ROOM)["id"])
    },
    "inventory.budget.edit": {
        "find_budget": lambda tx, world: budgets.find_budget(
            tx, there(world, "budget", ROOM)["id"], budgets.EDIT
        ),
        "may_edit": lambda tx, world: budgets.may_edit(tx, the(tx, Budget, world, "budget")),
        "departments": lambda tx, world: departments_reached(tx, "inventory.budget.edit"),
    },
    "inventory.requisition.view": {
        "requisition_of": request_of,
        "one": lambda tx, world: asked.one(tx, there(world, "requisition", ROOM)["id"]),
    },
    "inventory.requisition.answer": {
        "waiting": lambda tx, world: list(REQUESTS.items(tx, WorkAsk(whose=Whose.POOL))),
    },
    "inventory.order.view": {
        "on_order": on_order_at,
        "find": lambda tx, world: placing.find(
            tx, there(world, "order", ROOM)["id"], "inventory.order.view"
        ),
        "lines_of": lambda tx, world: ordered.lines_of(tx, the(tx, PurchaseOrder, world, "order")),
        "deliveries of an order": lambda tx, world: deliveries.of_order(
            tx, the(tx, PurchaseOrder, world, "order_half_come")
        ),
        "lines of its deliveries": lambda tx, world: deliveries.lines_of(
            tx, order=the(tx, PurchaseOrder, world, "order_half_come")
        ),
        "find a delivery": lambda tx, world: deliveries.find(
            tx, there(world, "delivery", ROOM)["id"]
        ),
        "shown": lambda tx, world: ordered.shown(tx, there(world, "order", ROOM)["id"]),
        "standing": lambda tx, world: sorted(
            ordered.standing(tx, the(tx, PurchaseOrder, world, "order"), {"inventory.order.view"})[
                0
            ]
        ),
        "open_orders_of": lambda tx, world: ordered.open_orders_of(
            tx, inside(tx, select(Supplier).order_by(Supplier.id))
        ),
        "on order for alerts": lambda tx, world: alerts.on_order(
            tx, [(ordered_id(tx), point_id(tx, world))]
        ),
    },
    "inventory.order.edit": {
        "line_named": lambda tx, world: drafts.line_named(
            tx, there(world, "order_line", ROOM)["id"]
        ),
        "drafts": lambda tx, world: sheet.drafts(tx),
    },
    "inventory.order.place": {"place": placed},
    "inventory.stock.reverse": {
        "find_to_take_back": lambda tx, world: deliveries.find_to_take_back(
            tx, there(world, "delivery", ROOM)["id"]
        ),
    },
    "inventory.order.receive": {"receive": came},
    "inventory.stock.receive": {"receive": came},
    "inventory.count.view": {
        "open_at": open_at,
        "accuracy_lately": lambda tx, world: counted.accuracy_lately(tx),
    },
    "inventory.count.enter": {"submit": sent_in, "enter": entered},
    "inventory.count.review": {
        "review_of": lambda tx, world: counted.review_of(
            tx, the(tx, Count, world, "count_submitted")
        ),
        "keep_all": kept_all,
        "decide": decided,
        "send_back": sent_back,
        "post": posted,
    },
}
CALLS = [(permission, name) for permission, named in ASKING.items() for name in named]


@pytest.mark.parametrize(("permission", "name"), CALLS)
def test_a_service_gives_nothing_to_who_lacks_the_one_permission(
    stand, made_world, permission, name
):
    gives_only_with(stand, made_world, permission, ASKING[permission][name])


def coming_elsewhere(tx, world):
    room = inside(tx, select(Place).filter_by(public_id=world.places["elsewhere"]["id"]))
    return rooms.on_order(tx, room, [ordered_id(tx)]).values()


def awaited(tx, world):
    points = select(Point.id).join(OrderLine, OrderLine.point_id == Point.id)
    with tx.acting_for("inventory", reason="test") as own:
        found = own.session.scalars(points.where(OrderLine.state == "open").distinct()).all()
    return alerts.on_order(tx, [(ordered_id(tx), point) for point in found])


TO_COME = {
    "open_lines_of": lambda tx, world: ordered.open_lines_of(
        tx, SimpleNamespace(id=ordered_id(tx))
    ),
    "on_order at another's room": coming_elsewhere,
    "on order for alerts": awaited,
}


@pytest.mark.parametrize("name", TO_COME)
def test_what_is_to_come_is_told_as_far_as_one_may_see_orders(stand, made_world, name):
    """Another right on orders everywhere shows no more of them."""

    def told(tx, world):
        return len(TO_COME[name](tx, world))

    seen = ("inventory.order.edit", "inventory.item.view", "inventory.stock.view")
    grants = dict.fromkeys((*seen, "inventory.stock.issue"), "all")
    everywhere = answer(stand, made_world, grants | {"inventory.order.view": "all"}, told)
    stand.restore()
    own = answer(stand, made_world, grants | {"inventory.order.view": "department"}, told)
    assert own < everywhere
