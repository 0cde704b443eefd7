"""Views that are sent by mail: whose, when, and that each time comes once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from portal.errors import NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.mail.outgoing import mail_ready
from portal.messages import Message, message
from portal.notices.services import notify
from portal.orm import new_public_id
from portal.people.models import Person
from portal.plugins.fitting import of_others
from portal.work import UnitOfWork
from portal.worktime.services import calendar_of

from .due import Rhythm, next_due
from .models import SavedView, ViewMail

SEND = "core.view_mail"  # the job that sends one
PAUSED = "core.view_mail_paused"
MOST = 30  # of one person
AT_ONCE = 200  # in one look
views, mails, people = SavedView.__table__, ViewMail.__table__, Person.__table__
NAMES = (views.c.name, views.c.list, views.c.public_id.label("view"))


@dataclass(frozen=True, kw_only=True)
class SendView:
    """How often a view is sent, as which file, and whether also when it has no rows."""

    every: str
    hour: int
    weekday: int = 0
    day: int = 1
    format: str = "xlsx"
    only_some: bool = False

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(every=self.every, hour=self.hour, weekday=self.weekday, day=self.day)


def mails_of(tx: UnitOfWork) -> Sequence[Any]:
    """Return what is sent to the actor, by the name of the view."""
    mine = _listed().where(mails.c.owner_id == tx.actor.person_id)
    found: Sequence[Any] = kernel_execute(
        tx.session, mine.order_by(views.c.name_key, mails.c.id)
    ).all()
    return found


def mail_of(tx: UnitOfWork, view: str) -> Any | None:
    """Return how a view is sent to the actor, None if it is not."""
    mine = (mails.c.owner_id == tx.actor.person_id, views.c.public_id == view)
    return kernel_execute(tx.session, _listed().where(*mine)).one_or_none()


def send_view(tx: UnitOfWork, view: str, endpoint: str, command: SendView) -> None:
    """Have a view sent to the actor from now on, or otherwise than before; it goes on if it was
    paused.

    Raises ValidationFailed for somebody without an address, or one too many. The caller has asked
    whether the actor may use the view.
    """
    me = tx.actor.person_id
    if not mail_ready() or not _address(tx):
        text = message("You have no e-mail address here. An administrator can add it.")
        raise ValidationFailed({"every": text})
    known = mail_of(tx, view)
    if known is None and len(mails_of(tx)) >= MOST:
        raise ValidationFailed(
            {"every": message("{most} views are sent to you. End one first.", most=MOST)}
        )
    view_id = kernel_execute(
        tx.session, select(views.c.id).where(views.c.public_id == view)
    ).scalar_one()
    at = next_due(command.rhythm, tx.now, calendar_of(tx, person_id=me))
    values = {
        **{name: getattr(command, name) for name in ("every", "hour", "weekday", "day", "format")},
        "only_some": command.only_some,
        "state": "active",
        "next_at": at,
        "endpoint": endpoint,
    }
    fixed = {"public_id": new_public_id(), "view_id": view_id, "owner_id": me, "made_at": tx.now}
    made = dialect_of(tx.session).insert(mails).values(**fixed, **values)
    kept = made.on_conflict_do_update(index_elements=["view_id", "owner_id"], set_=values)
    kernel_execute(tx.session, kept)
    tx.audit("core.view_mail_set", view=view, every=command.every, format=command.format)


def end_mail(tx: UnitOfWork, public_id: str) -> str:
    """Send a view to the actor no more; return its name, or raise NotFound."""
    mine = (mails.c.owner_id == tx.actor.person_id, mails.c.public_id == public_id)
    row = kernel_execute(tx.session, _listed().where(*mine)).one_or_none()
    if row is None:
        raise NotFound
    kernel_execute(tx.session, delete(mails).where(*mine))
    tx.audit("core.view_mail_ended", view=row.view)
    return str(row.name)


def put_in_line(tx: UnitOfWork) -> dict[str, int]:
    """Put every view whose time has come in line to be sent, and say when each comes next.

    Each time comes once: the key of its job is the view's mail with this time, and the next time is
    said in the same commit. What was missed meanwhile is not made up for.
    """
    awake = select(views.c.id).where(of_others(tx, views.c.list))  # The others wait.
    due = (mails.c.state == "active", mails.c.next_at <= tx.now, mails.c.view_id.in_(awake))
    found = kernel_execute(
        tx.session, select(mails).where(*due).order_by(mails.c.next_at, mails.c.id).limit(AT_ONCE)
    ).all()
    sent = 0
    for row in found:
        at = next_due(rhythm_of(row), tx.now, calendar_of(tx, person_id=row.owner_id))
        still = (mails.c.id == row.id, mails.c.next_at == row.next_at, mails.c.state == "active")
        moved = update(mails).where(*still).values(next_at=at).returning(mails.c.id)
        if kernel_execute(tx.session, moved).one_or_none() is not None and mail_ready():
            args = {"mail": row.id, "due": row.next_at.isoformat()}
            tx.enqueue(SEND, args=args, key=f"{SEND} {row.id} {args['due']}")
            sent += 1
    return {"sent": sent}


def rhythm_of(row: Any) -> Rhythm:
    """Return how often a row is sent."""
    return Rhythm(every=row.every, hour=row.hour, weekday=row.weekday, day=row.day)


def facts_of(tx: UnitOfWork, mail_id: int) -> Any | None:
    """Return how a view is sent, with its owner's address; None once it is paused or gone, and
    while its plugin rests.
    """
    wanted = _listed().add_columns(people.c.email, people.c.language)
    wanted = wanted.join(people, people.c.id == mails.c.owner_id)
    active = (mails.c.id == mail_id, mails.c.state == "active", of_others(tx, views.c.list))
    return kernel_execute(tx.session, wanted.where(*active)).one_or_none()


def pause(tx: UnitOfWork, row: Any, why: Message) -> None:
    """Stop sending a view until its owner says otherwise, and tell them why."""
    kernel_execute(tx.session, update(mails).where(mails.c.id == row.id).values(state="paused"))
    text = message("{view} is no longer sent to you: {why}", view=row.name, why=why)
    record = f"core.view_mail:{row.public_id}"
    notify(tx, PAUSED, [row.owner_id], text, endpoint="lists.view_mails", record=record)


def note_sent(tx: UnitOfWork, row: Any) -> None:
    """Note that a view was looked at for its owner."""
    kernel_execute(tx.session, update(mails).where(mails.c.id == row.id).values(sent_at=tx.now))


def _address(tx: UnitOfWork) -> str | None:
    wanted = select(people.c.email).where(people.c.id == tx.actor.person_id)
    found: str | None = kernel_execute(tx.session, wanted).scalar_one()
    return found


def _listed() -> Any:
    return select(*mails.c, *NAMES).join_from(mails, views, mails.c.view_id == views.c.id)
