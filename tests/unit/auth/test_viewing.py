"""Seeing the portal as somebody else does: what they see but what is confidential, to look only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from portal.audit.models import AuditEntry
from portal.auth import services, sessions
from portal.auth.models import Account, AccountSession, AccountViewing
from portal.auth.sessions import as_seen_by
from portal.db import looking as db_looking
from portal.errors import Conflict, Forbidden
from portal.guard import kernel_execute
from portal.jobs.core import RECURRING
from portal.notices.models import Notice
from portal.people.models import Person
from portal.people.services import EndPerson, end_person
from portal.reach import Held
from portal.testing import principal_of, sign_in, working_as
from tests.unit.auth.signing import add_account, change, is_in, rows
from tests.unit.granting import give, make_role

viewings = AccountViewing.__table__
BANNER = "You see Kantor as Employee until "
REASON = "an order is missing"


def address(app, person_id):
    table = Person.__table__
    return f"/people/{rows(app, table, table.c.id == person_id)[0].public_id}"


def begin(app, world, name="employee", client=None):
    """Return the browser of the administrator, who sees the portal as somebody else does."""
    client = client or sign_in(app, world.people["administrator"])
    page = address(app, world.people[name])
    answer = client.post(f"{page}/view-as", data={"reason": REASON})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    return client


@pytest.fixture
def employee(portal_app, world):
    return add_account(portal_app, person_id=world.people["employee"])


@pytest.fixture
def looking(portal_app, world, employee):
    return begin(portal_app, world)


def test_the_page_of_a_person_leads_to_it_and_says_what_it_means(portal_app, world, employee):
    client = sign_in(portal_app, world.people["administrator"])
    page = address(portal_app, world.people["employee"])
    assert f'{page}/view-as"' in client.get(page).text
    asked = client.get(f"{page}/view-as").text
    assert "You only look" in asked
    assert "Employee is told, with your reason" in asked
    empty = client.post(f"{page}/view-as", data={"reason": " "})
    assert empty.status_code == 422
    assert not _rows(portal_app)


def _rows(app):
    with app.app_context(), db_looking(reason="test") as tx:
        return kernel_execute(tx.session, select(viewings)).all()


def test_one_sees_what_they_see_and_not_what_one_sees_oneself(portal_app, world, looking):
    theirs = sign_in(portal_app, world.people["employee"])
    for path in ("/", "/people", "/roles", "/settings", "/audit", "/plugins", "/work", "/places"):
        assert looking.get(path).status_code == theirs.get(path).status_code, path
    assert looking.get("/settings").status_code == 403
    menu = looking.get("/people").text
    assert "/audit" not in menu
    assert "/settings" not in menu


def test_the_banner_stands_on_every_page_also_of_an_error(portal_app, looking):
    for path in ("/", "/people", "/places", "/settings", "/people/nobodysuchid"):
        page = looking.get(path).text
        assert BANNER in page, path
        assert 'action="/people/view-as/stop"' in page, path


def test_nothing_can_be_sent_but_stopping_and_signing_out(portal_app, looking):
    refused = 0
    for rule in portal_app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint in _ENDING:
            continue
        values = {name: one.to_url(1) for name, one in rule._converters.items()}
        with portal_app.test_request_context():
            path = portal_app.url_for(rule.endpoint, **values)
        answer = looking.post(path, data={"reason": "x"})
        assert answer.status_code == 403, (path, answer.status_code)
        assert "can change nothing" in answer.text, path
        refused += 1
    assert refused > 50
    assert _rows(portal_app), "it goes on"


_ENDING = {"people.stop_viewing", "sign.sign_out"}


def test_what_is_theirs_alone_stays_theirs(looking):
    for path in ("/account", "/account/password", "/notices", "/bin", "/calendar/feeds"):
        answer = looking.get(path)
        assert answer.status_code == 403, path
        assert "This is for Employee alone" in answer.text or "can only look" in answer.text


def test_nothing_is_exported_and_no_page_of_access_opens(looking):
    answer = looking.get("/people?format=csv")
    assert answer.status_code == 403
    assert looking.get("/account/second-step").status_code == 403


def test_stopping_gives_the_own_eyes_back(portal_app, world, looking):
    looking.get("/people")
    answer = looking.post("/people/view-as/stop")
    assert answer.status_code == 303
    page = looking.get("/settings")
    assert page.status_code == 200
    assert BANNER not in page.text
    entries = rows(portal_app, AuditEntry.__table__)
    begun = next(row for row in entries if row.action == "core.viewing_begun")
    ended = next(row for row in entries if row.action == "core.viewing_ended")
    for row in (begun, ended):
        assert row.actor_id == world.people["administrator"]
        assert row.subject_id == world.people["employee"]
    assert begun.detail["reason"] == REASON
    assert ended.detail["pages"] == 1
    assert looking.post("/people/view-as/stop").status_code == 303, "twice does no harm"


def test_the_person_is_told_by_whom_and_why(portal_app, world, looking):
    table = Notice.__table__
    (told,) = rows(portal_app, table, table.c.owner_id == world.people["employee"])
    assert told.text.params == {"name": "Administrator", "reason": REASON}


def test_signing_out_ends_it(portal_app, looking):
    assert looking.post("/sign-out").headers["Location"] == "/sign-in"
    assert not _rows(portal_app)
    assert not is_in(looking)


def test_it_ends_after_half_an_hour(portal_app, world, looking):
    old = datetime.now(UTC) - timedelta(minutes=31)
    change(portal_app, update(viewings).values(since=old))
    page = looking.get("/settings")
    assert page.status_code == 200
    assert BANNER not in page.text


def ran_out(app):
    """Return the acts in the audit that say it ended by itself."""
    entries = rows(app, AuditEntry.__table__)
    return [row for row in entries if row.action == "core.viewing_ran_out"]


def end_run_out(app):
    with working_as(app) as tx:
        return services.end_run_out(tx)


def test_that_it_ran_out_is_in_the_audit_once_as_of_whoever_looked(portal_app, world, looking):
    looking.get("/people")
    assert end_run_out(portal_app) == 0, "it still lasts"
    old = datetime.now(UTC) - timedelta(minutes=31)
    change(portal_app, update(viewings).values(since=old))
    assert end_run_out(portal_app) == 1
    assert end_run_out(portal_app) == 0
    (entry,) = ran_out(portal_app)
    assert (entry.actor_id, entry.actor_name) == (world.people["administrator"], "Administrator")
    assert entry.subject_id == world.people["employee"]
    assert entry.detail["pages"] == 1
    assert not _rows(portal_app)
    assert BANNER not in looking.get("/people").text


def test_who_stops_after_it_ran_out_says_so_in_the_audit_too(portal_app, looking):
    old = datetime.now(UTC) - timedelta(minutes=31)
    change(portal_app, update(viewings).values(since=old))
    looking.post("/people/view-as/stop")
    assert len(ran_out(portal_app)) == 1
    assert end_run_out(portal_app) == 0


def test_a_device_that_is_signed_out_from_elsewhere_sees_through_nobody_any_more(
    portal_app, world, looking
):
    table = AccountSession.__table__
    change(portal_app, update(table).values(revoked_at=datetime.now(UTC)))
    assert end_run_out(portal_app) == 1
    actions = [row.action for row in rows(portal_app, AuditEntry.__table__)]
    assert actions.count("core.viewing_ended") == 1
    assert not ran_out(portal_app)


def test_the_worker_looks_every_minute_for_what_ran_out():
    (job,) = (job for job in RECURRING if job.run is services.end_run_out)
    assert job.every == 60


def test_the_banner_says_until_when(looking, portal_app):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    change(portal_app, update(viewings).values(since=now))
    zone = portal_app.extensions["kantor_facts"].zone
    until = (now + timedelta(minutes=30)).astimezone(zone)
    assert f"{BANNER}{until:%H:%M}. Nothing can be changed." in looking.get("/people").text


@pytest.mark.parametrize("which", ["theirs", "mine"])
def test_it_ends_when_either_account_is_closed(portal_app, world, looking, which):
    table = Account.__table__
    if which == "theirs":
        mine = table.c.person_id == world.people["employee"]
        change(portal_app, update(table).where(mine).values(active=False))
        assert BANNER not in looking.get("/people").text
    else:
        change(portal_app, update(table).values(active=False))
        assert not is_in(looking)


def test_what_is_taken_from_them_is_gone_at_once(portal_app, world, looking):
    assert BANNER in looking.get("/people").text
    with working_as(portal_app) as tx:
        row = tx.session.get_one(Person, world.people["employee"])
        last = EndPerson(version=row.version, last_day=tx.today - timedelta(days=1))
        end_person(tx, row.public_id, last)
    assert BANNER not in looking.get("/people").text


def refused(app, who, whom, error):
    with pytest.raises(error), working_as(app, who) as tx:
        services.begin_viewing(tx, 1, tx.session.get_one(Person, whom), REASON)


def test_nobody_is_seen_as_who_is_oneself_an_administrator_or_cannot_sign_in(portal_app, world):
    admin, office = world.people["administrator"], world.people["office_manager"]
    refused(portal_app, admin, admin, Conflict)
    refused(portal_app, admin, office, Conflict)
    with working_as(portal_app) as tx:
        give(tx, office, make_role(tx, "second", core__role__assign="all"), None)
    add_account(portal_app, person_id=office)
    refused(portal_app, admin, office, Forbidden)


def test_nobody_sees_through_the_eyes_of_somebody_who_may_do_more(portal_app, world, employee):
    manager = world.people["department_manager"]
    add_account(portal_app, "mina", person_id=manager)
    with working_as(portal_app) as tx:
        looker = make_role(tx, "looker", core__person__view_as="all", core__person__view="all")
        give(tx, world.people["employee"], looker, None)
    refused(portal_app, world.people["employee"], manager, Forbidden)


def test_who_may_not_is_not_offered_it(portal_app, world, employee):
    client = sign_in(portal_app, world.people["office_manager"])
    page = address(portal_app, world.people["employee"])
    assert "view-as" not in client.get(page).text
    assert client.get(f"{page}/view-as").status_code == 403


def test_confidential_things_are_left_out_whatever_they_may(portal_app, world, monkeypatch):
    with portal_app.app_context():
        theirs = principal_of(portal_app, world.people["employee"])
        own = principal_of(portal_app, world.people["administrator"])
    rich = replace(
        theirs,
        cases=frozenset({1, 2}),
        grants={**theirs.grants, "hr.file.view": Held(everything=True)},
        language="id",
    )
    monkeypatch.setattr(sessions, "confidential_nouns", lambda: frozenset({"hr.file"}))
    seen = as_seen_by(rich, own)
    assert seen.cases == frozenset()
    assert seen.writing == frozenset()
    assert seen.grants == theirs.grants
    assert (seen.person_id, seen.language) == (theirs.person_id, own.language)
