"""Writing mails in the commit of what they tell, and keeping account of each until it is sent."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update

from portal.errors import Conflict, NotFound, Refused, ValidationFailed
from portal.files.services import clean_name, note_content
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.messages import Message, message, translate
from portal.orm import new_public_id
from portal.work import UnitOfWork

from .models import MailAttachment, MailRow
from .outgoing import Outgoing, outgoing, read_address
from .rules import LONGEST_AWAY, MOST_ATTEMPTS, PAUSE_AWAY, one_line, pause_after

mails, attached = MailRow.__table__, MailAttachment.__table__
LEASE = timedelta(minutes=5)  # so long a mail belongs to the worker that took it
MOST_BYTES = 20 * 1024 * 1024  # of all attachments together
KEPT = timedelta(days=30)
UNSENT = ("waiting", "sending", "failed")
INTERRUPTED = "interrupted again and again"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail to one address; ``key`` makes writing it twice the same as writing it once.

    ``attachments`` are (file name, media type, content); ``not_before`` holds it back until then.
    Sentences of ``subject`` and ``text`` are spoken in the language in force when it is written.
    """

    to: str
    subject: Message | str
    text: Message | str
    key: str
    html: str | None = None
    attachments: Sequence[tuple[str, str, bytes]] = ()
    reply_to: str | None = None
    not_before: datetime | None = None


def send_mail(tx: UnitOfWork, mail: Mail) -> str:
    """Write a mail into this commit for the worker to send; return its public id.

    A known ``key`` returns the id of the old one; without a mail server no mail is made, and an
    empty id comes back. Raise ValidationFailed for an address that is none (field ``to`` or
    ``reply_to``) and for attachments of more than 20 MB together.
    """
    if not tx.writing:
        raise Refused("change rows inside `with transaction()`")
    post = outgoing.get()
    if post is None:
        return ""
    row = _row(tx, mail, post)
    _require_small(mail.attachments)
    statement = dialect_of(tx.session).insert(mails).values(row).on_conflict_do_nothing()
    made = kernel_execute(tx.session, statement.returning(mails.c.id)).scalar_one_or_none()
    if made is None:
        known = select(mails.c.public_id).where(mails.c.key == mail.key)
        return str(kernel_execute(tx.session, known).scalar_one())
    for position, (name, kind, content) in enumerate(mail.attachments):
        kept = post.store.put(io.BytesIO(content), limit=MOST_BYTES)
        values = {
            "mail_id": made,
            "position": position,
            "file_id": note_content(tx, kept),
            "name": clean_name(name),
            "media_type": kind[:120],
        }
        kernel_execute(tx.session, insert(attached).values(values))
    tx.letters.append(made)
    return str(row["public_id"])


def _row(tx: UnitOfWork, mail: Mail, post: Outgoing) -> dict[str, Any]:
    sender = read_address(post.sender)
    public_id = new_public_id()
    return {
        "public_id": public_id,
        "key": mail.key,
        "message_id": f"<{public_id}.{secrets.token_hex(8)}@{sender.domain}>",
        "sender": post.sender,
        "recipient": _address("to", mail.to),
        "reply_to": _address("reply_to", mail.reply_to) if mail.reply_to else None,
        "subject": one_line(translate(mail.subject)),
        "text": translate(mail.text),
        "html": mail.html,
        "state": "waiting",
        "attempts": 0,
        "created_at": tx.now,
        "due_at": max(tx.now, mail.not_before or tx.now),
    }


def _address(field: str, text: str) -> str:
    try:
        return str(read_address(text))
    except ValueError:
        raise ValidationFailed(
            {field: message("Write an e-mail address, as in name@example.org.")}
        ) from None


def _require_small(files: Sequence[tuple[str, str, bytes]]) -> None:
    if sum(len(content) for _name, _kind, content in files) > MOST_BYTES:
        raise ValidationFailed(
            {"attachments": message("The attachments are too large together: 20 MB at most.")}
        )


def withdraw(tx: UnitOfWork, keys: Sequence[str]) -> None:
    """Take back mails that nobody has tried to send yet; the others are on their way."""
    if keys:
        unsent = (mails.c.key.in_(list(keys)), mails.c.state == "waiting")
        kernel_execute(tx.session, delete(mails).where(*unsent))


def due(tx: UnitOfWork, now: datetime, number: int) -> Sequence[int]:
    """Return the next mails to be sent, those that wait longest first."""
    wanted = (
        select(mails.c.id)
        .where(mails.c.state.in_(UNSENT), mails.c.due_at <= now)
        .order_by(mails.c.due_at, mails.c.id)
    )
    found: Sequence[int] = kernel_execute(tx.session, wanted.limit(number)).scalars().all()
    return found


def claim(tx: UnitOfWork, mail_id: int, now: datetime) -> Any | None:
    """Take a mail for this worker alone until the lease ends; None when it is not to be sent."""
    mine = (mails.c.id == mail_id, mails.c.state.in_(UNSENT), mails.c.due_at <= now)
    over = {"state": "dead", "error": INTERRUPTED}
    given_up = update(mails).where(*mine, mails.c.attempts >= MOST_ATTEMPTS).values(over)
    kernel_execute(tx.session, given_up)
    taken = {"state": "sending", "attempts": mails.c.attempts + 1, "due_at": now + LEASE}
    claimed = update(mails).where(*mine).values(taken).returning(*mails.c)
    return kernel_execute(tx.session, claimed).one_or_none()


