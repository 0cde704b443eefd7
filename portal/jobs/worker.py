"""The worker process: takes jobs from the queue, delivers events, sends mail, keeps sweeping."""

from __future__ import annotations

import logging
from typing import Any

from portal.mail.outgoing import PATIENCE
from portal.mail.posting import post

from . import outbox
from .core import JOBS
from .poster import Poster
from .queue import Queue
from .running import Runner
from .sweep import BEAT, Sweeper

log = logging.getLogger("kantor.jobs")


def run(app: Any = None, *, threads: int = 2, every: float = BEAT) -> None:
    """Work until told to stop; SIGTERM lets running jobs end, SIGINT leaves them for later."""
    from .huey_engine import consumer

    if app is None:
        from portal.app import create_app

        app = create_app()
    queue: Queue = app.extensions["kantor_queue"]
    poster = Poster(app, every=every)
    runner = bind(app, queue, poster)
    sweeper = Sweeper(app, runner, queue, every=every)
    taking = consumer(queue, threads)
    sweeper.start()
    poster.start()
    try:
        taking.run()
    finally:
        sweeper.ended.set()
        poster.end(PATIENCE)


def bind(app: Any, queue: Queue, poster: Poster) -> Runner:
    """Let what is taken out of the queue be done by this process; return what runs the jobs."""
    runner = Runner(app, JOBS)
    queue.run, queue.deliver = runner, lambda: _deliver(app, poster)
    return runner


def run_waiting(app: Any) -> int:
    """Do here and now what waits: jobs, then events, then mail; return how many jobs were run.

    For tests and for scripts without a worker.
    """
    from sqlalchemy import select

    from portal.db import looking
    from portal.guard import kernel_execute
    from portal.plugins.fitting import of_others

    from .models import Job

    table, ran = Job.__table__, 0
    runner = Runner(app, JOBS)
    while True:
        with app.app_context(), looking(reason="look for work", realm="core") as tx:
            waiting = select(table.c.id).where(table.c.state == "waiting")
            waiting = waiting.where(of_others(tx, table.c.name)).order_by(table.c.id)
            found = kernel_execute(tx.session, waiting).scalars().all()
        if not found:
            break
        for job_id in found:
            runner(job_id)
            ran += 1
    with app.app_context():
        outbox.deliver()
        post()
    return ran


def _deliver(app: Any, poster: Poster) -> None:
    poster.wake()
    with app.app_context():
        outbox.deliver()
