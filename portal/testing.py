"""Fixtures for plugin authors: a real portal, real databases, people with roles. Public.

The pytest plugin comes with kantor; your conftest.py overrides ``portal_plugins``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, select

from . import migrate
from .app import create_app
from .config import Config
from .contradictions import ROLES
from .db import db, unscoped
from .gate import FORM_KEY, Portal
from .guard import kernel_execute
from .messages import current_language
from .people.models import Department, Membership, Person
from .plugin import Plugin
from .plugins.models import PluginActivation
from .roles.models import Assignment, Role
from .roles.principals import raise_epoch
from .testing_databases import Database, offered
from .testing_paper import codes_of as codes_of
from .testing_paper import pdf_pages as pdf_pages
from .testing_paper import require_pdf as require_pdf
from .testing_races import together as together
from .testing_smtp import mail_server as mail_server
from .testing_smtp import portal_mail as portal_mail
from .work import UnitOfWork

KEY = "a-secret-key-for-tests-only-0123456789"
LONG_AGO = date(2020, 1, 1)


class PortalClient(FlaskClient):
    """A browser in a test: its forms carry the tokens a page would have given them."""

    def post(self, *args: Any, raw: bool = False, **kwargs: Any) -> Any:
        """Send a form, with CSRF token and a new idempotency key unless ``raw``."""
        if not raw and not kwargs.get("json"):
            data = dict(kwargs.get("data") or {})
            data.setdefault("csrf_token", self.csrf_token())
            data.setdefault(FORM_KEY, self.form_key())
            kwargs["data"] = data
        return super().post(*args, **kwargs)

    def csrf_token(self) -> str:
        """Return a token that fits this browser's cookie."""
        with self.session_transaction() as cookie:
            secret = cookie.setdefault("csrf_token", secrets.token_hex(20))
        return str(URLSafeTimedSerializer(KEY, salt="wtf-csrf-token").dumps(secret))

    def form_key(self) -> str:
        """Return a new idempotency key, signed as one for a visitor must be."""
        with self.session_transaction() as cookie:
            signed_in = "_user_id" in cookie
        key = secrets.token_urlsafe(12)
        return (
            key
            if signed_in
            else str(URLSafeTimedSerializer(KEY, salt="kantor-form-key").dumps(key))
        )


@dataclass
class World:
    """A small organisation: board <- office <- stores, and the lab apart; ids by name."""

    departments: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """Begin in English: a request in another language before may have been made in this thread."""
    current_language.set("en")


