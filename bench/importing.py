"""A stock list of ten thousand rows as a worker imports it: new, then updated, then taken back."""

from __future__ import annotations

import html
import io
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlencode

from sqlalchemy import create_engine, make_url, select

from bench.client import Load
from bench.loading import PLACES
from bench.measure import Requests, quantile
from bench.stand import CHECKOUT, FOLDER, KEEPER, Server, environment, portal
from portal.imports.models import ImportRun
from portal.jobs.models import Job
from portal.testing import sign_in

ROWS = 10_000
START = "/inventory/import/items"
LONGEST = 300.0
HEAD = "Code,Name,Unit,On hand,Place,Price for one,Minimum"


def stock_list(mark: str = "") -> bytes:
    """Return a file of new items, each with some of it at a place."""
    mark = mark or secrets.token_hex(3).upper()
    lines = (
        f"IMP-{mark}-{i:05},Imported {mark} {i},Piece,{i % 40 + 1},R-{i % PLACES + 1:03},12.50,5"
        for i in range(ROWS)
    )
    return "\n".join([HEAD, *lines, ""]).encode()


def limits_list(mark: str) -> bytes:
    """Return a file that changes the limits of all items of a stock list."""
    lines = (
        f"IMP-{mark}-{i:05},R-{i % PLACES + 1:03},{i % 30 + 6},{i % 30 + 20}" for i in range(ROWS)
    )
    return "\n".join(["Code,Place,Minimum,Maximum", *lines, ""]).encode()


@contextmanager
def working(url: str) -> Iterator[None]:
    """Run ``kantor worker`` on this database."""
    command = [sys.executable, "-m", "portal.cli", "--home", str(FOLDER), "worker"]
    worker = subprocess.Popen(command, cwd=CHECKOUT, env=environment(url))
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


class Person:
    """Somebody who sends lists and has them imported."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        self.client = sign_in(portal(url, jobs_url=jobs_url(url)), KEEPER)

    def imports(self, rows: bytes, **chosen: str) -> float:
        """Have a list imported; return the seconds from the order to the end."""
        sent = self.client.post(START, data={"file": (io.BytesIO(rows), "stock.csv")})
        address = f"{sent.location}?{urlencode(chosen)}" if chosen else sent.location
        asked = self._ask(f"{sent.location}/run", _chosen(self.client.get(address).text) | chosen)
        return self._until_done(asked.location.rstrip("/").rpartition("/")[2])

    def undoes(self) -> float:
        """Have the newest import undone; return the seconds from the order to the end."""
        run = ImportRun.__table__.c
        newest = select(run.public_id, run.undo_job).order_by(run.id.desc()).limit(1)
        with self.engine.connect() as connection:
            public_id = connection.execute(newest).one().public_id
        self._ask(f"{START}/past/{public_id}/undo", {})
        with self.engine.connect() as connection:
            return self._until_done(connection.execute(newest).one().undo_job)

    def _ask(self, address: str, given: dict[str, str]) -> Any:
        asked = self.client.post(address, data=given)
        if asked.status_code != 303:
            raise RuntimeError(f"{asked.status_code} to the import: {html.unescape(asked.text)}")
        return asked

    def _until_done(self, job: str) -> float:
        begun = time.perf_counter()
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            found = self._job(job)
            if found.state == "done":
                return time.perf_counter() - begun
            if found.state == "failed":
                raise RuntimeError(f"the import failed: {found.error}")
            time.sleep(0.1)
        raise RuntimeError("the import did not end")

    def wait(self) -> None:
        """Return when the worker has done what it does every day."""
        job = Job.__table__.c
        unfinished = select(job.id).where(job.state.in_(("waiting", "running")))
        until = time.monotonic() + LONGEST
        time.sleep(5)
        while time.monotonic() < until:
            with self.engine.connect() as connection:
                if connection.execute(unfinished).first() is None:
                    return
            time.sleep(0.2)

    def _job(self, public_id: str) -> Any:
        job = Job.__table__.c
        wanted = select(job.state, job.error)
        with self.engine.connect() as connection:
            return connection.execute(wanted.where(job.public_id == public_id)).one()


def _chosen(page: str) -> dict[str, str]:
    """Return what the form of the columns would send as it stands."""
    found = {"number_format": "point"}
    for name, inner in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        if chosen := re.search(r'<option selected value="(\d+)"', inner):
            found[name] = chosen[1]
    return found


@dataclass
class Others:
    """People who write while something else goes on; their requests must all succeed."""

    server: Server
    requests: Requests
    connections: int = 3
    times: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over, self._faults = Event(), list[Exception]()
        self._thread = Thread(target=self._write)
        self._thread.start()
        return self

    def _write(self) -> None:
        try:
            while not self._over.is_set():
                load = Load(self.server.port, self.connections)
                load.run(self.requests, 0.5, b"303")
                self.times += load.times
        except (RuntimeError, OSError) as fault:
            self._faults.append(fault)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._faults:
            raise self._faults[0]

    def __str__(self) -> str:
        taken = [quantile(self.times, 0.5), quantile(self.times, 0.99), max(self.times)]
        return " / ".join(f"{seconds * 1000:.0f}" for seconds in taken) + " ms"


class Lock:
    """Watches for how long nobody could begin to write; only SQLite has such a lock."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self.longest = 0.0

    def __enter__(self) -> Self:
        self._over, self._thread = Event(), Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        if self.file is None:
            return
        connection = sqlite3.connect(self.file, timeout=0, isolation_level=None)
        free = time.perf_counter()
        while not self._over.wait(0.005):
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
                free = time.perf_counter()
            except sqlite3.OperationalError:
                self.longest = max(self.longest, time.perf_counter() - free)
        connection.close()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __str__(self) -> str:
        return f"{self.longest:.1f} s" if self.file else "no such lock"


def jobs_url(url: str) -> str:
    """Return where the worker of the bench finds its work."""
    return environment(url)["KANTOR_JOBS_URL"]
