"""One object of every kind in every relation, and one visitor for every role."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from kantor_inventory.asking.models import Requisition, RequisitionLine, Slip
from kantor_inventory.counting.models import Count, CountEntry, CountLine, CountPlace
from kantor_inventory.labels import flags
from kantor_inventory.models import (
    Balance,
    Category,
    Item,
    ItemUnit,
    Point,
    Substitute,
    Supplier,
    SupplierItem,
    Unit,
)
from kantor_inventory.ordering.models import OrderLine, PurchaseOrder, Receipt
from kantor_inventory.services import balances, items, stock
from kantor_inventory.watching.models import MonthSum
from portal.audit.models import AuditEntry
from portal.auth import passwords, sessions
from portal.auth.models import Account, AccountLink, AccountSession
from portal.contacts.models import Contact, ContactPoint
from portal.files.models import StoredFile, Upload
from portal.guard import kernel_execute
from portal.imports.history import pack
from portal.imports.models import ImportRun
from portal.jobs.models import Job
from portal.links.services import link_codes
from portal.lists.models import ListPreference, SavedView
from portal.orm import new_public_id
from portal.people.models import Department, Membership, Person
from portal.places.models import Place, PlaceServes
from portal.plugins.models import PluginActivation
from portal.roles.models import Assignment, Role, RolePermission
from portal.series.services import next_number
from portal.testing import LONG_AGO, add_person, give_role
from portal.undo.models import UndoStep
from tests.policy import canaries, tables
from tests.policy.stand import PASSWORD, Stand

SEEN = re.compile(r'name="seen"[^>]* value="([^"]+)"')
SHARED = ("same", "below", "above", "elsewhere")
CODE = "4006381333931"
LIST = "Kode;Nama barang;Satuan;Stok;Lokasi\nNEW-1;New thing;piece;1;{place}\n"


@dataclass
class World:
    """Facts for addresses and forms, as plain text: nothing of the portal's rows is kept."""

    departments: dict[str, int] = field(default_factory=dict)
    department_ids: dict[str, str] = field(default_factory=dict)  # public ids
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    actors: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    common: dict[str, Any] = field(default_factory=dict)
    aviary: canaries.Aviary = field(default_factory=canaries.Aviary)

    def put(self, kind: str, relation: str, role: str = "*", **facts: Any) -> None:
        self.objects[kind, relation, role] = facts

    def device(self, tx: Any, person_id: int, address: str) -> str:
        """Add a signed-in device of a person."""
        return _device(tx, person_id, address)

    def import_run(self, tx: Any, person_id: int, file_name: str) -> str:
        """Note an import that a person has done."""
        return import_run(tx, person_id, file_name)

    def rename_account(self, tx: Any, person_id: int, username: str) -> None:
        """Let a person sign in under another name."""
        table = Account.__table__
        change = update(table).where(table.c.person_id == person_id).values(username=username)
        kernel_execute(tx.session, change)

    def give_reason(self, tx: Any, assignment: str, reason: str) -> None:
        """Say why somebody holds a role."""
        table = Assignment.__table__
        change = update(table).where(table.c.public_id == assignment).values(reason=reason)
        kernel_execute(tx.session, change)

    def get(self, kind: str, relation: str, role: str) -> dict[str, Any]:
        """Return the facts of the object of a kind in a relation to the visitor with a role."""
        own = self.objects.get((kind, relation, role))
        return own if own is not None else self.objects[kind, relation, "*"]


