"""A backup while pages are asked for: how long it takes, and what it costs those who wait."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.client import Site, Wire
from bench.measure import quantile
from bench.stand import CHECKOUT, FOLDER
from portal.backup import making
from portal.config import Config
from portal.testing import KEY

ENOUGH = 200  # answers of the quiet time


@dataclass(frozen=True)
class Backup:
    """What a backup took."""

    seconds: float
    alone: list[float]  # seconds that a page took before
    meanwhile: list[float]
    size: int  # bytes of the archive

    def slower(self, share: float) -> float:
        """Return by how much a page took longer meanwhile, at this share of all answers."""
        return quantile(self.meanwhile, share) / quantile(self.alone, share)


def beside(site: Site, path: str, url: str) -> Backup:
    """Back the database up in a process of its own while a page is asked for again and again."""
    wire, request = Wire(site.port), site.request("GET", path)
    alone = [_took(wire, request) for _ in range(ENOUGH)]
    meanwhile: list[float] = []
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        archive = Path(folder) / "backup.tar"
        command = [sys.executable, "-m", "bench.backing", url, str(archive)]
        running = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        while running.poll() is None:
            meanwhile.append(_took(wire, request))
        said, _ = running.communicate()
        if running.returncode:
            raise RuntimeError("the backup failed")
        size = archive.stat().st_size
    wire.socket.close()
    return Backup(float(said), alone, meanwhile, size)


def _took(wire: Wire, request: bytes) -> float:
    begun = time.perf_counter()
    wire.send(request)
    return time.perf_counter() - begun


def main(url: str, archive: str) -> None:
    """Make the backup as the command does, but leave no note of it: the database is for reading."""
    config = Config(home=FOLDER, database_url=url, secret_key=KEY)
    begun = time.perf_counter()
    making.make(config, Path(archive), say=lambda what: None)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
