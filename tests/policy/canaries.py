"""Marks that stand for everything worth hiding: each with those who may read it, and where.

A word or a number that nothing else in the portal holds is planted in every field that not
everybody may see. Who may see it is told by the oracle, not by the portal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from kantor_inventory.asking.models import Requisition
from kantor_inventory.budgets.models import Budget
from kantor_inventory.models import Balance, Item, ItemUnit, LedgerCheck, Supplier, SupplierItem
from kantor_inventory.services import items, stock
from portal.approvals.models import ApprovalRequest
from portal.contacts.models import Contact, ContactPoint
from portal.files.models import StoredFile, Upload
from portal.guard import kernel_execute
from portal.jobs.models import Job, Outbox
from portal.jobs.sentences import packed
from portal.lists.models import SavedView
from portal.mail.models import MailRow
from portal.orm import new_public_id
from portal.people.models import Person
from tests.policy import tables, talked
from tests.policy.oracle import covers

SEVEN_DIGITS = range(10**6, 3 * 10**6)
# Pages that show stock to whoever may look at it; who may only move it sees it on the forms.
LOOKING = r"^/(\?|$)|^/inventory/(stock|places|ledger)|^/inventory/items/\w+($|/movements)"
PICKING = r"^/contacts/(organisations|new)|^/inventory/(contacts|suppliers/new)"
PEOPLE = PICKING + r"|^/contacts/\w+$"
HOLDING = r"^/(people|roles)/\w{12}$"  # who holds what, for whoever may look at it
SIGN = "zqx"  # begins every word, so that a search for it finds them all without naming one
LISTED = ("html", "json", "csv", "xlsx")
STOCK = tuple(
    f"inventory.stock.{verb}"
    for verb in ("view", "receive", "issue", "transfer", "scrap", "reverse", "set_rule")
)
ROLES = tuple(tables.roles())


@dataclass(frozen=True)
class Canary:
    """One mark: who may read it, who of them finds it for sure, and on which lists."""

    what: str
    mark: str
    readers: frozenset[str]
    lists: tuple[str, ...] = ()  # their addresses: on each of them, in each format
    sure: frozenset[str] | None = None  # None: every reader finds it
    also: tuple[str, ...] = ()  # as what it may be found besides: a page has a file of its own

    # At these addresses one right alone decides, whatever else the visitor may do with such rows.
    strict_at: str = "^$"
    strict: frozenset[str] = frozenset()

    @property
    def formats(self) -> tuple[str, ...]:
        """In what it is found: what no list shows stands on pages alone."""
        return LISTED if self.lists else ("html",)

    @property
    def finders(self) -> frozenset[str]:
        """Return who must find it."""
        return self.readers if self.sure is None else self.sure


@dataclass
class Aviary:
    """All canaries of a world, and the addresses of pages that the matrix does not visit."""

    canaries: list[Canary] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    numbers: Any = field(default_factory=lambda: iter(random.Random(7).sample(SEVEN_DIGITS, 200)))

    def word(self, what: str, readers: Any, **more: Any) -> str:
        """Return a new word that only ``readers`` may meet."""
        mark = f"{SIGN}{len(self.canaries):03d}{what.split()[0].lower()}"
        self.canaries.append(Canary(what, mark, frozenset(readers), **more))
        return mark

    def number(self, what: str, readers: Any, **more: Any) -> int:
        """Return a new number of seven digits that only ``readers`` may meet."""
        mark = next(self.numbers)
        self.canaries.append(Canary(what, str(mark), frozenset(readers), **more))
        return int(mark)


def holders(*permissions: str, rule: str, relation: str) -> set[str]:
    """Return the roles that reach rows in ``relation`` with one of these permissions."""
    return {
        role for role in ROLES if any(covers(role, name, rule, relation) for name in permissions)
    }


def plant(tx: Any, world: Any, stand: Any) -> Aviary:
    """Plant every canary and return them."""
    aviary = Aviary()
    _contacts(tx, world, aviary)
    _stock(tx, world, aviary)
    _requests(tx, world, aviary)
    _budgets(tx, world, aviary)
    _papers(tx, world, aviary, stand)
    _wishes(tx, world, aviary)
    _work(tx, world, aviary)
    _talk(tx, world, aviary, stand)
    return aviary


def _talk(tx: Any, world: Any, aviary: Aviary, stand: Any) -> None:
    """Let people talk about private firms, openly and among those who handle them."""
    for relation in ("same", "below", "above", "elsewhere", "team"):
        public_id = world.common[f"private_contact_{relation}"]
        firm = tx.session.scalars(select(Contact).where(Contact.public_id == public_id)).one()
        looking = holders("core.contact.view", rule="shared", relation=relation)
        handling = looking & holders("core.contact.edit", rule="shared", relation=relation)
        speaker = world.common["colleague_team"]
        said = aviary.word(f"comment on the firm of {relation}", looking)
        _, number = talked.comment(tx, firm, speaker, said)
        name = aviary.word(f"file of the firm of {relation}", looking)
        file = talked.picture(tx, firm, speaker, stand, number, name=f"{name}.png")
        note = aviary.word(f"internal note on the firm of {relation}", handling)
        talked.comment(tx, firm, speaker, note, internal=True)
        both = looking & holders("core.place.view", rule="anybody", relation="any")
        why = aviary.word(f"link of the firm of {relation}", looking, sure=frozenset(both))
        talked.link(tx, firm, speaker, why)
        story = f"/records/core.contact/{public_id}/story"
        aviary.addresses |= {story, f"{story}?show=comments", f"{story}?show=files"}
        aviary.addresses |= {f"/attachments/{file}", f"/records/core.contact/{public_id}/link"}


def _contacts(tx: Any, world: Any, aviary: Aviary) -> None:
    known = tx.session.scalars(select(Contact).where(Contact.name == "Firm common")).one()
    for relation in ("same", "below", "above", "elsewhere", "team"):
        # Whoever may change a contact sees it on the form, however near their view reaches.
        both = ("core.contact.view", "core.contact.edit")
        readers = holders(*both, rule="shared", relation=relation)
        sure = frozenset(holders("core.contact.view", rule="shared", relation=relation))
        picking: dict[str, Any] = {"sure": sure, "strict": sure, "strict_at": PICKING}
        firm = Contact(
            name=aviary.word(
                f"Firm of {relation}",
                readers,
                lists=("/contacts", "/inventory/suppliers"),
                **picking,
            ),
            kind="organisation",
            department_id=world.departments[relation],
            note=aviary.word(f"note on the firm of {relation}", readers, sure=sure),
        )
        address = aviary.word(f"address of the firm of {relation}", readers, sure=sure)
        firm.points = [ContactPoint(kind="address", value=address)]
        tx.session.add(firm)
        tx.session.flush()
        # Everybody sees who works there, and only some see where that is.
        shared = Contact(name=f"Agent of {relation}", kind="person", works_for_id=firm.id)
        # And those who work for a firm that everybody knows may be private themselves.
        clerk = Contact(
            name=aviary.word(
                f"clerk of {relation}",
                readers,
                lists=("/contacts",),
                **(picking | {"strict_at": PEOPLE}),
            ),
            kind="person",
            works_for_id=known.id,
            department_id=world.departments[relation],
        )
        tx.session.add_all([shared, clerk])
        supplier = Supplier(contact_id=firm.id)
        tx.session.add(supplier)
        tx.session.flush()
        aviary.addresses |= {
            f"/contacts/{firm.public_id}",
            f"/contacts/{firm.public_id}/edit",
            f"/contacts/{shared.public_id}",
            f"/contacts/{shared.public_id}/edit",
            f"/inventory/suppliers/{supplier.public_id}",
            f"/contacts/new?works_for={firm.public_id}",
            f"/inventory/suppliers/new?contact={clerk.public_id}",
            f"/inventory/suppliers/{supplier.public_id}/edit",
        }
        world.common[f"private_supplier_{relation}"] = supplier.public_id
        world.common[f"private_contact_{relation}"] = firm.public_id


def _stock(tx: Any, world: Any, aviary: Aviary) -> None:
    unit = items.unit_named(tx, "piece")
    for relation in ("same", "below", "above", "elsewhere", "team", "served"):
        place = world.places[relation]
        item = Item(name=f"Ware {relation}", sku=f"W-{relation}", sku_key=f"w-{relation}")
        item.base_unit = unit
        item.units = [ItemUnit(unit=unit, num=1)]
        tx.session.add(item)
        tx.session.flush()
        seers = holders(*STOCK, rule="stock", relation=relation)
        lookers = holders("inventory.stock.view", rule="stock", relation=relation)
        looking: dict[str, Any] = {"sure": frozenset(lookers), "strict": frozenset(lookers)}
        looking["strict_at"] = LOOKING
        buyers = holders("inventory.cost.view", rule="stock", relation=relation)
        even = {r for r in ROLES if _same_reach(r, "inventory.cost.view", "inventory.stock.view")}
        movements = f"/inventory/items/{item.public_id}/movements"
        quantity = aviary.number(
            f"quantity of ware {relation}",
            seers,
            lists=("/inventory/items", "/inventory/stock", movements),
            **looking,
        )
        worth = Canary(
            f"worth of ware {relation}",
            str(quantity * 3),
            frozenset(buyers & seers),
            ("/inventory/stock", movements),
            frozenset(buyers & lookers & even),
        )
        aviary.canaries.append(worth)
        note = aviary.word(f"movement of ware {relation}", seers, lists=(movements,), **looking)
        command = stock.Receive(
            item=item.public_id,
            quantity=quantity * 1_000,
            price=300,
            to_place=place["id"],
            note=note,
        )
        moved = stock.receive(tx, command)
        minimum = aviary.number(
            f"minimum of ware {relation}", seers, lists=("/inventory/stock",), **looking
        )
        tx.session.flush()
        rule = stock.SetRule(
            item=item.public_id, place=place["id"], minimum=minimum * 1_000, maximum=None
        )
        stock.set_rule(tx, rule)
        price = aviary.number(
            f"price of ware {relation}",
            holders("inventory.cost.view", rule="anybody", relation="any"),
            sure=frozenset(
                holders("inventory.cost.view", rule="anybody", relation="any")
                & holders("inventory.item.view", rule="anybody", relation="any")
            ),
            also=("csv",),  # the order list to be taken along
        )
        supplier = tx.session.scalars(
            select(Supplier).where(Supplier.public_id == world.common["supplier"])
        ).one()
        tx.session.add(
            SupplierItem(supplier_id=supplier.id, item_unit_id=item.units[0].id, price=price * 100)
        )
        _finding(tx, world, aviary, item, relation, lookers)
        here = f"/inventory/items/{item.public_id}"
        aviary.addresses |= {
            here,
            movements,
            *(f"{movements}?format={name}" for name in ("json", "csv", "xlsx")),
            *(f"{here}/{name}" for name in ("issue", "receive", "transfer", "scrap", "rules/new")),
            f"{here}/rules/{place['id']}",
            f"/inventory/movements/{moved.public_id}",
            f"/inventory/movements/{moved.public_id}/reverse",
        }
        aviary.addresses |= {
            f"/inventory/stock?place={place['id']}{more}"
            for more in ("", "&format=json", "&state=below")
        }


def _requests(tx: Any, world: Any, aviary: Aviary) -> None:
    """What is asked of a room concerns who asked, and the room's own people."""
    for relation in ("same", "below", "above", "elsewhere", "team", "served"):
        seers = holders("inventory.requisition.view", rule="person", relation=relation)
        answerers = holders("inventory.requisition.answer", rule="room", relation=relation)
        row = tx.session.scalars(
            select(Requisition).filter_by(public_id=world.get("requisition", relation, "*")["id"])
        ).one()
        row.note = aviary.word(
            f"request of {relation}",
            seers | answerers,
            lists=("/inventory/asked-for",),
            sure=frozenset(answerers),
        )
        tx.session.flush()


