"""What is measured: seeded databases, and servers started on them one process each."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
from sqlalchemy import Connection, create_engine, insert, inspect, make_url, select, text
from sqlalchemy.exc import OperationalError

from bench.client import Site
from bench.seed import PEOPLE, Size, fill
from bench.seed_decisions import CHIEF, HEAD, LED
from portal import migrate
from portal.db import db, unscoped
from portal.guard import kernel_execute
from portal.roles.models import Assignment, Role
from portal.roles.principals import raise_epoch
from portal.testing import KEY, LONG_AGO, make_app, sign_in
from portal.testing_databases import postgres_server

CHECKOUT = Path(__file__).parent.parent
FOLDER = CHECKOUT / "var" / "bench"
RATES = ("sign_in", "anonymous", "write", "export")
KEEPER, CLERK, MANAGER = 1, 2, 3  # people: of everything, of one department, of three
ROLES = {CLERK: (3,), MANAGER: (3, 4, 5), CHIEF: (1,), HEAD: (LED,)}
# People of everything, so many that none writes more than a person could.
WRITERS = range(11, PEOPLE + 1)


def database(kind: str, size: Size) -> str:
    """Return the address of a seeded database, made anew when the schema or the seed changed."""
    name, url = _name(size), _address(kind, _name(size))
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = FOLDER / f"{name}.{kind}"
    wanted = f"{_fingerprint()} {size}"
    if stamp.exists() and stamp.read_text() == wanted and _exists(url):
        return url
    stamp.unlink(missing_ok=True)
    _empty(kind, name)
    begun = time.perf_counter()
    _build(url, size)
    stamp.write_text(wanted)
    print(f"  seeded {kind} with {size} in {time.perf_counter() - begun:.0f} s", flush=True)
    return url


@contextmanager
def copied(kind: str, size: Size) -> Iterator[str]:
    """Yield the address of a copy of ``database(kind, size)``, which may be written into."""
    source, copy = _name(size), f"{_name(size)}_copy"
    if kind == "sqlite":
        with closing(sqlite3.connect(FOLDER / f"{source}.db")) as connection:
            _empty(kind, copy)
            connection.execute("VACUUM INTO ?", [str(FOLDER / f"{copy}.db")])
    else:
        _empty(kind, copy, template=source)
    try:
        yield _address(kind, copy)
    finally:
        _remove(kind, copy)


def _name(size: Size) -> str:
    return f"kantor_bench_{size.items}"


def _address(kind: str, name: str) -> str:
    if kind == "sqlite":
        return f"sqlite:///{FOLDER / name}.db"
    server = make_url(str(postgres_server(durable=True)))
    return server.set(database=name).render_as_string(hide_password=False)


def _exists(url: str) -> bool:
    """Return whether the database is there: a server of the tests' own takes it along."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table("inventory_item")
    except OperationalError:
        return False
    finally:
        engine.dispose()


def bytes_of(url: str) -> int:
    """Return how large a database is."""
    engine = create_engine(url)
    sizes = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with engine.connect() as connection:
        found = connection.execute(text(sizes[engine.dialect.name])).scalar_one()
    engine.dispose()
    return int(found)


def _fingerprint() -> str:
    """Return what changes when the schema or the seed does."""
    files = [
        *CHECKOUT.glob("migrations/versions/*.py"),
        *CHECKOUT.glob("plugins/*/*/migrations/*.py"),
    ]
    files += [*Path(__file__).parent.glob("seed*.py"), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:16]


def _remove(kind: str, name: str) -> None:
    if kind == "sqlite":
        for file in FOLDER.glob(f"{name}.db*"):
            file.unlink()
        return
    with _administering() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _empty(kind: str, name: str, *, template: str = "template0") -> None:
    """Make room for a database; on PostgreSQL make it, a copy of ``template``."""
    _remove(kind, name)
    if kind != "sqlite":
        made = f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\''
        with _administering() as connection:
            connection.execute(text(made))