def build(stand: Stand) -> World:
    """Fill the database of a stand and return what is in it."""
    world = World()
    stored = passwords.hashed(PASSWORD)
    with stand.building() as tx:
        _departments(tx, world)
        _roles(tx)
        _actors(tx, world)
        _people(tx, world)
        _contacts(tx, world)
        _places(tx, world)
        _catalogue(tx, world)
        for slug in stand.app.extensions["kantor"].loaded:
            tx.session.add(PluginActivation(slug=slug, department_id=None))
    for role, actor in world.actors.items():
        stand.sign_in(role, actor["id"], stored)
    with stand.building() as tx:
        _stock(tx, world)
        _kept_figures(tx, world)
        _requests(tx, world)
        _counts(tx, world)
        _orders(tx, world)
        _papers(tx, world, stand)
        world.aviary = canaries.plant(tx, world, stand)
    with stand.building() as tx:
        last = kernel_execute(tx.session, select(func.max(AuditEntry.__table__.c.id))).scalar_one()
        world.aviary.addresses |= {f"/audit/{last - back}" for back in range(3)}
    stand.keep()
    for name, path in (("activation", "/plugins"), ("settings", "/settings")):
        page = stand.ask("administrator", "GET", path).text
        world.common[name] = SEEN.search(page)[1]  # type: ignore[index]
    return world


def _departments(tx: Any, world: World) -> None:
    def add(name: str, parent: str | None = None) -> None:
        row = Department(name=name.title(), parent_id=world.departments.get(parent or ""))
        tx.session.add(row)
        tx.session.flush()
        world.departments[name], world.department_ids[name] = row.id, row.public_id

    add("above")
    add("same", "above")
    add("below", "same")
    add("elsewhere")
    add("team")
    add("empty_below", "same")
    add("empty_elsewhere")
    add("closed_below", "same")
    add("closed_elsewhere")
    for name, department_id in world.departments.items():
        row = tx.session.get_one(Department, department_id)
        row.active = not name.startswith("closed")
        tx.session.flush()
        kind, _, relation = name.rpartition("_")
        facts = {"name": row.name, "version": row.version}
        facts["parent"] = row.parent.public_id if row.parent is not None else ""
        world.put(
            f"{kind}_department" if kind else "department", relation, id=row.public_id, **facts
        )


def _roles(tx: Any) -> None:
    """Add the roles of roles.csv that do not ship."""
    known = set(tx.session.scalars(select(Role.slug)))
    for name, grants in tables.roles().items():
        if name in known or name == "nobody":
            continue
        role = Role(slug=name, name=name.replace("_", " ").title())
        role.permissions = [RolePermission(permission=p, reach=r) for p, r in grants.items()]
        tx.session.add(role)
    tx.session.flush()


def _actors(tx: Any, world: World) -> None:
    """Add a visitor for every role: member of one department, manager of another."""
    for role in tables.roles():
        given = role if role != "nobody" else None
        name = f"Actor {role.replace('_', ' ')}"
        person_id = add_person(tx, name, department_id=world.departments["same"])
        if given:
            give_role(tx, person_id, given, department_id=world.departments["same"])
        manages = Membership(
            person_id=person_id,
            department_id=world.departments["team"],
            kind="manager",
            from_on=LONG_AGO,
        )
        tx.session.add(manages)
        tx.session.flush()
        person = tx.session.get(Person, person_id)
        world.actors[role] = {
            "id": person_id,
            "public_id": person.public_id,
            "version": person.version,
            "name": person.name,
            "department": world.department_ids["same"],
            "username": f"user-{role.replace('_', '-')}",
        }


