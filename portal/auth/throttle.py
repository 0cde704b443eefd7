"""Counting tries in the database, so that every worker counts the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import db, unscoped
from portal.errors import TooMany
from portal.guard import kernel_execute

from .models import Throttle

WINDOW = timedelta(minutes=1)
table = Throttle.__table__


def hit(rate_class: str, who: str, limit: int, *, window: timedelta = WINDOW) -> int:
    """Count one try and return how many there were in the window; raise TooMany above ``limit``."""
    now = datetime.now(UTC)
    db.session().rollback()  # On SQLite a writer would wait for this request's own snapshot.
    count = add(rate_class, who, now, window)
    if count > limit:
        raise TooMany(retry_after=int(window.total_seconds()))
    return count


def add(rate_class: str, who: str, now: datetime, window: timedelta) -> int:
    """Count one try in one statement and return the count of the present window."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    fresh = dialect.insert(table).values(
        rate_class=rate_class, who=who[:120], window_start=now, count=1
    )
    over = table.c.window_start <= now - window
    counted = fresh.on_conflict_do_update(
        index_elements=["rate_class", "who"],
        set_={
            "count": case((over, 1), else_=table.c.count + 1),
            "window_start": case((over, now), else_=table.c.window_start),
        },
    ).returning(table.c.count)
    with unscoped(reason="throttle", realm="core") as tx:
        return int(kernel_execute(tx.session, counted).scalar_one())


def forget(rate_class: str, who: str) -> None:
    """Begin counting anew, after a success."""
    with unscoped(reason="throttle", realm="core") as tx:
        kernel_execute(
            tx.session,
            delete(table).where(table.c.rate_class == rate_class, table.c.who == who[:120]),
        )
