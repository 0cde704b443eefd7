"""Why somebody may do something or not: the page says what the database would answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal.contacts.models import Contact
from portal.errors import Forbidden, NotFound
from portal.people.models import Membership, Person
from portal.reach import visible
from portal.roles.models import Assignment, Role
from portal.roles.principals import raise_epoch
from portal.roles.why import explain
from portal.testing import add_person, principal_of, sign_in, working_as
from tests.unit.auth.signing import add_account
from tests.unit.granting import give, make_role

REACHES = ("own", "team", "department", "tree", "all")
RIGHTS = ("core.contact.view", "core.contact.edit")


@pytest.fixture
def clerk(portal_app, world):
    """Return a person with an account and no role."""
    with working_as(portal_app) as tx:
        person = add_person(tx, "Clerk", department_id=world.departments["stores"])
    add_account(portal_app, "clerk", person_id=person)
    return person


@pytest.fixture
def contacts(portal_app, world):
    """Return the public ids of a contact of each department, and one of everybody."""
    with working_as(portal_app) as tx:
        rows = [
            Contact(name=f"Contact {name}", kind="organisation", department_id=department)
            for name, department in [*world.departments.items(), ("shared", None)]
        ]
        tx.session.add_all(rows)
        tx.session.flush()
        return {row.name.partition(" ")[2]: row.public_id for row in rows}


def path(app, person):
    with working_as(app) as tx:
        return f"/people/{tx.session.get_one(Person, person).public_id}/why"


def ask(app, world, person, **query):
    client = sign_in(app, world.people["administrator"])
    return client.get(path(app, person), query_string=query)


def holding(app, person, department, **rights):
    with working_as(app) as tx:
        give(tx, person, make_role(tx, "clerks", **rights), department)


def test_the_page_of_a_person_leads_to_it(portal_app, world, clerk):
    admin = sign_in(portal_app, world.people["administrator"])
    way = path(portal_app, clerk)
    assert f'href="{way}"' in admin.get(way.removesuffix("/why")).text
    assert "Ask" in admin.get(way).text


def role_of(app, slug):
    with working_as(app) as tx:
        return f"/roles/{tx.session.scalars(select(Role).where(Role.slug == slug)).one().public_id}"


def test_the_list_of_roles_and_each_role_lead_to_it(portal_app, world, clerk):
    holding(portal_app, clerk, None, core__contact__view="all")
    admin = sign_in(portal_app, world.people["administrator"])
    assert 'href="/roles/why"' in admin.get("/roles").text
    page = admin.get(role_of(portal_app, "clerks")).text
    assert 'href="/roles/why"' in page
    assert f'href="{path(portal_app, clerk)}"' in page, "each who holds it has a way of their own"


def test_who_may_not_ask_is_not_led_there(portal_app, world, clerk):
    rights = {"core__role__view": "tree", "core__person__view": "all"}
    holding(portal_app, clerk, world.departments["stores"], **rights)
    client = sign_in(portal_app, clerk)
    for page in ("/roles", role_of(portal_app, "clerks")):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "/why" not in answer.text
    assert client.get("/roles/why").status_code == 403


def test_whom_and_what_is_asked_first_and_answered_on_the_page_of_the_person(
    portal_app, world, clerk
):
    admin = sign_in(portal_app, world.people["administrator"])
    way = path(portal_app, clerk)
    asked = {"person": way.split("/")[2], "permission": "core.contact.view", "record": ""}
    answer = admin.get("/roles/why", query_string=asked)
    assert answer.headers["Location"] == f"{way}?permission=core.contact.view"
    page = admin.get(answer.headers["Location"]).text
    assert "No, Clerk may not do this" in page
    assert "/roles/why?permission=core.contact.view" in page, "the same about somebody else"


def test_without_script_a_name_is_enough(portal_app, world, clerk):
    admin = sign_in(portal_app, world.people["administrator"])
    answer = admin.get("/roles/why", query_string={"person_q": "cler"})
    assert answer.headers["Location"] == path(portal_app, clerk)


def test_whom_nobody_knows_is_said_beside_the_field(portal_app, world):
    admin = sign_in(portal_app, world.people["administrator"])
    for asked in ({"person_q": "nobody"}, {"person": "nosuchperson"}):
        answer = admin.get("/roles/why", query_string=asked)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text


def test_it_names_the_role_the_department_and_how_far(portal_app, world, clerk, contacts):
    holding(portal_app, clerk, world.departments["stores"], core__contact__view="department")
    page = ask(portal_app, world, clerk, permission="core.contact.view").text
    assert "Yes, Clerk may do this" in page
    assert "A role of theirs gives this right." in page
    assert "It reaches these departments: Stores." in page
    assert "Clerks" in page or "clerks" in page


def test_it_says_which_roles_would_help(portal_app, world, clerk):
    page = ask(portal_app, world, clerk, permission="core.setting.edit").text
    assert "No, Clerk may not do this" in page
    assert "No role that they hold today gives this right." in page
    assert "Administrator" in page


def test_a_record_is_named_by_the_address_of_its_page(portal_app, world, clerk, contacts):
    holding(portal_app, clerk, world.departments["stores"], core__contact__view="department")
    mine = ask(portal_app, world, clerk, record=f"http://localhost/contacts/{contacts['stores']}")
    assert "Yes, Clerk may do this" in mine.text
    assert "Contact stores is within that." in mine.text
    other = ask(portal_app, world, clerk, record=f"/contacts/{contacts['lab']}")
    assert "No, Clerk may not do this" in other.text
    assert "Contact lab belongs to" in other.text
    assert "which is not among these" in other.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"record": "/contacts/nosuchrecord"}, "There is no such record that you may see."),
        ({"record": "somewhere else"}, "There is no such record that you may see."),
        ({"record": "//["}, "There is no such record that you may see."),
        ({"permission": "", "record": ""}, "Choose a right, or name a record."),
        ({"permission": "core.nothing.view"}, "Choose one of the list."),
    ],
)
def test_what_cannot_be_answered_is_said_beside_the_field(portal_app, world, clerk, query, said):
    answer = ask(portal_app, world, clerk, **query)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_right_about_other_records_is_said(portal_app, world, clerk, contacts):
    record = f"core.contact:{contacts['stores']}"
    answer = ask(portal_app, world, clerk, permission="core.place.edit", record=record)
    assert answer.status_code == 422
    assert "This right is not about records like that one." in answer.text


def test_who_cannot_sign_in_may_nothing(portal_app, world):
    with working_as(portal_app) as tx:
        person = add_person(tx, "Ghost", department_id=world.departments["stores"])
    holding(portal_app, person, None, core__contact__view="all")
    page = ask(portal_app, world, person, permission="core.contact.view").text
    assert "No, Ghost may not do this" in page
    assert "They cannot sign in today" in page


def test_a_role_that_begins_later_or_has_ended_is_shown_and_gives_nothing(portal_app, world, clerk):
    with working_as(portal_app) as tx:
        role = make_role(tx, "clerks", core__contact__edit="all")
        give(tx, clerk, role, None)
        row = tx.session.scalars(select(Assignment).where(Assignment.person_id == clerk)).one()
        row.from_on = tx.today + timedelta(days=3)
    page = ask(portal_app, world, clerk, permission="core.contact.edit").text
    assert "No, Clerk may not do this" in page
    assert "Begins later" in page


def test_only_who_sees_all_roles_may_ask(portal_app, world, clerk):
    holding(
        portal_app,
        clerk,
        world.departments["stores"],
        core__role__view="tree",
        core__person__view="all",
    )
    client = sign_in(portal_app, clerk)
    assert client.get(path(portal_app, clerk)).status_code == 403
    with pytest.raises(Forbidden), working_as(portal_app, clerk) as tx:
        explain(tx, tx.session.get_one(Person, clerk), "core.contact.view", None)


def test_nobody_learns_of_a_record_they_may_not_see(portal_app, world, clerk, contacts):
    holding(portal_app, clerk, None, core__role__view="all")
    asked = ("core.contact", contacts["lab"])
    with working_as(portal_app, clerk) as tx:
        person = tx.session.get_one(Person, world.people["employee"])
        with pytest.raises(NotFound):
            explain(tx, person, RIGHTS[0], None, asked)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    grants=st.lists(
        st.tuples(
            st.sampled_from(["board", "office", "stores", "lab", None]),
            st.sampled_from(RIGHTS),
            st.sampled_from(REACHES),
        ),
        max_size=4,
    ),
    leads=st.sampled_from([None, "office", "lab"]),
)
def test_it_agrees_with_what_the_person_sees(portal_app, world, clerk, contacts, grants, leads):
    with working_as(portal_app) as tx:
        tx.session.execute(delete(Assignment).where(Assignment.person_id == clerk))
        tx.session.execute(delete(Membership).where(Membership.person_id == clerk))
        tx.session.execute(delete(Role).where(~Role.shipped))
        for number, (department, right, reach) in enumerate(grants):
            role = make_role(tx, f"role {number}", **{right.replace(".", "__"): reach})
            give(tx, clerk, role, world.departments[department] if department else None)
        if leads:
            tx.session.add(
                Membership(
                    person_id=clerk,
                    department_id=world.departments[leads],
                    kind="manager",
                    from_on=tx.today,
                )
            )
        raise_epoch(tx.session)
    with portal_app.app_context():
        who = principal_of(portal_app, clerk)
    for right in RIGHTS:
        with working_as(portal_app, clerk) as tx:
            seen = (
                set(tx.session.scalars(visible(select(Contact.public_id), right, tx.actor)))
                if tx.actor.holds(right)
                else set()
            )
        with working_as(portal_app, world.people["administrator"]) as tx:
            person = tx.session.get_one(Person, clerk)
            for public_id in contacts.values():
                why = explain(tx, person, right, who, ("core.contact", public_id))
                assert why.may == (public_id in seen), (grants, right, public_id)
