"""Real processes around a queue: workers, and a Redis server that can be stopped and frozen."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import time
import warnings
from contextlib import contextmanager

import pytest

from . import worker_main

# Each worker is forked from a process that has imported the portal, and opens everything itself.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([worker_main.__name__, "portal.jobs.huey_engine"])
PATIENCE = 40  # seconds; a busy machine is no fault of the worker's


def until(look, wanted):
    """Wait until ``look()`` gives what is wanted; return what it gave last."""
    end = time.monotonic() + PATIENCE
    while (found := look()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    return found


class RedisServer:
    """Runs at one address, over and over; what it held is gone when it stops."""

    def __init__(self, folder):
        self._program = shutil.which("redis-server")
        if self._program is None:
            if "redis" in os.environ.get("KANTOR_TEST_REQUIRE", "").split(","):
                pytest.fail("KANTOR_TEST_REQUIRE names redis, but there is no redis-server")
            warnings.warn("NO REDIS: queues in Redis are not tested", stacklevel=1)
            pytest.skip("no redis-server")
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self._port = asked.getsockname()[1]
        self._folder, self._process = folder, None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self):
        where = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command = [self._program, *where, "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        assert until(self._answers, True)

    def stop(self):
        if self._process is not None:
            self.thaw()
            self._process.terminate()
            self._process.wait()
            self._process = None

    def freeze(self):
        """Let it take connections and answer nothing, as a machine does that is overloaded."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def _answers(self):
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self._port)) == 0


class WorkerProcess:
    """A worker of its own: a test waits for it, tells it to stop, or kills it."""

    def __init__(self, *args, **more):
        here, there = PROCESSES.Pipe()
        told = (*map(str, args), there)
        self._process = PROCESSES.Process(target=worker_main.main, args=told, kwargs=more)
        self._process.start()
        there.close()
        assert here.poll(PATIENCE)
        assert here.recv() == "ready"
        self.pid = self._process.pid
        self._here = here

    def go(self):
        """Let one begin that waits for it."""
        self._here.send("go")

    def wait(self, patience=PATIENCE):
        """Return how it ended, as subprocess says it; None when it still runs."""
        self._process.join(patience)
        return self._process.exitcode

    def kill(self):
        self._process.kill()
        self._process.join()

    def end(self):
        self.kill()
        self._process.close()
        self._here.close()


@contextmanager
def worker_processes(app, queue):
    """Yield a function that starts a worker process for a queue; kill what runs at the end."""
    config, started = app.extensions["kantor_config"], []

    def start(mail_url="", **more):
        where = (config.database_url, config.home, queue.url, mail_url)
        started.append(WorkerProcess(*where, **more))
        return started[-1]

    try:
        yield start
    finally:
        for worker in started:
            worker.end()
