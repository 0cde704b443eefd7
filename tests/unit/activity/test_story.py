"""The story of a record: everything that was said and done, newest first, page by page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from portal.activity.reading import SHOWN
from portal.activity.story import story
from portal.comments.models import Comment
from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.orm import new_public_id
from portal.testing import counting_statements, principal_of, sign_in, working_as
from tests.unit.talking import contact, say


@pytest.fixture
def assistant(portal_app, world):
    return sign_in(portal_app, world.people["assistant"])


def fill(app, firm, author, offsets):
    """Put comments on a contact at instants that may be the same."""
    with working_as(app) as tx:
        row = tx.one(select(Contact), public_id=firm)
        made = [
            {
                "public_id": new_public_id(),
                "version": 1,
                "kind": "core.contact",
                "record_id": row.id,
                "author_id": author,
                "text": f"words {number}",
                "mentions": {},
                "internal": False,
                "at": tx.now + timedelta(seconds=offset),
            }
            for number, offset in enumerate(offsets)
        ]
        kernel_execute(tx.session, insert(Comment.__table__), made)
        for number in range(3):
            tx.audit("core.contact_changed", row, changed={"name": ["a", str(number)]})


def pages(browser, firm, only=""):
    """Return every page of a story as text."""
    found, address = [], f"/records/core.contact/{firm}/story?show={only}"
    while address:
        found.append(browser.get(address).text)
        more = re.search(r'href="(/records/[^"]*before=[^"]*)"', found[-1])
        address = more[1].replace("&amp;", "&") if more else ""
        assert len(found) < 50
    return found


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(min_value=-3, max_value=3), min_size=1, max_size=60))
def test_page_by_page_everything_is_there_once(portal_app, assistant, world, offsets):
    firm = contact(portal_app, "Jaya")
    fill(portal_app, firm, world.people["assistant"], offsets)
    shown = [
        said
        for page in pages(assistant, firm)
        for said in re.findall(r'<div class="words">(words \d+)</div>', page)
    ]
    assert sorted(shown) == sorted(f"words {number}" for number in range(len(offsets)))


def test_a_story_can_be_narrowed(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    with working_as(portal_app) as tx:
        row = tx.one(select(Contact), public_id=firm)
        tx.audit("core.contact_changed", row, changed={"name": ["Old", "Jaya"], "note": ["", "x"]})
    say(assistant, firm, "Only words")
    say(assistant, firm, "With a file", files={"offer.pdf": b"%PDF"})
    shown = {only: pages(assistant, firm, only)[0] for only in ("", "comments", "files", "changes")}
    assert "Only words" in shown["comments"]
    assert "offer.pdf" in shown["files"]
    assert "Only words" not in shown["files"]
    assert "<s>Old</s>" in shown["changes"]
    assert "Only words" not in shown["changes"]
    assert "<s>Old</s>" not in shown["comments"]
    for text in ("Only words", "offer.pdf", "<s>Old</s>"):
        assert text in shown[""]


def test_only_the_columns_a_plugin_names_are_told(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    with working_as(portal_app) as tx:
        row = tx.one(select(Contact), public_id=firm)
        tx.audit("core.contact_changed", row, changed={"name": ["A", "B"], "secret": ["zqx", "y"]})
        tx.audit("core.unheard_of", row, changed={"name": ["zqx", "y"]})
    shown = pages(assistant, firm)[0]
    assert "<s>A</s>" in shown
    assert "zqx" not in shown


@pytest.mark.parametrize(
    "query",
    [
        "show=nothing",
        "before=x",
        "before=1~act~1",
        "before=99999999999999999999999~act~1",
        "before=-99999999999999999~comment~2",
        "before=1~zzz~1",
        "before=1~act~99999999999",
        "before=~~",
    ],
)
def test_an_address_that_makes_no_sense_is_no_fault(portal_app, assistant, query):
    firm = contact(portal_app, "Jaya")
    answer = assistant.get(f"/records/core.contact/{firm}/story?{query}")
    assert answer.status_code == (404 if query.startswith("show") else 200)


def test_a_story_costs_the_same_however_long_it_is(portal_app, world):
    firm = contact(portal_app, "Jaya")
    fill(portal_app, firm, world.people["assistant"], range(200))
    from portal.db import new_session
    from portal.work import UnitOfWork

    with portal_app.app_context(), new_session() as session:
        session.runtime = portal_app.extensions["kantor"]
        session.act_as(principal_of(portal_app, world.people["assistant"]))
        tx = UnitOfWork(session, session.principal, False)
        row = tx.one(select(Contact), public_id=firm)
        with counting_statements(portal_app) as seen:
            found = story(tx, row)
        assert len(found.entries) == SHOWN
        assert found.more is not None
        # who handles it, the entries, the files of comments, what lies beside
        assert len(seen) <= 4
