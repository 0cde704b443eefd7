"""The pages about deputies, as people see and send them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.absences.models import Absence
from portal.delegation.models import Delegation
from portal.people.models import Department, Person
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.granting import person


@pytest.fixture
def today(portal_app, world):
    with working_as(portal_app) as tx:
        return tx.today


@pytest.fixture
def someone(portal_app, world):
    """Return a function: name, department -> the public id of somebody without an account."""

    def make(name, department="office"):
        with working_as(portal_app) as tx:
            who = add_person(tx, name, department_id=world.departments[department])
            return person(tx, who).public_id

    return make


@pytest.fixture
def nadia(someone):
    return someone("Nadia")


@pytest.fixture
def eko(someone):
    return someone("Eko")


@pytest.fixture
def given(portal_app, world, nadia, eko):
    """Return a function: whose, whom, and the days from today -> the public id of a delegation."""

    def make(principal=nadia, deputy=eko, first=0, last=3, **more):
        with working_as(portal_app) as tx:
            ids = [tx.one(select(Person), public_id=one).id for one in (principal, deputy)]
            days = {"from_on": tx.today + timedelta(first), "last_on": tx.today + timedelta(last)}
            row = Delegation(principal_id=ids[0], deputy_id=ids[1], **days, **more)
            tx.session.add(row)
            tx.session.flush()
            return row.public_id

    return make


def form(today, first=0, last=0, **more):
    days = {"from_on": today + timedelta(first), "last_on": today + timedelta(last)}
    return {name: day.isoformat() for name, day in days.items()} | {"only_when_absent": "y"} | more


def rows_of(browser, query=""):
    answer = browser.get(f"/deputies?format=csv{query}")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def kept(app):
    with working_as(app) as tx:
        return [(d.principal.name, d.deputy.name) for d in tx.session.scalars(select(Delegation))]


def test_who_stands_in_for_me_is_a_form_of_four_answers(portal_app, as_role, today, nadia):
    browser = as_role("employee")
    page = browser.get("/deputies/new")
    assert "Who stands in for me" in page.text
    assert 'name="principal"' not in page.text  # Nobody else's deputy is theirs to name.
    assert page.text.count(f'value="{today.isoformat()}"') == 2
    assert re.search(r'name="only_when_absent"[^>]*checked|checked[^>]*only_when_absent', page.text)
    assert "60 days" not in page.text
    answer = browser.post("/deputies/new", data=form(today, 0, 4, deputy=nadia))
    page = browser.get(answer.location)
    assert "Nadia stands in for Employee." in page.text
    assert "Only while away" in page.text
    assert kept(portal_app) == [("Employee", "Nadia")]


def test_words_find_everybody_as_deputy_and_as_principal_whom_one_may_name_for(
    as_role, nadia, someone
):
    someone("Outsider", "lab")
    browser = as_role("department_manager")
    assert "Nadia" in browser.get("/deputies/people?principal_q=nad").text
    assert "Outsider" not in browser.get("/deputies/people?principal_q=outs").text
    assert "Outsider" in browser.get("/deputies/colleagues?deputy_q=outs").text


def test_a_manager_names_for_somebody_whose_page_they_came_from(
    portal_app, as_role, today, nadia, eko
):
    browser = as_role("department_manager")
    assert f'href="/deputies/new?person={nadia}"' in browser.get(f"/people/{nadia}").text
    assert f'name="principal" value="{nadia}"' in browser.get(f"/deputies/new?person={nadia}").text
    answer = browser.post("/deputies/new", data=form(today, 1, 2, principal=nadia, deputy=eko))
    assert answer.status_code == 303
    for who in (nadia, eko):
        assert "Eko for Nadia" in browser.get(f"/people/{who}").text


WRONG = {
    "no deputy": ({}, {}, "deputy"),
    "somebody invented": ({}, {"deputy": "zzzzzzzzzzzz"}, "Choose one of the list."),
    "the last day before the first": ({"last": -1}, {}, "This is before the first day."),
    "more than 60 days": ({"last": 60}, {}, "an administrator can allow more"),
    "a day that is past": ({"first": -1}, {}, "Begin today or later."),
    "no date": ({}, {"from_on": "soon"}, 'value="soon"'),
}


@pytest.mark.parametrize(("when", "more", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_stands_beside_the_field(portal_app, as_role, today, nadia, when, more, said):
    data = form(today, **when) | ({"deputy": nadia} if said != "deputy" else {}) | more
    answer = as_role("employee").post("/deputies/new", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert "aria-invalid" in answer.text
    assert kept(portal_app) == []


def test_an_administrator_is_asked_to_allow_more_than_60_days(portal_app, as_role, today, nadia):
    browser = as_role("administrator")
    data = form(today, 0, 90, deputy=nadia, principal="")
    with working_as(portal_app) as tx:
        data["principal"] = person(tx, add_person(tx, "Long Leave")).public_id
    answer = browser.post("/deputies/new", data=data)
    assert answer.status_code == 422
    assert "Tick to allow it." in answer.text
    assert 'name="longer"' in answer.text
    assert browser.post("/deputies/new", data=data | {"longer": "y"}).status_code == 303


def test_somebody_changes_the_days_and_ends_it(portal_app, as_role, today, nadia):
    browser = as_role("employee")
    here = browser.post("/deputies/new", data=form(today, 0, 4, deputy=nadia)).location
    page = browser.get(f"{here}/edit")
    version = re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]
    answer = browser.post(f"{here}/edit", data=form(today, 1, 4, version=version))
    assert answer.status_code == 422
    assert "the first day stays" in answer.text
    assert browser.post(f"{here}/edit", data=form(today, 0, 9, version=version)).status_code == 303
    assert browser.post(f"{here}/edit", data=form(today, 0, 8, version=version)).status_code == 409
    page = browser.post(f"{here}/end", data={"version": "2"}, follow_redirects=True)
    assert "Nadia stands in for Employee no more." in page.text
    assert "Ended early" in page.text
    assert "/end" not in page.text
    assert browser.post(f"{here}/end", data={"version": "3"}).status_code == 409


def test_outside_the_tree_nothing_is_there_to_be_changed(as_role, given, someone, eko):
    outsider = someone("Outsider", "lab")
    foreign = given(outsider)
    browser = as_role("department_manager")
    assert (
        "Change"
        not in browser.get(f"/deputies/{foreign}")
        .text.partition("<main")[2]
        .partition("</main>")[0]
    )
    assert browser.get(f"/deputies/new?person={outsider}").status_code == 404
    for answer in (
        browser.get(f"/deputies/{foreign}/edit"),
        browser.post(f"/deputies/{foreign}/edit", data={"version": "1"}),
        browser.post(f"/deputies/{foreign}/end", data={"version": "1"}),
    ):
        assert answer.status_code == 404


def test_the_list_shows_today_what_comes_and_what_is_over(portal_app, as_role, given, someone):
    given(first=0, last=0)
    given(first=1, last=2)
    given(first=-3, last=-1)
    given(first=-1, last=5, revoked_at=_now(portal_app))
    browser = as_role("employee")
    found = {view: len(rows_of(browser, f"&view={view}")) for view in ("today", "coming", "over")}
    assert found == {"today": 1, "coming": 1, "over": 2}
    assert {(row["For whom"], row["Deputy"]) for row in rows_of(browser)} == {("Nadia", "Eko")}
    assert 'href="/deputies"' in browser.get("/away").text


def _now(app):
    with working_as(app) as tx:
        return tx.now


def test_the_list_is_narrowed_to_a_department(portal_app, as_role, world, given, someone):
    given()
    given(someone("Outsider", "lab"))
    with working_as(portal_app) as tx:
        lab = tx.session.get(Department, world.departments["lab"]).public_id
    rows = rows_of(as_role("employee"), f"&department={lab}")
    assert [row["For whom"] for row in rows] == ["Outsider"]


def test_two_at_a_time_are_said_on_the_page(as_role, given, someone):
    first = given()
    given(deputy=someone("Farid"), first=2, last=2)
    page = as_role("employee").get(f"/deputies/{first}")
    assert "Farid stands in at the same time: both may decide." in page.text


def test_who_is_away_without_a_deputy_is_offered_the_days_that_are_left(
    portal_app, world, as_role, today, given, eko
):
    browser = as_role("employee")
    data = {"from_on": today.isoformat(), "last_on": (today + timedelta(5)).isoformat()}
    here = browser.post("/away/new", data=data).location
    page = browser.get(here).text
    assert "Nobody stands in for you." in page
    with working_as(portal_app) as tx:
        mine = person(tx, world.people["employee"]).public_id
    given(mine, eko, 0, 2)
    page = browser.get(here).text
    link = re.search(r'href="(/deputies/new\?[^"]*)"', page)[1].replace("&amp;", "&")
    page = browser.get(link).text
    for day in (today + timedelta(3), today + timedelta(5)):
        assert f'value="{day.isoformat()}"' in page
    given(mine, eko, 3, 5)
    assert "Nobody stands in" not in browser.get(here).text


def test_half_a_day_and_what_one_may_not_change_ask_for_no_deputy(
    portal_app, as_role, today, nadia
):
    browser = as_role("employee")
    data = {"from_on": today.isoformat(), "last_on": today.isoformat(), "from_noon": "y"}
    assert (
        "Nobody stands in" not in browser.post("/away/new", data=data, follow_redirects=True).text
    )
    with working_as(portal_app) as tx:
        whose = tx.one(select(Person), public_id=nadia).id
        row = Absence(person_id=whose, from_on=today, last_on=today + timedelta(3))
        tx.session.add(row)
        tx.session.flush()
        foreign = row.public_id
    assert "Nobody stands in" not in browser.get(f"/away/{foreign}").text


def test_days_in_an_address_that_are_none_are_left_out(as_role, today):
    page = as_role("employee").get("/deputies/new?from=soon&until=1999-01-01")
    assert page.text.count(f'value="{today.isoformat()}"') == 2


def test_pages_ask_the_same_number_of_questions_however_many_there_are(
    portal_app, world, given, someone, nadia
):
    browser = sign_in(portal_app, world.people["employee"])
    first = given()

    def counted(address):
        browser.get(address)
        with counting_statements(portal_app) as seen:
            assert browser.get(address).status_code == 200
        return len(seen)

    before = [counted(address) for address in ("/deputies", f"/people/{nadia}")]
    for number in range(6):
        given(deputy=someone(f"P{number}"), first=number, last=number)
    assert [counted(address) for address in ("/deputies", f"/people/{nadia}")] == before
    assert counted(f"/deputies/{first}") <= 14


def test_a_deputy_may_be_limited_to_a_department_and_an_amount(
    portal_app, as_role, world, today, nadia, eko
):
    with working_as(portal_app) as tx:
        office = tx.one(select(Department), id=world.departments["office"]).public_id
    sent = form(today, 0, 3, principal=nadia, deputy=eko, scope="approvals")
    sent |= {"department": office, "max_amount": "250000"}
    answer = as_role("administrator").post("/deputies/new", data=sent)
    assert answer.status_code == 303
    with working_as(portal_app) as tx:
        row = tx.session.scalars(select(Delegation)).one()
        assert (row.scope, row.max_amount) == ("approvals", 250_000_00)
        assert row.department_id == world.departments["office"]
    page = as_role("administrator").get(answer.location).text
    assert "250,000" in page


def test_a_wrong_limit_is_said_beside_it_and_shown(portal_app, as_role, today, nadia, eko):
    sent = form(today, 0, 3, principal=nadia, deputy=eko, max_amount="much")
    answer = as_role("administrator").post("/deputies/new", data=sent)
    assert answer.status_code == 422
    assert "open><summary" in answer.text
