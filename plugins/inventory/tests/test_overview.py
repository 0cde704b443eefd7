"""The overview: what the worker adds up at night, and who reads how much of it."""

import re
from collections import Counter
from datetime import datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import select

from kantor_inventory.counting.models import Count, CountEntry, CountLine
from kantor_inventory.models import Item, Movement, Point
from kantor_inventory.services import items, ledger, stock
from kantor_inventory.watching import rules, summing
from kantor_inventory.watching.models import MonthSum
from portal.api import Department, Place
from portal.testing import counting_statements, run_jobs

OVERVIEW = "/inventory/overview"
FILE = f"{OVERVIEW}/file?figure="


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def add_up(shop):
    with shop.work(None) as tx:
        summing.keep(tx, summing.look(tx, rules.DAYS))


def sums(shop, kind):
    with shop.work(None) as tx:
        rows = tx.session.scalars(select(MonthSum).filter_by(kind=kind)).all()
        found = Counter()
        for row in rows:
            department = row.department.name if row.department else None
            found[row.point.place.code, row.month, department] += row.value
        return +found


class Books:
    """Writes movements into the past."""

    def __init__(self, shop, tx):
        self.shop, self.tx = shop, tx
        self.shelf, self.lab = (
            stock.point_at(tx, tx.one(select(Place), public_id=place))
            for place in (shop.shelf, shop.lab)
        )
        self.outside = {k: stock.outside(tx, k) for k in ("supplier", "consumption")}

    def write(self, kind, item, source, target, quantity, ago, **more):
        at = self.tx.now - timedelta(days=ago)
        found = self.tx.one(select(Item), public_id=item)
        entry = ledger.Entry(
            type=kind,
            item_id=found.id,
            from_point=source,
            to_point=target,
            quantity=quantity,
            entered=quantity,
            item_unit_id=found.units[0].id,
            occurred_on=at.date(),
            posted_at=at,
            **more,
        )
        (movement_id,), _ = ledger.post(self.tx, [entry])
        return movement_id

    def receive(self, item, quantity, ago, value, to=None):
        to = to or self.shelf
        self.write("receive", item, self.outside["supplier"], to, quantity, ago, value=value)

    def issue(self, item, quantity, ago, **more):
        return self.write(
            "issue", item, self.shelf, self.outside["consumption"], quantity, ago, **more
        )


@pytest.fixture
def year(shop):
    """Pens worth 10,000 bought 200 days ago; the office and the laboratory used some since."""
    office, lab = shop.world.departments["office"], shop.world.departments["lab"]
    with shop.work(None) as tx:
        books = Books(shop, tx)
        books.receive(shop.pen, 100_000, 200, 1_000_000)
        books.receive(shop.ream, 5_000, 500, 300_000)
        books.issue(shop.pen, 10_000, 150, for_department_id=office)
        books.issue(shop.pen, 20_000, 45, for_department_id=office)
        books.issue(shop.pen, 5_000, 45, for_person_id=shop.lab_assistant)
        room = tx.one(select(Place), public_id=shop.lab)
        books.issue(shop.pen, 1_000, 44, for_place_id=room.id)
        wrong = books.issue(shop.pen, 7_000, 43, for_department_id=lab)
        movement = tx.one(select(Movement), id=wrong).public_id
        stock.reverse(tx, stock.Reverse(movement=movement, note="Not taken"))
    add_up(shop)
    return shop


