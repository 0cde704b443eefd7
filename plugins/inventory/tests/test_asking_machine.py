"""Whatever people do with requests, in any order: lines, stock and ledger stay in step."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kantor_inventory.asking import services
from kantor_inventory.asking.models import Requisition, RequisitionLine
from kantor_inventory.asking.rules import status
from kantor_inventory.asking.services import Answer
from kantor_inventory.models import Movement
from kantor_inventory.services import selfcheck
from portal.api import Conflict, NotFound

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "hand_out", "decline", "withdraw"]),
        st.sampled_from(["keeper", "second", "clerk", "assistant", "other"]),
        st.integers(0, 3),
        st.sampled_from([1_000, 5_000, 60_000]),
    ),
    max_size=8,
)
KEEPERS = ("keeper", "second")


@pytest.fixture
def made(room):
    room.made = []
    return room


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_lines_stock_and_ledger_stay_in_step(made, steps):
    for what, who, which, quantity in steps:
        act(made, what, who, which, quantity)
    with made.shop.work(None) as tx:
        handed = 0
        for row in tx.session.scalars(select(Requisition)):
            if row.status != "waiting":  # for an approval
                assert row.status == status(line.state for line in row.lines)
        for line in tx.session.scalars(select(RequisitionLine)):
            assert (line.state == "handed_out") == (line.movement_id is not None)
            handed += line.given or 0
        issued = tx.session.scalar(select(func.sum(Movement.quantity)).filter_by(type="issue"))
        assert int(issued or 0) == handed
        assert selfcheck.findings(tx) == []
    assert made.left() == 100_000 - handed


def act(room, what, who, which, quantity):
    if what == "ask":
        room.made.append((who, *room.ask(who, quantity=quantity)))
        return
    if not room.made:
        return
    owner, request, line = room.made[which % len(room.made)]
    before = room.line(line)
    allowed = who == owner if what == "withdraw" else who in KEEPERS
    try:
        if what == "withdraw":
            with room.work(who) as tx:
                services.withdraw(tx, request)
        else:
            room.answer(who, request, Answer(line=line, action=what, quantity=quantity, note="So"))
    except (Conflict, NotFound):
        assert room.line(line) == before
    else:
        assert allowed
        assert before[0] == "asked"
