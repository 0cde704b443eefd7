"""What orders do to budgets, in the transaction of each step: a box of pens costs Rp 24.000."""

import pytest
from sqlalchemy import select

from kantor_inventory.budgets.services import BudgetExhausted
from kantor_inventory.models import Item
from kantor_inventory.ordering.models import OrderLine, OrderShare
from kantor_inventory.ordering.services import placing
from kantor_inventory.services import selfcheck, stock

from ..ordering.conftest import PRICE
from .conftest import kept

FIVE = 5 * PRICE


@pytest.fixture
def budget(purse, office):
    """A budget of the office for five boxes, and four boxes on its order list."""
    office.want(packs=4)
    return purse.set_up(FIVE)


@pytest.fixture(autouse=True)
def every_budget_adds_up(shop):
    yield
    with shop.work(None) as tx:
        assert selfcheck.findings(tx) == []


def boxes(purse, budget):
    """Return what is committed, spent and left, in boxes."""
    return tuple(figure / PRICE for figure in purse.figures(budget))


def test_what_is_placed_is_committed_line_by_line(purse, office, budget):
    assert boxes(purse, budget) == (0, 0, 5)
    order = office.place()
    assert boxes(purse, budget) == (4, 0, 1)
    (entry,) = purse.entries()
    assert entry.source == f"order line {office.lines()[0].id}"
    assert entry.about == f"{order.number}, Blue pen"
    assert entry.actor_id == office.shop.world.people["office_manager"]


def test_what_comes_is_spent_out_of_what_was_committed(purse, office, budget):
    office.place()
    office.receive(1_000)
    assert boxes(purse, budget) == (3, 1, 1)
    office.receive(3_000)
    assert boxes(purse, budget) == (0, 4, 1)


