"""Making and changing roles: never one's own, never more than one could pass on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.errors import EditConflict, Forbidden, InUse, NotFound, ValidationFailed
from portal.roles.models import Role
from portal.roles.services import (
    AddRole,
    AssignRole,
    ChangeRole,
    OwnRole,
    add_role,
    assign_role,
    change_role,
    copy_role,
    delete_role,
    sync_roles,
)
from portal.testing import add_person, working_as
from tests.unit.granting import give, make_role, person, rights_of


def role(tx, slug):
    return tx.session.scalars(select(Role).where(Role.slug == slug)).one()


def rights(row):
    return {p.permission: p.reach for p in row.permissions}


def test_a_role_is_made_copied_changed_and_removed(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        made = add_role(tx, AddRole(name="Front desk", permissions={"core.contact.edit": "tree"}))
        assert (made.slug, made.shipped) == ("front_desk", False)
        copied = copy_role(tx, made.public_id, name="Front desk 2")
        assert rights(copied) == {"core.contact.edit": "tree"}
        wanted = {"core.contact.edit": "department", "core.place.edit": "own"}
        command = ChangeRole(version=copied.version, name="Desk", permissions=wanted)
        change_role(tx, copied.public_id, command)
        assert (copied.name, rights(copied)) == ("Desk", wanted)
        assert delete_role(tx, copied.public_id, version=copied.version) == "Desk"
        assert tx.session.scalars(select(Role).where(Role.name == "Desk")).all() == []


def test_changing_permissions_alone_raises_the_version(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = role(tx, "employee")
        before = row.version
        kept = rights(row) | {"core.contact.edit": "own"}
        change_role(tx, row.public_id, ChangeRole(version=before, name=row.name, permissions=kept))
        assert row.version == before + 1
        with pytest.raises(EditConflict) as refused:
            change_role(tx, row.public_id, ChangeRole(version=before, name="X", permissions=kept))
        assert refused.value.theirs["p-core-contact-edit"] == "own"


def test_holders_of_a_role_notice_its_change_at_once(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = role(tx, "employee")
        command = ChangeRole(version=row.version, name=row.name, permissions={})
        change_role(tx, row.public_id, command)
    assert "core.person.view" not in rights_of(portal_app, world.people["employee"])


def test_nobody_changes_a_role_they_hold_or_asked_for(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        own = role(tx, "administrator")
        with pytest.raises(OwnRole):
            change_role(tx, own.public_id, ChangeRole(version=own.version, name="Root"))
        wanted = make_public(tx, "wanted")
        me = person(tx, world.people["administrator"])
        assign_role(tx, AssignRole(role=wanted.public_id, person=me.public_id, from_on=tx.today))
        with pytest.raises(OwnRole):
            change_role(tx, wanted.public_id, ChangeRole(version=wanted.version, name="More"))


def make_public(tx, slug):
    return add_role(tx, AddRole(name=slug))


def test_shipped_and_used_roles_stay(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        shipped = role(tx, "executive")
        with pytest.raises(InUse):
            delete_role(tx, shipped.public_id, version=shipped.version)
    with working_as(portal_app) as tx:
        held = make_role(tx, "held")
        give(tx, world.people["employee"], held, until_on=tx.today)
        public_id, version = held.public_id, held.version
    with working_as(portal_app, world.people["administrator"]) as tx, pytest.raises(InUse):
        delete_role(tx, public_id, version=version)


def test_an_editor_puts_into_a_role_only_what_they_may_pass_on(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Editor")
        give(tx, who, make_role(tx, "editor", core__role__edit="all"))
        give(tx, who, make_role(tx, "contacts", core__contact__edit="all"), may_grant=True)
        give(tx, who, make_role(tx, "places", core__place__edit="all"))
    with working_as(portal_app, who) as tx:
        row = add_role(tx, AddRole(name="A", permissions={"core.contact.edit": "tree"}))
        for wanted in ({"core.place.edit": "own"}, {"core.role.assign": "all"}):
            with pytest.raises(ValidationFailed) as refused:
                add_role(tx, AddRole(name="B", permissions=wanted))
            assert set(refused.value.fields) == {"name"}
            with pytest.raises(ValidationFailed):
                change_role(
                    tx, row.public_id, ChangeRole(version=row.version, name="A", permissions=wanted)
                )


def test_only_the_right_for_the_whole_organisation_edits(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Half", department_id=world.departments["office"])
        give(tx, who, make_role(tx, "half", core__role__edit="tree"), world.departments["office"])
    with working_as(portal_app, who) as tx:
        row = role(tx, "employee")
        with pytest.raises((Forbidden, NotFound)):
            change_role(tx, row.public_id, ChangeRole(version=row.version, name="Mine"))
        with pytest.raises(Forbidden):
            add_role(tx, AddRole(name="Mine"))


def test_what_was_taken_from_a_shipped_role_stays_away(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = role(tx, "executive")
        kept = {name: reach for name, reach in rights(row).items() if name != "core.contact.edit"}
        change_role(
            tx, row.public_id, ChangeRole(version=row.version, name=row.name, permissions=kept)
        )
    with working_as(portal_app) as tx:
        sync_roles(tx, [])
        assert "core.contact.edit" not in rights(role(tx, "executive"))


def test_rights_of_an_absent_plugin_are_left_alone(portal_app, world):
    with working_as(portal_app) as tx:
        make_role(tx, "old", gone__thing__view="all")
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = role(tx, "old")
        wanted = {"core.contact.edit": "all"}
        change_role(
            tx, row.public_id, ChangeRole(version=row.version, name="Old", permissions=wanted)
        )
        assert rights(row) == {"gone.thing.view": "all"} | wanted


def test_a_permission_that_does_not_exist_is_not_stored(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        for wanted in ({"core.moon.land": "all"}, {"core.contact.edit": "galaxy"}):
            with pytest.raises(ValidationFailed):
                add_role(tx, AddRole(name="X", permissions=wanted))