def _budgets(tx: Any, world: Any, aviary: Aviary) -> None:
    """What a department may spend is for who may see its budgets, or change them."""
    for relation in ("same", "below", "above", "elsewhere", "team"):
        both = ("inventory.budget.view", "inventory.budget.edit")
        readers = holders(*both, rule="department", relation=relation)
        seers = frozenset(holders(both[0], rule="department", relation=relation))
        budget = tx.session.scalars(
            select(Budget).filter_by(public_id=world.get("budget", relation, "*")["id"])
        ).one()
        amount = aviary.number(
            f"budget of {relation}", readers, sure=seers, lists=("/inventory/budgets",)
        )
        budget.amount = amount * 100
        budget.available = budget.amount - budget.committed - budget.spent
        budget.note = aviary.word(f"note on the budget of {relation}", readers, sure=seers)
        tx.session.flush()
        world.put("budget", relation, id=budget.public_id, version=budget.version)
        here = f"/inventory/budgets/{budget.public_id}"
        aviary.addresses |= {here, f"{here}/edit", f"{here}/entries"}


def _same_reach(role: str, one: str, other: str) -> bool:
    grants = tables.roles()[role]
    return one in grants and grants.get(one) == grants.get(other)


def _finding(
    tx: Any, world: Any, aviary: Aviary, item: Any, relation: str, lookers: set[str]
) -> None:
    balance = tx.session.scalars(
        select(Balance).where(Balance.item_id == item.id, ~Balance.outside)
    ).one()
    buyers = holders("inventory.cost.view", rule="stock", relation=relation)
    for kind, readers in (("quantity", lookers), ("value", lookers & buyers)):
        world.common.setdefault("findings", []).append(
            {
                "item_id": item.id,
                "point_id": balance.point_id,
                "kind": kind,
                "stored": aviary.number(f"finding about the {kind} of ware {relation}", readers),
                "computed": 0,
            }
        )


