"""The worker that a server starts: it ends with the server, even one that is killed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 60  # seconds; a busy machine is no fault of the worker's
SERVER = """
import sys, time
from types import SimpleNamespace
from portal.commands import serving
from portal.config import load, make_key
from pathlib import Path

home = Path(sys.argv[1])
make_key(home)
config = load(home, database_url=f"sqlite:///{home / 'kantor.db'}", log_level="WARNING")
child = serving.start_worker(SimpleNamespace(home=home, config=config))
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_the_worker_of_a_killed_server_ends(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, stderr=sys.stderr
    )
    assert server.stdout is not None
    worker = int(server.stdout.readline())
    handle = os.pidfd_open(worker)
    try:
        assert _runs(handle, seconds=4)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdout.close()
    ended = not _runs(handle, seconds=PATIENCE)
    if not ended:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)
    assert ended


def _runs(handle: int, seconds: float) -> bool:
    """Return whether a process still runs after some seconds of waiting for its end."""
    return not select.select([handle], [], [], seconds)[0]
