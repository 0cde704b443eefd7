"""The pages about who is away, as people see and send them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from portal.absences.models import Absence
from portal.people.models import Person
from portal.testing import add_person, counting_statements, sign_in, together, working_as
from tests.unit.granting import department, person


@pytest.fixture
def today(portal_app, world):
    with working_as(portal_app) as tx:
        return tx.today


@pytest.fixture
def nadia(portal_app, world):
    """Return the public id of somebody of the office without an account."""
    with working_as(portal_app) as tx:
        who = add_person(tx, "Nadia", department_id=world.departments["office"])
        return person(tx, who).public_id


@pytest.fixture
def outsider(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Outsider", department_id=world.departments["lab"])
        return person(tx, who).public_id


@pytest.fixture
def absence(portal_app, world, nadia, outsider):
    """Return a function: whose, and the days from today -> the public id of an absence."""

    def make(who=nadia, first=1, last=3, **more):
        with working_as(portal_app) as tx:
            days = {"from_on": tx.today + timedelta(first), "last_on": tx.today + timedelta(last)}
            row = Absence(person_id=tx.one(select(Person), public_id=who).id, **days, **more)
            tx.session.add(row)
            tx.session.flush()
            return row.public_id

    return make


def form(today, first=0, last=0, **more):
    days = {"from_on": today + timedelta(first), "last_on": today + timedelta(last)}
    return {name: day.isoformat() for name, day in days.items()} | more


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def rows_of(browser, query=""):
    answer = browser.get(f"/away?format=csv{query}")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def kept(app):
    with working_as(app) as tx:
        return [(row.person.name, row.away) for row in tx.session.scalars(select(Absence))]


def test_i_am_away_is_a_form_that_is_filled_in_already(portal_app, as_role, today):
    browser = as_role("employee")
    assert 'href="/away/new"' in browser.get("/away").text
    page = browser.get("/away/new")
    assert page.text.count(f'value="{today.isoformat()}"') == 2
    assert "data-picker" not in page.text  # Nobody else's absence is theirs to note.
    sent = dict(re.findall(r'name="(from_on|last_on)"[^>]*value="([\d-]+)"', page.text))
    answer = browser.post("/away/new", data=sent)
    assert answer.status_code == 303
    page = browser.get(answer.location)
    assert "Employee is away:" in page.text
    assert "Back since this morning" in page.text
    assert [name for name, _ in kept(portal_app)] == ["Employee"]


def test_a_manager_notes_for_somebody_whose_page_they_came_from(portal_app, as_role, today, nadia):
    browser = as_role("department_manager")
    assert f'href="/away/new?person={nadia}"' in browser.get(f"/people/{nadia}").text
    page = browser.get(f"/away/new?person={nadia}")
    assert f'name="person" value="{nadia}"' in page.text
    data = form(today, 1, 2, person=nadia, from_noon="y")
    page = browser.get(browser.post("/away/new", data=data).location)
    assert "Nadia is away:" in page.text
    assert ", from noon" in page.text
    assert "Remove" in page.text


def test_words_find_only_whose_absences_one_may_note(as_role, nadia, outsider):
    browser = as_role("department_manager")
    assert "Nadia" in browser.get("/away/people?person_q=nad").text
    assert "Outsider" not in browser.get("/away/people?person_q=outs").text
    assert "Nadia" not in as_role("employee").get("/away/people?person_q=nad").text


def test_outside_the_tree_nothing_is_there_to_be_changed(portal_app, as_role, absence, outsider):
    foreign = absence(outsider)
    browser = as_role("department_manager")
    page = browser.get(f"/away/{foreign}")
    assert page.status_code == 200
    assert "Change" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert browser.get(f"/away/new?person={outsider}").status_code == 404
    for answer in (
        browser.get(f"/away/{foreign}/edit"),
        browser.post(f"/away/{foreign}/edit", data={"version": "1"}),
        browser.post(f"/away/{foreign}/back", data={"version": "1", "since": "noon"}),
        browser.post(f"/away/{foreign}/remove", data={"version": "1"}),
    ):
        assert answer.status_code == 404


def test_somebody_out_of_reach_and_somebody_invented_get_the_same_answer(as_role, today, outsider):
    browser = as_role("department_manager")
    for who in (outsider, "zzzzzzzzzzzz"):
        answer = browser.post("/away/new", data=form(today, person=who))
        assert answer.status_code == 422
        assert "Choose one of the list." in answer.text
    answer = as_role("employee").post("/away/new", data=form(today, person=outsider))
    assert answer.status_code == 422


WRONG = {
    "the last day is before the first": ({"last": -1}, {}, "This is before the first day."),
    "noon until noon": ({}, {"from_noon": "y", "until_noon": "y"}, "no time at all"),
    "too long": ({"last": 400}, {}, "At most 366 days at a time."),
    "too long ago": ({"first": -40}, {}, "Only the last 31 days"),
    "no date": ({}, {"from_on": "soon"}, 'value="soon"'),
}


@pytest.mark.parametrize(("when", "more", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
    portal_app, as_role, today, when, more, said
):
    answer = as_role("employee").post("/away/new", data=form(today, **when) | more)
    assert answer.status_code == 422
    assert said in answer.text
    assert "aria-invalid" in answer.text
    assert kept(portal_app) == []


def test_two_who_send_at_once_note_one_absence_and_the_other_reads_why(
    portal_app, world, today, nadia
):
    browsers = [
        sign_in(portal_app, world.people["department_manager"]),
        sign_in(portal_app, _administrator(portal_app)),
    ]
    data = form(today, 1, 3, person=nadia)
    answers = together(*(partial(browser.post, "/away/new", data=data) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    late = next(answer for answer in answers if answer.status_code == 422)
    assert "Nadia is away then already:" in late.text
    assert late.text.count(f'value="{(today + timedelta(1)).isoformat()}"') == 1
    assert len(kept(portal_app)) == 1


def _administrator(app):
    with working_as(app) as tx:
        return add_person(tx, "Chief", role="administrator", everywhere=True)


def test_sending_twice_notes_once(portal_app, as_role, today):
    browser = as_role("employee")
    data = form(today) | {"csrf_token": browser.csrf_token(), "_key": browser.form_key()}
    answers = [browser.post("/away/new", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(kept(portal_app)) == 1


def test_changing_the_days(portal_app, as_role, absence, today):
    browser, address = as_role("department_manager"), f"/away/{absence()}"
    page = browser.get(f"{address}/edit")
    data = form(today, 1, 5, until_noon="y", version=version_in(page))
    answer = browser.post(f"{address}/edit", data=data)
    assert answer.status_code == 303
    assert "until noon" in browser.get(answer.location).text
    late = browser.post(f"{address}/edit", data=data)
    assert late.status_code == 409


def test_back_again_with_one_button(portal_app, as_role, absence, today):
    browser = as_role("department_manager")
    address = f"/away/{absence(first=-2, last=5)}"
    page = browser.get(address)
    assert "Back again" in page.text
    data = {"version": version_in(page), "since": "noon"}
    page = browser.get(browser.post(f"{address}/back", data=data).location)
    assert "Nadia is back." in page.text
    assert kept(portal_app)[0][1].last_on == today
    data = {"version": version_in(page), "since": "morning"}
    page = browser.get(browser.post(f"{address}/back", data=data).location)
    assert "Back again" not in page.text
    assert "Over" in page.text
    assert browser.post(f"{address}/back", data={"since": "tea"}).status_code == 400


def test_an_absence_that_never_was_leads_back_to_the_list(portal_app, as_role, absence):
    browser = as_role("department_manager")
    address = f"/away/{absence(first=0)}"
    data = {"version": version_in(browser.get(address)), "since": "morning"}
    answer = browser.post(f"{address}/back", data=data)
    assert answer.location.endswith("/away")
    assert browser.get(address).status_code == 404


def test_removing_what_has_not_begun(portal_app, as_role, absence):
    browser = as_role("department_manager")
    address = f"/away/{absence()}"
    page = browser.get(address)
    assert "Back again" not in page.text
    answer = browser.post(f"{address}/remove", data={"version": version_in(page)})
    assert answer.status_code == 303
    assert "The absence of Nadia is removed." in browser.get(answer.location).text
    assert kept(portal_app) == []


def test_what_is_over_offers_nothing_but_to_who_may_change_everybodys(
    portal_app, as_role, absence, world
):
    address = f"/away/{absence(first=-5, last=-3)}"
    page = as_role("department_manager").get(address)
    assert f"{address}/edit" not in page.text
    refused = as_role("department_manager").post(
        f"{address}/edit", data={"version": "1", "from_on": "2026-01-05", "last_on": "2026-01-05"}
    )
    assert refused.status_code == 409
    browser = sign_in(portal_app, _administrator(portal_app))
    assert f"{address}/edit" in browser.get(address).text


def test_the_list_tells_today_coming_and_over_apart(portal_app, as_role, absence, outsider):
    absence(first=-1, last=0, until_noon=True)
    absence(first=2, last=3, from_noon=True)
    absence(first=-9, last=-8)
    absence(outsider)
    browser = as_role("employee")
    assert [len(rows_of(browser, f"&view={v}")) for v in ("today", "coming", "over")] == [1, 2, 1]
    assert len(rows_of(browser)) == 4
    row = rows_of(browser, "&view=today")[0]
    assert (row["Person"], row["Department"], row["Ends"]) == ("Nadia", "Office", "until noon")
    assert rows_of(browser, "&view=coming")[1]["Begins"] == "from noon"


def test_the_list_is_narrowed_to_a_department(portal_app, as_role, absence, outsider, world):
    absence()
    absence(outsider)
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
    found = rows_of(as_role("employee"), f"&department={lab}")
    assert [row["Person"] for row in found] == ["Outsider"]


def test_a_reader_sees_whose_and_which_days_and_nothing_more(as_role, absence):
    absence(source="other")
    browser = as_role("employee")
    assert rows_of(browser)[0].keys() == {
        *("Person", "Department", "First day", "Begins", "Last day", "Ends"),
    }
    page = browser.get(f"/away/{absence(first=20, last=21)}").text
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<form" not in main
    assert re.findall(r"<dt>(.*?)</dt>", main) == ["Person", "First day", "Last day"]


def test_the_strip_shows_the_people_of_ones_own_departments(as_role, absence, nadia, outsider):
    browser = as_role("employee")
    assert "Nobody of your departments is away" in browser.get("/away").text
    absence()
    absence(outsider)
    strip = browser.get("/away").text.partition('id="weeks"')[2].partition("</section>")[0]
    assert f'href="/people/{nadia}"' in strip
    assert "Outsider" not in strip
    assert strip.count('class="on"') == 3


def test_the_home_page_and_the_page_of_a_person_tell_it_too(as_role, absence, nadia, outsider):
    browser = as_role("employee")
    assert "Away today" not in browser.get("/").text
    absence(outsider, first=0)
    assert "Away today" not in browser.get("/").text
    absence(first=0)
    page = browser.get("/").text
    assert re.search(r"Away today</a>:.*Nadia", page)
    card = browser.get(f"/people/{nadia}").text.partition('id="away"')[2]
    assert "Away today" in card.partition("</section>")[0]


def test_the_pages_take_few_statements(portal_app, as_role, absence, nadia, world):
    first = absence()
    with working_as(portal_app) as tx:
        for number in range(30):
            who = add_person(tx, f"X{number}", department_id=world.departments["office"])
            tx.session.add(Absence(person_id=who, from_on=tx.today, last_on=tx.today))
    browser = as_role("department_manager")
    for address, most in (("/away", 7), (f"/away/{first}", 7), ("/away/new", 5)):
        browser.get(address)
        with counting_statements(portal_app) as seen:
            assert browser.get(address).status_code == 200
        assert len(seen) <= most, seen
    assert "6 more people are away" in browser.get("/away").text


def test_nobody_is_asked_why(as_role):
    for address in ("/away/new", "/away"):
        page = as_role("department_manager").get(address).text
        assert "<textarea" not in page
        assert 'name="reason"' not in page
