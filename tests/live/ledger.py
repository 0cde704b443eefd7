"""The ledger over HTTP: many issue at once, everything is sent twice, processes are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from portal.auth.passwords import hashed
from portal.db import db, looking, unscoped
from portal.guard import kernel_execute

from .issuing import PASSWORD
from .room import add_member, add_pieces, add_shelf
from .server import ROOT, LiveServer, live_server


@dataclass(frozen=True)
class Stock:
    """What the clients need to know to issue one piece."""

    item: str
    unit: str
    place: str
    department: str


@dataclass(frozen=True)
class Result:
    """What a run left behind, and what it should have."""

    acknowledged: int
    replays: int
    stored: int
    missing: int
    doubled: int
    left: int
    expected: int
    differences: int
    kills: int
    seconds: float
    refused: int

    @property
    def right(self) -> bool:
        """Whether nothing was lost, doubled or made up."""
        return (
            self.missing == self.doubled == self.differences == self.refused == 0
            and self.left == self.expected
            and self.stored >= self.acknowledged
        )

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in vars(self).items())


def fill(app: Any, clients: int, start: int) -> Stock:
    """Write a store room with one item, ``start`` pieces of it, and the clients' people."""
    with app.app_context(), unscoped(reason="test data") as tx:
        department, place = add_shelf(tx)
        password = hashed(PASSWORD)
        for number in range(clients):
            add_member(tx, department, f"Client {number}", f"client{number}", "assistant", password)
        item, unit = add_pieces(tx, place, "Pen", "PEN-1", start)
        return Stock(item, unit, place.public_id, department.public_id)


@contextmanager
def killing(server: LiveServer, files: list[str], lines: int, wanted: int) -> Iterator[list[int]]:
    """Kill a worker with SIGKILL ``wanted`` times, spread over the ``lines`` the clients will
    write.
    """
    killed: list[int] = []
    over = threading.Event()
    dice = random.Random(7)

    def kill() -> None:
        while len(killed) < wanted and not over.wait(0.05):
            if _written(files) < (len(killed) + 1) * lines // (wanted + 1):
                continue
            if workers := server.workers:
                victim = dice.choice(workers)
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _written(files: list[str]) -> int:
    """Return how many lines the clients have written by now."""
    return sum(Path(file).read_bytes().count(b"\n") for file in files if Path(file).exists())


def run(kind: str, *, clients: int = 8, issues: int = 200, kills: int = 0) -> Result:
    """Run the clients against two workers and compare what they were told with what is stored."""
    start = clients * issues + 400
    made: list[Stock] = []
    with live_server(kind, fill=lambda app: made.append(fill(app, clients, start))) as server:
        files = [str(server.home / f"acknowledged-{number}") for number in range(clients)]
        began = time.monotonic()
        told = [
            {
                "port": server.port,
                "number": number,
                "issues": issues,
                "stock": vars(made[0]),
                "file": files[number],
                "patient": bool(kills),
            }
            for number in range(clients)
        ]
        with killing(server, files, clients * issues, kills) as killed:
            processes = [
                subprocess.Popen(
                    [sys.executable, "-m", "tests.live.issuing", json.dumps(one)], cwd=ROOT
                )
                for one in told
            ]
            endings = [process.wait() for process in processes]
        seconds = time.monotonic() - began
        if any(endings):
            raise RuntimeError(f"a client ended badly: {endings}")
        return _compare(server, files, start, len(killed), seconds)


def _compare(
    server: LiveServer, files: list[str], start: int, kills: int, seconds: float
) -> Result:
    from kantor_inventory.services import selfcheck

    lines = [json.loads(line) for file in files for line in Path(file).read_text().splitlines()]
    acknowledged = {mark for mark, answers in lines if answers[0] == 303}
    replays = sum(1 for _, answers in lines if answers == [303, 303])
    refused = sum(1 for _, answers in lines if answers != [303, 303])
    if refused:
        print("answers:", Counter(str(answers) for _, answers in lines))
    with server.app.app_context(), looking(reason="count") as tx:
        rows = kernel_execute(
            tx.session,
            text(
                "SELECT note, count(*) FROM inventory_movement WHERE type = 'issue' GROUP BY note"
            ),
        ).all()
        stored = {row[0]: row[1] for row in rows}
        left = kernel_execute(
            tx.session,
            text(
                "SELECT b.quantity FROM inventory_balance b JOIN inventory_point p"
                " ON p.id = b.point_id WHERE p.place_id IS NOT NULL"
            ),
        ).scalar_one()
        differences = len(selfcheck.findings(tx))
        db.session.remove()
    return Result(
        acknowledged=len(acknowledged),
        replays=replays,
        stored=sum(stored.values()),
        missing=len(acknowledged - stored.keys()),
        doubled=sum(1 for count in stored.values() if count > 1),
        left=left // 1000,
        expected=start - sum(stored.values()),
        differences=differences,
        kills=kills,
        seconds=round(seconds, 1),
        refused=refused,
    )
