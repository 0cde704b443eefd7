"""Requests that wait for a decision, as many as the items: of every department, by everybody.

One person leads the department above all others, another a department of their own; who leads none
is led by the nearest above.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection

from bench.loading import DEPARTMENTS, START, Rows, load, public_id

CHIEF, HEAD = 4, 5  # people: of whom one decides nearly everything, the other for a department
LED = 6  # the department that HEAD leads
ASKERS = range(20, 180)


def fill_decisions(connection: Connection, requests: int) -> None:
    """Fill so many requests, each with the one step that is open."""
    load(connection, "membership", _memberships())
    load(connection, "approval", _requests(requests))
    load(connection, "approval_step", _steps(requests))


def _memberships() -> Rows:
    number = itertools.count(1)
    for person, department in ((CHIEF, 1), (HEAD, LED)):
        yield _membership(next(number), person, department, "manager")
    for person in ASKERS:
        yield _membership(next(number), person, person % DEPARTMENTS + 1, "member")


def _membership(number: int, person: int, department: int, kind: str) -> dict[str, object]:
    row = {"id": number, "public_id": public_id(number), "person_id": person}
    return row | {"department_id": department, "kind": kind, "from_on": date(2020, 1, 1)}


def _requests(requests: int) -> Iterator[dict[str, object]]:
    for i in range(1, requests + 1):
        asked = START + timedelta(minutes=i)
        yield {
            "id": i,
            "public_id": public_id(i),
            "version": 1,
            "kind": "inventory.requisition",
            "subject": public_id(i),
            "title": f"Request {i}",
            "amount": i * 100,
            "requester_id": ASKERS[i % len(ASKERS)],
            "department_id": i % DEPARTMENTS + 1,
            "digest": "of nothing",
            "state": "pending",
            "asked_at": asked,
            "due_at": asked + timedelta(days=1),
            "open_step": 1,
            "deciding": 0,
            "escalated": False,
            "spent": "",
        }


def _steps(requests: int) -> Iterator[dict[str, object]]:
    for i in range(1, requests + 1):
        opened = START + timedelta(minutes=i)
        yield {
            "id": i,
            "approval_id": i,
            "n": 1,
            "needed": 1,
            "remind_hours": 8,
            "opened_at": opened,
            "remind_at": opened + timedelta(days=1),
            "reminded_at": opened + timedelta(days=1),
        }
