"""Eight at the same moment: what a budget has is given out once, whoever is first."""

import os
from collections import Counter
from functools import partial

import pytest

from kantor_inventory.budgets import services as budgets
from kantor_inventory.budgets.services import BudgetExhausted
from kantor_inventory.services import selfcheck
from portal.testing import together

from ..ordering.conftest import PRICE

CLIENTS = 8
ROUNDS = int(os.environ.get("KANTOR_TEST_ROUNDS", "5"))


def at_once(act):
    """Let as many as there are act at the same moment; return how often each thing came of it."""
    came = together(*(partial(act, number) for number in range(CLIENTS)))
    return Counter(type(one) if isinstance(one, Exception) else one for one in came)


@pytest.mark.parametrize(("each", "through"), [(60, 1), (30, 3)])
def test_bookings_that_together_are_too_much_go_through_as_far_as_there_is(purse, each, through):
    for round_ in range(ROUNDS):
        months = {"from_on": f"20{30 + round_}-01-01", "last_on": f"20{30 + round_}-12-31"}
        months = {name: purse.day(text) for name, text in months.items()}
        budget = purse.set_up(100, **months)
        payer = purse.payer(on=months["from_on"])

        def book(number, payer=payer, round_=round_):
            source = f"order line {round_ * CLIENTS + number}"
            purse.do(budgets.commit, payer, each, source)
            return "booked"

        assert at_once(book) == {"booked": through, BudgetExhausted: CLIENTS - through}
        assert purse.figures(budget) == (through * each, 0, 100 - through * each)
    with purse.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []


def test_one_booking_made_by_eight_is_made_once(purse):
    budget = purse.set_up(100)
    for round_ in range(ROUNDS):
        payer, source = purse.payer(), f"order line {round_}"
        came = at_once(lambda _, payer=payer, s=source: purse.do(budgets.commit, payer, 10, s))
        assert came == {None: CLIENTS}
        came = at_once(lambda _, s=source: purse.do(budgets.spend, s, 10))
        assert came == {None: CLIENTS}
        assert purse.figures(budget) == (0, 10 * (round_ + 1), 100 - 10 * (round_ + 1))
        if round_ % 5 == 4:
            for back in range(round_ - 4, round_ + 1):
                purse.do(budgets.refund, f"order line {back}", 10)
            break


def test_eight_different_shares_of_one_source_never_spend_more_than_it_has(purse):
    budget = purse.set_up(100)
    for round_ in range(ROUNDS):
        source = f"order line {round_}"
        purse.do(budgets.commit, purse.payer(), 50, source)
        came = at_once(lambda n, s=source: purse.do(budgets.spend, s, 5, number=n + 1))
        assert came == {None: CLIENTS}
        assert purse.figures(budget) == (10, 40, 50)
        purse.do(budgets.release, source)
        for number in range(CLIENTS):
            purse.do(budgets.refund, source, 5, number=number + 1)
        assert purse.figures(budget) == (0, 0, 100)


def test_orders_placed_at_once_by_browsers_stop_at_the_budget(purse, office, as_role):
    """Two lists of different suppliers, one budget for one of them: real requests, real answers."""
    budget = purse.set_up(5 * PRICE)
    office.want(packs=4)
    order = office.order()
    form = {"version": str(order.version), "placed_by": "phone"}
    clients = [as_role("office_manager") for _ in range(CLIENTS)]
    answers = at_once(
        lambda n: (
            clients[n].post(f"/inventory/orders/{order.public_id}/place", data=form).status_code
        )
    )
    assert answers == {303: 1, 409: CLIENTS - 1}
    assert purse.figures(budget) == (4 * PRICE, 0, PRICE)
    office.want(packs=2)
    page = as_role("office_manager").post(
        f"/inventory/orders/{office.order().public_id}/place",
        data={"version": str(office.order().version), "placed_by": "phone", "note": "kept words"},
    )
    assert page.status_code == 409
    assert "has Rp 24,000 left until" in page.text
    assert "kept words" in page.text
    assert office.order().status == "draft"
