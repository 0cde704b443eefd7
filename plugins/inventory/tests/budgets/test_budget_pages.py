"""The pages of budgets as people use them, by HTTP, signed in by role."""

import re
from datetime import date

import pytest

from kantor_inventory.budgets import services as budgets
from portal.testing import counting_statements

from ..ordering.conftest import PRICE


def text_of(answer):
    """Return the words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def form(purse, budget, **changes):
    row = purse.now(budget)
    kept = {"version": row.version, "amount": "1000", "mode": row.mode, "note": ""}
    return kept | {"from_on": "2026-01-01", "last_on": "2026-12-31"} | changes


def test_a_budget_is_set_up_shown_and_changed(purse, as_role):
    client = as_role("office_manager")
    sent = {"department": purse.public(), "category": "", "amount": "1,500,000", "mode": "stop"}
    sent |= {"from_on": "2026-01-01", "last_on": "2026-12-31", "note": "as agreed"}
    answer = client.post("/inventory/budgets/new", data=sent)
    assert answer.status_code == 303
    page = text_of(client.get(answer.location))
    assert "Budget of Office In force Everything, 1 January 2026 to 31 December 2026" in page
    assert "Remaining Rp 1,500,000" in page
    assert "as agreed" in page
    assert "Nothing is booked yet" in page
    version = {"version": "1", "amount": "2,000,000", "mode": "warn"}
    answer = client.post(f"{answer.location}/edit", data=sent | version)
    assert answer.status_code == 303
    assert "Remaining Rp 2,000,000" in text_of(client.get(answer.location))
    rows = client.get("/inventory/budgets?format=json").json
    assert [(row["department"], row["last_on"], row["used"]) for row in rows] == [
        ("Office", "2026-12-31", 0)
    ]


@pytest.mark.parametrize(
    ("field", "said", "changes"),
    [
        ("last_on", "before the first day", {"last_on": "2025-12-31"}),
        ("amount", "committed and spent already", {"amount": "0"}),
        ("from_on", "one for the same things", {"last_on": "2027-12-31"}),
        ("amount", "", {"amount": "much"}),
        ("mode", "", {"mode": "loud"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    purse, as_role, field, said, changes
):
    budget = purse.set_up(PRICE)
    purse.set_up(PRICE, from_on=date(2027, 6, 1), last_on=date(2027, 6, 30))
    purse.do(budgets.commit, purse.payer(), PRICE, "order line 1")
    answer = as_role("office_manager").post(
        f"/inventory/budgets/{budget.public_id}/edit",
        data=form(purse, budget, amount="24000", note="kept words") | changes,
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert f'{field}-error"' in answer.text
    assert "kept words" in answer.text


def test_somebody_elses_change_is_shown_beside_ones_own(purse, as_role):
    budget = purse.set_up(PRICE)
    old = form(purse, budget)
    client = as_role("office_manager")
    assert client.post(f"/inventory/budgets/{budget.public_id}/edit", data=old).status_code == 303
    answer = client.post(f"/inventory/budgets/{budget.public_id}/edit", data=old | {"amount": "7"})
    assert answer.status_code == 409


def test_the_page_leads_to_the_order_that_caused_an_entry(purse, office, as_role):
    budget = purse.set_up(5 * PRICE)
    office.want(packs=4)
    order = office.place()
    office.receive(1_000)
    page = as_role("office_manager").get(f"/inventory/budgets/{budget.public_id}")
    assert f'href="/inventory/orders/{order.public_id}">{order.number}, Blue pen' in page.text
    assert "Committed Rp 72,000" in text_of(page)
    assert "Spent Rp 24,000" in text_of(page)
    entries = as_role("office_manager").get(
        f"/inventory/budgets/{budget.public_id}/entries?format=json"
    )
    assert [row["kind"] for row in entries.json] == ["spend", "commit"]


def test_a_manager_sees_the_budgets_of_their_tree_and_changes_none(purse, as_role):
    mine, other = purse.set_up(PRICE), purse.set_up(PRICE, department="lab")
    client = as_role("department_manager")
    assert client.get(f"/inventory/budgets/{mine.public_id}").status_code == 200
    assert "Edit" not in text_of(client.get(f"/inventory/budgets/{mine.public_id}"))
    assert client.get(f"/inventory/budgets/{mine.public_id}/edit").status_code == 403
    assert client.get(f"/inventory/budgets/{other.public_id}").status_code == 404
    assert as_role("assistant").get("/inventory/budgets").status_code == 403


def test_placing_says_who_pays_and_what_is_left_then(purse, office, as_role):
    office.want(packs=4)
    address = f"/inventory/orders/{office.order().public_id}/place"
    client = as_role("office_manager")
    assert "No budget covers this." in text_of(client.get(address))
    purse.set_up(3 * PRICE, mode="warn")
    page = text_of(client.get(address))
    assert "Who pays Budget of Office Rp 72,000 of Rp 72,000 left" in page
    assert "after this \u2212Rp 24,000" in page
    sent = {"version": str(office.order().version), "placed_by": "phone"}
    answer = client.post(address, data=sent, follow_redirects=True)
    assert "The budget of Office is overdrawn by Rp 24,000." in text_of(answer)


@pytest.mark.parametrize("path", ["/inventory/budgets", "/inventory/budgets/{one}"])
def test_a_page_asks_the_database_as_often_with_many_entries_as_with_few(
    purse, as_role, portal_app, path
):
    budget = purse.set_up(1_000)
    client, counts = as_role("office_manager"), []
    for number in range(30):
        purse.do(budgets.commit, purse.payer(), 1, f"order line {number}")
        if number in (1, 29):
            client.get(path.format(one=budget.public_id))
            with counting_statements(portal_app) as sent:
                client.get(path.format(one=budget.public_id))
            counts.append(len(sent))
    assert counts[0] == counts[1] <= 12
