"""Several people at the same thing at the same moment, over HTTP: each has read the page before
anybody sends what it says.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import select, text

from portal.auth.passwords import hashed
from portal.db import db, looking, new_session, unscoped
from portal.guard import kernel_execute
from portal.testing import principal_of
from portal.work import unit_of_work

from .client import Answer, Client
from .issuing import PASSWORD
from .room import add_member, add_pieces, add_shelf
from .server import LiveServer, live_server

MONEY = 100  # minor units
LAMP = 300 * MONEY  # what everybody asks for
CLERKS = 8
KIND = "inventory.requisition"


class _Forms(HTMLParser):
    """The forms of a page by where they go, with what a browser would send of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self._area = self._choice = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self._form = self.found.setdefault(said.get("action", ""), {})
        elif tag == "textarea":
            self._area = name
            self._form[name] = ""
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and "selected" in said:
            self._form[self._choice] = said.get("value", "")
        elif tag == "option" and self._choice:
            self._form.setdefault(self._choice, said.get("value", ""))
        elif tag == "input" and name:
            ticked = said.get("type") not in ("checkbox", "radio") or "checked" in said
            if ticked:
                self._form[name] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = {}
        elif tag in ("textarea", "select"):
            self._area = self._choice = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._form[self._area] += data.lstrip("\n")


def forms_of(answer: Answer) -> dict[str, dict[str, str]]:
    """Return action -> fields of every form of a page."""
    parser = _Forms()
    parser.feed(answer.text)
    return parser.found


