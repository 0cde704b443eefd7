"""The ways of measuring: two things by turns, so that a noisy machine disturbs both alike."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread
from typing import Self

from bench.client import Load, Site, Wire
from bench.stand import Server

Requests = Iterator[bytes]


def against(
    one: tuple[int, Requests, bytes],
    other: tuple[int, Requests, bytes],
    *,
    rounds: int,
    seconds: float,
    connections: int,
) -> list[float]:
    """Return how ``one`` compares with ``other`` in requests per second, once for each round."""
    ratios = []
    for turn in range(rounds + 1):
        rates = []
        for port, requests, expected in (one, other) if turn % 2 else (other, one):
            rates.append(Load(port, connections).run(requests, seconds, expected))
        if turn:  # The first round only warms up.
            mine, theirs = rates if turn % 2 else rates[::-1]
            ratios.append(mine / theirs)
    return ratios


def latencies(
    site: Site, paths: Iterable[str], *, rounds: int, each: int
) -> dict[str, list[float]]:
    """Return the milliseconds that each page took, asked by turns over one connection."""
    wire = Wire(site.port)
    requests = {path: site.request("GET", path) for path in paths}
    took: dict[str, list[float]] = {path: [] for path in requests}
    for turn in range(rounds + 1):
        for path, request in requests.items():
            for _ in range(each):
                begun = time.perf_counter()
                wire.send(request)
                if turn:
                    took[path].append((time.perf_counter() - begun) * 1000)
    wire.socket.close()
    return took


def slower(took: dict[str, list[float]], path: str, first: str) -> float:
    """Return by how much the middle answer of ``path`` takes longer than that of ``first``."""
    return statistics.median(took[path]) / statistics.median(took[first])


def quantile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def forever(request: bytes) -> Requests:
    """Return the same request again and again."""
    return itertools.repeat(request)


def made(make: Callable[[], bytes]) -> Requests:
    """Return a new request every time; several threads may ask."""
    return iter(make, b"")


class Memory:
    """Watches how far a server's memory grows."""

    def __init__(self, server: Server) -> None:
        self.server, self.before, self.most = server, server.memory(), 0.0
        self._over = Event()
        self._thread = Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self.server.memory())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth(self) -> float:
        """How many MB more the server held at its most than at the beginning."""
        return max(0.0, self.most - self.before)


def download(site: Site, path: str) -> tuple[float, float, int]:
    """Return the seconds until the first byte and until the last, and how many bytes came."""
    begun = time.perf_counter()
    connection, answer = site.open(path)
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} to {path}")
    size = len(answer.read(1))
    first = time.perf_counter() - begun
    while part := answer.read(262_144):
        size += len(part)
    connection.close()
    return first, time.perf_counter() - begun, size
