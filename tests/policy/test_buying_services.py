"""What services of buying, budgets and levels give without their permission, or with less of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from kantor_inventory.asking import buying
from kantor_inventory.asking import services as asking
from kantor_inventory.asking.models import Requisition, RequisitionLine
from kantor_inventory.budgets.models import Budget
from kantor_inventory.budgets.services import reading as budgets
from kantor_inventory.counting.work import COUNTS
from kantor_inventory.levels.services import ruling, scores
from kantor_inventory.models import Balance, Point, Supplier
from kantor_inventory.ordering.models import Delivery, OrderLine, OrderShare, PurchaseOrder
from kantor_inventory.ordering.services import (
    amending,
    deliveries,
    sending,
    snapshots,
    statements,
)
from kantor_inventory.ordering.services import reading as ordered
from kantor_inventory.ordering.work import DELIVERIES
from kantor_inventory.services import findings, price_breaks, stock
from kantor_inventory.tables import STOCK
from portal.api import Place
from portal.errors import EditConflict
from portal.plugin import Whose, WorkAsk
from portal.ui.table import choosing
from tests.policy.calling import EVERY, answer, gives_only_with, the, there


def prepared(change):
    """Return a call that is made after the plugin has changed something."""

    def with_call(call):
        def both(tx, world):
            with tx.acting_for("inventory", reason="test") as own:
                change(own, world)
            return call(tx, world)

        return both

    return with_call


def half_come(tx, world):
    return the(tx, PurchaseOrder, world, "order_half_come")


def wished(world, relation="same"):
    return there(world, "to_buy", relation)["id"]


def asked_by_the_visitor(tx, world):
    """Let the visitor ask for something, and take it back."""
    with tx.acting_for("inventory", reason="test") as own:
        room = own.one(select(Place), public_id=world.places["same"]["id"])
        row = Requisition(
            number="REQ-V", place_id=room.id, owner_id=tx.actor.person_id, asked_at=own.now
        )
        own.session.add(row)
        own.session.flush()
        line = RequisitionLine(requisition_id=row.id, text="Lamp", quantity=1_000, entered=1_000)
        own.session.add(line)
        own.session.flush()
        name = row.public_id
    return asking.withdraw(tx, name)


def proposed(own, world):
    """Let levels be proposed at a place."""
    wanted = {"item": world.common["item"], "place": world.places["same"]["id"]}
    rule = stock.set_rule(own, stock.SetRule(minimum=1, maximum=None, **wanted))
    rule.proposed_minimum, rule.proposed_maximum = 2_000, 3_000
    own.session.flush()


def confirmed(tx, world):
    """Confirm levels that were proposed in another version."""
    wanted = {"item": world.common["item"], "place": world.places["same"]["id"]}
    try:
        return ruling.confirm(tx, ruling.Confirm(version=99, **wanted))
    except EditConflict:
        return "there is another version"


def balances_of(tx, world, *relations):
    places = [world.places[relation]["id"] for relation in relations]
    held = select(Balance.id).join(Balance.point).join(Point.place)
    with tx.acting_for("inventory", reason="test") as own:
        return list(own.session.scalars(held.where(Place.public_id.in_(places))))


def the_supplier(tx, world):
    return tx.one(select(Supplier), public_id=world.common["supplier"])


# permission -> the services that ask for it
ASKING = {
    "inventory.requisition.view": {
        "bought": lambda tx, world: buying.bought(tx, wished(world), 100, ""),
        "one to buy": lambda tx, world: buying.one(tx, wished(world)),
        "held to buy": lambda tx, world: buying._held(tx, [wished(world)]),
    },
    "inventory.item.view": {
        "becomes": lambda tx, world: buying.becomes(tx, wished(world), world.common["item"], 1_000),
    },
    "inventory.requisition.ask": {"withdraw": asked_by_the_visitor},
    "inventory.supplier.edit": {
        "offer_named": lambda tx, world: price_breaks.offer_named(
            tx, there(world, "offer")["id"], there(world, "offer")["unit_id"]
        ),
    },
    "inventory.stock.set_rule": {
        "levels that wait": prepared(proposed)(lambda tx, world: ruling.waiting(tx)),
        "confirm": prepared(proposed)(confirmed),
        "preview": lambda tx, world: ruling.preview(tx, balances_of(tx, world, "same")),
    },
    "inventory.stock.view": {
        "orderable": lambda tx, world: tx.session.execute(statements.orderable(tx)).all(),
        "findings": lambda tx, world: findings.in_reach(tx, found_wrong(tx, world))[0],
    },
    "inventory.order.view": {
        "amendments_of": lambda tx, world: amending.amendments_of(tx, half_come(tx, world)),
        "amendment": lambda tx, world: snapshots.amendment(tx, half_come(tx, world), 1),
        "sendings_of": lambda tx, world: sending.sendings_of(tx, half_come(tx, world)),
        "confirmations_of": lambda tx, world: sending.confirmations_of(tx, half_come(tx, world)),
    },
}
CALLS = [(permission, name) for permission, named in ASKING.items() for name in named]


def found_wrong(tx, world):
    """Return what a check of the ledger might have found at two places."""
    wanted = select(Balance.item_id, Balance.point_id).where(
        Balance.id.in_(balances_of(tx, world, "same", "elsewhere"))
    )
    with tx.acting_for("inventory", reason="test") as own:
        rows = own.session.execute(wanted).all()
    return [{"kind": "quantity", "item_id": i, "point_id": p} for i, p in rows]


@pytest.mark.parametrize(("permission", "name"), CALLS)
def test_a_service_gives_nothing_to_who_lacks_the_one_permission(
    stand, made_world, permission, name
):
    gives_only_with(stand, made_world, permission, ASKING[permission][name])


def shared(own, world):
    """Let a line of an order be for a request to another department's room."""
    there_ = there(world, "requisition", "elsewhere")["line"]
    line = own.one(select(RequisitionLine), public_id=there_)
    order = own.one(select(PurchaseOrder), public_id=there(world, "order", "same")["id"])
    share = OrderShare(
        line_id=order.lines[0].id,
        request_line_id=line.id,
        for_department_id=world.departments["elsewhere"],
        quantity=1_000,
    )
    own.session.add(share)
    own.session.flush()


