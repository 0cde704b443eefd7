"""The demo's clinic as a running portal, with what people would have done in it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import update
from waitress.server import create_server

from portal import migrate
from portal.api import ask_approval
from portal.approvals.models import ApprovalRule, ApprovalRulePerson
from portal.auth.models import AccountSession
from portal.commands import demo
from portal.commands.init import found, switch_on
from portal.contradictions import ROLES
from portal.db import db, unscoped
from portal.guard import kernel_execute
from portal.people.models import Person
from portal.plugin import Plugin
from portal.roles.principals import raise_epoch
from portal.runtime import Plugins
from portal.testing import (
    PortalClient,
    add_person,
    give_role,
    make_app,
    run_jobs,
    sign_in,
    working_as,
)
from portal.testing_databases import Database
from tests.live.server import free_port
from tests.pages import loans
from tests.pages.addresses import asked, people_of

IMPORT = "/inventory/import/items"
LIST = "Kode;Nama barang;Satuan;Stok;Lokasi\nPAGES-1;Kertas label;ream;12;A1\nX-2;;rim;1,2345;?\n"
FACTS = {
    "organisation": "Klinik Baru",
    "language": "en",
    "time_zone": "Asia/Jakarta",
    "currency": "IDR",
}
MATCHED = "c_sku=0&c_name=1&c_unit=2&c_quantity=3&c_place=4&number_format=comma"


@dataclass
class Office:
    """A portal with people who are signed in, and where it listens."""

    app: Any
    address: str
    people: dict[str, int]
    known: dict[str, str] = field(default_factory=dict)
    clients: dict[str, PortalClient] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo("Asia/Jakarta")).date()

    def client(self, name: str) -> PortalClient:
        """Return the browser of somebody, of nobody for an empty name."""
        if name not in self.clients:
            self.clients[name] = (
                sign_in(self.app, self.people[name]) if name else self.app.test_client()
            )
        return self.clients[name]

    def speak(self, name: str, language: str) -> None:
        """Let somebody read the portal in a language from now on."""
        with self.app.app_context(), unscoped(reason="test data") as tx:
            tx.session.get_one(Person, self.people[name]).language = language
            raise_epoch(tx.session, person_id=self.people[name])

    def prove_all(self) -> None:
        """Let everybody have given their password just now, however long this run has taken."""
        with self.app.app_context(), unscoped(reason="test data") as tx:
            kernel_execute(tx.session, update(AccountSession.__table__).values(proved_at=tx.now))

    def cookie(self, name: str) -> dict[str, str]:
        """Return the cookie of somebody, as a browser wants it."""
        found = self.client(name).get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        assert found is not None
        return {"name": found.key, "value": found.value, "url": self.address}


@contextmanager
def office(kind: str, folder: Path) -> Iterator[Office]:
    """Yield the demo on one kind of database, after a day's work."""
    with _portal(kind, folder, [*Plugins().discover(), loans.plugin]) as (app, address):
        demo.make(app)
        made = Office(app, address, people_of(app))
        _work(made)
        yield made


@contextmanager
def empty_office(kind: str, folder: Path) -> Iterator[Office]:
    """Yield a portal with nothing in it but one person who may do everything."""
    with _portal(kind, folder) as (app, address):
        with app.app_context():
            migrate.upgrade(app.extensions["kantor"])
            with unscoped(reason="test data") as tx:
                found(tx, kind="test", **FACTS)
                switch_on(tx, app.extensions["kantor"].loaded)
                person = add_person(tx, "Sari Wulandari", role="administrator", everywhere=True)
                for role in ROLES:
                    if role != "administrator":
                        give_role(tx, person, role, department_id=None, may_grant=True)
            app.extensions["kantor_facts"].forget()
        yield Office(app, address, {"sari": person})


