"""Nobody approves what they ask for, or what is for them; what is changed is approved anew."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from kantor_inventory.asking import services
from kantor_inventory.asking.rules import NotPossible
from portal.api import Delegation, EditConflict, NotFound, Person
from portal.testing import add_person, give_role


def test_a_manager_does_not_approve_their_own_request(clinic):
    request = clinic.ask("manager", clinic.wish())
    assert clinic.decide("manager", request).status_code == 409
    assert clinic.status(request)[0] == "waiting"


def test_nor_what_somebody_else_asks_for_them(clinic):
    with clinic.work() as tx:
        manager = tx.session.get(Person, clinic.manager).public_id
    request = clinic.ask("clerk", clinic.wish(), beneficiary=manager)
    assert clinic.decide("manager", request).status_code == 409
    assert clinic.status(request)[0] == "waiting"


def test_nor_as_the_deputy_of_who_would_decide(clinic):
    with clinic.work() as tx:
        tx.session.add(
            Delegation(
                principal_id=clinic.manager,
                deputy_id=clinic.room.clerk,
                from_on=tx.today,
                last_on=tx.today + timedelta(days=3),
                only_when_absent=False,
            )
        )
    request = clinic.ask("clerk", clinic.wish())
    assert clinic.decide("clerk", request).status_code == 409
    other = clinic.ask("colleague", clinic.wish())
    assert clinic.decide("clerk", other).status_code == 303
    page = clinic.page("colleague", f"/inventory/requests/{other}")
    assert "Approved by Lab Clerk for Lab Manager" in page


def test_nor_as_an_administrator(clinic):
    lab = clinic.shop.world.departments["lab"]
    with clinic.work() as tx:
        clinic.admin = add_person(tx, "Adi", department_id=lab, role="employee")
        give_role(tx, clinic.admin, "administrator", department_id=None)
    request = clinic.ask("admin", clinic.wish())
    assert clinic.decide("admin", request).status_code == 409
    other = clinic.ask("clerk", clinic.wish())
    assert clinic.decide("admin", other).status_code == 404


def test_two_small_requests_count_like_a_large_one(clinic):
    first = clinic.ask("clerk", clinic.wish(price=3_000_000_00, quantity=1_000))
    second = clinic.ask("clerk", clinic.wish(price=3_000_000_00, quantity=1_000))
    page = clinic.page("manager", f"/approvals/{clinic.approval(second).public_id}")
    assert "6,000,000" in page
    assert clinic.approval(first).amount == 3_000_000_00


def test_what_is_changed_after_the_approval_waits_again(clinic):
    request = clinic.approved(clinic.wish())
    before = clinic.approval(request).public_id
    assert clinic.edit(request, clinic.wish(quantity=20_000)) == "waiting"
    again = clinic.approval(request)
    assert again.public_id != before
    assert again.amount == 20 * 150_000_00
    assert clinic.lines(request)[0][1] == "asked"
    assert clinic.decide("manager", request).status_code == 303
    assert clinic.status(request)[0] == "asked"


def test_a_change_that_has_nothing_to_buy_needs_no_approval_any_more(clinic):
    request = clinic.ask("clerk", clinic.wish())
    asked = clinic.approval(request).public_id
    assert clinic.edit(request, clinic.wanted()) == "asked"
    assert clinic.approval(request).public_id == asked
    assert clinic.approval(request).state == "void"


def test_what_was_handed_out_or_ordered_is_not_changed(clinic):
    request = clinic.approved(clinic.wanted(150_000))
    clinic.answer(request, "order")
    clinic.buy(request)
    with pytest.raises(NotPossible):
        clinic.edit(request, clinic.wanted())
    other = clinic.ask("clerk", clinic.wanted())
    clinic.answer(other)
    with pytest.raises(NotPossible):
        clinic.edit(other, clinic.wanted())


def test_only_who_asked_changes_it_and_only_what_they_read(clinic):
    request = clinic.ask("clerk", clinic.wish())
    for who in ("keeper", "colleague", "manager"):
        with pytest.raises(NotFound):
            clinic.edit(request, clinic.wanted(), who=who)
    with pytest.raises(EditConflict):
        clinic.edit(request, clinic.wanted(), version=99)
    assert clinic.approval(request).state == "pending"


def test_what_is_withdrawn_is_not_approved_any_more(clinic):
    request = clinic.ask("clerk", clinic.wish())
    with clinic.work("clerk") as tx:
        services.withdraw(tx, request)
    assert clinic.status(request)[0] == "withdrawn"
    assert clinic.approval(request).state == "withdrawn"
    assert clinic.decide("manager", request).status_code in (404, 409)
    approved = clinic.approved(clinic.wish())
    with clinic.work("clerk") as tx:
        services.withdraw(tx, approved)
    assert clinic.status(approved)[0] == "withdrawn"
    assert clinic.approval(approved).state == "void"


def test_withdrawing_among_the_approvals_withdraws_the_request(clinic):
    request = clinic.ask("clerk", clinic.wish())
    page = f"/approvals/{clinic.approval(request).public_id}/withdraw"
    assert clinic.client("clerk").post(page).status_code == 303
    assert clinic.status(request)[0] == "withdrawn"


@pytest.mark.parametrize("round_", range(3))
def test_a_request_is_approved_or_withdrawn_at_once(clinic, round_):
    request = clinic.ask("clerk", clinic.wish())
    manager, clerk = clinic.client("manager"), clinic.client("clerk")
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(lambda: clinic.decide("manager", request, client=manager)),
            pool.submit(lambda: clerk.post(f"/inventory/requests/{request}/withdraw")),
        ]
        found = [call.result().status_code for call in calls]
    status, state = clinic.status(request)[0], clinic.approval(request).state
    # Who withdraws after the approval withdraws that as well.
    assert (status, state) in (("asked", "approved"), ("withdrawn", "withdrawn")) or (
        (status, state) == ("withdrawn", "void") and found == [303, 303]
    )
    assert 500 not in found
