"""What kinds of notices there are, and when mail may go out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.messages import Message, message
from portal.worktime.rules import Calendar, next_working, spans_on

MAIL = ("at_once", "digest", "never")
QUIET = ("calendar", "never")  # outside one's working hours, or not at all
MORNING = time(7)  # of a day whose calendar says nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeKind:
    """A kind of notice, ``<slug>.<noun>_<past participle>``, and how it goes out by mail unless the
    person says otherwise: ``at_once``, in the morning ``digest`` or ``never``.

    The mail of a ``confidential`` kind says only that something new waits.
    """

    name: str
    title: Message
    mail: str = "digest"
    confidential: bool = False


CORE_KINDS = (
    NoticeKind(
        name="core.approval_waiting", title=message("Something waits for you"), mail="at_once"
    ),
    NoticeKind(name="core.approval_decided", title=message("Yours was decided"), mail="at_once"),
    NoticeKind(name="core.approval_decided_for", title=message("Somebody decided for you")),
    NoticeKind(name="core.absence_deputy", title=message("You stand in for somebody")),
    NoticeKind(
        name="core.account_changed",
        title=message("Something changed about how you sign in"),
        mail="at_once",
    ),
    NoticeKind(
        name="core.comment_mentioned", title=message("Somebody mentions you"), mail="at_once"
    ),
    NoticeKind(name="core.record_commented", title=message("A comment on a record you watch")),
    NoticeKind(
        name="core.record_changed",
        title=message("A change of a record you watch"),
        mail="never",
    ),
    NoticeKind(
        name="core.view_mail_paused",
        title=message("A view is no longer sent to you by mail"),
        mail="at_once",
    ),
    NoticeKind(name="core.job_failed", title=message("Your import or other long work failed")),
)


def mail_from(calendar: Calendar, now: datetime, quiet: str) -> datetime:
    """Return when a mail that is written now may go out."""
    if quiet == "never":
        return now
    return next_working(calendar, now) or now


def digest_at(calendar: Calendar, day: date, quiet: str) -> datetime | None:
    """Return when the morning digest of a day goes out: as work begins; None on a day off."""
    if quiet == "never":
        return datetime.combine(day, MORNING, calendar.zone)
    found = spans_on(calendar, day)
    return found[0][0] - timedelta(minutes=30) if found else None
