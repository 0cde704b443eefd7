"""A browser that costs next to nothing: one kept connection, answers counted and thrown away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from threading import Thread
from urllib.parse import urlencode


@dataclass
class Site:
    """A running server and the cookie to use with it."""

    port: int
    cookie: str = ""

    def request(self, method: str, path: str, form: dict[str, str] | None = None) -> bytes:
        """Return the bytes of a request."""
        body = urlencode(form).encode() if form is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        if self.cookie:
            head += f"Cookie: {self.cookie}\r\n"
        if form is not None:
            head += "Content-Type: application/x-www-form-urlencoded\r\n"
            head += f"Origin: http://127.0.0.1:{self.port}\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        """Return status, text and headers of a page."""
        connection, answer = self.open(path)
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, text, dict(answer.getheaders())

    def open(self, path: str) -> tuple[HTTPConnection, HTTPResponse]:
        """Return an answer whose body has not been read yet."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        return connection, connection.getresponse()


class Wire:
    """One kept connection that sends ready bytes and checks the status of the answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes, expected: bytes = b"200") -> bytes:
        """Return the body; raise RuntimeError for another status."""
        self.socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        if head[9:12] != expected:
            raise RuntimeError(f"{head[:60]!r} to {request[:90]!r}")
        lowered = head.lower()
        if b"content-length:" in lowered:
            length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
            parts, missing = [body], length - len(body)
            while missing > 0:
                parts.append(self._more())
                missing -= len(parts[-1])
            body = b"".join(parts)
        if b"connection: close" in lowered:
            self.socket.close()
            self._connect()
        return body

    def _more(self) -> bytes:
        more = self.socket.recv(262_144)
        if not more:
            raise RuntimeError("the server hung up")
        return more


@dataclass
class Load:
    """Several connections at once, for a while."""

    port: int
    connections: int
    times: list[float] = field(default_factory=list)

    def run(self, requests: Iterator[bytes], seconds: float, expected: bytes = b"200") -> float:
        """Return the requests answered per second; ``times`` holds how long each took."""
        wires = [Wire(self.port) for _ in range(self.connections)]
        until = time.perf_counter() + seconds
        done: list[list[float]] = [[] for _ in wires]
        faults: list[Exception] = []

        def work(wire: Wire, took: list[float]) -> None:
            try:
                while (begun := time.perf_counter()) < until:
                    wire.send(next(requests), expected)
                    took.append(time.perf_counter() - begun)
            except (RuntimeError, OSError) as fault:
                faults.append(fault)

        threads = [Thread(target=work, args=pair) for pair in zip(wires, done, strict=True)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        passed = time.perf_counter() - started
        for wire in wires:
            wire.socket.close()
        if faults:
            raise faults[0]
        self.times = [took for taken in done for took in taken]
        return len(self.times) / passed