@pytest.fixture(scope="session")
def portal_plugins() -> list[Plugin]:
    """Return the plugins under test; override it."""
    return []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that needs a database on each one that this machine offers."""
    if "portal_database_kind" in metafunc.fixturenames:
        metafunc.parametrize("portal_database_kind", offered(), scope="session")


@pytest.fixture(scope="session")
def _portal_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Templates]:
    """Yield the portals of this test session, each made when it is first asked for."""
    with _Templates(tmp_path_factory) as templates:
        yield templates


class _Templates(ExitStack):
    """One portal for each kind of database and set of plugins.

    A fixture of session scope would be made once for all folders, whatever their own
    ``portal_plugins`` says.
    """

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._folders = folders
        self._made: dict[tuple[Any, ...], tuple[Portal, Database]] = {}
        self._failed: dict[tuple[Any, ...], BaseException] = {}

    def portal(self, kind: str, plugins: list[Plugin]) -> tuple[Portal, Database]:
        key = (kind, *map(id, plugins))
        if key in self._failed:  # Not again for every test.
            raise self._failed[key]
        if key not in self._made:
            try:
                self._made[key] = self._make(kind, plugins)
            except BaseException as error:
                self._failed[key] = error
                raise
        return self._made[key]

    def _make(self, kind: str, plugins: list[Plugin]) -> tuple[Portal, Database]:
        home = self._folders.mktemp("kantor")
        database = self.enter_context(Database.made(kind, home))
        # A suite can be run beside whatever else is installed, broken or not.
        installed = bool(os.environ.get("KANTOR_TEST_INSTALLED"))
        app = make_app(database.url, home, None if installed else plugins)
        self.callback(_let_go, app)
        with app.app_context():
            migrate.upgrade(app.extensions["kantor"])
            database.remember(db.engine)
        failures = app.extensions["kantor"].failures
        if failures and not installed:
            said = [f"{f.slug} failed at {f.stage}: {f.reason}" for f in failures]
            raise RuntimeError("; ".join(said))
        return app, database


def check_plugin(plugin: Plugin, *, beside: Iterable[Plugin] = ()) -> None:
    """Raise AssertionError with everything in which a plugin breaks its promises, and remedies.

    It is asked of a real portal on every database at hand; ``beside`` are the plugins it requires.
    """
    from .checking.running import promises_broken

    if found := promises_broken(plugin, beside=beside):
        lines = "".join(f"\n  - {problem}" for problem in found)
        raise AssertionError(f"{plugin.slug} does not keep {len(found)} promises:{lines}")


def _let_go(app: Portal) -> None:
    app.extensions["kantor_queue"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def portal_template(
    portal_database_kind: str, portal_plugins: list[Plugin], _portal_templates: _Templates
) -> tuple[Portal, Database]:
    """Return an app on a database that the migrations have built, and that database."""
    return _portal_templates.portal(portal_database_kind, portal_plugins)


def make_app(url: str, home: Path, plugins: list[Plugin] | None, **settings: Any) -> Portal:
    """Return a portal for a test, with limits that tests do not meet unless they ask for them."""
    rates = {"sign_in": 10_000, "anonymous": 10_000, "write": 1_000_000, "export": 1_000_000}
    rates |= {"link": 1_000_000, "feed": 1_000_000}
    config = Config(
        **{
            "home": home,
            "database_url": url,
            "secret_key": KEY,
            "testing": True,
            "rates": rates,
            "base_url": "http://localhost",
            **settings,
        }
    )
    app = create_app(config, plugins)
    app.test_client_class = PortalClient
    return app


@pytest.fixture
def portal_app(portal_template: tuple[Portal, Database]) -> Portal:
    """Return the app with its database as the migrations left it; no app context is open."""
    app, database = portal_template
    with app.app_context():
        database.restore(db.engine)
    app.extensions["kantor_visitors"]._principals.clear()
    app.extensions["kantor_facts"].forget()
    return app


@pytest.fixture
def world(portal_app: Portal) -> World:
    """Return a small organisation in the database, every plugin switched on everywhere."""
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        made = World()
        for name, parent in (
            ("board", None),
            ("office", "board"),
            ("stores", "office"),
            ("lab", None),
        ):
            department = Department(name=name.title(), parent_id=made.departments.get(parent or ""))
            tx.session.add(department)
            tx.session.flush()
            made.departments[name] = department.id
        for slug in portal_app.extensions["kantor"].loaded:
            tx.session.add(PluginActivation(slug=slug, department_id=None))
        tx.session.flush()
        for role in ROLES:
            made.people[role] = add_person(
                tx,
                role.replace("_", " ").title(),
                department_id=made.departments["office"],
                role=role,
            )
    return made


def add_person(
    tx: UnitOfWork,
    name: str,
    *,
    department_id: int | None = None,
    role: str | None = None,
    kind: str = "member",
    language: str = "en",
    everywhere: bool = False,
) -> int:
    """Add somebody, in a department and with a role if given; return the person's id."""
    person = Person(name=name, language=language, active_from=LONG_AGO)
    tx.session.add(person)
    tx.session.flush()
    if department_id is not None:
        member = Membership(
            person_id=person.id, department_id=department_id, kind=kind, from_on=LONG_AGO
        )
        tx.session.add(member)
    if role is not None:
        give_role(tx, person.id, role, department_id=None if everywhere else department_id)
    return person.id


def give_role(
    tx: UnitOfWork, person_id: int, role: str, *, department_id: int | None, may_grant: bool = False
) -> None:
    """Assign a role by its slug, from long ago and without end."""
    role_id = tx.session.scalars(select(Role.id).where(Role.slug == role)).one()
    row = {
        "person_id": person_id,
        "role_id": role_id,
        "department_id": department_id,
        "from_on": LONG_AGO,
        "may_grant": may_grant,
        "approved": True,
        "granted_at": datetime.now(UTC),
    }
    kernel_execute(tx.session, insert(Assignment.__table__), row)
    raise_epoch(tx.session, person_id=person_id)