def test_the_value_at_the_end_of_each_month_is_what_the_ledger_says(shop):
    chance = Random(7)
    with shop.work(None) as tx:
        books = Books(shop, tx)
        books.receive(shop.pen, 90_000, 420, 900_000)
        for ago in range(419, 0, -9):
            quantity = chance.randrange(1, 4) * 500
            match chance.randrange(3):
                case 0:
                    books.receive(shop.pen, quantity, ago, quantity * 12)
                case 1:
                    books.issue(shop.pen, quantity, ago, for_person_id=shop.lab_assistant)
                case _:
                    books.write("transfer", shop.pen, books.shelf, books.lab, quantity, ago)
    add_up(shop)
    with shop.work(None) as tx:
        ends = rules.months(tx.today, summing.MONTHS)[1:]
        wanted = Counter()
        lines = tx.session.scalars(select(Movement)).all()
        for number, month in enumerate(rules.months(tx.today, summing.MONTHS)):
            end = tx.now
            if number < len(ends):
                end = datetime.combine(ends[number], time(), tx.zone)
            for line in lines:
                if line.posted_at < end:
                    for point, sign in ((line.to_point, 1), (line.from_point, -1)):
                        if point.place is not None:
                            wanted[point.place.code, month, None] += sign * line.value
    assert sums(shop, "stock") == +wanted


def test_usage_is_of_the_department_that_is_named_or_that_a_person_or_place_belongs_to(year):
    with year.work(None) as tx:
        names = {
            key: tx.session.get_one(Department, year.world.departments[key]).name
            for key in ("office", "lab")
        }
    by_department = Counter()
    for (_place, _month, department), value in sums(year, "usage").items():
        by_department[department] += value
    assert by_department[names["office"]] == 300_000
    with year.work(None) as tx:
        rows = tx.session.scalars(select(MonthSum).filter_by(kind="usage")).all()
        of_lab = [r for r in rows if r.department and r.department.name == names["lab"]]
        assert sum(r.value for r in of_lab) == 60_000
        assert sum(r.lines for r in of_lab) == 2  # What was taken back was never used.
        assert all(r.value >= 0 for r in of_lab)


def test_the_home_page_compares_what_departments_used(year, as_role):
    page = as_role("office_manager").get("/").text
    card = page[page.index("Used by department") :]
    assert 'class="lying" role="img"' in card
    assert card.count('class="ch of-2"') == 2, "the office and the laboratory, lately and before"
    assert f'href="{OVERVIEW}"' in card


def test_one_department_alone_is_compared_with_nobody(shop, as_role):
    with shop.work(None) as tx:
        books = Books(shop, tx)
        books.receive(shop.pen, 100_000, 200, 1_000_000)
        books.issue(shop.pen, 20_000, 45, for_department_id=shop.world.departments["office"])
    add_up(shop)
    assert "Used by department" in as_role("office_manager").get(OVERVIEW).text
    assert "Used by department" not in as_role("office_manager").get("/").text


def test_comparing_costs_the_home_page_one_statement(year, as_role, portal_app):
    client = as_role("office_manager")
    client.get("/")
    with counting_statements(portal_app) as statements:
        client.get("/")
    assert sum("inventory_month_sum" in one for one in statements) == 2  # the strip is the other


def test_the_page_shows_value_usage_and_what_does_not_move(year, as_role):
    page = words(as_role("office_manager").get(OVERVIEW).text)
    for title in (
        "Value of the stock",
        "Used by department",
        "Value by category",
        "What costs most in a year",
        "Not moved for a year 1",
    ):
        assert title in page, title
    assert "Copy paper" in page[page.index("Not moved for a year") :]
    assert "As of " in page


def test_who_may_not_see_costs_reads_how_often_and_no_amount(year, as_role):
    client = as_role("employee")
    page = words(client.get(OVERVIEW).text)
    assert "How often departments took" in page
    assert "Rp" not in page
    for figure in ("value", "categories", "most-used"):
        assert client.get(f"{FILE}{figure}").status_code == 404
    assert "Value" not in client.get(f"{FILE}still").text


def test_a_place_out_of_reach_is_in_no_figure(year, as_person):
    with year.work(None) as tx:
        other = stock.point_at(tx, tx.one(select(Place), public_id=year.other_shelf))
        Books(year, tx).receive(year.ream, 1_000, 400, 77_000_000, to=other)
    add_up(year)
    mine = as_person(year.lab_assistant)
    assert "Shelf A2" not in words(mine.get(OVERVIEW).text)
    assert "Shelf A2" not in mine.get(f"{FILE}still").text