def test_pieces_of_an_uneven_price_add_up_to_the_order_exactly(purse, office, budget):
    office.place()
    for _ in range(3):
        office.receive(7_000, unit=office.piece)
    assert purse.figures(budget)[:2] == (4 * PRICE - 21 * PRICE // 12, 21 * PRICE // 12)
    office.receive(27_000, unit=office.piece)
    assert boxes(purse, budget) == (0, 4, 1)


def test_an_order_given_up_releases_what_it_had(purse, office, budget):
    office.place()
    office.end(placing.cancel)
    assert boxes(purse, budget) == (0, 0, 5)


def test_an_order_closed_short_keeps_what_it_has_spent(purse, office, budget):
    office.place()
    office.receive(1_000)
    office.end(placing.close_short)
    assert boxes(purse, budget) == (0, 1, 4)


def test_a_change_of_the_order_commits_more_or_less(purse, office, budget):
    office.place()
    office.amend(packs=5)
    assert boxes(purse, budget) == (5, 0, 0)
    office.amend(packs=2)
    assert boxes(purse, budget) == (2, 0, 3)
    office.amend(line={"sets_price": True, "price": PRICE // 2})
    assert boxes(purse, budget) == (1, 0, 4)
    office.receive(1_000)
    assert boxes(purse, budget) == (0.5, 0.5, 4)


def test_a_receipt_taken_back_is_refunded_and_committed_again(purse, office, budget):
    office.place()
    movement = office.receive(3_000)[0]
    with office.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong"))
    assert boxes(purse, budget) == (4, 0, 1)
    office.receive(4_000)
    assert boxes(purse, budget) == (0, 4, 1)
    assert [entry.kind for entry in purse.entries()] == ["commit", "spend", "refund", "spend"]


def test_a_receipt_taken_back_after_the_order_was_closed_is_left(purse, office, budget):
    office.place()
    movement = office.receive(1_000)[0]
    office.end(placing.close_short)
    with office.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong"))
    assert boxes(purse, budget) == (0, 0, 5)


def test_a_delivery_with_damaged_goods_releases_them_and_commits_them_again(purse, office, budget):
    office.place()
    damaged = {"rejected": 1_000, "reason": "wet", "closes": True}
    office.receive(2_000, of_it=damaged)
    assert boxes(purse, budget) == (2, 1, 2)
    office.take_back(office.deliveries()[0].public_id)
    assert boxes(purse, budget) == (4, 0, 1)


def test_goods_kept_for_nothing_cost_the_budget_nothing(purse, office, budget):
    office.place()
    office.receive(5_000, of_it={"over": "free"})
    assert boxes(purse, budget) == (0, 4, 1)


def test_an_order_that_takes_too_much_stays_a_list_without_a_number(purse, office, budget):
    purse.set_up(PRICE, category=of_pens(purse, office))
    with pytest.raises(BudgetExhausted) as refused:
        office.place()
    assert "The budget of Office for Pens has Rp 24,000 left" in str(refused.value)
    assert (office.order().status, office.order().number) == ("draft", None)
    assert office.balance().on_order == 0
    assert purse.entries() == []


def of_pens(purse, office):
    """Put the pen into a category and return it."""
    pens = purse.category("Pens")
    with office.shop.work(None) as tx:
        tx.session.scalars(
            select(Item).filter_by(public_id=office.shop.pen)
        ).one().category_id = pens.id
    return pens.public_id


def test_a_change_that_takes_too_much_changes_nothing(purse, office, budget):
    office.place()
    with pytest.raises(BudgetExhausted):
        office.amend(packs=6)
    assert office.lines()[0].packs == 4
    assert boxes(purse, budget) == (4, 0, 1)


def test_goods_that_are_there_are_never_refused(purse, office, budget):
    office.place()
    movement = office.receive(3_000)[0]
    office.amend(line={"sets_price": True, "price": 2 * PRICE})
    assert boxes(purse, budget) == (2, 3, 0)
    with office.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong"))
    assert boxes(purse, budget) == (5, 0, 0), "all four are dearer now, and no more is there"
    office.receive(4_000)
    assert boxes(purse, budget) == (0, 5, 0)


def test_without_a_budget_nothing_is_booked_and_without_a_price_neither(purse, office):
    office.want(packs=4)
    office.place()
    purse.set_up(FIVE)
    office.receive(1_000)
    office.end(placing.close_short)
    assert purse.entries() == []


def test_a_budget_set_up_later_pays_what_is_ordered_more(purse, office):
    office.want(packs=1)
    office.place()
    budget = purse.set_up(FIVE)
    office.amend(packs=2)
    assert boxes(purse, budget) == (2, 0, 3)


def share(office, department, quantity, request_line=None):
    with office.shop.work(None) as tx:
        line = tx.session.scalars(select(OrderLine).order_by(OrderLine.id.desc())).first()
        row = OrderShare(
            line_id=line.id,
            for_department_id=office.shop.world.departments[department],
            quantity=quantity,
            request_line_id=request_line,
        )
        tx.session.add(row)
        tx.session.flush()
        return kept(row)


def test_a_line_for_several_departments_is_paid_by_each_of_them(purse, office, budget):
    of_lab = purse.set_up(FIVE, department="lab")
    mine = share(office, "lab", 12_000, request_line=7)
    share(office, "stores", 12_000)
    office.place()
    assert boxes(purse, of_lab) == (1, 0, 4)
    assert boxes(purse, budget) == (3, 0, 2), "its own two boxes, and the one of stores below it"
    sources = {entry.source for entry in purse.entries()}
    assert f"order line {mine.line_id} share {mine.id}" in sources
    office.receive(2_000)
    assert boxes(purse, of_lab) == (0, 1, 4), "what comes first is for the request, and paid by it"
    assert boxes(purse, budget) == (2, 1, 2)
    office.take_back(office.deliveries()[0].public_id)
    assert boxes(purse, of_lab) == (1, 0, 4)
    office.receive(4_000)
    assert (boxes(purse, of_lab), boxes(purse, budget)) == ((0, 1, 4), (0, 3, 2))


def test_the_part_of_a_department_without_a_budget_is_booked_on_nobody(purse, office, budget):
    share(office, "lab", 24_000)
    office.place()
    office.receive(2_000)
    assert boxes(purse, budget) == (2, 0, 3)
    office.receive(2_000)
    assert boxes(purse, budget) == (0, 2, 3)


@pytest.mark.parametrize("came", [1_000, 5_000, 7_000, 13_000, 29_000])
def test_uneven_shares_add_up_when_all_has_come(purse, office, budget, came):
    of_lab = purse.set_up(FIVE, department="lab")
    share(office, "lab", 17_000)
    office.place()
    rest = 48_000
    while rest:
        now = min(came, rest)
        office.receive(now, unit=office.piece)
        rest -= now
    lab, own = purse.figures(of_lab), purse.figures(budget)
    assert (lab[0], own[0]) == (0, 0)
    assert lab[1] + own[1] == 4 * PRICE
    assert abs(lab[1] - 4 * PRICE * 17 // 48) <= 1
