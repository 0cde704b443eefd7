"""Where mail goes out, as the administrator decided; nothing is sent where nothing is set."""

from __future__ import annotations

import re
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from smtplib import SMTP, SMTP_SSL
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PATIENCE = 20.0  # seconds in which the mail server answers
# Letters that RFC 5321 allows without quotes: nothing else reaches a header or the server.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_ADDRESS = re.compile(rf"({_LOCAL})@([^@\s<>,;:\"()\[\]\\]+)")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}")
MODES = ("starttls", "none")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """The mail server and the address that mail comes from."""

    host: str
    port: int
    mode: str  # smtps, starttls or none
    user: str
    password: str
    sender: str
    base_url: str  # of the portal, for links
    store: Any = None  # where attachments lie

    def connect(self) -> SMTP:
        """Return a signed-in connection, or raise OSError or SMTPException."""
        if self.mode == "smtps":
            trusted = ssl.create_default_context()
            server: SMTP = SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=trusted)
        else:
            server = SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.mode == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


# Set whenever a context of the app is opened: what has no transaction at hand may ask, too.
outgoing: ContextVar[Outgoing | None] = ContextVar("kantor_outgoing", default=None)


def mail_ready() -> bool:
    """Return whether a mail server is set up; without one `send_mail` makes no mail."""
    return outgoing.get() is not None


def read_address(text: str) -> Address:
    """Return an address such as ``sari@example.org`` or ``Sari <sari@example.org>``; raise
    ValueError for anything that is none, and for two at once.
    """
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise ValueError("control characters")
    name, plain = parseaddr(text.strip())
    found = _ADDRESS.fullmatch(plain)
    if found is None or len(plain) > 254 or len(found[1]) > 64:
        raise ValueError("not one e-mail address")
    if not name and plain != text.strip().strip("<>"):
        raise ValueError("more than one e-mail address")
    domain = found[2]
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError("not a domain")
    return Address(display_name=" ".join(name.split()), username=found[1], domain=domain)


def read_url(url: str) -> dict[str, Any]:
    """Return host, port, mode, user and password of a mail URL; raise ValueError with what is
    wrong: ``smtp://user:password@host:587?tls=starttls`` or ``smtps://user:password@host``.

    Without ``tls`` the connection to another machine is made safe by STARTTLS, to this one not.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be like smtp://user:password@host:587?tls=starttls or smtps://host")
    asked = parse_qs(parts.query)
    if set(asked) - {"tls"}:
        raise ValueError("knows one option: tls=starttls or tls=none")
    usual = "none" if _is_here(parts.hostname) else "starttls"
    mode = "smtps" if parts.scheme == "smtps" else asked.get("tls", [usual])[-1]
    if mode != "smtps" and mode not in MODES:
        raise ValueError("tls must be starttls or none")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and mode == "none" and not _is_here(parts.hostname):
        raise ValueError("sends no password to another machine without tls=starttls or smtps")
    port = parts.port or (465 if mode == "smtps" else 587 if mode == "starttls" else 25)
    return {
        "host": parts.hostname,
        "port": port,
        "mode": mode,
        "user": user,
        "password": password,
    }


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def outgoing_of(config: Any, store: Any) -> Outgoing | None:
    """Return where mail goes out by the portal's configuration, or None."""
    url = config.mail_url.get_secret_value()
    if not url:
        return None
    return Outgoing(**read_url(url), sender=config.mail_from, base_url=config.base_url, store=store)