def test_the_file_of_a_figure_holds_its_numbers(year, as_role):
    client = as_role("office_manager")
    usage = client.get(f"{FILE}usage").text
    assert usage.startswith("\ufeffDepartment,The last 3 months (IDR),The 3 months before (IDR)")
    months = client.get(f"{FILE}value").text.splitlines()
    assert months[0] == "\ufeffMonth,Value (IDR)"
    assert months[-1].endswith("-01,9400")
    assert client.get(f"{FILE}nonsense").status_code == 404


def test_a_category_that_looks_like_a_formula_is_text_in_the_file(year, as_role):
    with year.work(None) as tx:
        category = items.add_category(tx, "=2+2")
        tx.one(select(Item), public_id=year.pen).category = category
    add_up(year)
    assert "'=2+2" in as_role("office_manager").get(f"{FILE}categories").text


def test_the_address_holds_what_was_chosen_and_so_do_the_files(year, as_role):
    with year.work(None) as tx:
        stock.point_at(tx, tx.one(select(Place), public_id=year.other_shelf))
    client = as_role("office_manager")
    page = client.get(f"{OVERVIEW}?place={year.other_shelf}&months=6").text
    assert "Value of the stock" not in words(page)
    page = client.get(f"{OVERVIEW}?place={year.shelf}&months=6").text
    assert f"file?figure=usage&amp;place={year.shelf}&amp;months=6" in page
    assert "The last 6 months" in page


def test_a_choice_that_is_not_offered_is_said_beside_its_field(year, as_role):
    answer = as_role("office_manager").get(f"{OVERVIEW}?months=5&place=nowhere")
    assert answer.status_code == 200
    assert "The last 3 months" in words(answer.text)


def test_how_right_the_books_were_is_told_from_posted_counts_alone(year, as_role):
    with year.work(None) as tx:
        item = tx.one(select(Item), public_id=year.pen)
        point = tx.session.scalars(select(Point).join(Point.place).filter_by(code="A1")).one()
        for number, (status, counted) in enumerate(
            (("posted", 64_000), ("posted", 60_000), ("submitted", 1_000)), 1
        ):
            count = Count(
                number=f"C-2026-{number:04}",
                title="Shelf",
                status=status,
                department_id=year.world.departments["office"],
                planned_at=tx.now,
                closed_at=tx.now if status == "posted" else None,
            )
            tx.session.add(count)
            tx.session.flush()
            named = {"count_id": count.id, "item_id": item.id, "point_id": point.id}
            line = CountLine(**named, position=1, open=status != "posted")
            tx.session.add(line)
            tx.session.flush()
            entry = {"counted": counted, "book": 64_000, "book_value": 0, "book_seq": 1}
            more = {"round": 1, "counted_at": tx.now}
            tx.session.add(CountEntry(count_id=count.id, line_id=line.id, **entry, **more))
            tx.session.flush()
    add_up(year)
    page = words(as_role("office_manager").get(OVERVIEW).text)
    assert "right in 1 of 2 lines" in page
    assert "right in" not in words(as_role("employee").get(OVERVIEW).text)
    assert as_role("employee").get(f"{FILE}accuracy").status_code == 404


def test_an_empty_store_says_what_will_be_here(shop, as_role):
    page = words(as_role("office_manager").get(OVERVIEW).text)
    assert "Nothing to show yet" in page


def test_the_worker_adds_up_every_night(year):
    with year.work(None) as tx:
        tx.session.execute(MonthSum.__table__.delete())
        tx.enqueue("inventory.sums", args={})
    run_jobs(year.app)
    assert sums(year, "stock")


def test_the_overview_takes_a_fixed_number_of_questions(year, as_role):
    client = as_role("office_manager")
    client.get(OVERVIEW)
    with counting_statements(year.app) as sent:
        client.get(OVERVIEW)
    assert len([sql for sql in sent if sql.startswith("SELECT")]) <= 12
