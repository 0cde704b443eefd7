"""A worker process for the tests: arguments are database, home and how often it sweeps."""

import sys
from datetime import timedelta
from pathlib import Path

from portal.jobs import sweep, worker
from portal.testing import make_app

from .shelf import plugin


def main(url: str, home: str, jobs_url: str) -> None:
    sweep.DEAD_AFTER = timedelta(seconds=2)
    app = make_app(url, Path(home), [plugin], jobs_url=jobs_url)
    print("ready", flush=True)
    worker.run(app, threads=2, every=0.5)


if __name__ == "__main__":
    main(*sys.argv[1:])
