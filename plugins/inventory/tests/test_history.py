"""What there was week by week: of the places one may look into, from one query."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event, select

from kantor_inventory.models import Item
from kantor_inventory.services import history, lists, stock

TODAY = datetime(2026, 3, 18, 5, tzinfo=UTC)


@pytest.fixture
def past(shop, time_machine):
    """Sixty pens on a shelf eleven weeks ago, and what became of them since."""

    def on(days_ago, service, command, **more):
        time_machine.move_to(TODAY - timedelta(days=days_ago), tick=False)
        with shop.work(None) as tx:
            service(tx, command(item=shop.pen, **more))

    on(76, stock.receive, stock.Receive, quantity=60_000, to_place=shop.shelf)
    on(40, stock.issue, stock.Issue, quantity=20_000, from_place=shop.shelf,
       for_person=shop.keeper)  # fmt: skip
    between = {"from_place": shop.shelf, "to_place": shop.other_shelf}
    on(8, stock.transfer, stock.Transfer, quantity=15_000, **between)
    on(7, stock.scrap, stock.Scrap, quantity=1_000, from_place=shop.shelf, note="dried out")
    on(6, stock.receive, stock.Receive, quantity=5_000, to_place=shop.other_shelf)
    time_machine.move_to(TODAY, tick=False)
    return shop


def told(tx):
    item = tx.one(select(Item), sku="WRI-001")
    there = sum(balance.quantity for balance, *_ in lists.places_of(tx, item))
    return history.of_item(tx, item, on_hand=there)


def levels(tx):
    return [level // 1000 for _, level in told(tx).levels]


def test_each_week_ends_with_what_was_there(past):
    with past.work() as tx:
        assert levels(tx) == [0, 60, 60, 60, 60, 60, 40, 40, 40, 40, 39, 44]
        days = [day for day, _ in told(tx).levels]
    assert days[-1] == TODAY.date()
    assert {after - before for before, after in pairwise(days)} == {timedelta(days=7)}


def test_the_last_four_weeks_are_told_without_what_only_changed_its_shelf(past):
    with past.work() as tx:
        found = told(tx)
    assert found.since == (TODAY - timedelta(days=27)).date()
    assert found.before == 40_000
    assert found.sums == {"scrap": 1_000, "receive": 5_000}


def test_who_sees_one_shelf_only_reads_its_history(past):
    with past.work_in_lab() as tx:
        assert levels(tx) == [0, 60, 60, 60, 60, 60, 40, 40, 40, 40, 24, 24]
        assert told(tx).sums == {"scrap": 1_000, "transfer_out": 15_000}


def test_it_is_one_query(past):
    asked = []
    with past.work() as tx:
        item = tx.one(select(Item), sku="WRI-001")
        event.listen(
            tx.session.get_bind(), "before_cursor_execute", lambda *said: asked.append(said[2])
        )
        history.of_item(tx, item, on_hand=0)
    assert len([statement for statement in asked if "inventory_movement" in statement]) == 1


def test_the_page_of_the_item_draws_it(past, as_role):
    page = as_role("office_manager").get(f"/inventory/items/{past.pen}").text
    drawn = re.search(r'<svg class="ch".*?</svg>', page, re.DOTALL)[0]
    assert drawn.count('<rect class="b1"') == history.WEEKS
    assert "0 piece in the first, 44 piece now, between 0 piece and 60 piece" in drawn
    assert "<td>18 Mar 2026</td>" in page
    assert "style=" not in drawn


def test_nothing_is_drawn_for_who_may_not_see_the_stock_or_where_nothing_ever_was(past, as_role):
    page = as_role("administrator").get(f"/inventory/items/{past.pen}").text
    assert '<svg class="ch"' not in page
    page = as_role("office_manager").get(f"/inventory/items/{past.ream}").text
    assert '<svg class="ch"' not in page
