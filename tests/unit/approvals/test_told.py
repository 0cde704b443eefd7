"""Who is told of a request, and where it stands among their work."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from portal.approvals.services.reminding import remind
from portal.messages import translate
from portal.notices.models import Notice


@pytest.fixture(autouse=True)
def accounts(office):
    """Let them sign in: nobody else is told of anything."""
    for who in ("keeper", "clerk", "other"):
        office.client(who)


def told(office, who):
    """Return what somebody was told, the oldest first."""
    with office.work() as tx:
        rows = select(Notice).where(Notice.owner_id == office.people[who]).order_by(Notice.id)
        return [translate(row.text) for row in tx.session.scalars(rows)]


def text_of(answer):
    return unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_whoever_may_decide_is_told_once_and_who_asks_is_not(office):
    office.wish()
    assert told(office, "keeper") == ["Wish for chair waits for your decision"]
    assert told(office, "clerk") == []


def test_who_asked_is_told_what_became_of_it(office):
    first, _ = office.wish()
    second, _ = office.wish(what="table")
    office.decide("keeper", first)
    office.decide("keeper", second, "refuse", "Too dear.")
    assert told(office, "clerk") == ["Approved: Wish for chair", "Refused: Wish for table"]


def test_who_was_stood_in_for_is_told_who_decided(office):
    office.deputy("keeper", "other")
    office.away("keeper")
    wish, _ = office.wish()
    office.decide("other", wish)
    assert told(office, "keeper")[-1] == "Other decided for you: Wish for chair"
    page = text_of(office.client("keeper").get("/"))
    assert "1 thing was decided for you while you were away" in page
    assert "Wish for chair" in text_of(office.client("keeper").get("/approvals/decided"))


def test_who_waits_too_long_is_reminded_once(office):
    office.wish()
    with office.work() as tx:
        later = tx.now + timedelta(days=30)
        remind(tx, later)
    with office.work() as tx:
        remind(tx, later)
    # One notice of one record while it is unread, with what was said last.
    (said,) = told(office, "keeper")
    assert "Wish for chair" in said
    assert "still waits" in said or "too long" in said


def test_my_work_has_what_i_decide_for_myself_and_for_whom_i_stand_in(office):
    office.wish()
    page = text_of(office.client("keeper").get("/work"))
    assert "Wish for chair" in page
    assert "asked by Clerk" in page
    office.deputy("keeper", "other")
    assert "Wish for chair" not in text_of(office.client("other").get("/work"))
    office.away("keeper")
    for address in ("/work", "/work?part=deputy"):
        mine = text_of(office.client("other").get(address))
        assert "Wish for chair" in mine
        assert "for Keeper" in mine
    assert "Wish for chair" not in text_of(office.client("clerk").get("/work"))
