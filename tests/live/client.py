"""A browser without a screen: cookies, forms, and no library between it and the wire."""

from __future__ import annotations

import http.client
import re
import secrets
import time
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

KEPT = 1.0  # seconds: the server lets go of an idle connection after two
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms; the last form wins."""
        return {name: unescape(value) for name, value in HIDDEN.findall(self.text)}


class Client:
    """One person's browser; its connection is opened again when the server closed it."""

    def __init__(self, port: int, *, timeout: float = 30) -> None:
        self.port, self.timeout = port, timeout
        self.cookies: dict[str, str] = {}
        self.csrf_token = ""
        self._used = 0.0
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        body: bytes | str | None = None,
        kind: str = "application/x-www-form-urlencoded",
    ) -> Answer:
        """Send one request; raise OSError or HTTPException when the wire breaks."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = urlencode(fields) if fields is not None else body
        if body is not None:
            headers["Content-Type"] = kind
        if time.monotonic() - self._used > KEPT:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=self.timeout
            )
        try:
            self._connection.request(method, path, body, headers)
            got = self._connection.getresponse()
            content = got.read()
            self._used = time.monotonic()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise
        for line in got.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return Answer(got.status, got.headers, content)

    def close(self) -> None:
        """Let go of the connection; the cookies stay."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, fields: dict[str, str], *, key: str | None = None) -> Answer:
        """Send a form with the CSRF token and an idempotency key (a new one unless given)."""
        hidden = {"csrf_token": self.csrf_token, "_key": key or secrets.token_urlsafe(12)}
        return self.request("POST", path, hidden | fields)

    def send_file(self, path: str, name: str, content: bytes, *, field: str = "file") -> Answer:
        """Send a file as a browser does."""
        edge = secrets.token_hex(16)
        hidden = {"csrf_token": self.csrf_token, "_key": secrets.token_urlsafe(12)}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in hidden.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        before = ("".join(parts) + head + "Content-Type: text/csv\r\n\r\n").encode()
        body = before + content + f"\r\n--{edge}--\r\n".encode()
        return self.request("POST", path, body=body, kind=f"multipart/form-data; boundary={edge}")

    def sign_in(self, username: str, password: str) -> Answer:
        """Sign in through the page, as a person does, and fetch a CSRF token to go on with."""
        token = self.get("/sign-in").hidden["csrf_token"]
        answer = self.request(
            "POST", "/sign-in", {"csrf_token": token, "username": username, "password": password}
        )
        if answer.status == 303:
            page = self.get(urlsplit(answer.headers["Location"]).path)
            self.csrf_token = page.hidden["csrf_token"]
        return answer
