"""A portal behind gunicorn for one test: its own home, its own database, ended by process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from portal import migrate
from portal.config import load, make_key
from portal.db import db
from portal.testing_databases import Database

ROOT = Path(__file__).parents[2]
RATES = {"SIGN_IN": "100000", "ANONYMOUS": "100000", "WRITE": "1000000", "EXPORT": "100000"}


@dataclass
class LiveServer:
    """Where the portal listens and which processes serve it."""

    port: int
    home: Path
    url: str
    process: subprocess.Popen[bytes]
    app: Any  # the same portal in this process, to look at the database with
    environment: dict[str, str]  # what its processes are told

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers at this moment."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(part) for part in path.read_text().split()]

    def wait_until_ready(self, seconds: float = 120) -> None:
        """Return when a worker answers; raise TimeoutError when none does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError((self.home / "server.log").read_text()[-3000:])
            connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
            with suppress(OSError), closing(connection):
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.1)
        raise TimeoutError("no worker answers")


def free_port() -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def live_server(
    kind: str,
    *,
    fill: Callable[[Any], Any],
    workers: int = 2,
    threads: int = 4,
    rates: dict[str, str] | None = None,
    settings: dict[str, str] | None = None,
) -> Iterator[LiveServer]:
    """Yield a running portal; ``fill(app)`` writes its rows before it starts."""
    from portal.app import create_app

    with tempfile.TemporaryDirectory(prefix="kantor-live-") as folder:
        home = Path(folder)
        make_key(home)
        with Database.made(kind, home) as database:
            port = free_port()
            given = {"KANTOR_HOME": str(home), "KANTOR_DATABASE_URL": database.url}
            given["KANTOR_BASE_URL"] = f"http://127.0.0.1:{port}"
            given |= {
                f"KANTOR_RATE_{name}": value for name, value in (RATES | (rates or {})).items()
            }
            given |= settings or {}
            app = create_app(
                load(home, database_url=database.url, base_url=given["KANTOR_BASE_URL"])
            )
            with app.app_context():
                migrate.upgrade(app.extensions["kantor"])
            fill(app)
            with app.app_context():
                db.engine.dispose()
            process = _start(port, workers, threads, given, home)
            server = LiveServer(port, home, database.url, process, app, given)
            try:
                server.wait_until_ready()
                yield server
            finally:
                _stop(process)
                app.extensions["kantor_queue"].close()
                with app.app_context():
                    db.engine.dispose()


def _start(
    port: int, workers: int, threads: int, given: dict[str, str], home: Path
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads)]
    command += ["--graceful-timeout", "5", "--log-level", "error"]
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | given,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
