"""What is due to be counted: found every night by class, and planned with one button."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.models import Balance, Item, Point
from kantor_inventory.services import items, many, stock
from kantor_inventory.watching import due, rules, summing
from portal.api import NotFound, Place
from portal.testing import counting_statements, run_jobs

DUE = "/inventory/due"


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def tonight(shop, **days):
    with shop.work(None) as tx:
        summing.keep(tx, summing.look(tx, rules.DAYS | days))


@contextmanager
def counting_rows(tx):
    """Yield how many rows each statement of a unit writes."""
    rows = []

    def note(_connection, cursor, sql, *_):
        if not sql.startswith("SELECT"):
            rows.append(cursor.rowcount)

    engine = tx.session.get_bind().engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        yield rows
    finally:
        event.remove(engine, "after_cursor_execute", note)


def classes(shop):
    with shop.work(None) as tx:
        return dict(tx.session.execute(select(Item.sku, Item.abc)).all())


def counted(shop, item, ago):
    """Say that an item was counted everywhere so many days ago."""
    with shop.work(None) as tx:
        of_item = select(Item.id).where(Item.public_id == item).scalar_subquery()
        change = update(Balance).where(Balance.item_id == of_item)
        at = None if ago is None else tx.now - timedelta(days=ago)
        tx.session.execute(change.values(counted_at=at))


def places(shop, person=None):
    work = shop.work("office_manager") if person is None else person
    with work as tx:
        return {at.name: at for at in due.by_place(tx)}


@pytest.fixture
def busy(shop):
    """Pens worth most of what is used, paper little, folders never; all on shelf A1."""
    with shop.work(None) as tx:
        adding = items.AddItem(name="Folder", sku="F-1", unit="piece")
        folder = items.add_item(tx, adding).public_id
        for item, price in ((shop.pen, 900_00), (shop.ream, 90_00), (folder, 5_00)):
            goods = stock.Receive(item=item, quantity=20_000, to_place=shop.shelf, price=price)
            stock.receive(tx, goods)
        for item in (shop.pen, shop.ream):
            taken = {"from_place": shop.shelf, "for_department": shop.office}
            stock.issue(tx, stock.Issue(item=item, quantity=10_000, **taken))
    shop.folder = folder
    tonight(shop)
    return shop


def test_the_class_of_an_item_is_found_at_night_from_what_its_use_was_worth(busy):
    assert classes(busy) == {"WRI-001": "A", "PAP-001": "B", "F-1": "C"}


def test_what_is_not_kept_in_stock_has_no_class(busy):
    with busy.work(None) as tx:
        adding = items.AddItem(name="Window cleaning", sku="S-1", unit="time", mode="non_stock")
        items.add_item(tx, adding)
    tonight(busy)
    assert classes(busy)["S-1"] is None


def test_finding_classes_does_not_disturb_somebody_who_edits_an_item(busy):
    with busy.work(None) as tx:
        item = tx.one(select(Item), public_id=busy.pen)
        assert (item.abc, item.version) == ("A", 1)


def test_the_night_writes_a_few_rows_at_a_time_and_lets_others_write_in_between(busy, monkeypatch):
    monkeypatch.setattr(many, "AT_ONCE", 3)
    monkeypatch.setattr(summing, "MOST_PARTS", 4)
    for number in range(20):
        with busy.work(None) as tx:
            more = items.AddItem(name=f"Clip {number}", sku=f"C-{number}", unit="piece")
            items.add_item(tx, more)
    with busy.work(None) as tx:
        found = summing.look(tx, rules.DAYS)
    written = []
    for write in summing.pieces(found):
        with busy.work(None) as tx, counting_rows(tx) as rows:
            write(tx)
        written.append(rows)
    assert len(written) > 7
    assert all(sum(rows) <= 2 * 3 for rows in written), "an old and a new row for each sum"
    assert all(len(rows) <= 2 * 4 for rows in written)
    with busy.work(None) as tx:
        assert sum(len(ids) for ids in summing.look(tx, rules.DAYS).classes.values()) == 0


def test_what_was_never_counted_is_due_and_said_to_be_so(busy):
    shelf = places(busy)["Shelf A1"]
    assert (shelf.a, shelf.b, shelf.c, shelf.never) == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("ago", "due_classes"), [(29, ""), (31, "a"), (90, "a"), (92, "ab"), (366, "abc")]
)
def test_each_class_is_due_in_its_own_time(busy, ago, due_classes):
    for item in (busy.pen, busy.ream, busy.folder):
        counted(busy, item, ago)
    tonight(busy)
    at = places(busy).get("Shelf A1")
    found = "" if at is None else "".join(c for c in "abc" if getattr(at, c))
    assert found == due_classes


def test_what_was_counted_today_is_not_due_before_the_night_has_passed(busy):
    counted(busy, busy.pen, 0)
    assert places(busy)["Shelf A1"].a == 0


def test_a_place_that_should_hold_something_is_counted_although_it_is_empty(busy):
    with busy.work(None) as tx:
        limits = stock.SetRule(item=busy.pen, place=busy.lab, minimum=1_000, maximum=None)
        stock.set_rule(tx, limits)
        stock.point_at(tx, tx.one(select(Place), public_id=busy.other_shelf))
    tonight(busy)
    with busy.work(None) as tx:
        at = tx.session.scalars(
            select(Balance.due_at).join(Point).join(Place).where(Place.public_id == busy.lab)
        ).one()
    assert at is not None


def test_what_runs_out_or_is_about_to_be_ordered_is_to_be_counted_although_it_is_not_due(busy):
    for item in (busy.pen, busy.ream, busy.folder):
        counted(busy, item, 5)
    tonight(busy)
    assert places(busy) == {}
    with busy.work(None) as tx:
        given = {"place": busy.shelf, "maximum": None}
        stock.set_rule(tx, stock.SetRule(item=busy.pen, minimum=50_000, **given))
        stock.set_rule(tx, stock.SetRule(item=busy.ream, minimum=5_000, **given))
        taken = {"from_place": busy.shelf, "for_department": busy.office}
        stock.issue(tx, stock.Issue(item=busy.ream, quantity=10_000, **taken))
    shelf = places(busy)["Shelf A1"]
    assert (shelf.due, shelf.out, shelf.low) == (0, 1, 1)
    counted(busy, busy.ream, 0)
    assert places(busy)["Shelf A1"].out == 0


def test_one_button_plans_a_count_of_exactly_that(busy, as_role):
    counted(busy, busy.ream, 5)
    tonight(busy)
    client = as_role("office_manager")
    page = words(client.get(DUE).text)
    assert "2 due: A 1, B 0, C 1. 2 never counted" in page
    assert "Plan this count" in page
    answer = client.post(f"{DUE}/{busy.shelf}", follow_redirects=True)
    assert re.search(r"C-\d{4}-0001 is planned", words(answer.text))
    with busy.work(None) as tx:
        count = tx.session.scalars(select(Count)).one()
        lines = tx.session.scalars(select(CountLine)).all()
        assert {line.item.name for line in lines} == {"Blue pen", "Folder"}
        assert count.due_on == tx.today + timedelta(days=due.DAYS)
    assert places(busy) == {}


def test_planning_twice_plans_once_and_says_that_nothing_is_left(busy, as_role):
    client = as_role("office_manager")
    client.post(f"{DUE}/{busy.shelf}")
    answer = client.post(f"{DUE}/{busy.shelf}", follow_redirects=True)
    assert "Nothing is to be counted here any more." in answer.text
    with busy.work(None) as tx:
        assert len(tx.session.scalars(select(Count)).all()) == 1


def test_nobody_plans_for_a_place_of_others(busy, as_person):
    mine = as_person(busy.lab_assistant)
    page = mine.get(DUE).text
    assert "Shelf A1" in page  # It serves the laboratory.
    assert "Plan this count" not in page
    with pytest.raises(NotFound), busy.work_in_lab() as tx:
        due.plan(tx, due.PlanDue(place=busy.shelf))


def test_the_home_page_of_whoever_counts_says_how_much_is_due(busy, as_role):
    assert "3 lines are due" in words(as_role("office_manager").get("/").text)
    assert "To be counted" not in as_role("employee").get("/").text


def test_how_often_to_count_is_a_setting(busy, as_role):
    counted(busy, busy.pen, 10)
    with busy.work(None) as tx:
        tx.enqueue("inventory.sums", args={})
    run_jobs(busy.app)
    assert places(busy)["Shelf A1"].a == 0
    sent = {"version": "", "count_a_days": "9", "count_b_days": "91", "count_c_days": "365"}
    client = as_role("administrator")
    assert client.post("/settings/inventory", data=sent).status_code == 303
    with busy.work(None) as tx:
        tx.enqueue("inventory.sums", args={})
    run_jobs(busy.app)
    assert places(busy)["Shelf A1"].a == 1
    assert "Class A every 9 days" in as_role("office_manager").get(DUE).text


def test_the_list_and_the_page_of_items_show_the_class(busy, as_role):
    client = as_role("office_manager")
    rows = client.get("/inventory/items?abc=A&format=json").json
    assert [row["name"] for row in rows] == ["Blue pen"]
    assert "Class A" in words(client.get(f"/inventory/items/{busy.pen}").text)


def test_the_page_takes_a_fixed_number_of_questions(busy, as_role):
    client = as_role("office_manager")
    client.get(DUE)
    with counting_statements(busy.app) as sent:
        client.get(DUE)
    assert len([sql for sql in sent if sql.startswith("SELECT")]) <= 6
