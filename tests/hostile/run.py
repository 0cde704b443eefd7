"""Hostile forms at every form of the portal: ``run(200)`` for both databases, with the counts."""

from __future__ import annotations

import logging
import re
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import text

from kantor_inventory import plugin
from kantor_inventory.services.selfcheck import findings
from portal.gate import FORM_KEY
from portal.guard import LIMITED
from portal.reach import EVERYTHING
from portal.testing import KEY
from portal.testing_databases import offered
from tests.hostile import values
from tests.hostile.posts import Fields, File, Known, encoded, field_names, hostile
from tests.policy import oracle, tables
from tests.policy import world as worlds
from tests.policy.asking import request_of
from tests.policy.stand import Stand, outcome

SEED = "2026-11-21"
PUBLIC_ID = re.compile(r"^[a-z0-9]{12}$")
# What no form may ever switch on: the same rows before and after.
SWITCHES = {
    "role": "SELECT count(*) FROM role WHERE shipped",
    "account": "SELECT count(*) FROM account WHERE demo",
    "inventory_point": "SELECT count(*) FROM inventory_point WHERE allow_negative",
}
LEDGER = {"inventory_movement", "inventory_balance", "inventory_stock_rule"}
# What these keep is not read from the form.
UNREAD = {"idempotency", "throttle"}


@dataclass
class Outcome:
    """What the portal answered to the forms of one route."""

    route: str
    counts: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Range:
    """A stand with a world in it, at which forms are thrown."""

    def __init__(self, stand: Stand, world: worlds.World) -> None:
        self.stand, self.world = stand, world
        self.ids = tuple(_ids(world))
        with self._reading() as connection:
            self._before = {n: connection.execute(text(q)).scalar() for n, q in SWITCHES.items()}

    def attack(self, route: tables.Route, number: int) -> Outcome:
        """Send the good form, then ``number`` hostile ones; return the answers."""
        found = Outcome(route.route)
        cell = _rightful(route)
        visitor, _, path, good = request_of(cell, self.world)
        fields = _as_fields(good)
        answer = self._send(visitor, path, fields)
        if outcome(answer) != oracle.predicted(cell):
            found.wrong.append(f"{route}: the good form was answered with {answer.status_code}")
        self.stand.restore()
        names = dict.fromkeys(n for n, _ in fields)
        names |= dict.fromkeys(field_names(self._send(visitor, path, []).text))
        self.stand.restore()
        known = Known(fields, tuple(names), self.ids)
        for turn, sent in enumerate(hostile(known, number, f"{SEED} {route}")):
            self._throw(found, visitor, path, sent, turn)
        return found

    def _throw(
        self, found: Outcome, visitor: str | None, path: str, sent: Fields, turn: int
    ) -> None:
        answer = self._send(visitor, path, sent, multipart=turn % 3 == 2)
        found.counts[answer.status_code] += 1
        if answer.status_code >= 500 or answer.status_code == 429:
            found.wrong.append(f"{found.route}: {answer.status_code} to {_short(sent)}")
        if answer.status_code in (200, 303) or "throttle" in self.stand.touched:
            found.wrong += [f"{found.route}: {w}, by {_short(sent)}" for w in self._harm()]
            self.stand.restore()

    def _send(
        self, visitor: str | None, path: str, fields: Fields, *, multipart: bool = False
    ) -> Any:
        if visitor not in self.stand.cookies:
            self.stand.ask(None, "GET", "/live")
        cookie, token = self.stand.cookies[visitor]
        key = secrets.token_urlsafe(12)
        if visitor is None:
            key = str(URLSafeTimedSerializer(KEY, salt="kantor-form-key").dumps(key))
        needed: Fields = [("csrf_token", token), (FORM_KEY, key)]
        body, kind = encoded(fields, needed, multipart=multipart)
        client = self.stand.app.test_client(use_cookies=False)
        return client.open(
            path, method="POST", data=body, content_type=kind, headers={"Cookie": cookie}
        )

    def _harm(self) -> Iterator[str]:
        """Yield what an accepted form did that none may do."""
        touched = set(self.stand.touched)
        with self._reading() as connection:
            for table in sorted(touched - UNREAD):
                for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                    for column, value in row.items():
                        if value == values.MARK or value == values.WORD:
                            yield f"{table}.{column} was set"
            for table in SWITCHES.keys() & touched:
                if connection.execute(text(SWITCHES[table])).scalar() != self._before[table]:
                    yield f"a switch of {table} was set"
        if touched & LEDGER:
            with self.stand.building() as tx:
                yield from (f"the ledger does not add up: {one}" for one in findings(tx))

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self.stand.engine.connect() as connection:
            yield connection.execution_options(**{LIMITED: EVERYTHING})


def forms() -> list[tables.Route]:
    """Return every route that takes a form."""
    return [route for route in tables.routes() if route.method == "POST"]


def _rightful(route: tables.Route) -> oracle.Cell:
    """Return the cell of somebody who may send the form, with the widest reach there is."""
    order = (oracle.ANONYMOUS, "writes_far", "administrator")

    def rank(cell: oracle.Cell) -> tuple[bool, int]:
        """Those who get in come first; nobody does where there is nothing so far."""
        wide = order.index(cell.role) if cell.role in order else len(order)
        return oracle.predicted(cell) != "in", wide

    return min(oracle.cells_of(route), key=rank)


def _as_fields(form: dict[str, Any]) -> Fields:
    found: Fields = []
    for name, value in form.items():
        if isinstance(value, tuple):
            stream, filename = value
            assert isinstance(stream, BytesIO)
            found.append((name, File(filename.encode(), stream.read())))
        elif isinstance(value, list):
            found += [(name, one) for one in value]
        else:
            found.append((name, value))
    return found


def _ids(world: worlds.World) -> Iterator[str]:
    for facts in (*world.objects.values(), *world.actors.values(), *world.places.values()):
        yield from (str(v) for v in facts.values() if PUBLIC_ID.match(str(v)))
    yield from world.department_ids.values()


def _short(fields: Fields) -> str:
    told = ", ".join(f"{name[:40]}={str(value)[:40]!r}" for name, value in fields[:12])
    return told.encode("utf-8", "backslashreplace").decode()


def told(kind: str, found: list[Outcome], number: int) -> str:
    """Return the line with the counts."""
    counts = sum((one.counts for one in found), Counter())
    by_status = ", ".join(f"{status}: {n:,}" for status, n in sorted(counts.items()))
    return (
        f"hostile forms on {kind}: {len(found)} forms, {number} each after one good one:"
        f" {by_status}"
    )


def run(number: int = 200) -> int:
    """Attack every form on every database there is, print the counts; return how many failed."""
    wrong: list[str] = []
    logging.disable(logging.WARNING)  # Thousands of refusals; what breaks is still told.
    for kind in offered():
        started = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="kantor-hostile-") as folder,
            Stand(kind, Path(folder), [plugin]) as stand,
        ):
            target = Range(stand, worlds.build(stand))
            found = [target.attack(route, number) for route in forms()]
        print(told(kind, found, number), f"{time.monotonic() - started:.0f} s", flush=True)
        wrong += [line for one in found for line in one.wrong]
    logging.disable(logging.NOTSET)
    print("\n".join(wrong) or "no 500, no 429, nothing set by stealth", flush=True)
    return len(wrong)


if __name__ == "__main__":
    raise SystemExit(min(run(), 1))