def _people(tx: Any, world: World) -> None:
    """Add people with an account, with a closed one and without one, and what they hold."""
    spare = Role(slug="spare", name="Spare")
    spare.permissions = [RolePermission(permission="core.portal.use", reach="own")]
    unused = Role(slug="unused", name="Unused")
    tx.session.add_all([spare, unused])
    tx.session.flush()
    world.put("role", "any", id=unused.public_id, version=unused.version, name=unused.name)
    world.common |= {"role": spare.public_id, "role_version": spare.version, "today": tx.today}
    for relation in (*SHARED, "team"):
        department_id = world.departments[relation]

        def add(name: str, department_id: int = department_id, relation: str = relation) -> Person:
            person_id = add_person(tx, f"{name} {relation}", department_id=department_id)
            return tx.session.get_one(Person, person_id)

        colleague, newcomer, former = add("Colleague"), add("Newcomer"), add("Former")
        world.common[f"colleague_{relation}"] = colleague.id
        _account(tx, colleague.id)
        _account(tx, former.id, active=False)
        facts = {"version": colleague.version, "name": colleague.name}
        world.put("person", relation, id=colleague.public_id, **facts)
        world.put("account", relation, id=colleague.public_id)
        world.put("newcomer", relation, id=newcomer.public_id)
        world.put("closed_account", relation, id=former.public_id)
        membership = tx.session.scalars(select(Membership).filter_by(person_id=colleague.id)).one()
        world.put("membership", relation, id=membership.public_id)
        held = _assignment(tx, colleague.id, spare.id, department_id)
        asked = _assignment(tx, newcomer.id, spare.id, department_id, approved=False)
        world.put("assignment", relation, id=held)
        world.put("request", relation, id=asked)
    for role, actor in world.actors.items():
        facts = {"version": actor["version"], "name": actor["name"]}
        world.put("person", "own", role, id=actor["public_id"], **facts)
        world.put("account", "own", role, id=actor["public_id"])
        held = _assignment(tx, actor["id"], spare.id, world.departments["same"], may_grant=True)
        world.put("assignment", "own", role, id=held)
    nowhere = add_person(tx, "Newcomer nowhere")
    world.common["newcomer"] = tx.session.get_one(Person, nowhere).public_id


