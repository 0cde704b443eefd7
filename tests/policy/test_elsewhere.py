"""What leaves the pages tells no more: a feed, a view by mail, a view on the home page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, update

from kantor_inventory.asking.models import Requisition
from kantor_inventory.counting.models import Count
from kantor_inventory.ordering.models import PurchaseOrder
from portal.db import new_session
from portal.errors import BadRequest, NotFound
from portal.guard import kernel_execute
from portal.lists.models import SavedView
from portal.lists.showing import file_of, glance, question_of
from portal.orm import new_public_id
from portal.roles.principals import raise_epoch
from portal.ui.table import LISTS
from portal.work import UnitOfWork
from tests.policy.papers import feed
from tests.policy.test_canaries import marks_in


@pytest.fixture
def readers(made_world):
    """Return mark -> the roles that may read it."""
    return {one.mark: one.readers for one in made_world.aviary.canaries}


def leaked(readers, said):
    """Return which marks were said to whom although they are not theirs."""
    return [
        (role, mark)
        for role, text in said.items()
        for mark in marks_in(text) & readers.keys()
        if role not in readers[mark]
    ]


def found(readers, said):
    return {mark for text in said.values() for mark in marks_in(text) & readers.keys()}


def test_a_feed_leads_its_owner_to_pages_that_are_theirs_and_nobody_further(stand, made_world):
    with stand.building() as tx:
        for model, column in (
            (PurchaseOrder, "expected_on"),
            (Requisition, "needed_on"),
            (Count, "due_on"),
        ):
            tx.session.execute(update(model).values({column: tx.today}))
        tokens = {role: feed(tx, actor["id"])[1] for role, actor in made_world.actors.items()}
    led, closed = 0, []
    for role, token in tokens.items():
        answer = stand.ask(None, "GET", f"/calendar/feed/{token}.ics")
        assert answer.status_code == 200
        text = answer.text.replace("\r\n ", "")
        for path in sorted(set(re.findall(r"URL:http://localhost(\S+)", text))):
            led += 1
            status = stand.ask(role, "GET", path).status_code
            if status != 200:
                closed.append((role, path, status))
    assert led > 50
    assert closed == []


def test_a_view_looked_at_from_elsewhere_tells_no_more_than_its_list(stand, made_world, readers):
    views = {}
    with stand.building() as tx:
        for role, actor in made_world.actors.items():
            for name in LISTS:
                row = {"public_id": new_public_id(), "owner_id": actor["id"], "list": name}
                row |= {"name": "Whole", "name_key": "whole", "audience": "me", "asked": []}
                kernel_execute(
                    tx.session, insert(SavedView.__table__).values(row | {"created_at": tx.now})
                )
                views[role, name] = row["public_id"]
        raise_epoch(tx.session)
    said = dict.fromkeys(made_world.actors, "")
    looked = 0
    for (role, name), view in views.items():
        text = looked_at(stand, made_world.actors[role]["id"], name, view)
        said[role] += text
        looked += bool(text)
    assert looked > 50
    assert found(readers, said)
    assert leaked(readers, said) == []


def looked_at(stand, person_id, name, view):
    """Return all that a home page or a mail would say of a view; nothing where there is none."""
    with stand.app.test_request_context(), new_session() as session:
        principal = stand.app.extensions["kantor_visitors"].of_person(session, person_id)
        session.act_as(principal)
        tx = UnitOfWork(session, principal, False)
        try:
            question = question_of(tx, name, view)
            seen = glance(tx, question, 20, columns=100)
            content = file_of(tx, question, "csv").decode()
        except (NotFound, BadRequest, TypeError):  # It may not be seen, or is one of a record.
            return ""
        rows = "\n".join(" ".join(row) for row in seen.rows)
        session.rollback()
        return f"{rows}\n{content}"