def _papers(tx: Any, world: Any, aviary: Aviary, stand: Any) -> None:
    """Files, devices and imports of every visitor and of one who never comes."""
    store = stand.app.extensions["kantor_files"]
    people = {role: actor["id"] for role, actor in world.actors.items()}
    people |= {"": world.common["colleague_elsewhere"]}
    importers = set(holders("inventory.item.import", rule="anybody", relation="any"))
    for number, (role, person_id) in enumerate(people.items(), 1):
        owner = {role} - {""}
        content = aviary.word(f"file of {role}", owner)
        listed = aviary.word(f"list of {role}", owner & importers)
        named = aviary.word(f"name of the list of {role}", owner & importers)
        file_id = _stored(tx, store, content)
        list_id = _stored(tx, store, f"Kode;Nama barang;Satuan\n1;{listed};piece\n")
        upload = _upload(tx, person_id, file_id, "note.txt", "note")
        imported = _upload(tx, person_id, list_id, f"{named}.csv", "import inventory.items")
        failed = aviary.word(
            f"import of {role}", (owner & importers) | _everywhere("core.job.view")
        )
        job = _job(tx, "core.import", person_id, failed, upload=imported)
        past = aviary.word(
            f"past import of {role}",
            (owner & importers) | _everywhere("inventory.item.import"),
        )
        run = world.import_run(tx, person_id, f"{past}.csv")
        aviary.addresses |= {
            "/inventory/import/items/past",
            f"/inventory/import/items/past/{run}",
            f"/files/{upload}",
            f"/inventory/import/items/{imported}",
            f"/inventory/import/items/{imported}/check?c_sku=0&c_name=1&c_unit=2",
            f"/inventory/import/items/result/{job}",
            f"/jobs/{job}",
        }
        view = {"public_id": new_public_id(), "owner_id": person_id, "list": "core.contacts"}
        name = aviary.word(f"view of {role}", owner)
        view |= {"name": name, "name_key": name, "audience": "me", "asked": [["q", name]]}
        kernel_execute(
            tx.session, insert(SavedView.__table__).values(view | {"created_at": tx.now})
        )
        aviary.addresses |= {
            f"/contacts?view={view['public_id']}",
            f"/lists/views/{view['public_id']}/edit",
        }
        address = f"198.51.100.{100 + number}"
        aviary.canaries.append(Canary(f"device of {role}", address, frozenset(owner)))
        world.device(tx, person_id, address)
        word = aviary.word(f"notice of {role}", owner, lists=("/notices",))
        told = world.notice(tx, person_id, word)
        aviary.addresses |= {"/notices", f"/notices/{told}"}


