"""The check of the ledger looks at orders and alerts, too: each planted fault is found."""

import re

import pytest
from sqlalchemy import delete, update

from kantor_inventory import hooks
from kantor_inventory.models import Balance
from kantor_inventory.ordering.models import OrderLine
from kantor_inventory.ordering.services import placing
from kantor_inventory.services import selfcheck
from kantor_inventory.watching.models import Alert


@pytest.fixture
def ordered(office):
    """The office with an order of 48 pens of which 12 have come; everything adds up."""
    office.want(packs=4)
    office.place()
    office.receive(1_000)
    assert found(office) == []
    return office


def found(office, plant=None):
    """Return (kind, stored, computed) of what a check finds after something was planted."""
    with office.shop.work(None) as tx:
        if plant is not None:
            tx.session.execute(plant)
        return [(f.kind, f.stored, f.computed) for f in selfcheck.findings(tx)]


FAULTS = {
    "less is on order than comes": (
        update(Balance).where(Balance.on_order > 0).values(on_order=35_000),
        [("on_order", 35_000, 36_000)],
    ),
    "nothing is on order any more": (
        update(Balance).where(Balance.on_order > 0).values(on_order=0, to_order=True),
        [("on_order", 0, 36_000)],
    ),
    "a line was closed beside the balance": (
        update(OrderLine).values(state="short", outstanding=0),
        [("on_order", 36_000, 0)],
    ),
    "an alert is gone": (
        delete(Alert).where(Alert.closed_at.is_(None)),
        [("alert", -1, 1)],
    ),
    "an alert is graded wrongly": (
        update(Alert).where(Alert.closed_at.is_(None)).values(grade=0),
        [("alert", 0, 1)],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found_with_both_figures(ordered, fault):
    plant, expected = FAULTS[fault]
    assert found(ordered, plant) == expected


def test_an_alert_where_nothing_is_held_is_found(ordered):
    pair = ordered.balance()
    with ordered.shop.work(None) as tx:
        tx.session.add(
            Alert(
                kind="low",
                grade=1,
                item_id=pair.item_id + 1,
                point_id=pair.point_id,
                opened_at=tx.now,
                quantity=0,
            )
        )
        tx.session.flush()
        assert [(f.kind, f.stored) for f in selfcheck.findings(tx)] == [("alert", 1)]


def test_everything_adds_up_through_the_life_of_an_order(ordered):
    ordered.receive(1_000)
    assert found(ordered) == []
    ordered.end(placing.close_short)
    assert found(ordered) == []


def test_the_doctor_says_what_does_not_add_up_and_what_to_do(ordered):
    with ordered.shop.work(None) as tx:
        assert list(hooks.checks(tx)) == []
        tx.session.execute(FAULTS["nothing is on order any more"][0])
        (problem,) = hooks.checks(tx)
    assert problem.title.in_language("en") == (
        "1 figures of the stock ledger do not add up."
        " What is on order is not what the open order lines still bring."
    )


def test_the_page_shows_the_figures_to_whoever_sees_orders(ordered, as_role):
    with ordered.shop.work(None) as tx:
        tx.session.execute(FAULTS["less is on order than comes"][0])
        selfcheck.check_ledger(tx)

    def page(role):
        answer = as_role(role).get("/inventory/ledger")
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

    said = "What is on order is not what the open order lines still bring."
    assert f"{said} Stored 35,000, computed 36,000." in page("office_manager")
    assert said in page("employee")
    assert "35,000" not in page("employee")
