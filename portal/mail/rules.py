"""What a mail looks like on the wire, and how long a failed one waits. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

from .outgoing import read_address

MOST_ATTEMPTS = 12  # over about 22 hours
LONGEST_PAUSE = timedelta(hours=4)
LONGEST_AWAY, PAUSE_AWAY = timedelta(days=3), timedelta(minutes=2)  # of the mail server
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_GAPS = re.compile(r"[\x00-\x20\x7f\x85\u2028\u2029]+")


class Written(Protocol):
    """A mail as its row has it."""

    message_id: str
    sender: str
    recipient: str
    reply_to: str | None
    subject: str
    text: str
    html: str | None
    created_at: datetime


def one_line(text: str) -> str:
    """Return text for a header: line breaks and control characters become single spaces."""
    return _GAPS.sub(" ", text).strip()


def media_type(text: str) -> tuple[str, str]:
    """Return the two parts of a media type; what is none is bytes of an unknown kind."""
    found = _MEDIA_TYPE.fullmatch(text.partition(";")[0].strip().lower())
    kind, _, sub = found[0].partition("/") if found else ("application", "/", "octet-stream")
    return ("application", "octet-stream") if kind in ("multipart", "message") else (kind, sub)


def pause_after(attempts: int) -> timedelta:
    """Return how long a mail waits after so many failed attempts: 1, 2, 4, ... minutes."""
    return min(timedelta(minutes=2 ** min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)


def compose(mail: Written, files: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Return a mail as RFC 5322 has it, the same bytes every time it is asked for.

    ``files`` are (name, media type, content).
    """
    built = EmailMessage(policy=SMTP)
    built["Date"] = format_datetime(mail.created_at)
    built["Message-ID"] = mail.message_id
    built["From"] = read_address(mail.sender)
    built["To"] = read_address(mail.recipient)
    if mail.reply_to:
        built["Reply-To"] = read_address(mail.reply_to)
    built["Subject"] = one_line(mail.subject)
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(mail.text, cte="quoted-printable")
    if mail.html:
        built.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for name, kind, content in files:
        main, sub = media_type(kind)
        built.add_attachment(content, maintype=main, subtype=sub, filename=one_line(name))
    # A boundary that was drawn by lot would make every attempt a different mail.
    stem = mail.message_id.strip("<>").partition("@")[0]
    for number, part in enumerate(built.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{stem}_{number}")
    return built.as_bytes()
