"""Booking on budgets: committed, released, spent, refunded; which one pays; what is refused."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from kantor_inventory.budgets import services as budgets
from kantor_inventory.budgets.services import BudgetExhausted, keeping
from kantor_inventory.services import selfcheck
from portal.api import EditConflict, NotFound, ValidationFailed

LINE = "order line 7"


@pytest.fixture
def budget(purse):
    """A budget of the office of a hundred that stops."""
    return purse.set_up(100)


def commit(purse, amount, source=LINE, **more):
    return purse.do(budgets.commit, purse.payer(), amount, source, **more)


def test_what_is_committed_is_no_longer_left(purse, budget):
    assert commit(purse, 60, about="PO-1, Blue pen") is None
    assert purse.figures(budget) == (60, 0, 40)
    (entry,) = purse.entries()
    assert (entry.kind, entry.amount, entry.source) == ("commit", 60, LINE)
    assert (entry.about, entry.reserved, entry.number) == ("PO-1, Blue pen", 0, 1)


def test_a_booking_made_twice_is_made_once(purse, budget):
    commit(purse, 60)
    commit(purse, 60)
    for _ in range(2):
        purse.do(budgets.spend, LINE, 20, number=5)
        purse.do(budgets.refund, LINE, 10, number=6)
        purse.do(budgets.release, LINE, 30)
    assert purse.figures(budget) == (10, 10, 80)
    assert len(purse.entries()) == 4


def test_what_was_committed_is_spent_first_and_the_rest_comes_of_what_is_left(purse, budget):
    commit(purse, 60)
    purse.do(budgets.spend, LINE, 70)
    assert purse.figures(budget) == (0, 70, 30)
    assert [(e.kind, e.amount, e.reserved) for e in purse.entries()] == [
        ("commit", 60, 0),
        ("spend", 70, 60),
    ]


def test_what_comes_back_is_left_or_committed_again(purse, budget):
    commit(purse, 60)
    purse.do(budgets.spend, LINE, 60)
    purse.do(budgets.refund, LINE, 50, again=20)
    assert purse.figures(budget) == (20, 10, 70)


def test_something_never_committed_is_spent_of_the_budget_that_is_named(purse, budget):
    purse.do(budgets.spend, "shop slip 1", 30)
    assert purse.figures(budget) == (0, 0, 100)
    purse.do(budgets.spend, "shop slip 1", 30, payer=purse.payer())
    assert purse.figures(budget) == (0, 30, 70)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda purse: purse.do(budgets.release, LINE, 61),
        lambda purse: purse.do(budgets.refund, LINE, 1),
        lambda purse: commit(purse, -1, "order line 8"),
    ],
)
def test_no_more_comes_back_than_went_out(purse, budget, wrong):
    commit(purse, 60)
    with pytest.raises(ValueError, match=r"committed less|spent less|above nothing"):
        wrong(purse)
    assert purse.figures(budget) == (60, 0, 40)


def test_a_source_stays_with_its_budget(purse, budget):
    commit(purse, 60)
    purse.set_up(100, department="lab")
    with pytest.raises(ValueError, match="another budget"):
        purse.do(budgets.commit, purse.payer("lab"), 10, LINE, number=2)


def test_a_budget_that_stops_says_what_is_left_and_what_was_wanted(purse, budget):
    commit(purse, 60)
    with pytest.raises(BudgetExhausted) as refused:
        purse.do(budgets.commit, purse.payer(), 4_050, "order line 8", role="office_manager")
    said = str(refused.value)
    assert "The budget of Office has Rp 0.40 left until 31 December 2026" in said
    assert "this takes Rp 40.50" in said
    assert purse.figures(budget) == (60, 0, 40)
    assert len(purse.entries()) == 1


def test_who_may_not_see_the_budget_reads_no_figure(purse, budget):
    with pytest.raises(BudgetExhausted) as refused:
        purse.do(budgets.commit, purse.payer(), 101, LINE, role="employee")
    assert "has not enough left" in str(refused.value)
    assert "Rp" not in str(refused.value)


def test_a_budget_that_warns_lets_it_through_and_says_so(purse):
    budget = purse.set_up(100, mode="warn")
    assert commit(purse, 100) is None
    warning = purse.do(budgets.commit, purse.payer(), 50, "order line 8", role="executive")
    assert str(warning) == "The budget of Office is overdrawn by Rp 0.50."
    assert purse.figures(budget) == (150, 0, -50)
    assert purse.do(budgets.release, "order line 8") is None


def test_of_two_the_one_for_the_category_pays_and_the_nearest_department(purse):
    paper, tools = purse.category("Paper").id, purse.category("Tools").id
    board = purse.set_up(1, department="board")
    office = purse.set_up(2)
    of_paper = purse.set_up(3, category=purse.category("Paper").public_id)
    of_tools = purse.set_up(4, department="stores", category=purse.category("Tools").public_id)

    def pays(*asked):
        found = purse.payer(*asked)
        return found.id if found else None

    assert pays("office", paper) == of_paper.id
    assert pays("office", None) == office.id
    assert pays("office", tools) == office.id
    assert pays("stores", tools) == of_tools.id
    assert pays("stores", paper) == of_paper.id, "its own covers tools alone"
    assert pays("board", paper) == board.id
    assert pays("lab", paper) is None


def test_a_budget_pays_from_its_first_day_to_its_last(purse):
    budget = purse.set_up(1, from_on=date(2030, 2, 1), last_on=date(2030, 2, 28))
    days = [date(2030, 1, 31), date(2030, 2, 1), date(2030, 2, 28), date(2030, 3, 1)]
    found = [purse.payer(on=day) for day in days]
    assert [one.id if one else None for one in found] == [None, budget.id, budget.id, None]


def test_what_is_left_is_said_in_a_sentence_with_figures_for_who_may_see_them(purse):
    purse.set_up(10_000_000_00)
    commit(purse, 5_800_000_00)

    def said(amount, role="office_manager", department="office"):
        found = purse.do(budgets.budget_left, purse.department(department), None, amount, role=role)
        return found.in_language("en")

    assert said(1_100_000_00) == (
        "Rp 4,200,000 of Rp 10,000,000 left until 31 December 2026; after this Rp 3,100,000."
    )
    assert said(0) == "Rp 4,200,000 of Rp 10,000,000 left until 31 December 2026."
    assert said(4_300_000_00).endswith(": Rp 100,000 too little for this.")
    assert said(1, "employee") == "Within the budget until 31 December 2026."
    assert said(4_300_000_00, "employee").startswith("More than is left")
    assert said(1, department="lab") == "No budget covers this."
    assert purse.do(budgets.left, purse.department(), None) == 4_200_000_00


def test_two_budgets_for_the_same_things_never_overlap(purse, budget):
    june = {"from_on": date(2026, 12, 31), "last_on": date(2027, 6, 30)}
    with pytest.raises(ValidationFailed) as refused:
        purse.set_up(1, **june)
    assert "from 1 January 2026 to 31 December 2026" in str(refused.value.fields["from_on"])
    purse.set_up(1, **june, category=purse.category("Paper").public_id)
    purse.set_up(1, **june, department="lab")
    purse.set_up(1, from_on=date(2027, 1, 1), last_on=date(2027, 1, 1))


def changed(purse, budget, *, role="office_manager", **changes):
    row = purse.now(budget)
    kept = {"version": row.version, "from_on": row.from_on, "amount": row.amount}
    kept |= {"last_on": row.until_on - timedelta(days=1), "mode": row.mode}
    command = keeping.ChangeBudget(**kept | changes)
    return purse.do(keeping.change_budget, row.public_id, command, role=role)


def test_what_is_left_follows_the_amount(purse, budget):
    commit(purse, 60)
    changed(purse, budget, amount=150)
    assert purse.figures(budget) == (60, 0, 90)
    changed(purse, budget, amount=60)
    assert purse.figures(budget) == (60, 0, 0)
    with pytest.raises(ValidationFailed) as refused:
        changed(purse, budget, amount=59)
    assert "committed and spent already" in str(refused.value.fields["amount"])
    changed(purse, budget, amount=59, mode="warn")
    assert purse.figures(budget) == (60, 0, -1)
    with pytest.raises(ValidationFailed) as refused:
        changed(purse, budget, mode="stop")
    assert refused.value.fields.keys() == {"mode"}


def test_a_form_that_grew_old_is_refused_and_bookings_make_none_old(purse, budget):
    version = purse.now(budget).version
    commit(purse, 60)
    changed(purse, budget, version=version, amount=200)
    with pytest.raises(EditConflict):
        changed(purse, budget, version=version, amount=300)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("last_on", {"last_on": date(2025, 12, 31)}),
        ("last_on", {"last_on": date(2029, 12, 31)}),
        ("amount", {"amount": -1}),
        ("amount", {"amount": 10**16}),
        ("mode", {"mode": "shout"}),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(purse, budget, field, changes):
    with pytest.raises(ValidationFailed) as refused:
        changed(purse, budget, **changes)
    assert refused.value.fields.keys() == {field}


def test_nobody_changes_a_budget_out_of_their_reach(purse):
    budget = purse.set_up(1, department="lab")
    for role in ("office_manager", "department_manager", "employee"):
        with pytest.raises(NotFound):
            changed(purse, budget, role=role, amount=2)


@pytest.mark.parametrize("statement", ["UPDATE {} SET amount = 1", "DELETE FROM {}"])
def test_the_database_keeps_every_entry_as_it_was_written(purse, budget, statement):
    commit(purse, 60)
    with pytest.raises(Exception, match="append-only"), purse.shop.work(None) as tx:
        tx.session.execute(text(statement.format("inventory_budget_entry")))
    assert [entry.amount for entry in purse.entries()] == [60]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ("committed = 50, available = 50", {"budget_committed": (50, 60), "budget_left": (50, 40)}),
        ("spent = 5, available = 35", {"budget_spent": (5, 0), "budget_left": (35, 40)}),
    ],
)
def test_the_check_of_the_ledger_finds_a_budget_that_does_not_add_up(
    purse, budget, changes, found, as_role
):
    commit(purse, 60)
    with purse.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []
        tx.session.execute(text(f"UPDATE inventory_budget SET {changes}"))
        told = {f.kind: (f.stored, f.computed) for f in selfcheck.findings(tx)}
        assert told == found
        selfcheck.check_ledger(tx)
    page = as_role("office_manager").get("/inventory/ledger").text
    assert "Office, Everything" in page
    page = as_role("assistant").get("/inventory/ledger").text
    assert "Everything" not in page
    assert f"{len(found)} more where you may not look" in page
