"""Pages of administration ask the database the same number of questions however much there is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.contacts.models import Contact
from portal.people.models import Department
from portal.places.models import Place
from portal.roles.models import Role
from portal.testing import add_person, counting_statements, sign_in, working_as

LISTS = (
    "/people",
    "/people/departments",
    "/places",
    "/places/tree",
    "/calendars",
    "/calendars/holidays",
    "/contacts",
    "/deputies",
    "/roles",
    "/audit",
)
RECORDS = ("department", "role", "place", "contact")


@pytest.fixture
def crowd(portal_app, world):
    """Fill the portal with twenty of everything."""
    with working_as(portal_app) as tx:
        for number in range(20):
            tx.session.add(Department(name=f"D{number}", parent_id=world.departments["office"]))
            tx.session.add(Place(name=f"P{number}", code=f"P{number}", kind="room"))
            tx.session.add(Contact(name=f"C{number}"))
            role = "employee" if number % 2 else "executive"
            add_person(tx, f"X{number}", department_id=world.departments["office"], role=role)


def counted(app, browser, address):
    browser.get(address)
    with counting_statements(app) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("address", LISTS)
def test_a_list_stays_within_its_budget(portal_app, world, crowd, address):
    browser = sign_in(portal_app, world.people["administrator"])
    assert counted(portal_app, browser, address) <= 6


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_page_stays_within_its_budget(portal_app, world, crowd, kind):
    found = {
        "department": (Department, Department.name == "Office", "/people/departments"),
        "role": (Role, Role.slug == "employee", "/roles"),
        "place": (Place, Place.code == "P1", "/places"),
        "contact": (Contact, Contact.name == "C1", "/contacts"),
    }
    model, which, above = found[kind]
    with working_as(portal_app) as tx:
        public_id = tx.session.scalars(select(model.public_id).where(which)).one()
    browser = sign_in(portal_app, world.people["administrator"])
    assert counted(portal_app, browser, f"{above}/{public_id}") <= 12
