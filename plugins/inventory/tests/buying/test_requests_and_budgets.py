"""What is approved is taken of the budget, moves to the order, and comes back otherwise."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from kantor_inventory.asking import services
from kantor_inventory.budgets.models import Budget
from portal.api import Delegation, Department
from portal.testing import together

ROUNDS = int(os.environ.get("KANTOR_TEST_ROUNDS", "5"))
LAMP = 2 * 150_000_00


@pytest.fixture
def purse(clinic):
    """Give the laboratory a budget for one lamp and a half; return what is (committed, spent)."""
    lab = clinic.shop.world.departments["lab"]
    with clinic.work() as tx:
        tx.session.add(
            Budget(
                department_id=tx.session.get(Department, lab).id,
                from_on=tx.today - timedelta(days=30),
                until_on=tx.today + timedelta(days=300),
                amount=LAMP + LAMP // 2,
                available=LAMP + LAMP // 2,
                mode="stop",
            )
        )

    def now():
        with clinic.work() as tx:
            row = tx.session.scalars(select(Budget)).one()
            return row.committed, row.spent

    return now


def test_an_approval_commits_the_estimate(clinic, purse):
    request = clinic.ask("clerk", clinic.wish())
    assert purse() == (0, 0)
    clinic.decide("manager", request)
    assert purse() == (LAMP, 0)


def test_withdrawing_or_declining_gives_it_back(clinic, purse):
    request = clinic.approved(clinic.wish())
    with clinic.work("clerk") as tx:
        services.withdraw(tx, request)
    assert purse() == (0, 0)
    request = clinic.approved(clinic.wish())
    assert purse() == (LAMP, 0)
    clinic.answer(request, "decline")
    assert purse() == (0, 0)


def test_a_change_gives_back_what_was_approved(clinic, purse):
    request = clinic.approved(clinic.wish())
    clinic.edit(request, clinic.wish(quantity=1_000))
    assert purse() == (0, 0)
    clinic.decide("manager", request)
    assert purse() == (LAMP // 2, 0)


def test_an_exhausted_budget_leaves_the_decision_open(clinic, purse):
    clinic.approved(clinic.wish())
    second = clinic.ask("colleague", clinic.wish())
    answer = clinic.decide("manager", second, comment="They need it")
    assert answer.status_code == 409
    assert "The budget of Lab has Rp 150,000 left until" in answer.text
    assert "They need it" in answer.text
    assert clinic.approval(second).state == "pending"
    assert clinic.status(second)[0] == "waiting"
    assert purse() == (LAMP, 0)


def test_a_deputy_reads_no_figures_of_a_budget_they_may_not_see(clinic, purse):
    with clinic.work() as tx:
        tx.session.add(
            Delegation(
                principal_id=clinic.manager,
                deputy_id=clinic.room.clerk,
                from_on=tx.today,
                last_on=tx.today,
                only_when_absent=False,
            )
        )
    clinic.approved(clinic.wish(), who="colleague")
    second = clinic.ask("colleague", clinic.wish())
    page = clinic.page("clerk", f"/approvals/{clinic.approval(second).public_id}")
    assert "More than is left of the budget until" in page
    answer = clinic.decide("clerk", second)
    assert answer.status_code == 409
    assert "The budget of Lab has not enough left for this." in answer.text
    page = clinic.page("manager", f"/approvals/{clinic.approval(second).public_id}")
    assert "Rp 150,000 of Rp 450,000 left until" in page


def test_ordering_moves_it_from_the_request_to_the_order(clinic, purse):
    request = clinic.approved(clinic.wanted(120_000))
    assert purse() == (240_000_00, 0)
    clinic.answer(request, "order")
    clinic.buy(request)
    assert purse() == (240_000_00, 0)
    order = clinic.place_order()
    assert purse() == (240_000_00, 0)
    clinic.receive(order, 4)
    assert purse() == (144_000_00, 96_000_00)
    clinic.receive(order, 6)
    assert purse() == (0, 240_000_00)
    clinic.answer(request, quantity=120_000)
    assert purse() == (0, 240_000_00)


def test_what_is_bought_in_a_shop_is_spent(clinic, purse):
    request = clinic.approved(clinic.wish())
    (lamp, _), *_ = clinic.lines(request)
    form = {"paid": "275000", "note": ""}
    page = f"/inventory/to-buy/{lamp}/bought"
    assert clinic.client("keeper").post(page, data=form).status_code == 303
    assert purse() == (0, 275_000_00)


def test_who_asks_reads_whether_the_budget_is_enough(clinic, purse):
    form = {
        "wish": "w0",
        "w0-text": "Desk lamp",
        "w0-quantity": "1",
        "w0-price": "150000",
        "do": "add",
    }
    page = clinic.client("clerk").post(f"/inventory/ask/{clinic.shop.shelf}", data=form)
    assert "Within the budget until" in page.text
    form["w0-quantity"] = "9"
    page = clinic.client("clerk").post(f"/inventory/ask/{clinic.shop.shelf}", data=form)
    assert "More than is left of the budget" in page.text


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_two_approvals_at_once_one_gets_the_rest_of_the_budget(clinic, purse, round_):
    requests = [clinic.ask(who, clinic.wish()) for who in ("clerk", "colleague")]
    answers = together(*(clinic.deciding("manager", request) for request in requests))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert purse() == (LAMP, 0)
    assert sorted(clinic.status(one)[0] for one in requests) == ["asked", "waiting"]