def sign_in(app: Portal, person_id: int) -> PortalClient:
    """Return a browser in which this person is signed in; an account is made if there is none."""
    from .auth.models import Account

    table = Account.__table__
    with app.app_context():
        with unscoped(reason="test data") as tx:
            found = kernel_execute(
                tx.session, select(table.c.id).where(table.c.person_id == person_id)
            ).scalar()
            if found is None:
                row = {"person_id": person_id, "username": f"person-{person_id}", "version": 1}
                row |= {"created_at": tx.now, "active": True}
                found = kernel_execute(
                    tx.session, insert(table).values(row).returning(table.c.id)
                ).scalar_one()
        token = app.extensions["kantor_visitors"].sign_in(found, device="test", address="127.0.0.1")
    client: PortalClient = app.test_client()  # type: ignore[assignment]
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


@pytest.fixture
def as_person(portal_app: Portal) -> Callable[[int], PortalClient]:
    """Return a function: person id -> a browser in which that person is signed in."""
    return lambda person_id: sign_in(portal_app, person_id)


@pytest.fixture
def as_role(portal_app: Portal, world: World) -> Callable[[str], PortalClient]:
    """Return a function: role slug -> a browser with somebody of the office signed in."""
    return lambda role: sign_in(portal_app, world.people[role])


@pytest.fixture
def anonymous(portal_app: Portal) -> PortalClient:
    """Return a browser in which nobody is signed in."""
    return portal_app.test_client()  # type: ignore[return-value]


@pytest.fixture
def tx(portal_app: Portal, world: World) -> Iterator[UnitOfWork]:
    """Yield a unit that may touch everything; it is rolled back at the end."""
    with portal_app.app_context(), suppress(_RollBack), unscoped(reason="test") as unit:
        yield unit
        raise _RollBack


class _RollBack(Exception):
    pass


def run_jobs(app: Portal) -> int:
    """Do here and now what waits for the worker, jobs and then events; return how many jobs ran."""
    from .jobs.worker import run_waiting

    return run_waiting(app)


@contextmanager
def acting_as(app: Portal, person_id: int) -> Iterator[Any]:
    """Yield a guarded session that belongs to this person, as a request of theirs would have."""
    from .db import new_session

    with app.app_context():
        principal = principal_of(app, person_id)
        with new_session() as session:
            session.act_as(principal)
            yield session
            session.rollback()


@contextmanager
def working_as(app: Portal, person_id: int | None = None) -> Iterator[UnitOfWork]:
    """Yield a writing unit of this person, or of the portal itself; it is committed at the end."""
    from .db import new_session
    from .work import unit_of_work

    with app.app_context():
        if person_id is None:
            with unscoped(reason="test") as tx:
                yield tx
            return
        principal = principal_of(app, person_id)
        with new_session() as session:
            session.act_as(principal)
            with unit_of_work(session) as tx:
                yield tx


def principal_of(app: Portal, person_id: int) -> Any:
    """Return the compiled rights of a person."""
    visitors = app.extensions["kantor_visitors"]
    with unscoped(reason="test") as tx:
        person = tx.session.get_one(Person, person_id)
        row = {
            "person_id": person.id,
            "public_id": person.public_id,
            "name": person.name,
            "language": person.language,
            "time_zone": person.time_zone,
            "theme": "system",
            "sidebar": "open",
        }
        found = type("Row", (), row)
        return visitors.compiler.compile(tx.session, found, datetime.now(UTC))[0]


@contextmanager
def counting_statements(app: Portal) -> Iterator[list[str]]:
    """Yield a list that fills with the SQL sent in the block, BEGIN, COMMIT, SAVEPOINT left out."""
    from sqlalchemy import event

    seen: list[str] = []
    quiet = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")

    def note(conn: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if not sql.lstrip().upper().startswith(quiet):
            seen.append(sql)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