def lines_of_orders(tx, world):
    """Return how budgets name the lines of the orders of two departments."""
    with tx.acting_for("inventory", reason="test") as own:
        names = [there(world, "order", relation)["line"] for relation in ("same", "elsewhere")]
        found = own.session.scalars(select(OrderLine.id).where(OrderLine.public_id.in_(names)))
        return [f"order line {number}" for number in found]


def wrong_budgets(tx, world):
    return [
        {
            "kind": "budget",
            "item_id": None,
            "point_id": None,
            "budget_id": the(tx, Budget, world, "budget", relation).id,
        }
        for relation in ("same", "elsewhere")
    ]


def spent(tx, world):
    return sum(amount for _, amount in scores.of_supplier(tx, the_supplier(tx, world)).spend)


@prepared(
    lambda own, world: own.session.execute(
        update(PurchaseOrder).where(PurchaseOrder.status == "placed").values(expected_on=own.today)
    )
)
def deliveries_expected(tx, world):
    departments = frozenset(world.departments.values())
    return len(DELIVERIES.items(tx, WorkAsk(whose=Whose.POOL, departments=departments)))


def ticked(tx, world):
    """Return the lines of the stock list that are named again after they were ticked."""
    ids = [str(number) for number in balances_of(tx, world, "same", "elsewhere")]
    return len(choosing._named(STOCK, tx, ids, None))


# permission, less of it, what gives less then
LESS = [
    (
        "inventory.requisition.view",
        "department",
        "lines to buy",
        lambda tx, world: len(tx.session.execute(buying.lines(tx)).all()),
    ),
    (
        "inventory.requisition.view",
        "department",
        "requests of an order",
        prepared(shared)(
            lambda tx, world: len(buying.requests_of(tx, the(tx, PurchaseOrder, world, "order")))
        ),
    ),
    (
        "inventory.order.view",
        "department",
        "orders of a budget",
        lambda tx, world: len(budgets.orders_of(tx, lines_of_orders(tx, world))),
    ),
    (
        "inventory.order.view",
        "department",
        "open orders of a supplier",
        lambda tx, world: scores.of_supplier(tx, the_supplier(tx, world)).open_orders,
    ),
    ("inventory.stock.view", "department", "lines that are ticked", ticked),
    ("inventory.order.view", "department", "what was spent at a supplier", spent),
    (
        "inventory.order.view",
        "department",
        "orders that are open at a supplier",
        lambda tx, world: len(ordered.open_orders_of(tx, the_supplier(tx, world))),
    ),
    (
        "inventory.stock.reverse",
        "department",
        "a delivery to take back",
        lambda tx, world: deliveries.may_take_back(
            tx, the(tx, Delivery, world, "delivery", "elsewhere")
        ),
    ),
    (
        "inventory.budget.view",
        "department",
        "findings about budgets",
        lambda tx, world: len(findings.in_reach(tx, wrong_budgets(tx, world))[0]),
    ),
    ("inventory.order.receive", "department", "deliveries expected", deliveries_expected),
    (
        "inventory.count.view",
        "department",
        "counts that are open",
        lambda tx, world: len(
            COUNTS.items(
                tx,
                WorkAsk(whose=Whose.POOL, departments=frozenset(world.departments.values())),
            )
        ),
    ),
]


@pytest.mark.parametrize(
    ("permission", "less", "call"),
    [(p, r, c) for p, r, _, c in LESS],
    ids=[n for _, _, n, _ in LESS],
)
def test_who_holds_less_of_a_permission_is_given_less(stand, made_world, permission, less, call):
    """All other rights everywhere show no more of it."""
    everything = dict.fromkeys(EVERY, "all")
    most = answer(stand, made_world, everything, call)
    stand.restore()
    assert answer(stand, made_world, everything | {permission: less}, call) < most
