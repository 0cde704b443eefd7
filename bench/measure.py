"""The ways of measuring: two things by turns, so that a noisy machine disturbs both alike."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from bench.client import Load, Site, Wire
from bench.stand import Server

Requests = Iterator[bytes]


@dataclass(frozen=True)
class Work:
    """Requests for one server and the status that every answer must have."""

    server: Server
    requests: Requests
    expected: bytes = b"200"


@dataclass
class Compared:
    """How one work compares with another, once for each round; 1 is as fast."""

    rates: list[float] = field(default_factory=list)  # by requests a second
    efforts: list[float] = field(default_factory=list)  # by the worker's processor time

    def __str__(self) -> str:
        low, high = quantile(self.rates, 0.25), quantile(self.rates, 0.75)
        effort = statistics.median(self.efforts)
        return f"{statistics.median(self.rates):.2f} [{low:.2f}, {high:.2f}] cpu {effort:.2f}"


def against(mine: Work, theirs: Work, *, rounds: int, seconds: float, connections: int) -> Compared:
    """Return how ``mine`` compares with ``theirs``; the first round only warms up."""
    found = Compared()
    for turn in range(rounds + 1):
        pair = (mine, theirs) if turn % 2 else (theirs, mine)
        measured = {work: _slice(work, seconds, connections) for work in pair}
        if turn:
            (rate, effort), (other_rate, other_effort) = measured[mine], measured[theirs]
            found.rates.append(rate / other_rate)
            found.efforts.append(other_effort / effort)
    return found


def _slice(work: Work, seconds: float, connections: int) -> tuple[float, float]:
    """Return the answers a second and the processor seconds of one."""
    load, before = Load(work.server.port, connections), work.server.cpu()
    rate = load.run(work.requests, seconds, work.expected)
    return rate, (work.server.cpu() - before) / len(load.times)


def latencies(
    site: Site, paths: Iterable[str], *, rounds: int, each: int
) -> dict[str, list[float]]:
    """Return the milliseconds that each page took, asked by turns over one connection."""
    wire = Wire(site.port)
    requests = {path: site.request("GET", path) for path in paths}
    took: dict[str, list[float]] = {path: [] for path in requests}
    for turn in range((rounds + 1) * each):
        for path, request in requests.items():
            begun = time.perf_counter()
            wire.send(request)
            if turn >= each:
                took[path].append((time.perf_counter() - begun) * 1000)
    wire.socket.close()
    return took


def by_turns(sites: tuple[Site, Site], path: str, *, rounds: int, each: int) -> float:
    """Return by how much a page takes longer at the first site than at the second."""
    wires = [(Wire(site.port), site.request("GET", path)) for site in sites]
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range((rounds + 1) * each):
        for (wire, request), times in zip(wires, took, strict=True):
            begun = time.perf_counter()
            wire.send(request)
            if turn >= each:
                times.append(time.perf_counter() - begun)
    return statistics.median(took[0]) / statistics.median(took[1])


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
