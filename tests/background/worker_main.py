"""A worker process for the tests: arguments are database, home, queue and mail server."""

import sys
from datetime import timedelta
from pathlib import Path

from portal.jobs import sweep, worker
from portal.mail import services
from portal.testing import make_app

from .shelf import plugin


def main(url: str, home: str, jobs_url: str, mail_url: str = "") -> None:
    sweep.DEAD_AFTER = services.LEASE = timedelta(seconds=2)
    mail = {"mail_url": mail_url, "mail_from": "kantor@sinar.example"} if mail_url else {}
    app = make_app(url, Path(home), [plugin], jobs_url=jobs_url, **mail)
    print("ready", flush=True)
    worker.run(app, threads=2, every=0.5)


if __name__ == "__main__":
    main(*sys.argv[1:])