def _assignment(
    tx: Any,
    person_id: int,
    role_id: int,
    department_id: int,
    *,
    approved: bool = True,
    may_grant: bool = False,
) -> str:
    row = Assignment(
        person_id=person_id,
        role_id=role_id,
        department_id=department_id,
        from_on=LONG_AGO,
        approved=approved,
        may_grant=may_grant,
        granted_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return str(row.public_id)


def _contacts(tx: Any, world: World) -> None:
    for relation in (*SHARED, "team", "common"):
        row = Contact(
            name=f"Firm {relation}",
            kind="organisation",
            department_id=world.departments.get(relation),
            note="",
        )
        row.points = [ContactPoint(kind="phone", value="+62215550123")]
        tx.session.add(row)
        tx.session.flush()
        world.put(
            "contact",
            relation,
            id=row.public_id,
            version=row.version,
            name=row.name,
            department=world.department_ids.get(relation, ""),
        )
    world.common["contact"] = _new_contact(tx, "Firm that may become a supplier")


def _new_contact(tx: Any, name: str) -> str:
    row = Contact(name=name, kind="organisation")
    tx.session.add(row)
    tx.session.flush()
    return str(row.public_id)


def _places(tx: Any, world: World) -> None:
    owners = {relation: relation for relation in (*SHARED, "team")}
    owners |= {"common": "", "served": "elsewhere", "second": "same"}
    for relation, owner in owners.items():
        row = Place(
            code=f"P-{relation}",
            name=f"Room {relation}",
            kind="room",
            department_id=world.departments.get(owner),
        )
        tx.session.add(row)
        tx.session.flush()
        if relation == "served":
            serves = PlaceServes(place_id=row.id, department_id=world.departments["same"])
            tx.session.add(serves)
        facts = {
            "id": row.public_id,
            "version": row.version,
            "name": row.name,
            "code": row.code,
            "department": world.department_ids.get(owner, ""),
        }
        world.places[relation] = facts
        if relation in (*SHARED, "team", "common"):
            world.put("place", relation, **facts)
    tx.session.flush()


def _catalogue(tx: Any, world: World) -> None:
    unit, box = Unit(name="piece"), Unit(name="box")
    category = Category(name="Paper")
    tx.session.add_all([unit, box, category])
    tx.session.flush()
    item = Item(name="Thing", sku="T-1", sku_key="t-1", base_unit=unit, category=category)
    item.units = [ItemUnit(unit=unit, num=1), ItemUnit(unit=box, num=12)]
    tx.session.add(item)
    tx.session.flush()
    firm = tx.session.scalars(select(Contact).where(Contact.name == "Firm common")).one()
    supplier = Supplier(contact_id=firm.id)
    tx.session.add(supplier)
    tx.session.flush()
    items.add_code(tx, items.AddCode(unit=item.units[1].public_id, code=CODE))
    world.put("unit", "any", id=box.public_id, version=box.version)
    facts = {"id": item.public_id, "version": item.version, "unit": item.units[0].public_id}
    world.put("item", "any", **facts)
    world.put("item_unit", "any", id=item.units[1].public_id)
    world.put("category", "any", id=category.public_id, version=category.version)
    world.put("supplier", "any", id=supplier.public_id, version=supplier.version)
    world.common |= {"item": item.public_id, "unit": item.units[0].public_id}
    more = []
    for name in ("Other thing", "Thing that serves"):
        row = Item(name=name, sku=name, sku_key=name.casefold(), base_unit=unit)
        row.units = [ItemUnit(unit=unit, num=1)]
        tx.session.add(row)
        tx.session.flush()
        more.append(row)
    tx.session.add(Substitute(item_id=item.id, other_id=more[1].id))
    world.common |= {"other_item": more[0].public_id, "substitute": more[1].public_id}
    world.common |= {"supplier": supplier.public_id, "code": CODE}


def _stock(tx: Any, world: World) -> None:
    """Receive some of the item everywhere; one transfer has its ends in two departments."""
    item = world.common["item"]
    received = {}
    for relation in (*SHARED, "team", "common", "served"):
        place = world.places[relation]["id"]
        for _ in range(2):
            command = stock.Receive(item=item, quantity=100_000, to_place=place, price=1_000)
            received[relation] = _public_id(tx, stock.receive(tx, command))
        world.put("balance", relation, id=item, place_id=place, name=world.places[relation]["name"])
        world.put("movement", relation, id=received[relation])
    flags.tell(tx, flags.shelf(tx, item, world.places["same"]["id"]))
    across = stock.Transfer(
        item=item,
        quantity=1_000,
        from_place=world.places["same"]["id"],
        to_place=world.places["elsewhere"]["id"],
    )
    world.put("movement", "across", id=_public_id(tx, stock.transfer(tx, across)))
    del across


def _kept_figures(tx: Any, world: World) -> None:
    """Keep a slip that came after the count, and a sum of a month."""
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    point = tx.session.scalars(
        select(Point.id).join(Point.place).where(Place.public_id == world.places["same"]["id"])
    ).one()
    slip = Slip(type="issue", item_id=item.id, point_id=point, quantity=1_000, entered=1_000)
    slip.item_unit_id = item.units[0].id
    slip.occurred_on, slip.counted_at, slip.noted_at = tx.today, tx.now, tx.now
    month = MonthSum(kind="stock", month=tx.today.replace(day=1), point_id=point, as_of=tx.now)
    tx.session.add_all([slip, month])
    tx.session.flush()


def _requests(tx: Any, world: World) -> None:
    """Let a colleague in every relation ask the room in the same relation for something."""
    asked: list[tuple[str, str, int]] = [
        (relation, "*", world.common[f"colleague_{relation}"]) for relation in (*SHARED, "team")
    ]
    asked.append(("served", "*", world.common["colleague_elsewhere"]))
    asked += [("own", role, actor["id"]) for role, actor in world.actors.items()]
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    for number, (relation, role, owner) in enumerate(asked):
        # One's own requests are to a room of others that serves one.
        name = world.places["served" if relation == "own" else relation]["id"]
        place = tx.session.scalars(select(Place).filter_by(public_id=name)).one()
        row = Requisition(
            number=f"REQ-{number}", place_id=place.id, owner_id=owner, asked_at=tx.now
        )
        tx.session.add(row)
        tx.session.flush()
        line = RequisitionLine(
            requisition_id=row.id,
            item_id=item.id,
            item_unit_id=item.units[0].id,
            quantity=1_000,
            entered=1_000,
        )
        tx.session.add(line)
        tx.session.flush()
        for kind in ("requisition", "asked"):
            world.put(kind, relation, role, id=row.public_id, line=line.public_id)
    for relation in (*SHARED, "team", "served"):
        world.put("stock_room", relation, id=world.places[relation]["id"])


STAGES = {  # of a count: its state, what was decided of its line
    "count": ("counting", None),
    "count_submitted": ("submitted", None),
    "count_again": ("submitted", "recount"),
    "count_decided": ("submitted", "keep"),
    "count_posted": ("posted", "keep"),
}


def _counts(tx: Any, world: World) -> None:
    """Count the item at a place of every department, as far as each stage; somebody unknown did."""
    item = tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()
    numbers = iter(range(9_000, 10_000))
    for relation in (*SHARED, "team"):
        place = world.places[relation]["id"]
        found = select(Balance).join(Balance.point).join(Point.place)
        balance = tx.session.scalars(
            found.where(Place.public_id == place, Balance.item_id == item.id)
        ).one()
        for kind, (status, decision) in STAGES.items():
            count = Count(
                number=f"C-2026-{next(numbers)}",
                title=f"Room {relation}",
                status=status,
                department_id=world.departments[relation],
                planned_at=tx.now,
                lines_counted=1 if status == "posted" else None,
                lines_right=1 if status == "posted" else None,
            )
            tx.session.add(count)
            tx.session.flush()
            tx.session.add(CountPlace(count_id=count.id, point_id=balance.point_id))
            line = CountLine(
                count_id=count.id,
                item_id=item.id,
                point_id=balance.point_id,
                position=1,
                open=False,
                decision=decision,
            )
            tx.session.add(line)
            tx.session.flush()
            entry = CountEntry(
                count_id=count.id,
                line_id=line.id,
                round=1,
                counted=balance.quantity,
                entered=[[item.units[0].id, balance.quantity]],
                counted_at=tx.now,
                book=balance.quantity,
                book_value=balance.value,
                book_seq=0,
            )
            tx.session.add(entry)
            tx.session.flush()
            world.put(kind, relation, id=count.public_id, version=count.version, place=place)
            if kind in ("count", "count_submitted"):
                facts = {"version": line.version, "entry": entry.id, "place": place}
                world.put(
                    kind.replace("count", "count_line", 1), relation, id=line.public_id, **facts
                )


def _orders(tx: Any, world: World) -> None:
    """Add a list, an order on its way and one that has come in part, in every department."""
    supplier = tx.session.scalars(select(Supplier).limit(1)).one()
    offers = {}
    for name, sku in (("Thing", "T-1"), ("Ordered thing", "T-9")):
        item = tx.session.scalars(select(Item).filter_by(sku=sku)).one_or_none()
        if item is None:
            unit = items.unit_named(tx, "piece")
            item = Item(name=name, sku=sku, sku_key=sku.casefold(), base_unit=unit)
            item.units = [ItemUnit(unit=unit, num=1)]
        offer = SupplierItem(supplier=supplier, item_unit=item.units[0], price=1_000)
        tx.session.add_all([item, offer])
        tx.session.flush()
        offers[sku] = offer
    world.common |= {"offer": offers["T-1"].id, "ordered_offer": offers["T-9"].id}
    world.common["ordered_unit"] = offers["T-9"].item_unit.public_id
    world.common["next_week"] = tx.today + timedelta(days=7)
    for relation in (*SHARED, "team"):
        place = world.places[relation]["id"]
        department_id = world.departments[relation]
        for kind, state, received in (
            ("order", "placed", 0),
            ("order_half_come", "placed", 1),
            ("order_list", "draft", 0),
        ):
            order, line = _order(tx, offers["T-9"], department_id, place, state, received)
            facts = {"version": order.version, "line": line.public_id, "place": place}
            world.put(kind, relation, id=order.public_id, **facts)
            if state == "draft":
                facts = {"version": line.version, "place": place}
                world.put("order_line", relation, id=line.public_id, **facts)


def _order(
    tx: Any, offer: SupplierItem, department_id: int, place: str, state: str, received: int
) -> tuple[PurchaseOrder, OrderLine]:
    """Return an order of ten pieces with its line; so many of them have come."""
    item_id = offer.item_unit.item_id
    point = stock.point_at(tx, tx.one(select(Place), public_id=place))
    placed = state == "placed"
    order = PurchaseOrder(
        number=next_number(tx, "inventory.order") if placed else None,
        supplier_id=offer.supplier_id,
        department_id=department_id,
        status=state,
        made_at=tx.now,
        placed_at=tx.now if placed else None,
        placed_by="phone" if placed else None,
    )
    line = OrderLine(
        order=order,
        item_id=item_id,
        item_unit_id=offer.item_unit_id,
        point_id=point.id,
        state="open" if placed else "draft",
        packs=10,
        ordered=10_000,
        received=received * 1_000,
        outstanding=(10 - received) * 1_000 if placed else 0,
        price=offer.price,
    )
    tx.session.add_all([order, line])
    tx.session.flush()
    if placed:
        balances.expect(tx, {(item_id, point.id): line.outstanding})
    if received:
        item = tx.one(select(Item), id=item_id)
        command = stock.Receive(item=item.public_id, quantity=1_000, to_place=place, price=1_000)
        moved = stock.receive(tx, command)
        tx.session.add(
            Receipt(order_id=order.id, line_id=line.id, movement_id=moved.id, quantity=1_000)
        )
        tx.session.flush()
    return order, line


def _public_id(tx: Any, made: Any) -> str:
    return str(made.public_id if hasattr(made, "public_id") else made)


def _papers(tx: Any, world: World, stand: Stand) -> None:
    """Uploads, import files, jobs, devices, a link: what belongs to one person, and to nobody."""
    store = stand.app.extensions["kantor_files"]
    owners: list[tuple[str, str, int]] = [
        ("own", role, actor["id"]) for role, actor in world.actors.items()
    ]
    owners += [(r, "*", world.common[f"colleague_{r}"]) for r in ("same", "elsewhere")]
    content = store.put(_file(LIST.format(place=world.places["same"]["code"])))
    file_row = {"sha256": content.sha256, "size": content.size, "created_at": tx.now}
    stored = StoredFile.__table__
    file_id = kernel_execute(
        tx.session, insert(stored).values(file_row).returning(stored.c.id)
    ).scalar_one()
    known = tx.session.scalars(select(Item).where(Item.public_id == world.common["item"])).one()
    undone = {"column": "status", "value": known.status}
    undone["items"] = [[known.public_id, "use_up", known.version]]
    for relation, role, owner in owners:
        for kind, purpose in (("upload", "note"), ("import_file", "import inventory.items")):
            public_id = new_public_id()
            row = {
                "public_id": public_id,
                "owner_id": owner,
                "file_id": file_id,
                "name": "list.csv",
                "purpose": purpose,
                "created_at": tx.now,
                "expires_at": tx.now + timedelta(days=1),
            }
            kernel_execute(tx.session, insert(Upload.__table__).values(row))
            world.put(kind, relation, role, id=public_id)
        args = {
            "import": "inventory.items",
            "upload": world.get("import_file", relation, role)["id"],
            "choices": {"columns": {}, "number_format": None, "date_order": None, "grouped": False},
            "chosen": {},
        }
        job = _job(tx, "core.import", owner, "waiting", args)
        step = {"public_id": new_public_id(), "owner_id": owner, "name": "inventory.items_changed"}
        kernel_execute(
            tx.session,
            insert(UndoStep.__table__).values(step | {"args": undone, "created_at": tx.now}),
        )
        view = {"public_id": new_public_id(), "owner_id": owner, "list": "core.contacts"}
        view |= {"name": "View", "name_key": "view", "audience": "me", "asked": [["q", "a"]]}
        kernel_execute(
            tx.session, insert(SavedView.__table__).values(view | {"created_at": tx.now})
        )
        world.put("saved_view", relation, role, id=view["public_id"])
        world.put("undo_step", relation, role, id=step["public_id"])
        world.put("import_job", relation, role, id=job)
        world.put("import_run", relation, role, id=import_run(tx, owner))
        world.put("device", relation, role, id=_device(tx, owner))
    world.put("job", "any", id=_job(tx, "core.tidy", None, "failed", {}))
    world.put("audit_entry", "any", id="1")
    world.put("plugin", "any", id="inventory")
    world.put("plugin_setting", "any", id="inventory")
    world.put("list", "any", id="core.contacts", name="core.contacts")
    world.put("link", "any", id=_link(tx))
    item = world.get("item", "any", "*")["id"]
    world.put("short_link", "any", id=link_codes(tx, "inventory.item", [item])[item])
    liked = {"person_id": owners[-1][2], "list": "core.contacts", "height": "compact"}
    kernel_execute(tx.session, insert(ListPreference.__table__).values(liked))
    tx.audit("core.test", None)


def import_run(tx: Any, owner: int, file_name: str = "list.csv") -> str:
    """Note an import that was done, with nothing left to take back."""
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "owner_id": owner,
        "name": "inventory.items",
        "file_name": file_name,
        "state": "done",
        "done_at": tx.now,
        "record": pack([]),
    }
    counts = dict.fromkeys(("new", "changed", "same", "wrong"), 0)
    kernel_execute(tx.session, insert(ImportRun.__table__).values(row | counts))
    return public_id


