"""The queue made with huey; nothing else of the portal knows it."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from huey import Huey
from huey.registry import Message as Envelope
from huey.storage import PostgresStorage, RedisStorage, SqliteStorage
from itsdangerous import Signer
from sqlalchemy import make_url

from .queue import REDIS

if TYPE_CHECKING:
    from .queue import Queue

NAME = "kantor"
PATIENCE = 2.0  # seconds for one answer of Redis; a worker's question takes one of them
SCHEMA = "kantor_jobs"  # of huey's own tables on PostgreSQL, beside the portal's


def connected(queue: Queue, secret: str) -> Any:
    """Return huey on the queue's storage, with the two tasks that there are."""
    storage, options = _storage(queue.url)
    engine = Huey(
        NAME, results=False, serializer=_SignedJson(secret), storage_class=storage, **options
    )
    # Looked up when called: a worker puts its own functions there.
    engine.kantor_run = engine.task(name="run")(lambda job_id: queue.run(job_id))
    engine.kantor_deliver = engine.task(name="deliver")(lambda: queue.deliver())
    return engine


def consumer(queue: Queue, threads: int) -> Any:
    """Return what takes out of the queue, not yet running; SIGTERM lets it end what it began."""
    logging.getLogger("huey.consumer.Worker").addFilter(_Seldom())
    return queue.engine().create_consumer(
        workers=threads,
        periodic=False,
        max_delay=1.0,
        scheduler_interval=60,
        graceful_signal="TERM",
        shutdown_timeout=60,
    )


class _Seldom(logging.Filter):
    """Lets one complaint a minute pass: a worker asks a queue that is away every second."""

    def __init__(self) -> None:
        super().__init__()
        self._told = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR and record.msg == "Error reading from queue":
            if self._told and time.monotonic() - self._told < 60:
                return False
            self._told = time.monotonic()
        return True


def _storage(url: str) -> tuple[type, dict[str, Any]]:
    if url.startswith(REDIS):
        return RedisStorage, {"connection_pool": _redis(url)}
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresStorage, {"connection": lambda: _postgres(plain)}
    # A lost message is sent again by the sweep, so the file need not wait for the disk.
    return SqliteStorage, {"filename": str(parsed.database), "fsync": False}


def _redis(url: str) -> Any:
    from redis import ConnectionPool

    # What the address itself says goes before.
    return ConnectionPool.from_url(url, socket_connect_timeout=1.0, socket_timeout=PATIENCE)


def _postgres(url: str) -> Any:
    import psycopg

    connection = psycopg.connect(url, autocommit=True, connect_timeout=2)
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
    if found.fetchone() is None:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute(f"SET search_path TO {SCHEMA}")
    return connection


class _SignedJson:
    """Envelopes as signed JSON: who can write to the queue still cannot make a worker run code."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, salt="kantor-jobs", digest_method=hashlib.sha256)

    def serialize(self, envelope: Any) -> bytes:
        return self._signer.sign(json.dumps(list(envelope)).encode())

    def deserialize(self, data: bytes) -> Any:
        return Envelope(*json.loads(self._signer.unsign(bytes(data))))
