"""Sites, rooms and shelves: a tree of things that fit into one another, within one's reach."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from portal.errors import EditConflict, NotFound, ValidationFailed
from portal.places import services
from portal.places.models import Place, PlaceServes
from portal.places.services import SavePlace, add_place, change_place, tree
from portal.testing import add_person, sign_in, working_as
from tests.unit.granting import department, give, make_role


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.fixture
def keeper(portal_app, world):
    """Return the id of somebody who changes the places of the office and below."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Keeper", department_id=office)
        rights = {"core__place__edit": "tree", "core__place__view": "all"}
        give(tx, who, make_role(tx, "keeper", **rights), office)
        return who


@pytest.fixture
def house(portal_app, world):
    """Return the public ids of a house of the board, a room of the office in it, a
    shelf in that.
    """
    with working_as(portal_app) as tx:
        made: dict[str, str] = {}
        for kind, parent, owner in (
            ("site", "", "board"),
            ("room", "site", "office"),
            ("shelf", "room", "office"),
        ):
            command = SavePlace(
                name=kind.title(),
                code=kind[:2].upper(),
                kind=kind,
                parent=made.get(parent, ""),
                department=department(tx, world, owner).public_id,
            )
            made[kind] = add_place(tx, command).public_id
        return made


def changed(tx, public_id, **more):
    row = tx.one(select(Place), public_id=public_id)
    kept = services.as_form(tx, row) | {"version": row.version}
    return SavePlace(**(kept | more))


def refused(call, *arguments):
    with pytest.raises(ValidationFailed) as error:
        call(*arguments)
    return set(error.value.fields)


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page.text)[1]


def test_the_tree_follows_what_lies_in_what(portal_app, world, house):
    with working_as(portal_app) as tx:
        assert [(row.name, depth) for row, depth in tree(tx)] == [
            ("Site", 0),
            ("Room", 1),
            ("Shelf", 2),
        ]


def test_a_code_is_used_once_however_it_is_written(portal_app, world, house):
    with working_as(portal_app) as tx:
        twin = SavePlace(name="Other", code="ro", kind="room")
        assert refused(add_place, tx, twin) == {"code"}


IMPOSSIBLE = {
    "a site in a room": ("site", {"parent": "room"}, "parent"),
    "a room on a shelf": ("room", {"parent": "shelf"}, "parent"),
    "a place in itself": ("room", {"parent": "room"}, "parent"),
    "an unknown kind": ("room", {"kind": "cellar"}, "kind"),
    "closing what holds something": ("room", {"active": False}, "active"),
}


@pytest.mark.parametrize(("which", "more", "named"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_places_that_cannot_be(portal_app, world, house, which, more, named):
    more = more | ({"parent": house[more["parent"]]} if "parent" in more else {})
    with working_as(portal_app) as tx:
        command = changed(tx, house[which], **more)
        assert refused(change_place, tx, house[which], command) == {named}


def test_who_changes_some_places_does_not_see_the_others_as_theirs(
    portal_app, world, house, keeper
):
    with working_as(portal_app, keeper) as tx:
        stores, lab = (department(tx, world, name).public_id for name in ("stores", "lab"))
        change_place(tx, house["room"], changed(tx, house["room"], department=stores))
        for command, field in (
            (changed(tx, house["room"], department=lab), "department"),
            (changed(tx, house["room"], department=""), "department"),
        ):
            assert refused(change_place, tx, house["room"], command) == {field}
        with pytest.raises(NotFound):
            change_place(tx, house["site"], changed(tx, house["site"], name="Mine"))
        new = SavePlace(
            name="New", code="N1", kind="shelf", parent=house["site"], department=stores
        )
        assert add_place(tx, new).parent.name == "Site"
        assert refused(add_place, tx, SavePlace(name="X", code="X", kind="room")) == {"department"}


def test_a_shared_room_serves_departments(portal_app, world, house):
    with working_as(portal_app) as tx:
        lab, office = (department(tx, world, name).public_id for name in ("lab", "office"))
        command = changed(tx, house["room"], serves=(lab, office))
        change_place(tx, house["room"], command)
        rows = tx.session.scalars(select(PlaceServes.department_id)).all()
        assert rows == [world.departments["lab"]]  # its own department needs no serving
        change_place(tx, house["room"], changed(tx, house["room"], serves=()))
        assert tx.session.scalars(select(PlaceServes)).all() == []


def test_an_old_form_meets_the_newer_place(portal_app, world, house):
    with working_as(portal_app) as tx, pytest.raises(EditConflict) as error:
        change_place(tx, house["room"], changed(tx, house["room"], version=9))
    assert error.value.theirs["parent"] == house["site"]


def test_places_on_pages(portal_app, admin, world, house):
    for address in ("/places", "/places/tree"):
        page = admin.get(address)
        assert "Shelf" in page.text
    exported = admin.get("/places?format=csv").data.decode("utf-8-sig")
    rows = {row["Place"]: row for row in csv.DictReader(io.StringIO(exported))}
    assert (rows["Room"]["Inside"], rows["Room"]["Belongs to"]) == ("Site", "Office")
    found = admin.get("/places?q=sh").text.partition("<table")[2]
    assert "Shelf" in found
    assert "Room" not in found.partition("Shelf")[0]
    page = admin.get(f"/places/{house['room']}")
    assert "Shelf" in page.text
    assert f"/places/new?in={house['room']}" in page.text


def test_a_place_is_made_and_changed_on_pages(portal_app, admin, world, house):
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
    data = {"name": "Cupboard", "code": "C-1", "kind": "shelf", "parent": house["room"]}
    answer = admin.post("/places/new", data=data | {"department": lab, "walk_order": "70"})
    assert answer.status_code == 303
    twin = admin.post("/places/new", data=data)
    assert twin.status_code == 422
    assert "Another place has this code." in twin.text
    form = admin.get(f"{answer.location}/edit")
    old = {"version": version_in(form)} | data | {"department": lab, "active": "y"}
    assert admin.post(f"{answer.location}/edit", data=old | {"name": "Press"}).status_code == 303
    late = admin.post(f"{answer.location}/edit", data=old | {"name": "Locker"})
    assert late.status_code == 409
    for shown in ("Locker", "Press", "Lab"):
        assert shown in late.text
    closed = old | {"version": version_in(admin.get(f"{answer.location}/edit"))}
    del closed["active"]
    assert admin.post(f"{answer.location}/edit", data=closed).status_code == 303
    assert "No longer in use" in admin.get(answer.location).text


def test_a_wrong_form_keeps_what_was_typed(admin, world):
    answer = admin.post("/places/new", data={"name": "Room 9", "code": "a b", "walk_order": "x"})
    assert answer.status_code == 422
    assert 'value="Room 9"' in answer.text
    assert "Use letters, digits, dots and dashes only." in answer.text


def test_unknown_and_foreign_places_look_alike(portal_app, world, house, keeper):
    browser = sign_in(portal_app, keeper)
    assert browser.get(f"/places/{house['site']}").status_code == 200
    assert browser.get(f"/places/{house['site']}/edit").status_code == 404
    assert browser.get("/places/zzzzzzzzzzzz/edit").status_code == 404
    assert browser.get(f"/places/{house['room']}/edit").status_code == 200
