"""Counting as people do it, by HTTP: planned, counted on a phone or at a desk, sent in."""

import re

import pytest
from sqlalchemy import select

from kantor_inventory.counting.models import Count, CountEntry
from kantor_inventory.models import Point
from kantor_inventory.services import items, stock
from portal.api import Department, Place, PlaceServes
from portal.testing import counting_statements, sign_in

from .conftest import count, text_of


def figures(office):
    with office.shop.work(None) as tx:
        return tx.session.execute(
            select(CountEntry.counted, CountEntry.current).order_by(CountEntry.id)
        ).all()


MOST_FOR_A_FIGURE = 21  # SQL statements, with the lock of the audit that SQLite has anyway
PAGES = [
    "/inventory/counts",
    "/inventory/counts?view=open",
    "/inventory/counts?view=review&format=csv",
    "/inventory/counts/new",
    "/inventory/counts/new?department={department}",
    "/inventory/counts/people?q=de",
    "/inventory/counts/items?q=pen",
    "/inventory/counts/{count}",
    "/inventory/counts/{count}/sheet",
    "/inventory/counts/{count}/sheet?show=open",
    "/inventory/counts/{count}/sheet?show=missed",
    "/inventory/counts/{count}/sheet?format=csv",
    "/inventory/counts/{count}/sheet?format=xlsx",
    "/inventory/counts/{count}/add",
    "/inventory/counts/{count}/submit",
    "/inventory/counts/{count}/print",
    "/inventory/counts/{count}/cancel",
    "/inventory/counts/lines/{pens}",
    "/inventory/counts/lines/{pens}?row=1",
    "/inventory/counts/lines/{pens}/understood?quantity=3&unit={box}",
]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_itself(office, as_role, page):
    address = page.format(
        count=office.count, pens=office.pens, department=office.department, box=office.shop.box
    )
    answer = as_role("office_manager").get(address)
    assert answer.status_code == 200, answer.text[-2000:]


def test_one_number_leads_to_the_next_line(office, dewi):
    answer = count(dewi, office, office.pens, quantity="37", unit=office.piece())
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/inventory/counts/lines/{office.reams}")
    assert figures(office) == [(37_000, True)]
    answer = count(dewi, office, office.reams, quantity="0", unit=office.piece(office.shop.ream))
    assert answer.headers["Location"].endswith(f"/inventory/counts/{office.count}/submit")
    assert figures(office)[-1] == (0, True)


def test_a_figure_is_entered_in_few_statements(office, dewi, portal_app):
    form = {"unit": office.shop.box, "singles": "4", "understood": "40000"}
    count(dewi, office, office.pens, quantity="3", **form)
    with counting_statements(portal_app) as sent:
        answer = count(dewi, office, office.pens, quantity="3", **form)
    assert answer.status_code == 303
    assert [counted for counted, current in figures(office)] == [40_000, 40_000]
    # Those of a form and its audit, of the line and what it is counted in, of the books, and
    # whether all that is in the reach of who counts, before and after.
    assert len(sent) <= MOST_FOR_A_FIGURE, sent


def test_boxes_are_understood_before_they_are_saved(office, dewi):
    form = {"quantity": "3", "unit": office.shop.box, "singles": "4"}
    asked = count(dewi, office, office.pens, **form)
    assert asked.status_code == 200
    assert "That is 40 piece" in text_of(asked)
    assert figures(office) == []
    wrong = count(dewi, office, office.pens, **form, understood="36000")
    assert "That is 40 piece" in text_of(wrong)
    done = count(dewi, office, office.pens, **form, understood="40000")
    assert done.status_code == 303
    page = text_of(dewi.get(f"/inventory/counts/lines/{office.pens}"))
    assert "Counted: 3 box, 4 piece" in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"quantity": ""}, "Enter what is there, 0 if there is none."),
        ({"quantity": "-1"}, "is negative. Write 0 or more."),
        ({"quantity": "1.2345"}, "more than 3 decimals"),
        ({"quantity": "96385074"}, "This is a code, not a quantity."),
        ({"quantity": "99999999999"}, "too large"),
        ({"quantity": "x"}, "is not a number"),
        ({"quantity": "1", "unit": "nothing"}, "Choose one of the list."),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_lost(office, dewi, form, said):
    answer = count(dewi, office, office.pens, **{"unit": office.piece()} | form)
    assert answer.status_code == 422, text_of(answer)
    assert said in text_of(answer)
    assert f'value="{form["quantity"]}"' in answer.text
    assert figures(office) == []


