"""Counting tries in the database, so that every worker counts the same."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import db, unscoped
from portal.errors import TooMany
from portal.guard import kernel_execute
from portal.messages import message

from .models import Throttle

WINDOW = timedelta(minutes=1)
DELAYS = (2, 4, 8, 16, 32)  # seconds before each try after the free ones
LONGEST_DELAY = 60  # never longer: nobody is locked out of an account
QUIET = timedelta(hours=12)  # after that the failures of an account are forgotten
table = Throttle.__table__


def hit(rate_class: str, who: str, limit: int, *, window: timedelta = WINDOW) -> int:
    """Count one try and return how many there were in the window; raise TooMany above ``limit``."""
    now = datetime.now(UTC)
    db.session().rollback()  # On SQLite a writer would wait for this request's own snapshot.
    count = add(rate_class, who, now, window)
    if count > limit:
        raise TooMany(retry_after=int(window.total_seconds()))
    return count


def try_account(who: str, free: int) -> None:
    """Take one try at an account, or raise TooMany while the delay after ``free`` failures lasts.

    The try is taken before the password is looked at, in one statement, so that sixty at once are
    not sixty first ones; a success forgets them all. A refusal here adds nothing to the delay.
    """
    now = datetime.now(UTC)
    db.session().rollback()
    delay = {free + i: now - timedelta(seconds=seconds) for i, seconds in enumerate(DELAYS)}
    due = case(delay, value=table.c.count, else_=now - timedelta(seconds=LONGEST_DELAY))
    fresh = _upsert(rate_class="account", who=who, window_start=now, count=1)
    taken = fresh.on_conflict_do_update(
        index_elements=["rate_class", "who"],
        set_={
            "count": case((table.c.window_start <= now - QUIET, 1), else_=table.c.count + 1),
            "window_start": now,
        },
        where=or_(table.c.count < free, table.c.window_start <= due),
    ).returning(table.c.count)
    with unscoped(reason="throttle", realm="core") as tx:
        if kernel_execute(tx.session, taken).scalar_one_or_none() is not None:
            return
        found = kernel_execute(
            tx.session,
            select(table.c.count, table.c.window_start).where(
                table.c.rate_class == "account", table.c.who == who
            ),
        ).one_or_none()
    if found is None:  # Its owner has come in this very moment.
        raise TooMany(retry_after=1)
    raise _wait(found.count - free, now - found.window_start)


def _wait(place: int, passed: timedelta) -> TooMany:
    delay = DELAYS[place] if place < len(DELAYS) else LONGEST_DELAY
    seconds = max(1, math.ceil(delay - passed.total_seconds()))
    return TooMany(
        message("Too many wrong tries. Wait {seconds} seconds and try again.", seconds=seconds),
        retry_after=seconds,
    )


def account_key(username: str, place: str = "") -> str:
    """Return under what tries at a user name are counted: people also type passwords there."""
    return hashlib.sha256(f"{username}\0{place}".encode()).hexdigest()


def _upsert(**values: Any) -> Any:
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).values(**values)


def add(rate_class: str, who: str, now: datetime, window: timedelta) -> int:
    """Count one try in one statement and return the count of the present window."""
    fresh = _upsert(rate_class=rate_class, who=who[:120], window_start=now, count=1)
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
