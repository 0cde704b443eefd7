"""A PostgreSQL connection that gives up on a server that has stopped answering.

The server ends long statements itself, but a frozen or unplugged one cannot: without this every
thread of the portal would wait for it, one page after the other.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

LONGEST = 18.0  # seconds: a little more than the server's own statement_timeout


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose every statement is answered within LONGEST seconds, or raises."""

    def wait(self, *args: Any, **options: Any) -> Any:
        options.setdefault("timeout", LONGEST)
        try:
            return super().wait(*args, **options)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # Nobody knows what it would answer next.
            raise
