"""The address book: shared by all, unless a department keeps somebody to itself."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from portal.contacts.models import Contact
from portal.contacts.services import Point, SaveContact, add_contact, change_contact
from portal.errors import NotFound, ValidationFailed
from portal.testing import add_person, sign_in, working_as
from tests.unit.granting import department


@pytest.fixture
def assistant(portal_app, world):
    """Return a browser of somebody of the office who may change its contacts."""
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def stranger(portal_app, world):
    """Return a browser of somebody of the lab."""
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        who = add_person(tx, "Lab person", department_id=lab, role="assistant")
    return sign_in(portal_app, who)


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def lines(*points):
    """Return what a form sends for numbers: (kind, value) or (kind, value, label)."""
    sent = {}
    for number, (kind, value, *label) in enumerate(points):
        sent |= {f"points-{number}-kind": kind, f"points-{number}-value": value}
        sent[f"points-{number}-label"] = label[0] if label else ""
    return sent


def add(browser, **more):
    answer = browser.post("/contacts/new", data={"kind": "organisation", "name": "Jaya"} | more)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_contact_with_all_its_numbers(assistant, world):
    numbers = lines(
        ("phone", "021 5550 8101", "Desk"),
        ("phone", "0812 5550 8102"),
        ("phone", "104", "Inside"),
        ("fax", ""),
        ("web", "jaya.example"),
        ("address", "Jalan Contoh 17"),
    )
    here = add(assistant, note="Comes on Tuesdays.", **numbers)
    page = assistant.get(here)
    for shown in ("Phone, Desk", "104", "https://jaya.example", "Jalan Contoh 17", "Tuesdays"):
        assert shown in page.text
    form = assistant.get(f"{here}/edit")
    assert form.text.count('name="points-') // 3 == 5 + 2  # what there is, and two spare lines


def test_changing_a_contact_loses_no_number(portal_app, assistant, world):
    here = add(assistant, **lines(*(("phone", f"021 5550 810{n}", f"Desk {n}") for n in range(5))))
    form = assistant.get(f"{here}/edit")
    values = re.findall(r'name="points-(\d+)-value"[^>]*value="([^"]*)"', form.text)
    kept = [("phone", value, f"Desk {n}") for n, value in values if value]
    data = {
        "version": version_in(form),
        "kind": "organisation",
        "name": "Jaya Teknik",
        "active": "y",
    }
    assert assistant.post(f"{here}/edit", data=data | lines(*kept)).status_code == 303
    with working_as(portal_app) as tx:
        row = tx.session.scalars(select(Contact)).one()
        assert [p.label for p in row.points] == [f"Desk {n}" for n in range(5)]
        assert row.name == "Jaya Teknik"


def test_what_is_no_number_is_said_beside_it(assistant, world):
    data = {"kind": "organisation", "name": "Jaya"}
    bad = lines(("phone", "021 5550 8101"), ("phone", "whenever"), ("web", "javascript:x"))
    answer = assistant.post("/contacts/new", data=data | bad)
    assert answer.status_code == 422
    assert 'id="points-1-value-error"' in answer.text
    assert 'id="points-2-value-error"' in answer.text
    assert 'id="points-0-value-error"' not in answer.text
    assert 'value="whenever"' in answer.text
    answer = assistant.post("/contacts/new", data=data | lines(("pigeon", "x")))
    assert answer.status_code == 422
    many = lines(*(("phone", "104") for _ in range(200)))
    assert assistant.post("/contacts/new", data=data | many).status_code == 303


def test_a_person_works_for_an_organisation(assistant, world):
    firm = add(assistant)
    assert f"works_for={firm.rpartition('/')[2]}" in assistant.get(firm).text
    found = assistant.get("/contacts/organisations?works_for_q=jay")
    assert "Jaya" in found.text
    who = add(assistant, kind="person", name="Rahmat", works_for=firm.rpartition("/")[2])
    assert "Rahmat" in assistant.get(firm).text
    assert "Jaya" in assistant.get(who).text
    wrong = {"kind": "organisation", "name": "Two", "works_for": firm.rpartition("/")[2]}
    answer = assistant.post("/contacts/new", data=wrong)
    assert answer.status_code == 422
    assert "Only a person works for an organisation." in answer.text


def test_a_private_contact_is_for_its_department(portal_app, assistant, stranger, world):
    with working_as(portal_app) as tx:
        office = department(tx, world, "office").public_id
    shared, private = (
        add(assistant, name="Open Ltd"),
        add(assistant, name="Secret Ltd", department=office),
    )
    assert assistant.get(private).status_code == 200
    assert stranger.get(shared).status_code == 200
    assert stranger.get(private).status_code == 404
    assert stranger.get("/contacts/zzzzzzzzzzzz").status_code == 404
    listed = stranger.get("/contacts").text
    assert "Open Ltd" in listed
    assert "Secret Ltd" not in listed
    for place in ("/contacts?format=csv", "/contacts?q=secret", "/contacts/organisations?q=secret"):
        assert "Secret" not in stranger.get(place).text.replace('value="secret"', "")
    person = {"kind": "person", "name": "X", "works_for": private.rpartition("/")[2]}
    assert stranger.post("/contacts/new", data=person).status_code == 422


def test_a_contact_is_private_to_ones_own_departments_only(portal_app, stranger, world):
    with working_as(portal_app) as tx:
        office = department(tx, world, "office").public_id
    data = {"kind": "organisation", "name": "X", "department": office}
    assert stranger.post("/contacts/new", data=data).status_code == 422


def test_two_people_editing_see_both_versions(assistant, world):
    here = add(assistant, **lines(("phone", "104")))
    form = assistant.get(f"{here}/edit")
    data = {"version": version_in(form), "kind": "organisation", "active": "y"}
    first = data | {"name": "Jaya Satu"} | lines(("phone", "105"))
    assert assistant.post(f"{here}/edit", data=first).status_code == 303
    late = assistant.post(
        f"{here}/edit", data=data | {"name": "Jaya Dua"} | lines(("phone", "106"))
    )
    assert late.status_code == 409
    for shown in ("Jaya Satu", "Jaya Dua", "105", "106"):
        assert shown in late.text


def test_changing_a_number_alone_is_a_new_version(portal_app, assistant, world):
    here = add(assistant, **lines(("phone", "104")))
    form = assistant.get(f"{here}/edit")
    data = {"version": version_in(form), "kind": "organisation", "name": "Jaya", "active": "y"}
    assert assistant.post(f"{here}/edit", data=data | lines(("phone", "105"))).status_code == 303
    assert assistant.post(f"{here}/edit", data=data | lines(("phone", "106"))).status_code == 409


def test_the_list_exports_the_first_number(assistant, world):
    add(assistant, **lines(("fax", "021 5550 8100"), ("phone", "021 5550 8101")))
    text = assistant.get("/contacts?format=csv").data.decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["Name"], row["Phone"].lstrip("'")) == ("Jaya", "+622155508101")


def test_who_may_only_look_sees_no_button(portal_app, assistant, world):
    here = add(assistant)
    page = sign_in(portal_app, world.people["employee"]).get(here)
    assert page.status_code == 200
    assert f"{here}/edit" not in page.text


def test_services_check_what_a_form_would_have(portal_app, world):
    with working_as(portal_app, world.people["assistant"]) as tx:
        for command in (
            SaveContact(name="X", kind="robot"),
            SaveContact(name="X", kind="person", works_for="zzzzzzzzzzzz"),
            SaveContact(name="X", kind="person", points=(Point(kind="pigeon", value="1"),)),
        ):
            with pytest.raises(ValidationFailed):
                add_contact(tx, command)
        with pytest.raises(NotFound):
            change_contact(tx, "zzzzzzzzzzzz", SaveContact(name="X", kind="person"))
