"""A mail server for tests: real SMTP on a port of this machine, which keeps what it takes."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pydantic import SecretStr

from .gate import Portal
from .mail.outgoing import outgoing_of


@dataclass
class Taken:
    """One mail as the server got it: from whom, to whom, and every byte."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read by the standard library."""
        read = message_from_bytes(self.content, policy=default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def body(self) -> str:
        """The plain text."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """What a test asks the server and tells it; ``url`` is for the configuration `mail_url`.

    ``refusals`` maps an address, or ``*``, to what the server answers to it, such as ``550 no such
    user``; ``after_data`` is called with each mail that was taken, and may return another answer.
    """

    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    after_data: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if answer := self.refusals.get(address) or self.refusals.get("*"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := self.refusals.get("DATA"):
            return answer
        with self._lock:
            mail = Taken(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content))
            self.taken.append(mail)
        answer = self.after_data(mail) if self.after_data is not None else None
        return answer or "250 taken"


@pytest.fixture
def portal_mail(portal_app: Portal) -> Iterator[MailServer]:
    """Return a mail server that takes what the portal sends; without it no mail is made."""
    with mail_server() as server, sending_to(portal_app, server):
        yield server


@contextmanager
def sending_to(app: Portal, server: MailServer) -> Iterator[None]:
    """Let a portal send its mail there, as ``Kantor <kantor@sinar.example>``."""
    asked = {"mail_url": SecretStr(server.url), "mail_from": "Kantor <kantor@sinar.example>"}
    config = app.extensions["kantor_config"].model_copy(update=asked)
    before = app.extensions["kantor_outgoing"]
    app.extensions["kantor_outgoing"] = outgoing_of(config, app.extensions["kantor_files"])
    try:
        yield
    finally:
        app.extensions["kantor_outgoing"] = before


@contextmanager
def mail_server(
    *, certificate: tuple[str, str] | None = None, login: tuple[str, str] | None = None
) -> Iterator[MailServer]:
    """Yield a running server; with a ``certificate`` (its file, the key's) it demands STARTTLS,
    with a ``login`` it demands that name and password.
    """
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult, LoginPassword

    def check(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> Any:
        given = (
            (data.login.decode(), data.password.decode())
            if isinstance(data, LoginPassword)
            else None
        )
        return AuthResult(success=given == login, handled=False)

    more: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        more |= {"tls_context": context, "require_starttls": True}
    if login is not None:
        more |= {"authenticator": check, "auth_required": True}
        more |= {"auth_require_tls": certificate is not None}
    server = MailServer()
    running = Controller(server, hostname="127.0.0.1", port=_free_port(), **more)
    running.start()
    server.url = f"smtp://127.0.0.1:{running.port}?tls={'starttls' if certificate else 'none'}"
    try:
        yield server
    finally:
        running.stop()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
