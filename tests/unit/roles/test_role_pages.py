"""The pages about roles, as administrators and managers see them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from portal.roles.models import Assignment, Role
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.granting import department, give, make_role, person, rights_of


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


def role_address(app, slug):
    with working_as(app) as tx:
        return f"/roles/{tx.session.scalars(select(Role).where(Role.slug == slug)).one().public_id}"


def person_id(app, row_id):
    with working_as(app) as tx:
        return person(tx, row_id).public_id


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def fields_of(page):
    """Return what the form on a page would send: the chosen option of every select."""
    found = {}
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.DOTALL
    ):
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found


def newest(app):
    with working_as(app) as tx:
        return (
            tx.session.scalars(select(Assignment).order_by(Assignment.id.desc())).first().public_id
        )


def test_the_list_counts_permissions_and_holders(portal_app, admin):
    assert "Back-office executive" in admin.get("/roles").text
    with counting_statements(portal_app) as seen:
        admin.get("/roles")
    assert len(seen) <= 6
    exported = admin.get("/roles?format=csv").data.decode("utf-8-sig")
    rows = {row["Role"]: row for row in csv.DictReader(io.StringIO(exported))}
    assert rows["Administrator"]["Holders you can see"] == "1"


def test_a_role_is_made_copied_changed_and_deleted(portal_app, admin):
    data = {"name": "Front desk", "note": "Answers calls", "p-core-contact-edit": "tree"}
    answer = admin.post("/roles/new", data=data)
    assert answer.status_code == 303
    page = admin.get(answer.location)
    assert "Front desk" in page.text
    assert "The department and below" in page.text
    copied = admin.post(f"{answer.location}/copy", data={"name": "Front desk 2"})
    form = admin.get(f"{copied.location}/edit")
    sent = fields_of(form) | {
        "name": "Desk",
        "version": version_in(form),
        "p-core-place-edit": "own",
    }
    assert sent["p-core-contact-edit"] == "tree"
    assert admin.post(f"{copied.location}/edit", data=sent).status_code == 303
    late = admin.post(f"{copied.location}/edit", data=sent | {"name": "Late"})
    assert late.status_code == 409
    assert "Late" in late.text
    page = admin.get(copied.location)
    deleted = admin.post(f"{copied.location}/delete", data={"version": version_in(page)})
    assert deleted.status_code == 303
    assert admin.get(copied.location).status_code == 404


def test_a_wrong_form_keeps_what_was_chosen(admin):
    answer = admin.post("/roles/new", data={"name": "", "p-core-contact-edit": "tree"})
    assert answer.status_code == 422
    assert fields_of(answer)["p-core-contact-edit"] == "tree"
    answer = admin.post("/roles/new", data={"name": "X", "p-core-contact-edit": "galaxy"})
    assert answer.status_code == 422


def test_ones_own_role_is_explained_and_not_changed(portal_app, admin):
    here = role_address(portal_app, "administrator")
    page = admin.get(here)
    assert "This is a role of yours" in page.text
    assert f"{here}/edit" not in page.text
    form = admin.get(f"{here}/edit")
    sent = fields_of(form) | {"name": "Administrator", "version": version_in(form)}
    assert admin.post(f"{here}/edit", data=sent).status_code == 409


def test_giving_and_ending_a_role(portal_app, admin, world):
    who = world.people["employee"]
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
    role = role_address(portal_app, "office_manager").rpartition("/")[2]
    data = {"person": person_id(portal_app, who), "role": role, "department": lab}
    answer = admin.post("/roles/assign", data=data | {"from_on": "2024-01-01", "reason": "cover"})
    assert answer.status_code == 303
    page = admin.get(answer.location)
    assert "Office manager" in page.text
    assert "cover" in page.text
    assert "core.place.edit" in rights_of(portal_app, who)
    theirs = sign_in(portal_app, who)
    address = f"/roles/assignments/{newest(portal_app)}/end"
    assert admin.get(address).status_code == 200
    assert admin.post(address).status_code == 303
    assert "core.place.edit" not in rights_of(portal_app, who)
    assert theirs.get("/").status_code == 303
    assert admin.post(address).status_code == 409


def test_no_role_is_chosen_until_somebody_chooses(portal_app, admin, world):
    who = person_id(portal_app, world.people["employee"])
    page = admin.get(f"/roles/assign?person={who}")
    chosen = fields_of(page)
    assert chosen["role"] == ""
    assert chosen["department"] != ""  # the person's own
    answer = admin.post("/roles/assign", data={"person": who, "from_on": "2024-01-01"})
    assert answer.status_code == 422


def test_a_role_for_oneself_waits_on_the_page_of_roles(portal_app, admin, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Second", role="administrator", everywhere=True)
    second = sign_in(portal_app, who)
    me = person_id(portal_app, world.people["administrator"])
    role = role_address(portal_app, "office_manager").rpartition("/")[2]
    assert "begins when another administrator" in admin.get(f"/roles/assign?person={me}").text
    data = {"person": me, "role": role, "from_on": "2024-01-01"}
    assert admin.post("/roles/assign", data=data).status_code == 303
    here = f"/roles/assignments/{newest(portal_app)}"
    assert "Withdraw" in admin.get("/roles").text
    assert "Approve" not in admin.get("/roles").text
    page = second.get("/roles")
    assert "Approve" in page.text
    version = version_in(page)
    assert admin.post(f"{here}/approve", data={"version": version}).status_code == 403
    assert second.post(f"{here}/approve", data={"version": version}).status_code == 303
    assert "Waiting for a second administrator" not in second.get("/roles").text
    assert second.post(f"{here}/refuse").status_code == 409


@pytest.fixture
def head(portal_app, world):
    """Return a browser of somebody who may pass the role ``keeper`` on in the office and below."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Head", department_id=office, role="employee")
        give(tx, who, make_role(tx, "keeper", core__place__edit="tree"), office, may_grant=True)
        granter = make_role(tx, "granter", core__role__grant="tree", core__role__view="tree")
        give(tx, who, granter, office)
    return sign_in(portal_app, who)


