"""Notices by mail: at once, or once a morning; in the reader's language, in their hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.errors import ValidationFailed
from portal.guard import kernel_execute
from portal.mail import services as mail
from portal.mail.outgoing import outgoing
from portal.mail.services import Mail, send_mail
from portal.messages import message, translate
from portal.people.models import Person
from portal.settings.services import facts
from portal.work import UnitOfWork
from portal.worktime.rules import Calendar

from .models import Notice, NoticeChoice
from .rules import NoticeKind, digest_at, mail_from

notices, people, choices = Notice.__table__, Person.__table__, NoticeChoice.__table__
AT_ONCE = 200  # people in one run of the digest
OLDEST = timedelta(days=7)  # what is older was seen, or does not matter any more
LISTED = 40  # notices in one digest
WAITS = message("Something new waits for you in Kantor")
OPEN = message("Open it in Kantor: {address}")
CHANGE = message("You choose what comes by mail, and when, here: {address}")


def write_at_once(tx: UnitOfWork, kind: NoticeKind, ids: Sequence[int]) -> None:
    """Write the mails about these notices to those who want them at once; each waits until its
    reader works. An older one about the same record that has not gone out gives way.
    """
    for row in kernel_execute(tx.session, _told().where(notices.c.id.in_(list(ids)))).all():
        if row.way != "at_once" or not row.email:
            continue
        key = f"notice {row.public_id}"
        mail.withdraw(tx, [f"{key} {row.number - 1}"])
        subject = WAITS if kind.confidential else row.text
        due = mail_from(_calendar(tx, row.owner_id), tx.now, _quiet(tx, row.owner_id))
        body = [
            translate(subject, row.language),
            translate(message(OPEN.msgid, address=_address(row)), row.language),
            _foot(row.language),
        ]
        _write(tx, row, subject, body, f"{key} {row.number}", due)
        kernel_execute(
            tx.session, update(notices).where(notices.c.id == row.id).values(mailed_at=tx.now)
        )


def send_digests(tx: UnitOfWork) -> dict[str, int]:
    """Write the morning digest of everybody for whom something new waits and whose day begins.

    One for a person and day: the mail's key and the notices' mark are part of one commit.
    """
    if outgoing.get() is None:
        return {"digests": 0}
    pending = (
        notices.c.way == "digest",
        notices.c.mailed_at.is_(None),
        notices.c.read_at.is_(None),
        notices.c.told_at > tx.now - OLDEST,
    )
    wanted = select(notices.c.owner_id).where(*pending).distinct()
    found = kernel_execute(tx.session, wanted.order_by(notices.c.owner_id)).scalars().all()
    written = 0
    for person in found:
        if written >= AT_ONCE:
            break
        calendar, quiet = _calendar(tx, person), _quiet(tx, person)
        day = tx.now.astimezone(calendar.zone).date()
        begins = digest_at(calendar, day, quiet)
        if begins is None or tx.now < begins:
            continue
        mine = (notices.c.owner_id == person, *pending, notices.c.told_at < begins)
        rows = kernel_execute(
            tx.session, _told().where(*mine).order_by(notices.c.record, notices.c.id)
        ).all()
        if rows:
            written += _digest(tx, rows, f"digest {person} {day.isoformat()}")
            done = update(notices).where(notices.c.id.in_([row.id for row in rows]))
            kernel_execute(tx.session, done.values(mailed_at=tx.now))
    return {"digests": written}


def _digest(tx: UnitOfWork, rows: Sequence[Any], key: str) -> int:
    first = rows[0]
    if not first.email:
        return 0
    assert tx.session.runtime is not None
    kinds, language = tx.session.runtime.notices(), first.language
    lines, hidden = [], False
    for row in rows[:LISTED]:
        kind = kinds.get(row.kind)
        if kind is None or kind.confidential:
            hidden = True
            continue
        again = f" ({row.number}×)" if row.number > 1 else ""
        lines.append(f"- {translate(row.text, language)}{again}\n  {_address(row)}")
    if hidden:
        lines.append(f"- {translate(WAITS, language)}\n  {_base()}/notices")
    if len(rows) > LISTED:
        address, left = f"{_base()}/notices", len(rows) - LISTED
        more = message("and {count} more: {address}", count=left, address=address)
        lines.append(translate(more, language))
    name = facts(tx)["organisation"]
    subject = message("What waits for you at {organisation}", organisation=name)
    opening = message("Good morning, this is new for you in Kantor:")
    body = [translate(opening, language), *lines, _foot(language)]
    _write(tx, first, subject, body, key, tx.now)
    return 1


def _calendar(tx: UnitOfWork, person: int) -> Calendar:
    # Those who name deputies tell people, and working hours ask who belongs where: not in a circle.
    from portal.worktime.services import calendar_of

    return calendar_of(tx, person_id=person)


def _told() -> Any:
    names = ("id", "public_id", "owner_id", "kind", "text", "number", "way", "record")
    columns = [notices.c[name] for name in names]
    person = (people.c.email, people.c.language)
    return select(*columns, *person).join_from(notices, people, people.c.id == notices.c.owner_id)


def _write(tx: UnitOfWork, row: Any, subject: Any, body: Sequence[str], key: str, due: Any) -> None:
    """Write one mail; an address of the address book that is none costs no more than the mail."""
    letter = Mail(
        to=row.email,
        subject=translate(subject, row.language),
        text="\n\n".join(body) + "\n",
        key=key,
        not_before=due,
    )
    try:
        send_mail(tx, letter)
    except ValidationFailed:
        return


def _base() -> str:
    post = outgoing.get()
    return post.base_url if post is not None else ""


def _address(row: Any) -> str:
    return f"{_base()}/notices/{row.public_id}"


def _foot(language: str) -> str:
    return translate(message(CHANGE.msgid, address=f"{_base()}/notices/preferences"), language)


def _quiet(tx: UnitOfWork, person: int) -> str:
    wanted = select(choices.c.choice).where(choices.c.person_id == person, choices.c.kind == "")
    return kernel_execute(tx.session, wanted).scalar() or "calendar"
