"""Serving the portal on this machine, with its worker as a child if wanted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import click

from portal.memory import share_heaps


def serve_portal(desk: Any, *, host: str, port: int, threads: int, with_worker: bool) -> None:
    """Serve until told to stop; the worker, if any, ends with the server."""
    import waitress

    share_heaps()
    app = desk.app
    child = start_worker(desk) if with_worker else None
    signal.signal(signal.SIGTERM, _stop)
    try:
        click.echo(f"Kantor is on http://{host}:{port} (Ctrl C stops it)")
        waitress.serve(app, host=host, port=port, threads=threads, ident=None, _quiet=True)
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        if child is not None:
            stop_child(child)


def start_worker(desk: Any) -> subprocess.Popen[bytes]:
    """Start ``kantor worker`` for the same home and with the same decisions.

    Its standard input is a pipe that nobody writes to: it closes when this process is gone, however
    it went, and the worker ends with it.
    """
    told = {
        "KANTOR_DATABASE_URL": desk.config.database_url,
        "KANTOR_BASE_URL": desk.config.base_url,
        "KANTOR_LOG_FORMAT": desk.config.log_format,
        "KANTOR_LOG_LEVEL": desk.config.log_level,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "portal.cli", "--home", str(desk.home), "worker", "--child"],
        env=os.environ | told,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def end_with_parent() -> None:
    """Stop this process, as by SIGTERM, when the pipe at its standard input closes."""
    threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def stop_child(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and end it if it does not within ten seconds."""
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _stop(*_: Any) -> None:
    raise SystemExit(0)