def test_a_row_is_saved_by_itself_and_says_how_far_one_is(office, dewi):
    answer = count(dewi, office, office.pens, quantity="37", unit=office.piece(), row="1")
    assert answer.status_code == 303
    row = dewi.get(answer.headers["Location"])
    assert 'data-far="1 of 2"' in row.text
    assert "<html" not in row.text
    assert "You, " in text_of(row)
    empty = count(dewi, office, office.pens, quantity="", unit=office.piece(), row="1")
    assert empty.status_code == 303
    assert figures(office) == [(37_000, False)]


def test_without_script_the_list_leads_on_in_its_order(office, dewi):
    answer = count(dewi, office, office.pens, quantity="37", unit=office.piece(), to="list")
    assert answer.headers["Location"].endswith(f"/sheet#line-{office.reams}")


def test_two_people_at_one_line_are_told_of_each_other(office, dewi, joko):
    dewi.get(f"/inventory/counts/lines/{office.pens}")
    count(dewi, office, office.pens, quantity="37", unit=office.piece())
    told = count(joko, office, office.pens, quantity="38", unit=office.piece(), seen="")
    assert told.status_code == 409
    assert "Dewi entered 37 piece at" in text_of(told)
    assert 'value="38"' in told.text
    seen = re.search(r'name="seen" value="(\d+)"', told.text)[1]
    row = count(joko, office, office.pens, quantity="38", unit=office.piece(), seen="", row="1")
    assert row.status_code == 409
    assert "Dewi entered 37 piece at" in text_of(row)
    assert figures(office) == [(37_000, True)]
    done = count(joko, office, office.pens, quantity="38", unit=office.piece(), seen=seen)
    assert done.status_code == 303
    assert figures(office) == [(37_000, False), (38_000, True)]