@contextmanager
def _administering() -> Iterator[Connection]:
    engine = create_engine(str(postgres_server(durable=True)), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def portal(url: str, **settings: str):
    """Return the portal with every installed plugin on this database, in this process."""
    return make_app(url, FOLDER, None, **settings)


def environment(url: str) -> dict[str, str]:
    """Return what tells a process of the portal to work on this database."""
    (FOLDER / "kantor.toml").write_text(
        "[rates]\n" + "".join(f"{name} = 10000000\n" for name in RATES)
    )
    return os.environ | {
        "KANTOR_HOME": str(FOLDER),
        "KANTOR_DATABASE_URL": url,
        "KANTOR_JOBS_URL": f"sqlite:///{FOLDER / 'jobs.db'}",
        "KANTOR_SECRET_KEY": KEY,
        "KANTOR_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(CHECKOUT),
    }


def _build(url: str, size: Size) -> None:
    app = portal(url)
    with app.app_context():
        migrate.upgrade(app.extensions["kantor"])
        fill(size)
        hold_roles(dict.fromkeys((KEEPER, *WRITERS), (None,)) | ROLES)
        db.engine.dispose()
    if make_url(url).get_backend_name() == "postgresql":
        _vacuum(url)


def hold_roles(wanted: Mapping[int, Iterable[int | None]]) -> None:
    """Make people office managers, each of these departments; None stands for all."""
    with unscoped(reason="test data") as tx:
        role = tx.session.scalars(select(Role.id).where(Role.slug == "office_manager")).one()
        for person, departments in wanted.items():
            for department in departments:
                row = {
                    "person_id": person,
                    "role_id": role,
                    "department_id": department,
                    "from_on": LONG_AGO,
                    "may_grant": False,
                    "approved": True,
                    "granted_at": tx.now,
                }
                kernel_execute(tx.session, insert(Assignment.__table__), row)
            raise_epoch(tx.session, person_id=person)


def _vacuum(url: str) -> None:
    """Do now what autovacuum would have done by the time anybody measures."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def cookie(url: str, person: int = KEEPER) -> str:
    """Return the cookie of a signed-in browser."""
    return _cookies(url, [person])[0]


def writers(server: Server, url: str) -> list[Site]:
    """Return the running server as each of the people who write sees it."""
    return [Site(server.port, cookie) for cookie in _cookies(url, WRITERS)]


def _cookies(url: str, people: Iterable[int]) -> list[str]:
    app, found = portal(url), []
    for person in people:
        client = sign_in(app, person)
        kept = client.get_cookie(app.config["SESSION_COOKIE_NAME"], domain="localhost")
        found.append(f"{kept.key}={kept.value}")
    with app.app_context():
        db.engine.dispose()
    return found


class Server:
    """A gunicorn with one worker."""

    def __init__(self, target: str, url: str, threads: int) -> None:
        self.port = _free_port()
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "gthread"),
                *("--threads", str(threads), "--keep-alive", "60", "--log-level", "error"),
                *("--bind", f"127.0.0.1:{self.port}", target),
            ],
            cwd=CHECKOUT,
            env=environment(url) | {"KANTOR_BASE_URL": f"http://127.0.0.1:{self.port}"},
        )
        self.started = self._await_first_answer()
        self.worker = psutil.Process(self.process.pid).children()[0]

    def _await_first_answer(self) -> float:
        site = Site(self.port)
        while time.perf_counter() - self.begun < 60:
            if self.process.poll() is not None:
                raise RuntimeError("the server did not start")
            try:
                if site.get("/live")[0] == 200:
                    return time.perf_counter() - self.begun
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the server did not answer within a minute")

    def cpu(self) -> float:
        """Return the seconds of processor time that the worker has used."""
        used = self.worker.cpu_times()
        return float(used.user + used.system)

    def memory(self) -> float:
        """Return the worker's resident memory in MB, without the pages of a mapped database.

        Those are the system's file cache: every worker shares them, and it takes them back.
        """
        mapped = sum(m.rss for m in self.worker.memory_maps() if ".db" in m.path)
        return float(self.worker.memory_info().rss - mapped) / 1e6

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(target: str, url: str, *, threads: int = 4) -> Iterator[Server]:
    """Yield a running server and stop it afterwards."""
    server = Server(target, url, threads)
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def form_key() -> str:
    return secrets.token_urlsafe(12)
