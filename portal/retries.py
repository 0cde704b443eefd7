"""Doing a piece of work again when the database asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import OperationalError

from .guard import GuardedSession

BUSY = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available


def retrying(work: Callable[[], Any], session: GuardedSession, *, attempts: int = 3) -> Any:
    """Run ``work`` again when the database was busy and nothing has been committed yet."""
    for attempt in range(1, attempts + 1):
        session.committed = False
        try:
            return work()
        except OperationalError as error:
            if attempt == attempts or session.committed or not is_busy(error):
                raise
            session.rollback()
            session.expunge_all()
    return None


def is_busy(error: OperationalError) -> bool:
    """Return whether the database asks to be tried again: locked, deadlock, serialization."""
    return getattr(error.orig, "sqlstate", None) in BUSY or "locked" in str(error.orig)
