"""Whatever people do with stock and requests: what is put aside is there, and adds up."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kantor_inventory.asking import services
from kantor_inventory.asking.models import RequisitionLine, Reservation
from kantor_inventory.asking.rules import OPEN
from kantor_inventory.models import Balance, Movement
from kantor_inventory.services import stock
from portal.api import Conflict, NotFound

ACTS = [
    "ask",
    "put_aside",
    "hand_out",
    "decline",
    "withdraw",
    "issue",
    "receive",
    "take_back",
    "order",
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTS), st.integers(0, 4), st.sampled_from([1_000, 20_000, 45_000, 70_000])
    ),
    max_size=12,
)


@pytest.fixture
def made(clinic):
    clinic.say(request_approval="never")
    clinic.made = []
    return clinic


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_what_is_put_aside_is_there_and_adds_up(made, counting, steps):
    for what, which, quantity in steps:
        with suppress(Conflict, NotFound):
            act(made, counting, what, which, quantity)
        holds(made)


def holds(clinic):
    with clinic.work() as tx:
        sums = {
            (item, point): int(total)
            for item, point, total in tx.session.execute(
                select(
                    Reservation.item_id, Reservation.point_id, func.sum(Reservation.quantity)
                ).group_by(Reservation.item_id, Reservation.point_id)
            )
        }
        for row in tx.session.scalars(select(Balance).where(~Balance.outside)):
            assert row.reserved == sums.get((row.item_id, row.point_id), 0)
            assert 0 <= row.reserved <= row.quantity
        for one in tx.session.scalars(select(Reservation)):
            line = tx.one(select(RequisitionLine), id=one.line_id)
            assert line.state in OPEN
            assert one.quantity <= line.quantity
    assert clinic.findings() == []


def act(clinic, counting, what, which, quantity):
    if what == "ask":
        clinic.made.append(clinic.ask("clerk", clinic.wanted(quantity), needed=which))
    elif what == "issue":
        counting.issue(quantity)
    elif what == "receive":
        counting.receive(quantity)
    elif what == "take_back":
        with clinic.work("keeper") as tx:
            reverse_last(tx)
    elif clinic.made:
        request = clinic.made[which % len(clinic.made)]
        if what == "withdraw":
            with clinic.work("clerk") as tx:
                services.withdraw(tx, request)
        else:
            clinic.answer(request, what, quantity=quantity)


def reverse_last(tx):
    """Take the last receipt back: what it brought is gone, also from what was put aside."""
    last = select(Movement).filter_by(type="receive").order_by(Movement.id.desc()).limit(1)
    movement = tx.session.scalars(last).one()
    stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="Not ours"))
