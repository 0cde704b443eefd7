"""The pages about people, departments and accounts, as their users see them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from portal.people.models import Department, Membership, Person
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.granting import department, give, make_role, person


def public_id(app, model, row_id):
    with working_as(app) as tx:
        return tx.session.get(model, row_id).public_id


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.fixture
def assistant(portal_app, world):
    """Return the address of the page of somebody in the office."""
    return f"/people/{public_id(portal_app, Person, world.people['assistant'])}"


def new_person(**more):
    return {"name": "Ayu Lestari", "language": "id", "active_from": "2026-01-05"} | more


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def test_the_list_shows_finds_and_exports_people(admin, world):
    page = admin.get("/people")
    assert "Department Manager" in page.text
    found = admin.get("/people?q=department+man")
    assert "Department Manager" in found.text
    assert "Assistant" not in found.text.partition("<table")[2]
    rows = list(
        csv.DictReader(io.StringIO(admin.get("/people?format=csv").data.decode("utf-8-sig")))
    )
    assert {row["Name"] for row in rows} >= {"Assistant", "Employee"}
    assert {row["Department"] for row in rows} == {"Office"}


def test_the_list_takes_few_statements(portal_app, admin):
    admin.get("/people")
    with counting_statements(portal_app) as seen:
        assert admin.get("/people").status_code == 200
    assert len(seen) <= 6


def test_a_person_page_takes_few_statements(portal_app, admin, assistant):
    admin.get(assistant)
    with counting_statements(portal_app) as seen:
        assert admin.get(assistant).status_code == 200
    assert len(seen) <= 12, seen


def test_adding_a_person(portal_app, admin, world):
    office = public_id(portal_app, Department, world.departments["office"])
    answer = admin.post("/people/new", data=new_person(department=office, phone="021 555 0101"))
    assert answer.status_code == 303
    page = admin.get(answer.location)
    assert "Ayu Lestari" in page.text
    assert "Office" in page.text
    assert "Ayu Lestari is added." in page.text


WRONG = {
    "without a name": ({"name": " "}, "Fill this in."),
    "with a strange address": ({"email": "not an address"}, "Write an e-mail address"),
    "with letters as a number": ({"phone": "<b>"}, "Write a number"),
    "with an unknown language": ({"language": "xx"}, "Choose one of the list."),
    "with a first day that is none": ({"active_from": "soon"}, "soon"),
    "in an unknown department": ({"department": "zzzzzzzzzzzz"}, "Choose one of the list."),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(admin, world, more, said):
    answer = admin.post("/people/new", data=new_person(**{"phone": "0812 5550 1", **more}))
    assert answer.status_code == 422
    assert said in answer.text
    assert "aria-invalid" in answer.text
    if "phone" not in more:
        assert 'value="0812 5550 1"' in answer.text


def test_what_the_service_refuses_stands_beside_the_field_too(admin, world):
    twin = new_person(email="ayu@example.org")
    assert admin.post("/people/new", data=twin).status_code == 303
    answer = admin.post("/people/new", data=twin)
    assert answer.status_code == 422
    assert "Ayu Lestari has this address already." in answer.text


def test_two_people_editing_meet_a_page_with_both_versions(admin, assistant):
    first, second = admin.get(f"{assistant}/edit"), admin.get(f"{assistant}/edit")
    kept = {"language": "en", "active_from": "2020-01-01"}
    sent = kept | {"version": version_in(first), "name": "Putri"}
    assert admin.post(f"{assistant}/edit", data=sent).status_code == 303
    late = kept | {"version": version_in(second), "name": "Poetri"}
    answer = admin.post(f"{assistant}/edit", data=late)
    assert answer.status_code == 409
    assert "Poetri" in answer.text
    assert "Putri" in answer.text
    assert "1 January 2020" in answer.text


def test_sending_a_form_twice_adds_one_person(portal_app, admin, world):
    data = new_person(csrf_token=admin.csrf_token(), _key=admin.form_key())
    answers = [admin.post("/people/new", data=data, raw=True) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    with working_as(portal_app) as tx:
        assert (
            len(tx.session.scalars(select(Person).where(Person.name == "Ayu Lestari")).all()) == 1
        )


def test_unknown_and_foreign_people_look_alike(portal_app, world):
    with working_as(portal_app) as tx:
        far = add_person(tx, "Far away", department_id=world.departments["lab"])
        address = f"/people/{person(tx, far).public_id}"
    manager = sign_in(portal_app, world.people["department_manager"])
    assert manager.get(address).status_code == 200
    answers = [manager.get(f"{one}/edit") for one in (address, "/people/zzzzzzzzzzzz")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.count("not yours to see") == answers[1].text.count("not yours to see")


def test_who_may_not_change_sees_no_buttons(portal_app, world, assistant):
    page = sign_in(portal_app, world.people["employee"]).get(assistant)
    assert page.status_code == 200
    assert f"{assistant}/edit" not in page.text
    assert "Account" not in page.text
    assert "Roles" not in page.text.partition("<main")[2]


def test_the_last_day_of_somebody(admin, assistant):
    page = admin.get(f"{assistant}/leave")
    data = {"version": version_in(page), "last_day": "2030-06-30"}
    assert admin.post(f"{assistant}/leave", data=data).status_code == 303
    assert "30 Jun 2030" in admin.get(assistant).text
    page = admin.get(f"{assistant}/leave")
    assert 'value="2030-06-30"' in page.text
    early = admin.post(
        f"{assistant}/leave", data={"version": version_in(page), "last_day": "2001-01-01"}
    )
    assert early.status_code == 422
    assert "before the first day" in early.text


def test_an_account_is_given_with_a_link_that_is_shown_once(portal_app, admin, world, anonymous):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Sri Mulatsih")
        address = f"/people/{person(tx, who).public_id}"
    assert 'value="sri.mulatsih"' in admin.get(f"{address}/account").text
    data = {
        "username": "sri.mulatsih",
        "csrf_token": admin.csrf_token(),
        "_key": admin.form_key(),
    }
    page = admin.post(f"{address}/account", data=data, raw=True)
    assert page.status_code == 200
    link = re.search(r'value="http://localhost(/sign-in/link/[^"]+)"', page.text)[1]
    assert page.headers["Cache-Control"] == "no-store"
    again = admin.post(f"{address}/account", data=data, raw=True)
    assert again.status_code == 303
    assert link not in admin.get(again.location).text
    assert anonymous.get(link).status_code == 200
    assert admin.get(f"{address}/account").status_code == 409


def test_a_user_name_that_is_taken_is_said_beside_the_field(portal_app, admin, world):
    with working_as(portal_app) as tx:
        who = [add_person(tx, name) for name in ("One", "Two")]
        addresses = [f"/people/{person(tx, one).public_id}/account" for one in who]
    assert admin.post(addresses[0], data={"username": "same"}).status_code == 200
    answer = admin.post(addresses[1], data={"username": "Same"})
    assert answer.status_code == 422
    assert "Somebody else has this user name" in answer.text


def test_closing_an_account_ends_its_sessions(portal_app, admin, world, assistant):
    theirs = sign_in(portal_app, world.people["assistant"])
    assert admin.post(f"{assistant}/account/close").status_code == 303
    assert theirs.get("/").status_code == 303
    assert "Closed" in admin.get(assistant).text
    assert admin.post(f"{assistant}/account/open").status_code == 303
    assert sign_in(portal_app, world.people["assistant"]).get("/").status_code == 200


def test_departments_are_made_changed_closed_and_reopened(admin, world):
    answer = admin.post("/people/departments/new", data={"name": "Archive"})
    assert answer.status_code == 303
    here = answer.location
    assert "Archive" in admin.get("/people/departments").text
    twin = admin.post("/people/departments/new", data={"name": "archive"})
    assert twin.status_code == 422
    page = admin.get(f"{here}/edit")
    renamed = {"version": version_in(page), "name": "Records"}
    assert admin.post(f"{here}/edit", data=renamed).status_code == 303
    version = version_in(admin.get(here))
    assert admin.post(f"{here}/close", data={"version": version}).status_code == 303
    page = admin.get(here)
    assert "Closed" in page.text
    assert admin.post(f"{here}/reopen", data={"version": version}).status_code == 409
    assert admin.post(f"{here}/reopen", data={"version": version_in(page)}).status_code == 303


def test_a_department_that_moved_meanwhile_shows_where(portal_app, admin, world):
    with working_as(portal_app) as tx:
        lab, board = department(tx, world, "lab"), department(tx, world, "board")
        here, above = f"/people/departments/{lab.public_id}", board.public_id
    old = version_in(admin.get(f"{here}/edit"))
    sent = {"version": old, "name": "Lab", "parent": above}
    assert admin.post(f"{here}/edit", data=sent).status_code == 303
    answer = admin.post(f"{here}/edit", data={"version": old, "name": "Lab", "parent": ""})
    assert answer.status_code == 409
    assert "Board" in answer.text
    assert "at the top" in answer.text


def test_somebody_joins_leads_and_leaves_a_department(portal_app, admin, world, assistant):
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
        who = person(tx, world.people["assistant"]).public_id
    data = {"person": who, "department": lab, "kind": "manager", "from_on": "2024-01-01"}
    assert admin.post("/people/memberships/new", data=data).status_code == 303
    assert "Assistant" in admin.get("/people/departments").text.partition("Lab")[2]
    twice = admin.post("/people/memberships/new", data=data)
    assert twice.status_code == 422
    assert "Assistant manages this department then." in twice.text
    with working_as(portal_app) as tx:
        row = tx.session.scalars(select(Membership).where(Membership.kind == "manager")).one()
        address = f"/people/memberships/{row.public_id}/end"
    assert admin.get(address).status_code == 200
    assert admin.post(address, data={"last_day": "2023-01-01"}).status_code == 303
    assert admin.get("/people/departments").text.partition("Lab")[2].count("Assistant") == 0


def test_people_are_found_for_a_form(portal_app, admin, world):
    page = admin.get("/people/pick?person_q=exec")
    assert "Executive" in page.text
    assert "Assistant" not in page.text
    assert "<html" not in page.text


def test_without_script_words_that_fit_one_person_are_enough(portal_app, admin, world):
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
    data = {"person_q": "executive", "department": lab, "kind": "member", "from_on": "2024-01-01"}
    assert admin.post("/people/memberships/new", data=data).status_code == 303
    data["person_q"] = "e"
    answer = admin.post("/people/memberships/new", data=data)
    assert answer.status_code == 422
    assert 'name="person_pick"' in answer.text


def test_every_page_is_refused_without_its_permission(portal_app, world, assistant):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Nobody")
    nobody = sign_in(portal_app, who)
    pages = ("", "/new", "/departments", "/departments/new", "/memberships/new", "/pick")
    for address in (*(f"/people{page}" for page in pages), f"{assistant}/account", assistant):
        assert nobody.get(address).status_code == 403, address


def test_a_membership_outside_ones_reach_is_not_there(portal_app, world):
    with working_as(portal_app) as tx:
        mover = add_person(tx, "Mover", department_id=world.departments["lab"])
        role = make_role(tx, "mover", core__membership__edit="department", core__person__view="all")
        give(tx, mover, role, world.departments["lab"])
        theirs = tx.session.scalars(
            select(Membership).where(Membership.person_id == world.people["assistant"])
        ).one()
        office = department(tx, world, "office").public_id
        who, theirs = person(tx, world.people["assistant"]).public_id, theirs.public_id
    browser = sign_in(portal_app, mover)
    assert browser.get(f"/people/memberships/{theirs}/end").status_code == 404
    data = {"person": who, "department": office, "kind": "manager", "from_on": "2024-01-01"}
    assert browser.post("/people/memberships/new", data=data).status_code == 422
