"""A count over HTTP, while others issue: two count, two review, two post, each request twice."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from portal.auth.passwords import hashed
from portal.db import db, looking, unscoped
from portal.guard import kernel_execute

from .client import Client
from .issuing import PASSWORD
from .room import add_member, add_pieces, add_shelf
from .server import LiveServer, live_server

ITEMS, START = 5, 1_000
VERSION = re.compile(r'name="version"[^>]*value="(\d+)"')
ROLES = {
    "counter0": "assistant",
    "counter1": "assistant",
    "issuer0": "assistant",
    "issuer1": "assistant",
    "manager0": "department_manager",
    "manager1": "department_manager",
}


@dataclass
class Room:
    """A shelf with ``ITEMS`` items, ``START`` pieces of each, and a blind count of them."""

    count: str = ""
    shelf: str = ""
    department: str = ""
    items: list[str] = field(default_factory=list)
    pieces: dict[str, str] = field(default_factory=dict)  # item -> its unit
    lines: dict[str, str] = field(default_factory=dict)  # item -> its line


@dataclass
class Found:
    """What the people were answered, by what they did, and what the database then says."""

    entered: dict[str, list[list[int]]]  # line -> for each counter, the answer and its repetition
    issued: list[list[int]]
    sent_in: list[list[int]]
    decided: dict[str, list[list[int]]]
    posted: list[list[int]]
    lines: list[Any]
    status: str
    findings: int


def run(kind: str, issues: int = 12) -> Found:
    """Count the shelf from the first figure to the books, with ``issues`` by each issuer."""
    room = Room()
    with live_server(kind, fill=lambda app: fill(app, room)) as server:
        people = {name: _signed_in(server, name) for name in ROLES}
        issued: list[list[int]] = []
        counters = [people["counter0"], people["counter1"]]
        for line in room.lines.values():  # Both have the empty page of each line before them.
            for counter in counters:
                assert counter.get(f"/inventory/counts/lines/{line}").status == 200
        entered: dict[str, list[list[int]]] = {line: [] for line in room.lines.values()}
        _together(
            *(_counting(one, room, entered, 990 + n) for n, one in enumerate(counters)),
            *(_issuing(people[f"issuer{n}"], room, issued, issues) for n in range(2)),
        )
        count = f"/inventory/counts/{room.count}"
        sent_in = _both(counters, f"{count}/submit", {"missing": "0"})
        managers = [people["manager0"], people["manager1"]]
        decided = {}
        for line in room.lines.values():
            address = f"/inventory/counts/lines/{line}/decide"
            version = VERSION.findall(managers[0].get(address).text)[0]
            form = {"decision": "keep", "reason": "Counted with care", "version": version}
            decided[line] = _both(managers, address, form)
        posted = _both(managers, f"{count}/post", {"missing": "0"})
        for client in people.values():
            client.close()
        return Found(entered, issued, sent_in, decided, posted, *_stored(server, room))


def fill(app: Any, room: Room) -> None:
    """Write the people, the shelf with its items, and the count."""
    from kantor_inventory.counting import services as counting
    from kantor_inventory.counting.models import CountLine
    from kantor_inventory.models import Item

    with app.app_context(), unscoped(reason="test data") as tx:
        department, place = add_shelf(tx)
        room.shelf, room.department = place.public_id, department.public_id
        password = hashed(PASSWORD)
        for name, role in ROLES.items():
            add_member(tx, department, name, name, role, password)
        for number in range(ITEMS):
            item, unit = add_pieces(tx, place, f"Pen {number}", f"PEN-{number}", START)
            room.items.append(item)
            room.pieces[item] = unit
        count = counting.plan_count(tx, counting.PlanCount(department=department.public_id))
        room.count = count.public_id
        tx.session.flush()
        found = select(Item.public_id, CountLine.public_id).join(CountLine.item)
        room.lines.update(dict(tx.session.execute(found).all()))


def _signed_in(server: LiveServer, name: str) -> Client:
    client = Client(server.port)
    answer = client.sign_in(name, PASSWORD)
    assert answer.status == 303, answer.text[-500:]
    return client


def _counting(
    client: Client, room: Room, entered: dict[str, list[list[int]]], figure: int
) -> Callable[[], None]:
    def count() -> None:
        for item, line in room.lines.items():
            form = {"quantity": str(figure), "unit": room.pieces[item], "seen": ""}
            entered[line].append(_twice(client, f"/inventory/counts/lines/{line}", form))

    return count


def _issuing(
    client: Client, room: Room, issued: list[list[int]], number: int
) -> Callable[[], None]:
    def issue() -> None:
        for turn in range(number):
            item = room.items[turn % ITEMS]
            form = {"quantity": "1", "understood": "1000", "unit": room.pieces[item]}
            form |= {"from_place": room.shelf, "for_department": room.department}
            issued.append(_twice(client, f"/inventory/items/{item}/issue", form))

    return issue


def _twice(client: Client, path: str, form: dict[str, str]) -> list[int]:
    """Send one form twice with its key, as a browser does that got no answer."""
    key = secrets.token_hex(8)
    return [client.post(path, form, key=key).status for _ in range(2)]


def _both(clients: list[Client], path: str, form: dict[str, str]) -> list[list[int]]:
    """Let both send the same form at the same moment, each twice."""
    answers: list[list[int]] = []
    _together(*(lambda one=one: answers.append(_twice(one, path, form)) for one in clients))
    return answers


def _together(*doing: Callable[[], None]) -> None:
    """Do all of this at the same moment; raise what went wrong in any of it."""
    start, wrong = threading.Barrier(len(doing)), []

    def do(one: Callable[[], None]) -> None:
        try:
            start.wait(30)
            one()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=do, args=(one,)) for one in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


LINES = """
SELECT e.counted, e.book, e.book_seq, b.quantity AS left_there, l.movement_id,
  (SELECT count(*) FROM inventory_count_entry x WHERE x.line_id = l.id) AS entries,
  (SELECT count(*) FROM inventory_movement m WHERE m.item_id = l.item_id AND m.type = 'issue'
    AND m.from_point_id = l.point_id) AS issues,
  (SELECT coalesce(sum(m.quantity), 0) FROM inventory_movement m WHERE m.item_id = l.item_id
    AND m.type = 'issue' AND m.id <= e.book_seq) AS issued_before,
  (SELECT coalesce(sum(CASE WHEN m.to_point_id = l.point_id THEN m.quantity ELSE -m.quantity END),
    0) FROM inventory_movement m WHERE m.item_id = l.item_id AND m.type = 'variance') AS variance
FROM inventory_count_line l
JOIN inventory_count_entry e ON e.line_id = l.id AND e.current
JOIN inventory_balance b ON b.item_id = l.item_id AND b.point_id = l.point_id
ORDER BY l.id
"""


def _stored(server: LiveServer, room: Room) -> tuple[list[Any], str, int]:
    """Return the lines with what moved, the count's status, and what the ledger's check finds."""
    from kantor_inventory.services import selfcheck

    with server.app.app_context(), looking(reason="count") as tx:
        lines = kernel_execute(tx.session, text(LINES)).all()
        status = kernel_execute(tx.session, text("SELECT status FROM inventory_count")).scalar_one()
        findings = len(selfcheck.findings(tx))
        db.session.remove()
    return list(lines), status, findings
