"""What services of asking, counting, ordering, labels and alerts give without their permission."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from kantor_inventory.asking import reading as asked
from kantor_inventory.asking import rooms, slips
from kantor_inventory.counting import services as counting
from kantor_inventory.counting.models import Count
from kantor_inventory.counting.services import reading as counted
from kantor_inventory.labels import flags
from kantor_inventory.labels import services as labels
from kantor_inventory.models import Balance, Item, Point, Supplier
from kantor_inventory.ordering.models import PurchaseOrder
from kantor_inventory.ordering.services import drafts, placing, receiving, sheet
from kantor_inventory.ordering.services import reading as ordered
from kantor_inventory.watching import services as alerts
from portal.api import Place
from tests.policy.calling import gives_only_with, there

ROOM = "same"


def place(world):
    return world.places[ROOM]["id"]


def inside(tx, statement):
    """Look something up for a test, whoever may see it."""
    with tx.acting_for("inventory", reason="test") as own:
        return own.session.scalars(statement).first()


def the(tx, model, world, kind):
    found = inside(tx, select(model).filter_by(public_id=there(world, kind, ROOM)["id"]))
    return SimpleNamespace(**{c.key: getattr(found, c.key) for c in model.__mapper__.column_attrs})


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


# permission -> the services that ask for it
ASKING = {
    "inventory.stock.view": {
        "rooms_by_name": lambda tx, world: rooms.rooms_by_name(tx),
        "newest slips": slips_of,
        "sheet": lambda tx, world: sheet.page(tx, view="to_order").rows,
        "shelf": lambda tx, world: flags.shelf(tx, world.common["item"], place(world)),
        "shelves": lambda tx, world: labels.shelves(tx, [balance_id(tx, world)]),
        "open_flags": lambda tx, world: flags.open_flags(tx, most=5),
    },
    "inventory.item.view": {"kept": kept},
    "inventory.requisition.view": {
        "one": lambda tx, world: asked.one(tx, there(world, "requisition", ROOM)["id"]),
    },
    "inventory.requisition.answer": {
        "waiting": lambda tx, world: asked.waiting(tx)[0],
    },
    "inventory.order.view": {
        "on_order": on_order_at,
        "find": lambda tx, world: placing.find(
            tx, there(world, "order", ROOM)["id"], "inventory.order.view"
        ),
        "lines_of": lambda tx, world: ordered.lines_of(tx, the(tx, PurchaseOrder, world, "order")),
        "may": lambda tx, world: ordered.may(
            tx, the(tx, PurchaseOrder, world, "order"), "inventory.order.view"
        ),
        "open_orders_of": lambda tx, world: ordered.open_orders_of(
            tx, inside(tx, select(Supplier))
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
    "inventory.order.receive": {"receive": came},
    "inventory.stock.receive": {"receive": came},
    "inventory.count.view": {
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