def words_of(answer: Answer) -> str:
    """Return the words of a page, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split()).replace(" .", ".")


@dataclass
class Read:
    """A form that somebody has before them, filled in: to be sent once, or more often."""

    browser: Client
    action: str
    fields: dict[str, str]

    def send(self) -> Answer:
        answer = self.browser.request("POST", self.action, self.fields)
        self.browser.close()  # The next page is read by a connection of its own.
        return answer

    def again(self) -> Read:
        """Return the same form, as a second click sends it: by another connection."""
        return Read(twin(self.browser), self.action, dict(self.fields))


def twin(browser: Client) -> Client:
    """Return another connection of the same browser, with the same cookies."""
    other = Client(browser.port, timeout=browser.timeout)
    other.cookies, other.csrf_token = dict(browser.cookies), browser.csrf_token
    return other


def read(browser: Client, page: str, action: str, **typed: str) -> Read:
    """Open a page and fill in one of its forms, with all that it hides."""
    shown = browser.get(page)
    assert shown.status == 200, (page, shown.status, words_of(shown)[-300:])
    forms = forms_of(shown)
    assert action in forms, (action, list(forms))
    return Read(browser, action, forms[action] | typed)


def at_once(*acts: Read | Callable[[], Any]) -> list[Any]:
    """Send all of these together, none before everybody is ready; return what each was answered."""
    start = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)
    wrong: list[BaseException] = []

    def go(number: int, act: Read | Callable[[], Any]) -> None:
        try:
            start.wait(30)
            answers[number] = act.send() if isinstance(act, Read) else act()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=go, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return answers


@dataclass
class Office:
    """A portal at work: an office and a laboratory that ask its shelf for what must be bought.

    Dewi and Joko lead the office, Maya stands in where she is named, Siti and Bayu lead the
    laboratory; the clerks of the office ask, and receive what comes.
    """

    people: dict[str, int] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    shelf: str = ""
    pen: str = ""
    piece: str = ""
    server: LiveServer = None  # type: ignore[assignment]
    _browsers: dict[str, Client] = field(default_factory=dict)
    _principals: dict[str, Any] = field(default_factory=dict)

    def browser(self, name: str) -> Client:
        """Return the browser of somebody, who has signed in through the page."""
        if name not in self._browsers:
            client = Client(self.server.port)
            answer = client.sign_in(name, PASSWORD)
            assert answer.status == 303, words_of(answer)[-300:]
            self._browsers[name] = client
        return self._browsers[name]

    @contextmanager
    def work(self, name: str | None = None) -> Iterator[Any]:
        """Yield a writing unit of somebody, or of the portal itself."""
        app = self.server.app
        if name is None:
            with app.app_context(), unscoped(reason="test data") as tx:
                yield tx
            return
        if name not in self._principals:
            with app.app_context():
                self._principals[name] = principal_of(app, self.people[name])
        with app.app_context(), new_session() as session:
            session.act_as(self._principals[name])
            with unit_of_work(session) as tx:
                yield tx

    def ask(self, clerk: str, price: int = LAMP) -> Asked:
        """Let somebody ask for a lamp, which has to be approved."""
        from kantor_inventory.asking import services

        wish = services.Wish(text="Desk lamp", quantity=1_000, unit="piece", price=price)
        with self.work(clerk) as tx:
            made = services.ask(tx, services.Ask(place=self.shelf, wishes=(wish,)))
            assert made.status == "waiting"
            request = made.public_id
        found = self.row("SELECT public_id FROM approval WHERE subject = :subject", subject=request)
        return Asked(self, request, found.public_id)

    def ordered(self, packs: int) -> str:
        """Return the order of so many boxes of ten pens, placed."""
        from kantor_inventory.ordering.services import drafts, placing

        with self.work("dewi") as tx:
            line = drafts.Wanted(item=self.pen, place=self.shelf, packs=packs)
            drafts.add_lines(tx, drafts.AddLines(lines=(line,)))
        newest = "SELECT public_id, version FROM inventory_purchase_order ORDER BY id DESC LIMIT 1"
        draft = self.row(newest)
        with self.work("dewi") as tx:
            command = placing.Place(order=draft.public_id, version=draft.version, placed_by="phone")
            return str(placing.place(tx, command).public_id)

    def deputy(self, principal: str, deputy: str) -> str:
        """Let somebody stand in from today; return the public id."""
        from portal.delegation.models import Delegation

        with self.work() as tx:
            row = Delegation(
                principal_id=self.people[principal],
                deputy_id=self.people[deputy],
                from_on=tx.today,
                last_on=tx.today + timedelta(days=3),
                only_when_absent=False,
            )
            tx.session.add(row)
            tx.session.flush()
            return str(row.public_id)

    def left_in(self, department: str, amount: int) -> None:
        """Raise a department's budget until exactly so much of it is left."""
        from kantor_inventory.budgets.models import Budget

        with self.work() as tx:
            row = tx.one(select(Budget), department_id=self.departments[department])
            row.amount += amount - row.available
            row.available = amount

    def budget(self, department: str) -> Any:
        """Return the columns of a budget, and what its entries add up to."""
        return self.row(
            "SELECT b.*, (SELECT coalesce(sum(CASE e.kind WHEN 'commit' THEN e.amount"
            " WHEN 'release' THEN -e.amount ELSE 0 END), 0) FROM inventory_budget_entry e"
            " WHERE e.budget_id = b.id) AS entered FROM inventory_budget b"
            " WHERE b.department_id = :department",
            department=self.departments[department],
        )

    def rows(self, statement: str, **given: Any) -> Sequence[Any]:
        """Return rows as the database has them now."""
        with self.server.app.app_context(), looking(reason="count") as tx:
            found = kernel_execute(tx.session, text(statement), given).all()
            db.session.remove()
        return found

    def row(self, statement: str, **given: Any) -> Any:
        (found,) = self.rows(statement, **given)
        return found

    def findings(self) -> list[Any]:
        """Return what is wrong with stock, orders, budgets and what is put aside: nothing."""
        from kantor_inventory.services import selfcheck

        with self.server.app.app_context(), looking(reason="check") as tx:
            found = list(selfcheck.findings(tx))
            db.session.remove()
        return found

    def faults(self) -> str:
        """Return what the portal wrote about faults of its own."""
        log = (self.server.home / "server.log").read_text()
        return "\n".join(line for line in log.splitlines() if "failed in" in line)