def _file(text: str) -> Any:
    from io import BytesIO

    return BytesIO(text.encode())


def _job(tx: Any, name: str, owner: int | None, state: str, args: dict[str, Any]) -> str:
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "name": name,
        "args": args,
        "state": state,
        "owner_id": owner,
        "created_at": tx.now,
        "sent_at": tx.now,
        "result": {},
    }
    kernel_execute(tx.session, insert(Job.__table__).values(row))
    return public_id


def _account(tx: Any, person_id: int, *, active: bool = True) -> int:
    table = Account.__table__
    wanted = select(table.c.id).where(table.c.person_id == person_id)
    found = kernel_execute(tx.session, wanted).scalar()
    if found is None:
        row = {"person_id": person_id, "username": f"colleague-{person_id}", "version": 1}
        row |= {"created_at": tx.now, "active": active}
        made = insert(table).values(row).returning(table.c.id)
        found = kernel_execute(tx.session, made).scalar_one()
    return int(found)


def _device(tx: Any, person_id: int, address: str = "127.0.0.1") -> str:
    public_id = new_public_id()
    row = {
        "account_id": _account(tx, person_id),
        "public_id": public_id,
        "token_hash": sessions.hashed(public_id),
        "device": "another one",
        "address": address,
        "created_at": tx.now,
        "proved_at": tx.now,
        "seen_at": tx.now + timedelta(hours=6),
        "expires_at": tx.now + timedelta(hours=6),
    }
    kernel_execute(tx.session, insert(AccountSession.__table__).values(row))
    return public_id


def _link(tx: Any) -> str:
    token = "a-link-that-nobody-has-used-so-far-0123456789"
    person_id = add_person(tx, "Newcomer")
    row = {
        "account_id": _account(tx, person_id),
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "purpose": "first_sign_in",
        "created_at": tx.now,
        "expires_at": tx.now + timedelta(hours=6),
    }
    kernel_execute(tx.session, insert(AccountLink.__table__).values(row))
    return token
