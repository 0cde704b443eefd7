"""What a worker process of the tests does."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from portal.jobs import sweep, worker
from portal.mail import services
from portal.plugin import Job
from portal.testing import make_app

from .shelf import plugin, tick


def main(url, home, jobs_url, mail_url, told, *, ticking=False, waits=False):
    """Work on a database and a queue; ``ticking`` adds a job that comes back every second, and
    one that ``waits`` begins when it is told to go.
    """
    sweep.DEAD_AFTER = services.LEASE = timedelta(seconds=2)
    mail = {"mail_url": mail_url, "mail_from": "kantor@sinar.example"} if mail_url else {}
    mine = plugin
    if ticking:
        mine = replace(plugin, jobs=(*plugin.jobs, Job(name="shelf.tick", run=tick, every=1)))
    app = make_app(url, Path(home), [mine], jobs_url=jobs_url, **mail)
    told.send("ready")
    if waits:
        told.recv()
    worker.run(app, threads=2, every=0.5)
