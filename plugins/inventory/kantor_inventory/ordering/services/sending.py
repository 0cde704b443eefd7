"""Sending an order to the supplier, once for each time somebody means it; what they confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import (
    Conflict,
    Mail,
    Message,
    Person,
    UnitOfWork,
    ValidationFailed,
    mail_ready,
    message,
    send_mail,
    translate,
    visible,
)

from ...models import CHANNELS
from ...rules import Day
from ..models import LANGUAGES, Confirmation, PurchaseOrder, Sending
from ..states import step
from . import placing

ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]+")
VIEW = "inventory.order.view"
NO_PDF = message(
    "This portal cannot make PDF files yet, so nothing can be mailed. Print the order and send it"
    " yourself, then note it here."
)


class AlreadySent(Conflict):
    """Somebody sent it meanwhile."""


CHANGED = message("The order was changed meanwhile. Look at it and send it anew.")


@dataclass(frozen=True, kw_only=True)
class Send:
    """An order on its way: ``amendment`` and ``attempt`` as the form was made for.

    By mail, ``file`` is the PDF and its name; without one, somebody else sent it and this is only
    noted.
    """

    order: str
    amendment: int
    attempt: int
    channel: str
    recipient: str = ""
    confirmation: str = ""
    subject: str = ""
    text: str = ""
    language: str = ""
    file: tuple[str, bytes] | None = None


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """What the supplier said of an order."""

    order: str
    version: int
    confirmed_on: date
    number: str = ""
    promised_on: date | None = None
    note: str = ""


def can_mail() -> bool:
    """Return whether the portal itself can send mail."""
    return mail_ready()


def sendings_of(tx: UnitOfWork, order: PurchaseOrder) -> list[Sending]:
    """Return how an order went out, newest first."""
    mine = visible(select(Sending), VIEW, tx.actor).where(Sending.order_id == order.id)
    mine = mine.options(joinedload(Sending.sent_by)).order_by(Sending.id.desc())
    return list(tx.session.scalars(mine.limit(100)))


def next_attempt(sent: list[Sending], amendment: int) -> int:
    """Return which time it would be that this amendment is sent."""
    return 1 + max((row.attempt for row in sent if row.amendment == amendment), default=0)


def wording(order: PurchaseOrder, language: str, sender: str) -> tuple[str, str]:
    """Return subject and text of the mail with an order, in a language."""
    snapshot = order.snapshot or {}
    gaps = {
        "number": order.number or "",
        "n": order.amended,
        "organisation": snapshot.get("organisation", ""),
        "sender": sender,
        "day": Day(order.expected_on) if order.expected_on else "",
    }
    subject = message("Purchase order {number}, {organisation}", **gaps)
    said = [message("attached is our purchase order {number}.", **gaps)]
    if order.amended:
        subject = message("Amendment {n} to purchase order {number}, {organisation}", **gaps)
        said = [
            message(
                "attached is amendment {n} to our purchase order {number}. It replaces what we"
                " ordered before; what is other is listed in it.",
                **gaps,
            )
        ]
    if order.expected_on:
        said.append(message("We expect the delivery by {day}.", **gaps))
    said.append(message("Please confirm the order and the day of delivery.", **gaps))
    spoken = " ".join(translate(sentence, language) for sentence in said)
    opening = translate(message("Good day,"), language)
    ending = translate(message("Kind regards"), language)
    text = f"{opening}\n\n{spoken}\n\n{ending}\n{sender}\n{gaps['organisation']}\n"
    return translate(subject, language), text


def send(tx: UnitOfWork, command: Send) -> Sending:
    """Send an order, or note how it was sent; raise AlreadySent for a second click."""
    _check(command)
    order = placing.hold(tx, command.order, "placed", "send")
    step(order.status, "send", placing.facts(placing.lines_of(tx, order)))
    sent = sendings_of(tx, order)
    mine = [row for row in sent if row.amendment == order.amended]
    again = command.attempt != next_attempt(mine, order.amended)
    if command.amendment != order.amended or (again and not mine):
        raise AlreadySent(CHANGED)
    if again:
        raise _already(tx, mine[0])
    made = placing.went_out(
        tx,
        order,
        Sending(
            order_id=order.id,
            amendment=command.amendment,
            attempt=command.attempt,
            channel=command.channel,
            recipient=command.recipient.strip(),
            confirmation=command.confirmation.strip(),
            # The words are those of a mail that goes out from here.
            subject=command.subject.strip() if command.file is not None else "",
            text=command.text.strip() if command.file is not None else "",
            language=command.language,
        ),
    )
    if command.language:
        order.language = command.language
    if command.file is not None:
        made.letter = _mailed(tx, order, made, command.file)
    return made


def _mailed(tx: UnitOfWork, order: PurchaseOrder, sending: Sending, file: tuple[str, bytes]) -> str:
    """Hand the mail to the worker, in this commit: one for an attempt, whoever presses twice."""
    name, content = file
    return send_mail(
        tx,
        Mail(
            to=sending.recipient,
            subject=sending.subject,
            text=sending.text,
            attachments=((name, "application/pdf", content),),
            key=f"inventory.order:{order.public_id}:{sending.amendment}:{sending.attempt}",
            reply_to=sender_of(tx)[1] or None,
        ),
    )


def _already(tx: UnitOfWork, last: Sending) -> AlreadySent:
    at = last.sent_at.astimezone(tx.zone)
    return AlreadySent(
        message(
            "{person} sent this order already, on {day} at {time}. Send it again only if it is"
            " meant to go out twice.",
            person=last.sent_by.name if last.sent_by is not None else "Kantor",
            day=Day(at.date()),
            time=f"{at:%H:%M}",
        )
    )


def _check(command: Send) -> None:
    problems: dict[str, Message | str] = {}
    if command.channel not in CHANNELS:
        problems["channel"] = message("Choose how the order goes out.")
    if command.language and command.language not in LANGUAGES:
        problems["language"] = message("Choose a language.")
    if command.file is not None:
        if not ADDRESS.fullmatch(command.recipient.strip()):
            problems["recipient"] = message("Enter one e-mail address, like name@example.org.")
        if not command.subject.strip():
            problems["subject"] = message("Write a subject.")
        if not command.text.strip():
            problems["text"] = message("Write a few words to go with the order.")
    if problems:
        raise ValidationFailed(problems)


def confirm(tx: UnitOfWork, command: Confirm) -> Confirmation:
    """Keep what the supplier confirmed; the promised day becomes the expected one."""
    promised = command.promised_on
    problems: dict[str, Message | str] = {}
    if command.confirmed_on > tx.today:
        problems["confirmed_on"] = message("This day has not come yet.")
    if promised and not tx.today <= promised <= tx.today + timedelta(days=placing.LATEST):
        problems["promised_on"] = message("Choose a day within the coming year.")
    if problems:
        raise ValidationFailed(problems)
    order = placing.hold(tx, command.order, "placed", "confirm")
    lines = placing.lines_of(tx, order)
    step(order.status, "confirm", placing.facts(lines))
    tx.expect_version(order, command.version, status=order.status)
    if promised is not None:
        order.expected_on = promised
        for line in lines:
            if line.state == "open":
                line.expected_on = promised
    order.confirmed_on = command.confirmed_on
    made = Confirmation(
        order_id=order.id,
        amendment=order.amended,
        confirmed_on=command.confirmed_on,
        number=command.number.strip(),
        promised_on=promised,
        note=command.note.strip(),
        noted_by_id=tx.actor.person_id,
        noted_at=tx.now,
    )
    tx.session.add(made)
    tx.audit("inventory.order_confirmed", order, number=order.number, theirs=made.number)
    return made


def confirmations_of(tx: UnitOfWork, order: PurchaseOrder) -> list[Confirmation]:
    """Return what the supplier confirmed of an order, newest first."""
    mine = visible(select(Confirmation), VIEW, tx.actor).where(Confirmation.order_id == order.id)
    mine = mine.options(joinedload(Confirmation.noted_by)).order_by(Confirmation.id.desc())
    return list(tx.session.scalars(mine.limit(100)))


def sender_of(tx: UnitOfWork) -> tuple[str, str]:
    """Return name and e-mail address of whoever acts."""
    person = tx.session.get(Person, tx.actor.person_id) if tx.actor.person_id else None
    return (person.name, person.email or "") if person is not None else (tx.actor.name, "")
