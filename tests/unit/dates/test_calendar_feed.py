"""Following a calendar elsewhere: what is read, what is not, and when it ends."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from portal.absences.models import Absence
from portal.auth import services as accounts
from portal.auth.models import Account
from portal.dates.icalendar_text import uid
from portal.dates.models import CalendarFeed
from portal.dates.rules import Dated, Dates
from portal.guard import kernel_execute
from portal.messages import message
from portal.roles.models import Assignment
from portal.roles.principals import raise_epoch
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.granting import person

ADDRESS = re.compile(r'value="http://localhost(/calendar/feed/[\w-]+\.ics)"')


@pytest.fixture
def clerk(world):
    return world.people["assistant"]


@pytest.fixture
def browser(portal_app, clerk):
    return sign_in(portal_app, clerk)


@pytest.fixture
def follow(browser):
    """Return a function: how much -> a new address of the assistant's calendar."""

    def make(whose="all", name="Phone", client=browser):
        page = client.post("/calendar/feeds", data={"name": name, "whose": whose})
        assert page.status_code == 200
        return ADDRESS.search(page.text)[1]

    return make


@pytest.fixture
def away(portal_app):
    def note(who, first, last):
        with working_as(portal_app) as tx:
            row = Absence(
                person_id=who,
                from_on=tx.today + timedelta(first),
                last_on=tx.today + timedelta(last),
            )
            tx.session.add(row)
            return tx.today

    return note


@pytest.fixture
def only(portal_app, monkeypatch):
    """Return a function: entries -> a calendar of them alone."""

    def declare(*entries, confidential=False):
        kind = Dates(
            name="core.visits",
            title=message("Visits"),
            permission="core.portal.use",
            between=lambda tx, ask: entries,
            confidential=confidential,
        )
        monkeypatch.setattr(portal_app.extensions["kantor"], "dates", lambda: [("core", kind)])

    return declare


def events(answer):
    assert answer.status_code == 200
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


def test_it_is_read_without_signing_in_as_whole_days(anonymous, follow, away, world):
    today = away(world.people["executive"], 2, 4)
    answer = anonymous.get(follow())
    assert answer.content_type == "text/calendar; charset=utf-8"
    (event,) = events(answer)
    assert str(event["summary"]) == "Executive is away"
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert event.start == today + timedelta(2)
    assert event.end == today + timedelta(5)
    assert str(event["url"]).startswith("http://localhost/away/")


def test_the_file_is_what_rfc_5545_wants(anonymous, follow, only):
    long = "Visit; with, commas\\ and a very long name " * 6 + "\nand a second line"
    at = datetime(2026, 12, 3, 8, tzinfo=UTC)
    only(Dated(key="1", title=long, at=at, until=at + timedelta(hours=1), meta="Room\x0b 1"))
    raw = anonymous.get(follow()).data
    lines = raw.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert all(len(line) <= 75 for line in lines)
    assert b"\x0b" not in raw
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["summary"]) == long
    assert (event.start, event.end) == (at, at + timedelta(hours=1))
    for name in ("uid", "dtstamp", "dtstart"):
        assert name in event
    calendar = Calendar.from_ical(raw)
    assert calendar["version"] == "2.0"
    assert calendar["prodid"]


def test_what_it_is_called_elsewhere_stays_the_same(anonymous, follow, away, world):
    away(world.people["executive"], 2, 4)
    address = follow()
    first = [str(event["uid"]) for event in events(anonymous.get(address))]
    assert [str(event["uid"]) for event in events(anonymous.get(address))] == first
    assert [str(event["uid"]) for event in events(anonymous.get(follow()))] == first
    assert len(set(first)) == len(first)
    assert first[0].endswith("@localhost")