def _wishes(tx: Any, world: Any, aviary: Aviary) -> None:
    """Give what everybody asks for a title of its own."""
    table = ApprovalRequest.__table__
    for role in world.actors:
        mine = table.c.public_id == world.get("approval", "own", role)["id"]
        title = aviary.word(f"wish of {role}", {role}, lists=("/approvals/asked",))
        kernel_execute(tx.session, update(table).where(mine).values(title=title))


def _everywhere(permission: str) -> set[str]:
    return holders(permission, rule="everything", relation="any")


def _stored(tx: Any, store: Any, text: str) -> int:
    from io import BytesIO

    content = store.put(BytesIO(text.encode()))
    table = StoredFile.__table__
    row = {"sha256": content.sha256, "size": content.size, "created_at": tx.now}
    made = insert(table).values(row).returning(table.c.id)
    return int(kernel_execute(tx.session, made).scalar_one())


def _upload(tx: Any, owner: int, file_id: int, name: str, purpose: str) -> str:
    row = {
        "public_id": new_public_id(),
        "owner_id": owner,
        "file_id": file_id,
        "name": name,
        "purpose": purpose,
        "created_at": tx.now,
        "expires_at": tx.now + timedelta(days=1),
    }
    kernel_execute(tx.session, insert(Upload.__table__).values(row))
    return str(row["public_id"])