def files_of(tx: UnitOfWork, mail_id: int) -> list[Any]:
    """Return name, media type and SHA-256 of a mail's attachments, in their order."""
    from portal.files.models import StoredFile

    stored = StoredFile.__table__
    wanted = (
        select(attached.c.name, attached.c.media_type, stored.c.sha256)
        .join_from(attached, stored, attached.c.file_id == stored.c.id)
        .where(attached.c.mail_id == mail_id)
        .order_by(attached.c.position)
    )
    return list(kernel_execute(tx.session, wanted).all())


def arrived(tx: UnitOfWork, mail: Any) -> None:
    """Note that the server has taken a mail over."""
    values = {"state": "sent", "sent_at": tx.now, "error": None}
    kernel_execute(tx.session, update(mails).where(*_of_attempt(mail)).values(values))


def put_off(
    tx: UnitOfWork,
    mail: Any,
    reason: str,
    *,
    now: datetime | None = None,
    for_good: bool = False,
    away: bool = False,
) -> None:
    """Try a mail again later, or give it up after too many attempts, or at once ``for_good``.

    A server that is ``away`` is no fault of the mail's: no attempt is counted, for three days.
    """
    dead = for_good or mail.attempts >= MOST_ATTEMPTS
    pause = pause_after(mail.attempts)
    if away:
        dead, pause = mail.created_at < tx.now - LONGEST_AWAY, PAUSE_AWAY
    values = {
        "state": "dead" if dead else "failed",
        "attempts": mail.attempts - (1 if away and not dead else 0),
        "due_at": (now or tx.now) + pause,
        "error": one_line(reason)[:500],
    }
    kernel_execute(tx.session, update(mails).where(*_of_attempt(mail)).values(values))


def _of_attempt(mail: Any) -> tuple[Any, ...]:
    """Only what this worker took: another may have taken the mail since."""
    return (
        mails.c.id == mail.id,
        mails.c.state == "sending",
        mails.c.attempts == mail.attempts,
    )


def given_up(tx: UnitOfWork, number: int = 50) -> list[Any]:
    """Return the mails that are not tried any more, the newest first."""
    columns = (mails.c.public_id, mails.c.recipient, mails.c.attempts, mails.c.error)
    dead = select(*columns, mails.c.created_at).where(mails.c.state == "dead")
    newest = dead.order_by(mails.c.due_at.desc(), mails.c.id.desc()).limit(number)
    return list(kernel_execute(tx.session, newest).all())


def any_given_up(tx: UnitOfWork) -> bool:
    """Return whether a mail is not tried any more."""
    dead = select(mails.c.id).where(mails.c.state == "dead")
    return bool(kernel_execute(tx.session, select(exists(dead))).scalar_one())


def counts(tx: UnitOfWork) -> list[tuple[str, int]]:
    """Return how many mails stand in each state, for the metrics."""
    grouped = select(mails.c.state, func.count()).group_by(mails.c.state)
    return [(state, number) for state, number in kernel_execute(tx.session, grouped).all()]


def try_again(tx: UnitOfWork, public_id: str) -> None:
    """Put a mail that was given up back in line, or raise NotFound or Conflict."""
    again = {"state": "waiting", "attempts": 0, "due_at": tx.now, "error": None}
    wanted = (mails.c.public_id == public_id, mails.c.state == "dead")
    renewed = update(mails).where(*wanted).values(again).returning(mails.c.id)
    found = kernel_execute(tx.session, renewed).scalar_one_or_none()
    if found is None:
        _require_known(tx, public_id)
        raise Conflict(message("This mail was not given up, so it cannot be tried again."))
    tx.letters.append(found)
    tx.audit("core.mail_retried", None, mail=public_id)


def drop(tx: UnitOfWork, public_id: str) -> None:
    """Remove a mail that was given up, or raise NotFound or Conflict."""
    wanted = (mails.c.public_id == public_id, mails.c.state == "dead")
    gone = delete(mails).where(*wanted).returning(mails.c.recipient)
    recipient = kernel_execute(tx.session, gone).scalar_one_or_none()
    if recipient is None:
        _require_known(tx, public_id)
        raise Conflict(message("This mail was not given up, so it cannot be dropped."))
    tx.audit("core.mail_dropped", None, mail=public_id, to=recipient)


def _require_known(tx: UnitOfWork, public_id: str) -> None:
    known = select(exists(select(mails.c.id).where(mails.c.public_id == public_id)))
    if not kernel_execute(tx.session, known).scalar_one():
        raise NotFound


def tidy(tx: UnitOfWork, now: datetime) -> None:
    """Forget mails that were sent or given up 30 days ago; their attachments go with the files."""
    over = (mails.c.state.in_(("sent", "dead")), mails.c.created_at < now - KEPT)
    kernel_execute(tx.session, delete(mails).where(*over))
