"""What a unit of work tells others, kept in its own commit: one row for each subscriber."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from portal.guard import kernel_execute

from .models import Outbox

if TYPE_CHECKING:
    from portal.work import Event, UnitOfWork


def store_events(tx: UnitOfWork) -> bool:
    """Keep the events of a unit for their subscribers; return whether there is anything to tell."""
    runtime = tx.session.runtime
    if runtime is None or not tx.events:
        return False
    rows = [
        {
            "owner_id": tx.actor.person_id,
            "event": event.name,
            "subscriber": slug,
            "payload": _plain(event),
            "attempts": 0,
            "created_at": tx.now,
            "due_at": tx.now,
        }
        for event in tx.events
        for slug in runtime.subscribers(event.name)
    ]
    if rows:
        kernel_execute(tx.session, insert(Outbox.__table__), rows)
    return bool(rows)


def _plain(event: Event) -> Any:
    """Return the fields of an event as they are kept: days and instants as text."""
    return json.loads(json.dumps(asdict(event), default=str))