def _job(tx: Any, name: str, owner: int | None, error: str, *, upload: str = "") -> str:
    choices = {"columns": {}, "number_format": None, "date_order": None, "grouped": False}
    args = {"import": "inventory.items", "upload": upload, "choices": choices, "chosen": {}}
    row = {
        "public_id": new_public_id(),
        "name": name,
        "args": args,
        "state": "failed",
        "error": packed(error),
        "owner_id": owner,
        "created_at": tx.now,
        "sent_at": tx.now,
    }
    kernel_execute(tx.session, insert(Job.__table__).values(row))
    return str(row["public_id"])


def _work(tx: Any, world: Any, aviary: Aviary) -> None:
    """Audit, events that could not be handed over, ledger findings, accounts, reasons."""
    watchers = _everywhere("core.audit.view")
    subject = tx.session.get_one(Person, world.actors["nobody"]["id"])
    act = aviary.word("act in the audit", watchers, lists=("/audit",))
    tx.audit(f"core.{act}", subject, secret=aviary.word("audit detail", watchers))
    menders = _everywhere("core.job.view")
    job = aviary.word("job of the portal", menders, lists=("/jobs",))
    mishap = aviary.word("mishap of a job", menders)
    aviary.addresses.add(f"/jobs/{_job(tx, f'core.{job}', None, mishap)}")
    event = {
        "event": "core.test_happened",
        "subscriber": "inventory",
        "payload": {},
        "attempts": 5,
        "created_at": tx.now,
        "due_at": tx.now,
        "error": packed(aviary.word("stuck event", menders)),
    }
    kernel_execute(tx.session, insert(Outbox.__table__).values(event))
    aviary.addresses.add("/jobs/given-up")
    letter = {"public_id": new_public_id(), "key": "letter", "message_id": "<a@c.example>"}
    letter |= {"sender": "a@b.example", "subject": aviary.word("subject of a mail", set())}
    letter |= {"recipient": aviary.word("recipient of a mail", menders), "state": "dead"}
    letter |= {"text": aviary.word("text of a mail", set()), "attempts": 12}
    letter |= {"created_at": tx.now, "due_at": tx.now}
    kernel_execute(tx.session, insert(MailRow.__table__).values(letter))
    findings = world.common.pop("findings")
    tx.session.add(
        LedgerCheck(
            checked_at=tx.now,
            balances=3,
            movements=3,
            differences=len(findings),
            findings=findings,
        )
    )
    for relation in ("same", "below", "above", "elsewhere", "team"):
        givers = holders("core.person.give_access", rule="person", relation=relation)
        world.rename_account(
            tx,
            world.common[f"colleague_{relation}"],
            aviary.word(f"username of {relation}", givers),
        )
        seers = holders(
            *(f"core.role.{verb}" for verb in ("view", "edit", "assign", "grant")),
            rule="person",
            relation=relation,
        )
        looks = holders("core.role.view", rule="person", relation=relation)
        world.give_reason(
            tx,
            world.get("assignment", relation, "*")["id"],
            aviary.word(
                f"reason of {relation}",
                seers,
                sure=frozenset(looks),
                strict=frozenset(looks),
                strict_at=HOLDING,
            ),
        )
    aviary.addresses |= {f"/roles/{world.common['role']}"}