def test_a_manager_passes_a_role_on_and_takes_it_back(portal_app, world, head):
    who = person_id(portal_app, world.people["employee"])
    with working_as(portal_app) as tx:
        places = {name: department(tx, world, name).public_id for name in ("stores", "lab")}
    keeper = role_address(portal_app, "keeper").rpartition("/")[2]
    form = head.get(f"/roles/grant?person={who}")
    assert "Keeper" in form.text
    assert "Administrator" not in form.text.partition("<main")[2]
    data = {"person": who, "role": keeper, "from_on": tx.today.isoformat()}
    refused = head.post("/roles/grant", data=data | {"department": places["lab"]})
    assert refused.status_code == 422
    given = head.post("/roles/grant", data=data | {"department": places["stores"]})
    assert given.status_code == 303
    assert "Take back" in head.get(given.location).text
    address = f"/roles/assignments/{newest(portal_app)}/take-back"
    assert head.get(address).status_code == 200
    assert head.post(address).status_code == 303
    assert "Keeper" not in head.get(given.location).text.partition("<main")[2]


def test_a_manager_does_not_use_the_administrators_pages(portal_app, world, head):
    assert head.get("/roles/assign").status_code == 403
    assert head.get("/roles/new").status_code == 403
    assert head.post(f"/roles/assignments/{newest(portal_app)}/end").status_code == 403


def test_who_may_pass_nothing_on_is_told_so(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Empty")
        give(tx, who, make_role(tx, "granter", core__role__grant="all"))
    assert "no role that you may pass on" in sign_in(portal_app, who).get("/roles/grant").text


def test_an_assignment_outside_ones_reach_is_not_there(portal_app, world, head):
    with working_as(portal_app) as tx:
        far = add_person(tx, "Far", department_id=world.departments["lab"])
        keeper = tx.session.scalars(select(Role).where(Role.slug == "keeper")).one()
        address = give(tx, far, keeper, world.departments["lab"]).public_id
    for unknown in (address, "zzzzzzzzzzzz"):
        assert head.get(f"/roles/assignments/{unknown}/take-back").status_code == 404
        assert head.post(f"/roles/assignments/{unknown}/take-back").status_code == 404


def test_an_old_proof_asks_for_the_password_before_rights_are_given(portal_app, admin):
    from datetime import UTC, datetime, timedelta

    from sqlalchemy import update

    from portal.auth.models import AccountSession
    from portal.guard import kernel_execute

    with working_as(portal_app) as tx:
        old = datetime.now(UTC) - timedelta(minutes=30)
        kernel_execute(tx.session, update(AccountSession.__table__).values(proved_at=old))
    answer = admin.get("/roles/assign")
    assert answer.status_code == 303
    assert "/sign-in/again" in answer.location
    assert admin.get("/roles").status_code == 200
