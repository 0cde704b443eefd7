"""Who watches a record is told of what others do to it, while they may see it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from portal.audit.models import AuditEntry
from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.notices.models import Notice
from portal.roles.models import Assignment
from portal.roles.principals import raise_epoch
from portal.testing import add_person, sign_in, together, working_as
from portal.watchers.models import WatcherMark
from portal.watchers.services import tell, watch
from tests.unit.talking import contact, rows, say


@pytest.fixture
def assistant(portal_app, world):
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def looker(portal_app, world):
    """Return the id of somebody of the office who only looks, and can sign in."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Eka Looker", department_id=office, role="employee")
    sign_in(portal_app, who)
    return who


def told(app):
    with working_as(app) as tx:
        tell(tx)
    return [(row.owner_id, row.kind, str(row.text), row.number) for row in rows(app, Notice)]


def watching(browser, firm, way="watch"):
    assert browser.post(f"/records/core.contact/{firm}/{way}").status_code == 303


@pytest.fixture
def firm(portal_app, world):
    made = contact(portal_app, "Jaya", world.departments["office"])
    with working_as(portal_app) as tx:  # The audit of earlier tests stays, and so would their mark.
        kernel_execute(tx.session, delete(WatcherMark.__table__))
    assert told(portal_app) == []  # What was before is no news.
    return made


def test_a_watcher_hears_of_comments_of_others_and_not_of_their_own(
    portal_app, world, assistant, looker, firm
):
    watching(sign_in(portal_app, looker), firm)
    say(assistant, firm, "zqx new price")
    said = told(portal_app)
    assert said == [(looker, "core.record_commented", "Assistant commented: Jaya", 1)]
    assert "zqx" not in str(said)
    assert told(portal_app) == said  # Nobody hears of it twice.
    say(sign_in(portal_app, looker), firm, "thanks")  # The assistant watches since the comment.
    assert told(portal_app)[1][:2] == (world.people["assistant"], "core.record_commented")


def test_changes_of_a_record_become_one_notice_until_it_is_read(
    portal_app, assistant, looker, firm
):
    watching(sign_in(portal_app, looker), firm)
    for name in ("Jaya Abadi", "Jaya Makmur"):
        with working_as(portal_app) as tx:
            row = tx.one(select(Contact), public_id=firm)
            row.name = name
            tx.audit("core.contact_changed", row, changed={"name": ["x", name]})
    assert told(portal_app) == [
        (looker, "core.record_changed", "Jaya Makmur: Changed a contact (Kantor)", 2)
    ]


def test_who_may_no_longer_see_a_record_hears_nothing_of_it(
    portal_app, assistant, looker, firm, world
):
    watching(sign_in(portal_app, looker), firm)
    with working_as(portal_app) as tx:
        gone = delete(Assignment.__table__).where(Assignment.__table__.c.person_id == looker)
        kernel_execute(tx.session, gone)
        raise_epoch(tx.session, person_id=looker)
    say(assistant, firm, "Words")
    assert told(portal_app) == []


def test_internal_notes_are_not_even_mentioned_to_who_may_not_read_them(
    portal_app, assistant, looker, firm
):
    watching(sign_in(portal_app, looker), firm)
    say(assistant, firm, "Between us", internal="y")
    assert told(portal_app) == []


def test_who_stopped_watching_is_left_alone_even_when_they_comment(
    portal_app, assistant, looker, firm
):
    browser = sign_in(portal_app, looker)
    watching(browser, firm)
    watching(browser, firm, "unwatch")
    say(browser, firm, "Only this")
    say(assistant, firm, "Words")
    assert [row[0] for row in told(portal_app) if row[0] == looker] == []
    assert "Stop watching" not in browser.get(f"/contacts/{firm}").text


def test_a_plugin_lets_people_watch(portal_app, assistant, looker, firm):
    with working_as(portal_app) as tx:
        row = tx.one(select(Contact), public_id=firm)
        watch(tx, row, [looker, looker])
    say(assistant, firm, "Words")
    assert [row[0] for row in told(portal_app)] == [looker]


def test_two_workers_tell_nobody_twice(portal_app, assistant, looker, firm):
    watching(sign_in(portal_app, looker), firm)
    for number in range(3):
        say(assistant, firm, f"Words {number}")

    def run():
        with working_as(portal_app) as tx:
            tell(tx)

    together(run, run, run)
    assert [(row.owner_id, row.number) for row in rows(portal_app, Notice)] == [(looker, 3)]
    newest = rows(portal_app, AuditEntry)[-1].id
    assert [row.audit_id for row in rows(portal_app, WatcherMark)] == [newest]