def test_two_entries_never_share_a_name():
    from portal.dates.gathering import Entry

    def entry(kind, key):
        dates = Dates(
            name=kind, title=message("Visits"), permission="x", between=lambda tx, ask: ()
        )
        return Entry(dates, Dated(key=key, title="Visit", on=date(2026, 1, 1)))

    names = {uid(entry(kind, key), "h") for kind in ("core.a", "core.b") for key in ("1", "2")}
    assert len(names) == 4


def test_what_is_confidential_leaves_as_busy(anonymous, follow, only):
    only(Dated(key="1", title="Interview", on=date.today(), meta="Room 7", confidential=True))
    text = anonymous.get(follow()).text
    assert "SUMMARY:Busy" in text
    assert "Interview" not in text
    assert "Room 7" not in text
    only(Dated(key="1", title="Interview", on=date.today()), confidential=True)
    assert "Interview" not in anonymous.get(follow()).text


def test_it_speaks_the_language_of_its_owner(portal_app, world, anonymous, follow, away):
    with working_as(portal_app) as tx:
        sari = add_person(
            tx, "Sari", department_id=world.departments["office"], role="employee", language="id"
        )
    away(world.people["executive"], 1, 1)
    address = follow(client=sign_in(portal_app, sari))
    assert "Executive tidak masuk" in anonymous.get(address).text


def test_how_much_it_shows_is_chosen(portal_app, world, anonymous, follow, away, clerk):
    with working_as(portal_app) as tx:
        outsider = add_person(tx, "Outsider", department_id=world.departments["lab"])
    for who in (outsider, clerk, world.people["executive"]):
        away(who, 1, 1)
    shown = {
        whose: {str(event["summary"]) for event in events(anonymous.get(follow(whose)))}
        for whose in ("mine", "departments", "all")
    }
    assert shown["mine"] == {"You are away"}
    assert shown["departments"] == {"You are away", "Executive is away"}
    assert shown["all"] == {"You are away", "Executive is away", "Outsider is away"}


def test_it_follows_from_a_month_ago_to_a_year_ahead(anonymous, follow, away, world):
    who = world.people["executive"]
    for first, last in ((-32, -31), (-30, -29), (365, 365), (366, 367)):
        away(who, first, last)
    assert len(events(anonymous.get(follow()))) == 2


def test_what_has_not_changed_is_not_sent_again(anonymous, follow, away, world):
    address = follow()
    first = anonymous.get(address)
    again = anonymous.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert anonymous.get(address, headers=since).status_code == 304
    away(world.people["executive"], 1, 1)
    changed = anonymous.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["Cache-Control"] == "private, no-cache"


def test_only_its_hash_is_kept_and_its_use_is_noted_once_an_hour(portal_app, anonymous, follow):
    address = follow()
    anonymous.get(address)
    row = feed_row(portal_app)
    assert row.token_hash not in address
    assert len(row.token_hash) == 64
    with counting_statements(portal_app) as seen:
        anonymous.get(address)
    assert not [one for one in seen if one.startswith("UPDATE calendar_feed")]
    with working_as(portal_app) as tx:
        earlier = update(CalendarFeed.__table__).values(used_at=row.used_at - timedelta(hours=2))
        kernel_execute(tx.session, earlier)
    anonymous.get(address)
    assert feed_row(portal_app).used_at >= row.used_at


def feed_row(app):
    with working_as(app) as tx:
        return kernel_execute(tx.session, select(CalendarFeed.__table__)).one()


def test_it_is_shown_once_and_listed_by_name(browser, follow):
    address = follow(name="My phone")
    page = browser.get("/calendar/feeds").text
    assert "My phone" in page
    assert address not in page
    assert "Not read yet" in page


def test_nobody_has_more_than_ten(browser, follow):
    for _ in range(10):
        follow()
    page = browser.post("/calendar/feeds", data={"name": "One more", "whose": "all"})
    assert page.status_code == 422
    assert "You have 10 addresses" in page.text
    assert 'value="One more"' in page.text


