"""Working hours and holidays on their pages."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.people.models import Person
from portal.testing import counting_statements, sign_in, working_as
from portal.worktime.models import WorkCalendar
from portal.worktime.services import DAYS, WorkBy, work_by
from tests.unit.granting import department, person
from tests.unit.worktime.common import make_calendar, make_list

WEEK = dict.fromkeys(DAYS[:5], "9-17") | {"saturday": "", "sunday": ""}


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.fixture
def calendar(portal_app, world):
    """Return the address of a usual calendar with a holiday list."""
    with working_as(portal_app) as tx:
        kept = make_list(tx, "Public holidays").public_id
        row = make_calendar(tx, "Office hours", usual=True, holiday_list=kept)
        return f"/calendars/{row.public_id}"


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def test_without_a_calendar_the_page_says_what_is_assumed_and_leads_on(admin):
    page = admin.get("/calendars")
    assert "Mon\u2013Fri 08:00\u201312:00, 13:00\u201317:00" in page.text
    assert 'href="/calendars/new"' in page.text
    form = admin.get("/calendars/new")
    assert form.text.count('value="08:00-12:00, 13:00-17:00"') == 5
    assert 'value="Office hours"' in form.text
    assert re.search(r"<input checked[^>]*usual|usual[^>]*checked", form.text)


def test_a_calendar_is_made_shown_and_changed(admin):
    made = admin.post("/calendars/new", data=WEEK | {"name": "Office", "usual": "y"})
    assert made.status_code == 303
    page = admin.get(made.location)
    assert "09:00\u201317:00" in page.text
    assert "40 hours a week" in page.text
    listed = admin.get("/calendars").text
    assert "Mon\u2013Fri 09:00\u201317:00" in listed
    assert "Everybody else" in listed
    old = WEEK | {"name": "Office", "version": version_in(admin.get(f"{made.location}/edit"))}
    friday = old | {"usual": "y", "friday": "9-12"}
    assert admin.post(f"{made.location}/edit", data=friday).status_code == 303
    listed = admin.get("/calendars").text
    for part in ("Mon\u2013Thu 09:00\u201317:00;<", ">Fri 09:00\u201312:00<"):
        assert part in listed
    late = admin.post(f"{made.location}/edit", data=old | {"monday": "7-8"})
    assert late.status_code == 409
    assert "07:00\u201308:00" in late.text


BAD = {
    "nine to five": "Write it like 09:00-12:30, 13:00-17:00.",
    "17-9": "Each time has to end after it begins, by 24:00 at the latest.",
    "9-13, 12-17": "Two of these times overlap.",
    "9-17," * 60: "Write it like 09:00-12:30, 13:00-17:00.",
}


@pytest.mark.parametrize(("typed", "said"), BAD.items())
def test_bad_hours_are_told_beside_their_day_and_everything_typed_stays(admin, typed, said):
    data = WEEK | {"name": "Odd hours", "wednesday": typed, "saturday": "9.00 - 12.00"}
    answer = admin.post("/calendars/new", data=data)
    assert answer.status_code == 422
    beside = answer.text.partition('id="wednesday-error"')[2]
    assert said in beside[:600]
    assert 'id="tuesday-error"' not in answer.text
    for kept in ("Odd hours", typed, "9.00 - 12.00", "9-17"):
        assert f'value="{kept}"' in answer.text


def test_a_week_without_hours_is_refused(admin):
    answer = admin.post("/calendars/new", data=dict.fromkeys(DAYS, "") | {"name": "Never"})
    assert answer.status_code == 422
    assert "Write the hours of one day at least." in answer.text


def test_hours_are_written_as_the_reader_writes_them(portal_app, admin, world, calendar):
    with working_as(portal_app) as tx:
        tx.session.get(Person, world.people["administrator"]).language = "id"
    indonesian = sign_in(portal_app, world.people["administrator"])
    assert "Sen\u2013Jum 08.00\u201312.00, 13.00\u201317.00" in indonesian.get("/calendars").text
    form = indonesian.get(f"{calendar}/edit")
    assert 'value="08.00-12.00, 13.00-17.00"' in form.text


def test_departments_and_people_are_given_a_calendar_and_it_is_taken_away(
    portal_app, admin, world, calendar
):
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
        who = person(tx, world.people["employee"]).public_id
        other = make_calendar(tx, "Short", "8-12").public_id
        work_by(tx, other, WorkBy(department=lab))
    given = admin.post(f"{calendar}/people", data={"department": lab, "person": who})
    assert given.status_code == 303
    listed = admin.get("/calendars").text
    assert "Lab, Employee" in listed
    page = admin.get(f"/calendars/{other}").text
    assert "Nobody yet." in page
    taken = admin.post(f"{calendar}/people/remove", data={"person": who})
    assert taken.status_code == 303
    assert "Lab, Employee" not in admin.get("/calendars").text
    assert admin.post(f"{calendar}/people/remove", data={"person": who}).status_code == 404
    nobody = admin.post(f"{calendar}/people", data={})
    assert nobody.status_code == 422
    assert "Choose a department or a person." in nobody.text


def test_a_calendar_takes_few_statements_however_many_work_by_it(
    portal_app, admin, world, calendar
):
    with working_as(portal_app) as tx:
        for name in world.departments:
            by = WorkBy(department=department(tx, world, name).public_id)
            work_by(tx, calendar.rpartition("/")[2], by)
        for who in world.people.values():
            work_by(tx, calendar.rpartition("/")[2], WorkBy(person=person(tx, who).public_id))
    admin.get(calendar)
    with counting_statements(portal_app) as seen:
        assert admin.get(calendar).status_code == 200
    assert len(seen) <= 12


def test_an_unused_calendar_is_removed_on_its_page(portal_app, admin, world, calendar):
    with working_as(portal_app) as tx:
        row = make_calendar(tx, "Spare")
        spare, version = row.public_id, row.version
    assert "/remove" in admin.get(f"/calendars/{spare}").text
    assert f"{calendar}/remove" not in admin.get(calendar).text
    gone = admin.post(f"/calendars/{spare}/remove", data={"version": version})
    assert gone.status_code == 303
    assert admin.get(f"/calendars/{spare}").status_code == 404


def test_exceptional_days_on_pages(admin, calendar):
    day = {"on": "2030-03-01", "name": "Stocktaking", "kind": "hours", "hours": "8-10"}
    assert admin.post(f"{calendar}/days/new", data=day).status_code == 303
    twin = admin.post(f"{calendar}/days/new", data=day | {"name": "Again"})
    assert twin.status_code == 422
    assert "This date is in the list already." in twin.text
    assert 'value="Again"' in twin.text
    missing = admin.post(f"{calendar}/days/new", data=day | {"hours": ""})
    assert "Write the hours, or choose that nobody works." in missing.text
    page = admin.get(calendar).text
    hidden = {"on": "2030-03-02", "name": "Outing", "kind": "closed", "hours": "soon"}
    assert admin.post(f"{calendar}/days/new", data=hidden).status_code == 303
    assert "Friday, 1 March 2030" in page
    assert "08:00\u201310:00" in page
    edit = re.search(r'href="(/calendars/days/\w+/edit)"', page)[1]
    assert 'value="8-10"' not in admin.get(edit).text
    assert 'value="08:00-10:00"' in admin.get(edit).text
    assert admin.post(edit, data=day | {"kind": "closed"}).status_code == 303
    assert "08:00\u201310:00" not in admin.get(calendar).text
    assert admin.post(edit.replace("/edit", "/remove")).status_code == 303
    assert "Stocktaking" not in admin.get(calendar).text


def test_a_holiday_list_is_made_imported_and_edited(admin):
    assert "No holidays yet" in admin.get("/calendars/holidays").text
    form = admin.get("/calendars/holidays/new").text
    assert form.partition("<select")[2].find("Indonesia") < form.partition("<select")[2].find("Afg")
    data = {"name": "Public holidays", "country": "ID", "region": ""}
    made = admin.post("/calendars/holidays/new", data=data)
    assert made.status_code == 303
    done = admin.post(f"{made.location}/import", data={"year": "2026", "joint": "y"})
    assert done.status_code == 303
    page = admin.get(done.location)
    assert "dates of 2026 are added." in page.text
    assert "Thursday 24 December" in page.text
    again = admin.get(admin.post(f"{made.location}/import", data={"year": "2026"}).location)
    assert "are there already." in again.text
    edit = re.search(r'href="(/calendars/holidays/dates/\w+/edit)"', page.text)[1]
    worked = {"on": "2026-01-01", "name": "New year", "kind": "worked", "hours": ""}
    assert admin.post(edit, data=worked).status_code == 303
    page = admin.get(done.location).text
    assert page.count("Worked as usual") == 1
    assert admin.post(edit.replace("/edit", "/remove")).status_code == 303
    assert "New year" not in admin.get(done.location).text.partition("<table")[2]
    by_hand = admin.post(f"{made.location}/dates/new", data=worked | {"kind": "closed"})
    assert by_hand.status_code == 303
    assert by_hand.location.endswith("?year=2026")


def test_what_cannot_be_imported_is_told_beside_the_year(admin, calendar):
    with_list = re.search(r'href="(/calendars/holidays/\w+)"', admin.get(calendar).text)[1]
    for year in ("", "soon", "1999"):
        answer = admin.post(f"{with_list}/import", data={"year": year})
        assert answer.status_code == 422
        assert 'id="year-error"' in answer.text


def test_unknown_regions_are_told_with_those_there_are(admin):
    data = {"name": "Germany", "country": "DE", "region": "XX"}
    answer = admin.post("/calendars/holidays/new", data=data)
    assert answer.status_code == 422
    assert "BB, BE, BW, BY" in answer.text


def test_who_may_only_look_is_offered_no_change(portal_app, world, calendar):
    browser = sign_in(portal_app, world.people["employee"])
    for address in ("/calendars", calendar, "/calendars/holidays"):
        page = browser.get(address)
        assert page.status_code == 200
        shown = page.text.partition("<main")[2].partition("</main")[0]
        assert "/edit" not in shown
        assert "/new" not in shown
    assert browser.get(f"{calendar}/edit").status_code == 403
    assert browser.get("/calendars/new").status_code == 403


def test_the_menu_leads_to_working_hours(admin):
    assert 'href="/calendars"' in admin.get("/").text


def test_unknown_calendars_are_not_there(portal_app, admin, world, calendar):
    for address in (
        "/calendars/zzzzzzzzzzzz",
        "/calendars/days/zzzzzzzzzzzz/edit",
        "/calendars/holidays/zzzzzzzzzzzz",
        "/calendars/holidays/dates/zzzzzzzzzzzz/edit",
    ):
        assert admin.get(address).status_code == 404
    with working_as(portal_app) as tx:
        assert len(tx.session.scalars(select(WorkCalendar)).all()) == 1
