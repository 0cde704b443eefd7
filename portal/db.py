"""The database of the running app: Flask-SQLAlchemy's engine under guarded sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import scoped_session

from . import work
from .guard import GuardedSession
from .orm import metadata
from .reach import EVERYTHING
from .work import UnitOfWork


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, every session of which is guarded."""

    session: scoped_session[GuardedSession]  # type: ignore[assignment]


db = Database(metadata=metadata, session_options={"class_": GuardedSession})


def new_session() -> GuardedSession:
    """Return a session of its own for a job, an event handler, an export or the command line."""
    return GuardedSession(db, runtime=current_app.extensions["kantor"])


def unscoped(*, reason: str, realm: str = EVERYTHING) -> AbstractContextManager[UnitOfWork]:
    """Open a unit for work without a person; the reasons are a reviewed list."""
    return work.unscoped(new_session, reason=reason, realm=realm)


@contextmanager
def looking(*, reason: str, realm: str = EVERYTHING) -> Iterator[UnitOfWork]:
    """Open a unit that only reads, for work without a person."""
    with new_session() as session:
        session.act_as(work.portal_itself(realm, reason=reason))
        yield UnitOfWork(session, session.principal, False)  # type: ignore[arg-type]
        session.rollback()