def ended(anonymous, address):
    """Return whether an address answers as one that never was."""
    answer, never = anonymous.get(address), anonymous.get("/calendar/feed/never.ics")
    assert never.status_code == 404
    return (answer.status_code, answer.text.count("")) == (404, never.text.count(""))


def test_each_is_ended_by_itself(portal_app, browser, anonymous, follow):
    first, second = follow(name="Phone"), follow(name="Tablet")
    page = browser.get("/calendar/feeds").text
    newest = re.search(r"/calendar/feeds/(\w+)/revoke", page)[1]
    assert browser.post(f"/calendar/feeds/{newest}/revoke").status_code == 303
    assert ended(anonymous, second)
    assert not ended(anonymous, first)


def test_nobody_ends_somebody_elses(portal_app, world, follow, anonymous):
    address = follow()
    other = sign_in(portal_app, world.people["executive"])
    public_id = feed_row(portal_app).public_id
    assert other.post(f"/calendar/feeds/{public_id}/revoke").status_code == 404
    assert not ended(anonymous, address)


def account_of(tx, who):
    found = accounts.account_of(tx, who)
    assert found is not None
    return found


def close(tx, who):
    accounts.disable(tx, account_of(tx, who))


def close_and_open_again(tx, who):
    accounts.disable(tx, account_of(tx, who))
    accounts.enable(tx, account_of(tx, who))


def sign_out_everywhere(tx, who):
    accounts.sign_out_everywhere(tx, account_of(tx, who))


def reset(tx, who):
    token = accounts.make_link(tx, account_of(tx, who))
    accounts.use_link(tx, token, "a-hash")


def last_day(tx, who):
    person(tx, who).active_until = tx.today


ENDS = (close, close_and_open_again, sign_out_everywhere, reset, last_day)


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_with_the_rest(portal_app, clerk, anonymous, follow, end):
    address = follow()
    assert not ended(anonymous, address)
    with working_as(portal_app) as tx:
        end(tx, clerk)
    assert ended(anonymous, address)


def test_signing_out_everywhere_may_leave_it(browser, anonymous, follow, portal_app, clerk):
    address = follow()
    assert "End the addresses of my calendar too" in browser.get("/account").text
    browser.post("/account/sign-out-everywhere", data={})
    assert not ended(anonymous, address)
    sign_in(portal_app, clerk).post("/account/sign-out-everywhere", data={"feeds": "y"})
    assert ended(anonymous, address)


def test_a_right_that_is_taken_away_is_gone_at_once(portal_app, world, anonymous, follow, away):
    away(world.people["executive"], 1, 1)
    address = follow()
    assert len(events(anonymous.get(address))) == 1
    clerk = world.people["assistant"]
    with working_as(portal_app) as tx:
        gone = Assignment.__table__
        kernel_execute(tx.session, gone.delete().where(gone.c.person_id == clerk))
        raise_epoch(tx.session, person_id=clerk)
    assert events(anonymous.get(address)) == []


def test_too_many_are_refused(portal_app, anonymous, follow, monkeypatch):
    address = follow()
    rates = portal_app.extensions["kantor_config"].rates
    monkeypatch.setattr(rates, "feed", 3)
    assert [anonymous.get(address).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert anonymous.get(follow()).status_code == 200


def test_the_statements_do_not_grow_with_the_rows(portal_app, world, anonymous, follow, away):
    address = follow()
    anonymous.get(address)
    with counting_statements(portal_app) as few:
        anonymous.get(address)
    for day in range(30):
        away(world.people["executive"], day, day)
    anonymous.get(address)
    with counting_statements(portal_app) as many:
        assert len(events(anonymous.get(address))) == 30
    assert len(many) <= len(few)


def test_an_account_that_is_not_active_has_no_calendar(portal_app, clerk, anonymous, follow):
    address = follow()
    with working_as(portal_app) as tx:
        closed = update(Account.__table__).where(Account.__table__.c.person_id == clerk)
        kernel_execute(tx.session, closed.values(active=False))
    assert ended(anonymous, address)