@dataclass
class Asked:
    """A request for supplies and its approval, both by public id."""

    office: Office
    request: str
    approval: str

    @property
    def page(self) -> str:
        return f"/approvals/{self.approval}"

    def decision(self, who: Client, verdict: str = "approve", comment: str = "As we said") -> Read:
        """Return the decision of somebody who has read what is asked."""
        typed = {"verdict": verdict, "comment": comment}
        return read(who, self.page, f"{self.page}/decide", **typed)

    @property
    def state(self) -> tuple[str, str]:
        """What has become of the approval, and of the request."""
        found = self.office.row(
            "SELECT a.state, r.status FROM approval a"
            " JOIN inventory_requisition r ON r.public_id = a.subject WHERE a.public_id = :id",
            id=self.approval,
        )
        return found.state, found.status

    @property
    def decisions(self) -> list[tuple[str, str, str | None]]:
        """Who decided what, and for whom."""
        found = self.office.rows(
            "SELECT p.name, d.verdict, f.name AS for_name FROM approval_decision d"
            " JOIN approval a ON a.id = d.approval_id JOIN person p ON p.id = d.person_id"
            " LEFT JOIN person f ON f.id = d.on_behalf_of_id WHERE a.public_id = :id ORDER BY d.id",
            id=self.approval,
        )
        return [tuple(row) for row in found]

    @property
    def booked(self) -> list[tuple[str, int]]:
        """What its lines have on a budget: kind and amount of each entry."""
        found = self.office.rows(
            "SELECT e.kind, e.amount FROM inventory_budget_entry e"
            " JOIN inventory_requisition_line l ON e.source = 'request line ' || l.id"
            " JOIN inventory_requisition r ON r.id = l.requisition_id"
            " WHERE r.public_id = :id ORDER BY e.id",
            id=self.request,
        )
        return [tuple(row) for row in found]

    @property
    def told(self) -> int:
        """How often whoever asked was told what became of it."""
        found = self.office.row(
            "SELECT coalesce(sum(number), 0) AS n FROM notice"
            " WHERE kind = 'core.approval_decided' AND record = :record",
            record=f"core.approval:{self.approval}",
        )
        return int(found.n)

    @property
    def audited(self) -> list[str]:
        """What the record says was done with the approval once it was asked for."""
        found = self.office.rows(
            "SELECT e.action FROM audit_entry e JOIN approval a ON a.id = e.subject_id"
            " WHERE a.public_id = :id AND e.action LIKE 'core.approval%'"
            " AND e.action <> 'core.approval_asked' ORDER BY e.id",
            id=self.approval,
        )
        return [row.action.removeprefix("core.approval_") for row in found]


@contextmanager
def racing(kind: str) -> Iterator[Office]:
    """Yield the office at work, behind two worker processes of four threads."""
    office = Office()
    with live_server(kind, fill=lambda app: _fill(app, office), workers=2, threads=4) as server:
        office.server = server
        yield office
        for client in office._browsers.values():
            client.close()


def _fill(app: Any, office: Office) -> None:
    from portal.people.models import Department, Membership, Person
    from portal.places.models import PlaceServes

    with app.app_context(), unscoped(reason="test data") as tx:
        department, place = add_shelf(tx)
        laboratory = Department(name="Laboratory")
        tx.session.add(laboratory)
        tx.session.flush()
        tx.session.add(PlaceServes(place_id=place.id, department_id=laboratory.id))
        office.departments = {"office": department.id, "laboratory": laboratory.id}
        office.shelf, password = place.public_id, hashed(PASSWORD)
        rooms = {"office": department, "laboratory": laboratory}
        for name, where, role in _people():
            add_member(tx, rooms[where], name.title(), name, role, password)
            person = tx.session.scalars(select(Person).filter_by(name=name.title())).one()
            office.people[name] = person.id
            if role == "department_manager":
                seat = tx.session.scalars(select(Membership).filter_by(person_id=person.id)).one()
                seat.kind = "manager"
        office.pen, office.piece = add_pieces(tx, place, "Pen", "PEN-1", 100)
        _sell(tx, office)
        for id in office.departments.values():
            _afford(tx, id)


def _people() -> Iterator[tuple[str, str, str]]:
    for name in ("dewi", "joko"):
        yield name, "office", "department_manager"
    yield "maya", "office", "employee"
    for number in range(CLERKS):
        yield f"clerk{number}", "office", "assistant"
    for name in ("siti", "bayu"):
        yield name, "laboratory", "department_manager"
    for number in range(CLERKS):
        yield f"lab{number}", "laboratory", "employee"


def _sell(tx: Any, office: Office) -> None:
    """Let a supplier sell pens by the box of ten."""
    from kantor_inventory.models import Item, ItemUnit, Supplier, SupplierItem, Unit
    from portal.contacts.models import Contact

    item = tx.one(select(Item), public_id=office.pen)
    box = ItemUnit(unit=Unit(name="box"), num=10, den=1)
    item.units.append(box)
    supplier = Supplier(
        contact=Contact(kind="organisation", name="Toko Pena"), order_by="phone", lead_days=3
    )
    tx.session.add(supplier)
    tx.session.flush()
    offer = {"supplier_id": supplier.id, "item_unit_id": box.id}
    tx.session.add(SupplierItem(**offer, price=50 * MONEY, priced_on=tx.today))


def _afford(tx: Any, department_id: int) -> None:
    from kantor_inventory.budgets.models import Budget

    whole = 10_000_000 * MONEY
    tx.session.add(
        Budget(
            department_id=department_id,
            from_on=tx.today - timedelta(days=30),
            until_on=tx.today + timedelta(days=300),
            amount=whole,
            available=whole,
            mode="stop",
        )
    )
