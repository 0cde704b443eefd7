"""The PostgreSQL driver as the portal uses it: it loses patience, and describes columns briefly."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

LONGEST = 18.0  # seconds: a little more than the server's own statement_timeout


class BriefCursor(psycopg.Cursor[Any]):
    """A cursor that says of each column its name and type: SQLAlchemy asks for nothing else."""

    @property
    def description(self) -> Any:
        found = self.pgresult
        if found is None or not found.nfields:
            return None
        unsaid = (None,) * 5
        return [
            ((found.fname(number) or b"").decode(), found.ftype(number), *unsaid)
            for number in range(found.nfields)
        ]


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose every statement is answered within LONGEST seconds, or raises.

    The server ends long statements itself, but a frozen or unplugged one cannot: without this
    every thread of the portal would wait for it, one page after the other.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cursor_factory = BriefCursor

    def wait(self, *args: Any, **options: Any) -> Any:
        options.setdefault("timeout", LONGEST)
        try:
            return super().wait(*args, **options)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # Nobody knows what it would answer next.
            raise
