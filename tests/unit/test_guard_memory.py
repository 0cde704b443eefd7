"""The guard remembers what it made of a statement: for one person, and as long as there is one."""

import gc

import pytest
from sqlalchemy import func, literal_column, select, update

from portal.contacts.models import Contact
from portal.db import new_session
from portal.errors import NotFound, Refused
from portal.orm import RULE
from portal.people.models import Department
from portal.reach import Held, Principal, visible
from portal.work import UnitOfWork
from tests.unit.ui.lists import VIEW, add, somebody


def of(department):
    return somebody(view=Held(departments=frozenset({department})))


@pytest.fixture
def two(portal_app, world):
    """Add a contact to each of two departments; return the app and a person of each."""
    office, lab = world.departments["office"], world.departments["lab"]
    add(portal_app, {"name": "ours", "department_id": office})
    add(portal_app, {"name": "theirs", "department_id": lab})
    return portal_app, of(office), of(lab)


def names(app, who, statement):
    with app.app_context(), new_session() as session:
        session.act_as(who)
        return list(session.scalars(statement))


def test_one_statement_gives_each_person_their_own_rows_however_often_it_is_asked(two):
    app, ours, theirs = two
    statement = select(Contact.name)
    for _ in range(2):
        assert names(app, ours, statement) == ["ours"]
        assert names(app, theirs, statement) == ["theirs"]


def test_a_narrower_statement_made_of_a_known_one_is_limited_anew(two):
    app, ours, _ = two
    statement = select(Contact.name)
    names(app, ours, statement)
    assert names(app, ours, statement.where(Contact.name == "theirs")) == []
    inside = select(func.count()).select_from(statement.subquery())
    assert names(app, ours, inside) == [1]


def test_a_known_statement_still_never_reaches_a_nobody(two):
    app, ours, _ = two
    statement = select(Contact.name)
    names(app, ours, statement)
    assert names(app, Principal(person_id=3, grants={}), statement) == []


def test_what_is_refused_once_is_refused_again(two):
    app, ours, _ = two
    for statement in (select(Contact.__table__.c.name), update(Contact).values(note="x")):
        for _ in range(2):
            with pytest.raises(Refused):
                names(app, ours, statement)


def test_a_statement_that_is_gone_is_forgotten(two):
    app, ours, _ = two
    statement = select(Contact.name)
    names(app, ours, statement)
    assert len(ours.limited) == 1
    del statement
    gc.collect()
    assert len(ours.limited) == 0


def test_refreshed_rows_are_read_under_the_rules_too(two):
    app, ours, _ = two
    with app.app_context(), new_session() as session:
        session.act_as(ours)
        row = session.scalars(select(Contact)).one()
        session.expire_all()
        assert row.name == "ours"
        assert ours.grants[VIEW].departments == {row.department_id}


CONTACTS = Contact.__table__
BY_CLASS = select(Contact.id).where(Contact.name == "ours")


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (select(Contact.name), select(CONTACTS.c.name)),
        (
            select(Contact.name).where(Contact.id.in_(select(Contact.id))),
            select(Contact.name).where(Contact.id.in_(select(CONTACTS.c.id))),
        ),
        (
            select(Contact.name).where(Contact.name == "ours"),
            select(Contact.name).where(Contact.id == select(CONTACTS.c.id).scalar_subquery()),
        ),
        (
            select(Contact.name, literal_column("1")),
            select(Contact.name, literal_column("(SELECT max(note) FROM contact)")),
        ),
        (
            select(Contact.name).where(Contact.note.op("||")("x") == "x"),
            select(Contact.name).where(
                Contact.note.op("|| (SELECT note FROM contact) ||")("x") == "x"
            ),
        ),
        (
            select(Contact.name).join(Department, Department.id == Contact.department_id),
            select(Department.name).join(CONTACTS, CONTACTS.c.department_id == Department.id),
        ),
        (
            select(Contact.name).where(Contact.id.in_(BY_CLASS._annotate({RULE: True}))),
            select(Contact.name).where(
                Contact.id.in_(select(CONTACTS.c.id).where(CONTACTS.c.name == "ours"))
            ),
        ),
    ],
    ids=["columns", "subquery", "comparison", "literal", "operator", "join", "the kernel's own"],
)
def test_a_known_statement_opens_no_door_for_one_like_it(two, allowed, refused):
    app, ours, _ = two
    for _ in range(2):
        names(app, ours, allowed)
        with pytest.raises(Refused):
            names(app, ours, refused)


def test_what_visible_made_of_a_statement_goes_with_it(two):
    app, ours, theirs = two
    statement = select(Contact.name)
    assert names(app, ours, visible(statement, VIEW, ours)) == ["ours"]
    assert names(app, theirs, visible(statement, VIEW, theirs)) == ["theirs"]
    assert visible(statement, VIEW, ours) is visible(statement, VIEW, ours)
    kept = len(ours.narrowed)
    del statement
    gc.collect()
    assert len(ours.narrowed) == kept - 1


def test_one_row_is_found_again_by_other_values_and_by_none(two):
    app, ours, _ = two
    statement = select(Contact)
    with app.app_context(), new_session() as session:
        session.act_as(ours)
        tx = UnitOfWork(session, ours, False)
        assert tx.one(statement, name="ours", works_for_id=None).name == "ours"
        with pytest.raises(NotFound):
            tx.one(statement, name="theirs", works_for_id=None)
        with pytest.raises(NotFound):
            tx.one(statement, name="ours", department_id=None)
