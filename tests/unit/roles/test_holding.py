"""Whom to tell that something waits in a department: who holds a right there, or nearest above."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.api import people_who_may
from portal.guard import kernel_execute
from portal.roles.models import Assignment, Role, RolePermission
from portal.testing import add_person, give_role

RING = "bells.bell.ring"
table = Assignment.__table__


@pytest.fixture
def holder(tx, world):
    """Return a function: add somebody who may ring by a role in a department, or everywhere."""

    def held(name, where, reach="department", may=RING):
        slug = f"{may}-{reach}".replace(".", "-")
        known = Role.__table__.select().where(Role.__table__.c.slug == slug)
        if kernel_execute(tx.session, known).one_or_none() is None:
            values = {"slug": slug, "name": slug, "name_key": slug, "public_id": slug[-12:]}
            values |= {"note": "", "shipped": False, "version": 1}
            made = insert(Role.__table__).values(values).returning(Role.__table__.c.id)
            role = kernel_execute(tx.session, made).scalar_one()
            grant = {"role_id": role, "permission": may, "reach": reach, "source": ""}
            kernel_execute(tx.session, insert(RolePermission.__table__).values(grant))
        department = world.departments.get(where)
        who = add_person(tx, name, department_id=world.departments["lab"])
        give_role(tx, who, slug, department_id=department)
        return who

    return held


def found(tx, world, where):
    return people_who_may(tx, RING, world.departments[where])


def test_those_of_the_department_itself_are_found_and_no_others(tx, world, holder):
    here = [holder("Ani", "stores"), holder("Budi", "stores", "all"), holder("C", "stores", "tree")]
    holder("Dewi", "office", "tree")
    holder("Eko", "lab")
    holder("Fajar", "stores", may="bells.bell.view")
    assert found(tx, world, "stores") == sorted(here)


def test_where_nobody_may_those_nearest_above_are_found_whose_right_reaches_down(tx, world, holder):
    holder("Too far", "board", "tree")
    holder("Not down", "board")
    above = holder("Above", "office", "tree")
    holder("Of the office alone", "office")
    assert found(tx, world, "stores") == [above]


def test_one_step_after_the_other_is_looked_up(tx, world, holder):
    top = holder("Top", "board", "tree")
    assert found(tx, world, "stores") == [top]
    assert found(tx, world, "lab") == []


@pytest.mark.parametrize("reach", ["department", "tree", "all"])
def test_who_may_everywhere_is_found_last(tx, world, holder, reach):
    everywhere = holder("Everywhere", None, reach)
    assert found(tx, world, "lab") == [everywhere]
    own = holder("Of the lab", "lab")
    assert found(tx, world, "lab") == [own]


def test_a_right_that_reaches_everywhere_counts_wherever_it_was_given(tx, world, holder):
    holder("Of the stores alone", "stores", "tree")
    far = holder("Far", "stores", "all")
    assert found(tx, world, "lab") == [far]


@pytest.mark.parametrize("reach", ["own", "team"])
def test_a_right_over_ones_own_things_is_none_over_the_department(tx, world, holder, reach):
    holder("Own", "stores", reach)
    assert found(tx, world, "stores") == []


def test_nobody_is_found_before_their_time_after_it_or_unapproved(tx, world, holder):
    who = holder("Ani", "lab")
    mine = update(table).where(table.c.person_id == who)
    day = timedelta(days=1)
    for values, wanted in (
        ({"from_on": tx.today + day}, []),
        ({"from_on": tx.today, "until_on": tx.today + day}, [who]),
        ({"from_on": tx.today - day, "until_on": tx.today}, []),
        ({"until_on": None, "approved": False}, []),
        ({"approved": True}, [who]),
    ):
        kernel_execute(tx.session, mine.values(values))
        assert found(tx, world, "lab") == wanted, values


def test_who_holds_it_twice_is_found_once(tx, world, holder):
    who = holder("Ani", "lab")
    holder("Budi", "office", "all")
    give_role(tx, who, "bells-bell-ring-all", department_id=world.departments["lab"])
    assert found(tx, world, "lab") == [who]
