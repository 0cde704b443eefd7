"""Kinds of records: found by whoever may see them, and declared without contradictions."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.contacts.models import Contact
from portal.db import new_session
from portal.errors import NotFound
from portal.guard import kernel_execute
from portal.messages import message
from portal.plugin import Permission, Plugin, PluginDefinitionError, Subject
from portal.roles.compiled import principal_of
from portal.subjects.own import CORE_SUBJECTS
from portal.subjects.services import described, find_record, may, who_may_on
from portal.testing import add_person, sign_in, working_as
from portal.testing import principal_of as compiled
from portal.work import UnitOfWork
from tests.unit.talking import contact

CONTACT = next(subject for subject in CORE_SUBJECTS if subject.name == "core.contact")


@pytest.fixture
def reads(portal_app):
    """Return a function: person id -> a unit in which this person reads."""
    opened = []

    def unit(person_id):
        context = portal_app.app_context()
        context.push()
        session = new_session()
        opened.append((context, session))
        session.act_as(compiled(portal_app, person_id))
        return UnitOfWork(session, session.principal, False)

    yield unit
    for context, session in reversed(opened):
        session.close()
        context.pop()


def test_a_record_is_found_by_who_may_see_it(portal_app, world, reads):
    private = contact(portal_app, "Jaya", world.departments["office"])
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        far = add_person(tx, "Lala Lab", department_id=lab, role="assistant")
        row_id = tx.session.scalars(select(Contact.id)).one()
    near = reads(world.people["assistant"])
    assert find_record(near, "core.contact", private).name == "Jaya"
    assert described(near, [("core.contact", row_id)])["core.contact", row_id].title == "Jaya"
    with pytest.raises(NotFound):
        find_record(reads(far), "core.contact", private)
    assert described(reads(far), [("core.contact", row_id), ("core.nothing", 1)]) == {}


def test_another_person_is_asked_for_with_their_own_rights(portal_app, world):
    contact(portal_app, "Jaya", world.departments["office"])
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        far = add_person(tx, "Lala Lab", department_id=lab, role="assistant")
    for person in (far, world.people["assistant"]):
        sign_in(portal_app, person)
    with working_as(portal_app, world.people["employee"]) as tx:
        row_id = kernel_execute(tx.session, select(Contact.__table__.c.id)).scalar_one()
        stranger, assistant = (
            principal_of(tx, person) for person in (far, world.people["assistant"])
        )
        assert not may(tx, stranger, CONTACT, row_id)
        assert may(tx, assistant, CONTACT, row_id)
        assert may(tx, assistant, CONTACT, row_id, "core.contact.edit")
        assert not may(tx, assistant, CONTACT, row_id, "")
        assert who_may_on(tx, assistant, CONTACT, [row_id, row_id + 1]) == {row_id}
        assert principal_of(tx, world.people["executive"]) is None  # has no account


def test_what_contradicts_itself_is_said_at_once():
    class Good:
        __kind__ = __noun__ = "goods.good"
        public_id = name = ""

    with pytest.raises(PluginDefinitionError) as refused:
        Plugin(
            slug="goods",
            title="Goods",
            package="goods",
            permissions=(Permission(name="goods.other.view", title=message("See")),),
            subjects=(
                Subject(
                    name="goods.thing",
                    title=message("Thing"),
                    model=Good,
                    permission="goods.other.view",
                    endpoint="goods.good",
                    number="nothing",
                    staff="goods.good.edit",
                ),
            ),
        )
    said = str(refused.value)
    for problem in (
        "the records of Good are 'goods.good'",
        "is not a permission on goods.good",
        "needs 'goods.good.edit', which is not declared",
        "Good has no nothing",
    ):
        assert problem in said