def _work(made: Office) -> None:
    """Send lists to import, ask for a role, make a link: what pages show when people work."""
    upload = _sent(made, LIST)
    for step in ("", "/check"):
        made.known[f"{IMPORT}/<upload>{step}"] = f"{IMPORT}/{upload}{step}?{MATCHED}"
    good = _sent(made, LIST.partition("X-2")[0])
    chosen = dict(pair.split("=") for pair in MATCHED.split("&"))
    answer = made.client("hendra").post(f"{IMPORT}/{good}/run", data=chosen)
    assert answer.status_code == 303
    made.known[f"{IMPORT}/result/<job>"] = urlsplit(answer.location).path
    made.client("hendra").post("/inventory/ledger/check")
    run_jobs(made.app)
    key = {"code": "K-1", "room": "Gudang", "holder_id": str(made.people["putri"])}
    assert made.client("putri").post("/keys/new", data=key).status_code == 303
    newcomer = asked(made.app, "SELECT public_id FROM person WHERE name = 'Wening Prastiwi'")
    person = newcomer[0][0]
    administrator = made.client("bagus")
    answer = administrator.post(f"/people/{person}/account", data={"username": "wening"})
    link = re.search(r"/sign-in/link/[\w.-]+", answer.text)
    assert link
    made.known["/sign-in/link/<token>"] = link[0]
    made.known["/people/<public_id>/account"] = _without_account(made)
    own = asked(made.app, "SELECT public_id FROM person WHERE name = 'Bagus Adiwinata'")[0][0]
    role = asked(made.app, "SELECT public_id FROM role WHERE slug = 'executive'")[0][0]
    form = {"person": own, "role": role, "department": "", "from_on": made.today.isoformat()}
    answer = administrator.post("/roles/assign", data=form)
    assert answer.status_code == 303
    view = _saved_view(made)
    made.known["/lists/views/<public_id>/edit"] = f"{view}/edit"
    made.known["/lists/views/<public_id>/mail"] = f"{view}/mail"
    _talk(made)
    _ask(made)


def _talk(made: Office) -> None:
    """Let people say something about the store room, with a photo, and link it with a firm."""
    store = asked(made.app, "SELECT public_id FROM place WHERE code = 'STORE'")[0][0]
    firm = asked(made.app, "SELECT name FROM contact WHERE department_id IS NULL ORDER BY id")[0][0]
    photo = BytesIO()
    Image.new("RGB", (800, 600), (150, 120, 90)).save(photo, "JPEG")
    files = [(BytesIO(photo.getvalue()), "rak.jpg"), (BytesIO(b"%PDF-1.4"), "denah gudang.pdf")]
    for name, data in (
        ("bagus", {"text": "The second shelf is loose, see the photo. @ratna", "files": files}),
        ("ratna", {"text": "Seen. Hendra mends it on Friday."}),
        ("bagus", {"text": "Only the lower bolts are left.", "internal": "y"}),
    ):
        answer = made.client(name).post(
            f"/records/core.place/{store}/comments",
            data=data,
            content_type="multipart/form-data",
        )
        assert answer.status_code == 303, answer.text
    link = {"record": firm, "note": "built the shelves"}
    assert (
        made.client("bagus").post(f"/records/core.place/{store}/link", data=link).status_code == 303
    )


def _ask(made: Office) -> None:
    """Let people ask for what a rule gives one person to decide."""
    decides, department = made.people["bagus"], "SELECT id FROM department ORDER BY id"
    with made.app.app_context(), unscoped(reason="test data") as tx:
        rule = ApprovalRule(kind=loans.KIND, who="people", slot="first", made_at=tx.now)
        rule.people = [ApprovalRulePerson(person_id=decides)]
        tx.session.add(rule)
    for name, what in (("putri", "Projector"), ("dewi", "Camera"), ("bagus", "Ladder")):
        with working_as(made.app, made.people[name]) as tx:
            place = asked(made.app, department)[0][0]
            named = {"subject": what, "title": what, "amount": None, "department_id": place}
            ask_approval(tx, kind=loans.KIND, **named)


def _saved_view(made: Office) -> str:
    view = {"name": "Firms", "audience": "me", "place": "/contacts", "query": "q=firm"}
    answer = made.client("bagus").post("/lists/core.contacts/views", data=view)
    assert answer.status_code == 303
    return f"/lists/views/{answer.location.partition('view=')[2]}"


def _without_account(made: Office) -> str:
    found = asked(made.app, "SELECT public_id FROM person WHERE name = 'Lina Marpuah'")
    return f"/people/{found[0][0]}/account"


def _sent(made: Office, content: str) -> str:
    """Return the id of a list that was sent to be imported."""
    file = (BytesIO(content.encode()), "stok gudang.csv")
    answer = made.client("hendra").post(
        IMPORT, data={"file": file}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    return str(urlsplit(answer.location).path.rpartition("/")[2])


@contextmanager
def _portal(
    kind: str, folder: Path, plugins: list[Plugin] | None = None
) -> Iterator[tuple[Any, str]]:
    """Yield a portal on an empty database, served by a thread, and its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with Database.made(kind, folder) as database:
        app = make_app(database.url, folder, plugins, base_url=address)
        server = create_server(app, host="127.0.0.1", port=port, threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield app, address
        finally:
            server.close()
            server.task_dispatcher.shutdown()
            thread.join(timeout=5)
            with app.app_context():
                db.engine.dispose()
