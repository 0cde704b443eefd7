"""A portal with stock and files in it, and an empty place to restore into."""

from __future__ import annotations

import hashlib
import io
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

import kantor_inventory
from portal.audit.services import broken
from portal.backup import making, restoring
from portal.backup.programs import program
from portal.backup.reading import opened
from portal.config import Config
from portal.db import db, looking, unscoped
from portal.files import services as files
from portal.guard import LIMITED
from portal.reach import EVERYTHING
from portal.settings.services import write_facts
from portal.testing import KEY, make_app
from portal.testing_databases import Database
from portal.work import UnitOfWork
from tests.live.ledger import fill

PHOTOS = [b"a photo", b"another photo" * 9999, b""]


@pytest.fixture(scope="session")
def portal_plugins():
    return [kantor_inventory.plugin]


@dataclass
class Place:
    """Where a portal lies, or will: its configuration."""

    config: Config
    apps: list[Any] = field(default_factory=list)

    def app(self, plugins=(kantor_inventory.plugin,)):
        """Return the portal that is there now."""
        self.apps.append(make_app(self.config.database_url, self.config.home, list(plugins)))
        return self.apps[-1]

    def let_go(self):
        """Close what its portals have opened."""
        for app in self.apps:
            app.extensions["kantor_queue"].close()
            with app.app_context():
                db.engine.dispose()


def quiet(_what):
    """Say nothing."""


@pytest.fixture
def app(portal_app):
    """Return a real portal with an item, stock, people, and files that somebody sent."""
    store = portal_app.extensions["kantor_files"]
    made = fill(portal_app, 2, 500)
    assert made
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        write_facts(tx, kind="real", organisation="Klinik")
        person = tx.session.execute(text("SELECT min(id) FROM person")).scalar_one()
        sender = _as_sender(tx, person)
        for number, photo in enumerate(PHOTOS):
            content = store.put(io.BytesIO(photo))
            files.keep(sender, content, name=f"{number}.jpg", purpose="photo")
    yield portal_app
    for photo in PHOTOS:
        store.remove(hashlib.sha256(photo).hexdigest())


def _as_sender(tx: UnitOfWork, person: int) -> UnitOfWork:
    return replace(tx, actor=replace(tx.actor, person_id=person))


@pytest.fixture
def config(app, portal_database_kind):
    """Return the configuration of the portal that is backed up."""
    if portal_database_kind == "postgresql":
        program("pg_dump", at_least=1)  # Says what to install.
    return app.extensions["kantor_config"]


@pytest.fixture
def archive(config, tmp_path):
    """Return a good backup of the portal."""
    return making.make(config, tmp_path / "backup.tar", say=quiet).path


@pytest.fixture
def new_place(portal_database_kind, tmp_path):
    """Return a function: a new, empty database and home."""
    with ExitStack() as places:

        def make(kind=portal_database_kind):
            home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
            home.mkdir()
            database = places.enter_context(Database.made(kind, home))
            place = Place(Config(home=home, database_url=database.url, secret_key=KEY))
            places.callback(place.let_go)
            return place

        yield make


def restored(archive: Path, place: Place, *, plugins=None, new_key=False):
    """Restore as the command does; return what it tells."""
    known = {"inventory": kantor_inventory.plugin} if plugins is None else plugins
    with opened(archive) as found:
        return restoring.restore(found, place.config, known, new_key=new_key, say=quiet)


def rows_of(app):
    """Return table -> all of its rows, read by SQLAlchemy: nothing of the backup's own."""
    with app.app_context(), db.engine.connect() as plain:
        connection = plain.execution_options(**{LIMITED: EVERYTHING})
        found = {}
        for name in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
            found[name] = sorted(map(repr, rows))
        return found


def is_empty(place: Place) -> bool:
    """Return whether neither tables nor files nor anything else lies in a place."""
    app = place.app()
    with app.app_context(), db.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        functions = []
        if connection.dialect.name == "postgresql":
            mine = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            functions = connection.execute(text(mine + " AND probin IS NULL")).all()
    left = [path for path in place.config.home.rglob("*") if path.is_file()]
    databases = [path for path in left if path.suffix in {".db", ".db-shm", ".db-wal"}]
    return not tables and not functions and left == databases


def findings(app):
    """Return what is wrong with the ledger and with the chain of the audit."""
    from kantor_inventory.services import selfcheck

    with app.app_context(), looking(reason="test") as tx:
        return [*selfcheck.findings(tx), *broken(tx.session)]