def test_the_same_figure_sent_twice_is_one_figure(office, dewi):
    form = {"quantity": "37", "unit": office.piece(), "_key": "once-and-for-all"}
    first = count(dewi, office, office.pens, **form)
    again = count(dewi, office, office.pens, **form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert len(figures(office)) == 1


def test_not_found_is_neither_counted_nor_none(office, dewi):
    count(dewi, office, office.pens, act="missed")
    assert "Not found" in text_of(dewi.get(f"/inventory/counts/lines/{office.pens}"))
    page = text_of(dewi.get(f"/inventory/counts/{office.count}/submit"))
    assert "Nothing is counted yet" in page
    count(dewi, office, office.reams, quantity="9", unit=office.piece(office.shop.ream))
    page = text_of(dewi.get(f"/inventory/counts/{office.count}/submit"))
    assert "1 line is not counted" in page
    assert "Blue pen" in page


def test_sending_in_asks_about_what_is_missing(office, dewi):
    count(dewi, office, office.pens, quantity="37", unit=office.piece())
    address = f"/inventory/counts/{office.count}/submit"
    assert dewi.post(address, data={"missing": "0"}).status_code == 409
    assert office.status(office.count) == "counting"
    assert dewi.post(address, data={"missing": "1"}).status_code == 303
    assert office.status(office.count) == "submitted"
    again = dewi.post(address, data={"missing": "1"})
    assert again.status_code == 409
    late = count(dewi, office, office.pens, quantity="38", unit=office.piece())
    assert late.status_code == 409
    assert "being reviewed" in text_of(late)


def test_a_barcode_leads_to_its_line(office, dewi):
    with office.shop.work(None) as tx:
        items.add_code(tx, items.AddCode(unit=office.shop.box, code="4006381333931"))
    find = f"/inventory/counts/{office.count}/find"
    assert dewi.get(f"{find}?code=4006381333931").headers["Location"].endswith(office.pens)
    assert (
        dewi.get(f"{find}?code=wri-001&to=list")
        .headers["Location"]
        .endswith(f"#line-{office.pens}")
    )
    assert dewi.get(f"{find}?code=nothing").status_code == 404
    with office.shop.work(None) as tx:
        other = office.add_item(tx, "Stapler", "DSK-9").public_id
    assert f"item={other}" in dewi.get(f"{find}?code=DSK-9").headers["Location"]


def test_something_found_is_added_and_counted(office, dewi):
    with office.shop.work(None) as tx:
        stapler = office.add_item(tx, "Stapler", "DSK-9").public_id
    address = f"/inventory/counts/{office.count}/add"
    answer = dewi.post(address, data={"item": stapler, "place": office.shop.shelf})
    assert answer.status_code == 303
    assert "Stapler" in text_of(dewi.get(answer.headers["Location"]))
    assert dewi.post(address, data={"item": stapler, "place": "nowhere"}).status_code == 422


def test_planning_says_which_count_has_what(office, maya):
    form = {"department": office.department, "blind": "y"}
    answer = maya.post(f"/inventory/counts/new?department={office.department}", data=form)
    assert answer.status_code == 422
    assert "C-2026-0001" in text_of(answer)
    assert "Leave out what another open count has" in text_of(answer)


def test_a_place_is_counted_in_one_tap(office, dewi):
    with office.shop.work() as tx:
        goods = stock.Receive(
            item=office.shop.pen, quantity=5_000, to_place=office.shop.other_shelf
        )
        stock.receive(tx, goods)
    answer = dewi.post("/inventory/counts/now", data={"place": office.shop.other_shelf})
    assert answer.status_code == 303
    assert "Shelf A2" in text_of(dewi.get(answer.headers["Location"]))
    assert dewi.post("/inventory/counts/now", data={"place": office.shop.shelf}).status_code == 409
    assert dewi.post("/inventory/counts/now", data={"place": office.shop.lab}).status_code == 404


def test_an_open_count_says_what_should_be_there(counting, portal_app):
    counting.receive(7_531_000)
    made = counting.plan(blind=False)
    page = sign_in(portal_app, counting.dewi).get(f"/inventory/counts/{made}/sheet")
    assert "7,531 piece" in text_of(page)


def test_a_long_sheet_takes_few_statements(counting, portal_app):
    with counting.shop.work(None) as tx:
        added = [
            counting.add_item(tx, f"Thing {n}", f"TH-{n}", packs=[("box", 12, 1)])
            for n in range(200)
        ]
        ids = [item.public_id for item in added]
    with counting.shop.work() as tx:
        for item in ids:
            stock.receive(
                tx, stock.Receive(item=item, quantity=5_000, to_place=counting.shop.shelf)
            )
    made = counting.plan()
    client = sign_in(portal_app, counting.dewi)
    client.get(f"/inventory/counts/{made}/sheet")
    with counting_statements(portal_app) as statements:
        page = client.get(f"/inventory/counts/{made}/sheet")
    assert page.text.count("data-count-row") >= 200
    assert len(statements) <= 12, statements


def test_the_page_of_a_place_begins_a_count_or_leads_to_it(office, dewi, maya):
    page = text_of(dewi.get(f"/places/{office.shop.shelf}"))
    assert "Being counted: C-2026-0001" in page
    assert "Count this place now" in text_of(dewi.get(f"/places/{office.shop.other_shelf}"))
    assert "Count this place now" not in text_of(dewi.get(f"/places/{office.shop.lab}"))


def home(office, as_role, role="office_manager"):
    return text_of(as_role(role).get("/"))


def give_to(office, name):
    """Ask somebody to do the count."""
    with office.shop.work(None) as tx:
        count = tx.one(select(Count), public_id=office.count)
        count.assigned_to_id = office.shop.world.people[name]


def test_a_count_waits_at_home_for_whoever_was_asked_to_do_it(office, as_role):
    assert "Lines: 2" not in home(office, as_role, "employee")
    give_to(office, "office_manager")
    page = home(office, as_role)
    assert "My work" in page
    assert "Lines: 2" in page
    assert "Lines: 2" not in home(office, as_role, "assistant")


def test_a_count_that_was_sent_in_waits_at_home_for_its_reviewers_alone(office, as_role):
    give_to(office, "assistant")
    office.enter(office.count, 40_000)
    office.submit(office.count, missing=1)
    page = home(office, as_role)
    assert "To be reviewed, lines: 2" in page
    assistant = home(office, as_role, "assistant")
    assert "To be reviewed" not in assistant
    assert "Lines: 2" not in assistant


def test_places_of_no_department_are_named_beside_the_field_with_what_to_do(office, as_role):
    client = as_role("office_manager")
    address = f"/inventory/counts/new?department={office.department}"
    with office.shop.work(None) as tx:
        place = Place(code="X9", name="Attic", kind="shelf", department_id=None)
        tx.session.add(place)
        tx.session.flush()
        tx.session.add(Point(place_id=place.id, kind="store"))
        attic = place.id
    assert "Attic" not in client.get(address).text, "what is out of reach stays unnamed"
    with office.shop.work(None) as tx:
        served = tx.one(select(Department), public_id=office.department)
        tx.session.add(PlaceServes(place_id=attic, department_id=served.id))
    page = text_of(client.get(address))
    assert "they belong to no department: Attic." in page
