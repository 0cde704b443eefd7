"""Looking at a view for whom it is sent to, and writing the mail: one job for each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import current_app
from markupsafe import escape

from portal.db import looking, new_session
from portal.errors import BadRequest, NotFound, ValidationFailed
from portal.mail.outgoing import outgoing
from portal.mail.services import Mail, send_mail
from portal.messages import Message, current_language, message
from portal.ui import formats
from portal.ui.export import FORMATS
from portal.work import UnitOfWork

from . import mailing
from .showing import Glance, file_of, glance, question_of

if TYPE_CHECKING:
    from portal.jobs.running import Running

REASON = "a view is sent by mail"
FIRST_ROWS = 20
LARGEST = 10 * 1024 * 1024
LOST = message("You may no longer see it.")
NO_ADDRESS = message("Your e-mail address cannot be written to.")
TOO_LARGE = message("It has too many rows for a file. Open it in Kantor and export it in parts.")
PARTLY = message("Part of this view is not there any more, so it may show more than it did.")


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen of a view, and the file; empty if it is too large."""

    glance: Glance
    content: bytes


def send_view(work: Running) -> None:
    """Send what ``work.args`` names, or pause it and say why; done in the commit of the mail."""
    with looking(reason=REASON, realm="core") as tx:
        row = mailing.facts_of(tx, work.args["mail"])
    found = None if row is None else _looked_at(row)
    with work.of_plugin("core") as tx:
        if row is None:
            work.finish(tx)
            return
        if isinstance(found, Looked):
            why = _send(tx, row, found, work.args["due"])
        else:
            why = LOST
        if why is not None:
            mailing.pause(tx, row, why)
        mailing.note_sent(tx, row)
        work.finish(tx, {"paused": why is not None})


def _looked_at(row: Any) -> Looked | None:
    """Return what the owner sees of the view now; None if they may not see it any more."""
    before = current_language.set(row.language)
    try:
        with new_session() as session:
            visitors = current_app.extensions["kantor_visitors"]
            principal = visitors.of_person(session, row.owner_id)
            if principal is None:
                return None
            session.act_as(principal)
            tx = UnitOfWork(session, principal, False)
            question = question_of(tx, row.list, row.view)
            seen = glance(tx, question, FIRST_ROWS)
            content = file_of(tx, question, row.format)
            session.rollback()
            return Looked(glance=seen, content=content if len(content) <= LARGEST else b"")
    except (NotFound, BadRequest):
        return None
    finally:
        current_language.reset(before)


def _send(tx: UnitOfWork, row: Any, found: Looked, due: str) -> Message | None:
    """Write the mail, or none if nobody wants one without rows; return why it cannot be sent."""
    if row.only_some and not found.glance.count.number:
        return None
    if not row.email:
        return NO_ADDRESS
    before = current_language.set(row.language)
    try:
        send_mail(tx, _letter(tx, row, found, due))
    except ValidationFailed:
        return NO_ADDRESS
    finally:
        current_language.reset(before)
    return None


def _letter(tx: UnitOfWork, row: Any, found: Looked, due: str) -> Mail:
    seen, post = found.glance, outgoing.get()
    base = post.base_url.rstrip("/") if post is not None else ""
    number = formats.count(seen.count.number, row.language, exact_until=seen.count.exact_until)
    address = f"{base}{_path(row)}"
    said: list[Message | str] = [_opening(seen, number)]
    if seen.partly:
        said.append(PARTLY)
    if not found.content:
        said.append(TOO_LARGE)
    said.append(message("Open it in Kantor: {address}", address=address))
    foot = message(
        "You say here which views are sent to you: {address}", address=f"{base}/lists/mails"
    )
    name = f"{row.list.replace('.', '-')}-{due[:10]}.{row.format}"
    files = ((name, FORMATS[row.format], found.content),) if found.content else ()
    return Mail(
        to=row.email,
        subject=message("{view}, rows: {count}", view=row.name, count=number),
        text="\n\n".join([*map(str, said), *([_as_text(seen)] if seen.rows else []), str(foot)])
        + "\n",
        html=_as_html([*said], seen, foot),
        key=f"{mailing.SEND} {row.public_id} {due}",
        attachments=files,
    )


def _path(row: Any) -> str:
    """Return where the list is, with the view; the first page if it has moved."""
    rules = current_app.url_map.iter_rules(row.endpoint) if row.endpoint else ()
    try:
        rule = next(iter(rules), None)
    except KeyError:
        rule = None
    return f"{rule.rule}?view={row.view}" if rule is not None else "/"


def _opening(seen: Glance, number: str) -> Message:
    if not seen.rows:
        return message("{view} has no rows now.", view=seen.name)
    if seen.count.number > len(seen.rows):
        text = message("{view}, rows: {count}. The first of them:")
    else:
        text = message("{view}, rows: {count}")
    return Message(text.msgid, {"view": seen.name, "count": number})


def _as_text(seen: Glance) -> str:
    return "\n".join(" | ".join(row) for row in (seen.heads, *seen.rows))


def _as_html(said: list[Message | str], seen: Glance, foot: Message) -> str:
    parts = [f"<p>{escape(str(one))}</p>" for one in said]
    if seen.rows:
        head = "".join(f'<th align="left">{escape(one)}</th>' for one in seen.heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in seen.rows
        )
        parts.append(f'<table border="1" cellpadding="5"><tr>{head}</tr>{body}</table>')
    return "".join([*parts, f"<p>{escape(str(foot))}</p>"])
