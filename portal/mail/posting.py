"""At the mail server: one mail after the other, each until it has arrived."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from smtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any

from portal.db import looking, unscoped
from portal.errors import NotFound

from . import services
from .outgoing import Outgoing, outgoing, read_address
from .rules import compose

log = logging.getLogger("kantor.mail")
BATCH = 50
GONE = (SMTPServerDisconnected, SMTPConnectError, SMTPAuthenticationError)


def post(now: datetime | None = None, stop: Any = lambda: False) -> int:
    """Send every mail that is due; return how many the server took.

    When the server is away the round ends: every mail keeps its turn.
    """
    server = outgoing.get()
    if server is None:
        return 0
    taken, connection = 0, _Connection(server)
    try:
        while not stop():
            moment = now or datetime.now(UTC)
            with looking(reason="look for mail", realm="core") as tx:
                found = services.due(tx, moment, BATCH)
            if not found:
                break
            for mail_id in found:
                if stop():
                    return taken
                taken += _send(connection, mail_id, moment)
    except ServerAway:
        pass
    finally:
        connection.close()
    return taken


class ServerAway(Exception):
    """Nothing can be sent for now, whatever the mail."""


class _Connection:
    """One connection for a round, made when it is needed."""

    def __init__(self, server: Outgoing) -> None:
        self.server = server
        self._open: SMTP | None = None

    def give(self) -> SMTP:
        if self._open is None:
            self._open = self.server.connect()
        return self._open

    def close(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            try:
                opened.quit()
            except (OSError, SMTPException):
                opened.close()


def _send(connection: _Connection, mail_id: int, now: datetime) -> bool:
    """Claim one mail, hand it over, note it; a crash between the last two sends it once more."""
    with unscoped(reason="take a mail", realm="core") as tx:
        mail = services.claim(tx, mail_id, now)
        files = services.files_of(tx, mail_id) if mail is not None else []
    if mail is None:
        return False
    try:
        content = compose(mail, [_opened(connection.server, file) for file in files])
        sender, recipient = read_address(mail.sender), read_address(mail.recipient)
        connection.give().sendmail(sender.addr_spec, [recipient.addr_spec], content)
    except (OSError, SMTPException, NotFound, ValueError) as error:
        _failed(connection, mail, error, now)
        return False
    with unscoped(reason="a mail was sent", realm="core") as tx:
        services.arrived(tx, mail)
    return True


def _opened(server: Outgoing, file: Any) -> tuple[str, str, bytes]:
    with server.store.open(file.sha256) as content:
        return file.name, file.media_type, content.read()


def _failed(connection: _Connection, mail: Any, error: Exception, now: datetime) -> None:
    log.warning("mail %s was not sent: %s", mail.public_id, reason_of(error))
    away = isinstance(error, GONE) or not isinstance(error, (SMTPException, NotFound, ValueError))
    with unscoped(reason="put a mail off", realm="core") as tx:
        told = {"for_good": _is_for_good(error), "away": away}
        services.put_off(tx, mail, reason_of(error), now=now, **told)
    if away:
        connection.close()
        raise ServerAway from error


def _is_for_good(error: Exception) -> bool:
    """Return whether the server will never take this mail: no such address, content refused."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, (SMTPDataError, NotFound)) and getattr(error, "smtp_code", 550) >= 500


def reason_of(error: Exception) -> str:
    """Return what went wrong as an administrator reads it."""
    if isinstance(error, SMTPRecipientsRefused):
        return "; ".join(_answer(code, text) for code, text in error.recipients.values())
    if isinstance(error, (SMTPSenderRefused, SMTPDataError, SMTPAuthenticationError)):
        return _answer(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
