"""A portal that serves beside a plugin, and the commands of its administrator."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from portal.auth.passwords import hashed
from portal.db import db, looking, unscoped
from portal.guard import kernel_execute

from .client import Answer, Client
from .issuing import PASSWORD
from .room import add_member, add_pieces, add_shelf
from .server import ROOT, LiveServer, live_server

ROWS = 10_000
PATIENCE = 60.0  # seconds; a busy machine is no fault of the portal's


@dataclass
class Office:
    """A portal that serves, an administrator at the machine, and people at their browsers."""

    server: LiveServer
    sites: dict[str, Path]
    site: Path  # where the plugin is installed for all processes
    stock: dict[str, str]
    environment: dict[str, str]
    browsers: dict[str, Client] = field(default_factory=dict)

    def install(self, version: str) -> None:
        """Put a version in the place of the one before, as pip would."""
        shutil.rmtree(self.site, ignore_errors=True)
        shutil.copytree(self.sites[version], self.site)

    def reload(self) -> None:
        """Let the server begin again with what is installed, without closing the door."""
        before = set(self.server.workers)
        self.server.process.send_signal(1)
        until(lambda: self.server.workers and not before & set(self.server.workers))
        self.server.wait_until_ready()

    def kantor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        captured = {"capture_output": True, "text": True, "check": False}
        return subprocess.run(self._command(arguments), **self._around(), **captured)

    @contextmanager
    def waiting(self, *arguments: str, typed: str = "") -> Iterator[Command]:
        """Run a command that waits in the middle of its migration; yield it while it does."""
        folder = self.server.home / "drill"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        around = self._around()
        around["env"] |= {"DRILL_WAITS_IN": str(folder)}
        (folder / "typed").write_text(typed)
        with (folder / "typed").open() as given, (folder / "said").open("w") as said:
            streams = {"stdin": given, "stdout": said, "stderr": said}
            process = subprocess.Popen(self._command(arguments), **around, **streams)
        try:
            until(lambda: (folder / "waits").exists() or process.poll() is not None)
            assert process.poll() is None, (folder / "said").read_text()
            yield Command(process, folder)
        finally:
            process.kill()
            process.wait()

    def _command(self, arguments: Any) -> list[str]:
        return [sys.executable, "-m", "portal.cli", *arguments]

    def _around(self) -> dict[str, Any]:
        return {"cwd": ROOT, "env": os.environ | self.server.environment | self.environment}

    def browser(self, username: str) -> Client:
        """Return the browser of somebody who is signed in; without a name, of a stranger."""
        if username not in self.browsers:
            self.browsers[username] = browser = Client(self.server.port, timeout=PATIENCE)
            assert not username or browser.sign_in(username, PASSWORD).status == 303
        return self.browsers[username]

    def status(self, path: str) -> int:
        """Return what the assistant is answered."""
        return self.browser("client0").get(path).status

    def page(self, path: str) -> str:
        """Return what the assistant reads."""
        return self.browser("client0").get(path).text

    def issue(self) -> Answer:
        """Issue one pen of the inventory."""
        fields = {
            "quantity": "1",
            "understood": "1000",
            "unit": self.stock["unit"],
            "from_place": self.stock["place"],
            "for_department": self.stock["department"],
        }
        return self.browser("client0").post(f"/inventory/items/{self.stock['item']}/issue", fields)

    def rows(self) -> tuple[int, str]:
        """Return how many vehicles there are, and a digest of what was written of them."""
        columns = "id, public_id, name, name_key, number, note, version, department_id"
        found = self.all(f"SELECT {columns} FROM vehicles_vehicle ORDER BY id")
        return len(found), hashlib.sha256(repr([tuple(row) for row in found]).encode()).hexdigest()

    def tables(self) -> tuple[str, bool]:
        """Return at which revision the tables are, and whether vehicles have a colour."""
        ((revision,),) = self.all("SELECT version_num FROM alembic_version_vehicles")
        with self.server.app.app_context():
            columns = inspect(db.engine).get_columns("vehicles_vehicle")
            db.engine.dispose()
        return revision, "colour" in {one["name"] for one in columns}

    def all(self, sql: str) -> list[Any]:
        """Return the rows of a question to the database."""
        with self.server.app.app_context(), looking(reason="test") as tx:
            return list(kernel_execute(tx.session, text(sql)).all())

    def fill(self) -> None:
        """Write ten thousand vehicles down."""
        insert = text(
            "INSERT INTO vehicles_vehicle"
            " (public_id, name, name_key, number, note, version, department_id)"
            " SELECT :public_id, :name, :name, :number, :note, 1, id FROM department"
        )
        vehicles = [
            {
                "public_id": f"v{number:08}",
                "name": f"van {number:05}",
                "number": f"V-{number:05}",
                "note": f"note of {number}",
            }
            for number in range(ROWS)
        ]
        with self.server.app.app_context(), unscoped(reason="test data") as tx:
            kernel_execute(tx.session, insert, vehicles)


@dataclass
class Command:
    """A command that waits in the middle."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def said(self) -> str:
        """What it has written by now."""
        return (self.folder / "said").read_text()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Let it go on; return how it ended."""
        (self.folder / "go").touch()
        return self.process.wait(PATIENCE)


def until(condition: Callable[[], Any]) -> None:
    """Return when something holds; raise TimeoutError when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


@contextmanager
def office(kind: str, sites: dict[str, Path], folder: Path) -> Iterator[Office]:
    """Yield a portal with inventory and keys that serves, the plugin's first version beside it."""
    site = folder / f"site-{kind}"
    shutil.copytree(sites["1.0.0"], site)
    paths = {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT), *filter(None, sys.path)])}
    made: dict[str, str] = {}
    with live_server(kind, fill=partial(_people, made), workers=1, settings=paths) as server:
        here = Office(server, sites, site, made, paths)
        try:
            yield here
        finally:
            for browser in here.browsers.values():
                browser.close()


def _people(made: dict[str, str], app: Any) -> None:
    from portal.plugins.models import PluginActivation

    with app.app_context(), unscoped(reason="test data") as tx:
        department, place = add_shelf(tx)
        switched_on = [PluginActivation(slug=slug) for slug in ("keys", "vehicles")]
        tx.session.add_all(switched_on)
        password = hashed(PASSWORD)
        add_member(tx, department, "Client 0", "client0", "assistant", password)
        for name in ("boss", "chief"):
            add_member(tx, department, name.title(), name, "administrator", password)
        item, unit = add_pieces(tx, place, "Pen", "PEN-1", 1_000)
        made |= {"item": item, "unit": unit, "place": place.public_id}
        made["department"] = department.public_id
