"""A store room with two shelves, a laboratory cupboard, and people who may or may not use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import select

from kantor_inventory import plugin
from kantor_inventory.asking import services as asking
from kantor_inventory.asking.models import Requisition, RequisitionLine
from kantor_inventory.counting import services as counts
from kantor_inventory.counting.models import Count, CountEntry, CountLine
from kantor_inventory.models import Balance, Item, ItemUnit, Movement, Point, Unit
from kantor_inventory.services import stock
from portal.api import Contact, Department, Person, Place, PlaceServes
from portal.testing import World, add_person, sign_in, working_as

# A machine may be slow: tests are about what comes out, never about how long it took.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def portal_plugins():
    return [plugin]


@dataclass
class Shop:
    """The app, its people and the public ids of what the tests move about."""

    app: Any
    world: World
    pen: str = ""
    box: str = ""
    third: str = ""
    ream: str = ""
    shelf: str = ""
    other_shelf: str = ""
    lab: str = ""
    office: str = ""
    keeper: str = ""
    lab_assistant: int = 0

    def work(self, role: str | None = "office_manager"):
        """Return the writing unit of somebody with this role, or of the portal itself."""
        return working_as(self.app, self.world.people[role] if role else None)

    def work_in_lab(self):
        return working_as(self.app, self.lab_assistant)

    def new_item(self, sku):
        """Add an item of pieces, boxes and thirds; return its ids and those of its units."""
        with self.work(None) as tx:
            item = add_item(tx, f"Item {sku}", sku, packs=[("box", 12, 1), ("third", 1, 3)])
            units = {unit.unit.name: unit.public_id for unit in item.units}
            return item.public_id, item.id, units

    def balance(self, item: str, place: str) -> tuple[int, int]:
        """Return quantity and value of an item at a place, whoever may see it."""
        with self.work(None) as tx:
            row = tx.session.scalars(
                select(Balance)
                .join(Balance.item)
                .join(Balance.point)
                .join(Point.place)
                .where(Item.public_id == item, Place.public_id == place)
            ).one_or_none()
            return (0, 0) if row is None else (row.quantity, row.value)


@dataclass
class Room:
    """Shelf A1 of the office, which serves the laboratory and the board, with its people's ids."""

    shop: Shop
    black: str = ""
    pieces: dict[str, str] = field(default_factory=dict)  # item -> the unit it is counted in
    keeper: int = 0  # whose own the shelf is
    second: int = 0
    clerk: int = 0  # of the laboratory
    assistant: int = 0  # of the laboratory, may move stock there
    other: int = 0  # of the board
    stranger: int = 0  # of a department that is not served

    def client(self, who):
        """Return a browser in which this person is signed in."""
        return sign_in(self.shop.app, getattr(self, who))

    def work(self, who):
        return working_as(self.shop.app, getattr(self, who))

    def ask(self, who="clerk", *, item=None, quantity=5_000, unit=None, **more):
        """Ask for something; return the public ids of the request and of its line."""
        item = item or self.shop.pen
        wanted = asking.Wanted(item=item, unit=unit or self.pieces[item], quantity=quantity)
        with self.work(who) as tx:
            made = asking.ask(tx, asking.Ask(place=self.shop.shelf, lines=(wanted,), **more))
            line = tx.session.scalars(select(RequisitionLine).filter_by(requisition_id=made.id))
            return made.public_id, line.one().public_id

    def needs_no_approval(self):
        """Let every request go to the room at once, whatever is asked for."""
        with self.shop.work(None) as tx:
            said = {"request_approval": "never"}
            tx.session.add(of_core("Setting")(slug="inventory", values=said))

    def answer(self, who, requisition, *answers):
        with self.work(who) as tx:
            return asking.answer(tx, requisition, answers).status

    def line(self, public_id):
        """Return state, quantity handed out, movement and words of a line."""
        with self.shop.work(None) as tx:
            row = tx.one(select(RequisitionLine), public_id=public_id)
            return row.state, row.given, row.movement_id, row.answer

    def status(self, public_id):
        with self.shop.work(None) as tx:
            return tx.one(select(Requisition), public_id=public_id).status

    def left(self, item=None):
        return self.shop.balance(item or self.shop.pen, self.shop.shelf)[0]


@pytest.fixture
def room(shop):
    """The shelf with 100 blue pens and 40 black ones."""
    made, departments = Room(shop), shop.world.departments
    made.keeper, made.assistant = shop.world.people["office_manager"], shop.lab_assistant
    with shop.work(None) as tx:
        made.black = add_item(tx, "Black pen", "WRI-002").public_id
        for item in tx.session.scalars(select(Item)):
            made.pieces[item.public_id] = item.units[0].public_id
        board = departments["board"]
        shelf = tx.one(select(Place), public_id=shop.shelf)
        tx.session.add(PlaceServes(place_id=shelf.id, department_id=board))
        people = (("Second Keeper", "office", "assistant"), ("Lab Clerk", "lab", "employee"))
        people += (("Board Clerk", "board", "employee"), ("Stranger", "stores", "employee"))
        names = ("second", "clerk", "other", "stranger")
        for name, (called, department, role) in zip(names, people, strict=True):
            added = add_person(tx, called, department_id=departments[department], role=role)
            setattr(made, name, added)
    with shop.work() as tx:
        for item, quantity in ((shop.pen, 100_000), (made.black, 40_000)):
            stock.receive(
                tx,
                stock.Receive(item=item, quantity=quantity, to_place=shop.shelf, price=7_654_321),
            )
    return made


@pytest.fixture
def shop(portal_app, world):
    made = Shop(portal_app, world)
    office, lab = world.departments["office"], world.departments["lab"]
    with made.work(None) as tx:
        pen = add_item(tx, "Blue pen", "WRI-001", packs=[("box", 12, 1), ("third", 1, 3)])
        made.pen, (_, made.box, made.third) = pen.public_id, [u.public_id for u in pen.units]
        made.ream = add_item(tx, "Copy paper", "PAP-001", unit="ream").public_id
        made.shelf = add_place(tx, "A1", office, serves=[lab])
        made.other_shelf = add_place(tx, "A2", office)
        made.lab = add_place(tx, "L1", lab)
        made.office = tx.session.get(Department, office).public_id
        made.keeper = tx.session.get(Person, world.people["office_manager"]).public_id
        made.lab_assistant = add_person(tx, "Lab Assistant", department_id=lab, role="assistant")
    return made


def add_item(tx, name, sku, *, unit="piece", packs=(), **more):
    """Add an item with its base unit and packs of (unit, num, den)."""
    base = unit_named(tx, unit)
    item = Item(name=name, sku=sku, sku_key=sku.casefold(), base_unit=base, **more)
    item.units.append(ItemUnit(unit=base, num=1, den=1))
    tx.session.add(item)
    tx.session.flush()
    for pack, num, den in packs:
        item.units.append(ItemUnit(unit=unit_named(tx, pack), num=num, den=den))
        tx.session.flush()
    return item


def unit_named(tx, name):
    found = tx.session.scalars(select(Unit).filter_by(name=name)).one_or_none()
    if found is None:
        found = Unit(name=name)
        tx.session.add(found)
        tx.session.flush()
    return found


def add_place(tx, code, department_id, serves=()):
    place = Place(code=code, name=f"Shelf {code}", kind="shelf", department_id=department_id)
    tx.session.add(place)
    tx.session.flush()
    for served in serves:
        tx.session.add(PlaceServes(place_id=place.id, department_id=served))
    tx.session.flush()
    return place.public_id


def of_core(name):
    """Return a class of the portal itself, which plugins have no business with."""
    return next(m.class_ for m in Person.registry.mappers if m.class_.__name__ == name)


def add_role(tx, slug, grants):
    """Make a role of (permission -> reach)."""
    role = of_core("Role")(slug=slug, name=slug.title())
    given = of_core("RolePermission")
    role.permissions = [given(permission=name, reach=reach) for name, reach in grants.items()]
    tx.session.add(role)
    tx.session.flush()


@pytest.fixture
def made_role():
    return add_role


def add_contact(tx, name):
    contact = Contact(name=name, kind="organisation")
    tx.session.add(contact)
    tx.session.flush()
    return contact


class Counting:
    """A shop that is being counted: the keeper plans and reviews, two assistants count."""

    add_item = staticmethod(add_item)

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        office = shop.world.departments["office"]
        with shop.work(None) as tx:
            self.department = tx.session.get(Department, office).public_id
            self.dewi = add_person(tx, "Dewi", department_id=office, role="assistant")
            self.joko = add_person(tx, "Joko", department_id=office, role="assistant")
            self.maya = add_person(tx, "Maya", department_id=office, role="department_manager")

    def as_dewi(self):
        return working_as(self.shop.app, self.dewi)

    def as_joko(self):
        return working_as(self.shop.app, self.joko)

    def as_maya(self):
        """Return a unit of somebody who may review and has counted nothing."""
        return working_as(self.shop.app, self.maya)

    def receive(self, quantity, item=None, place=None, **more):
        with self.shop.work() as tx:
            command = stock.Receive(
                item=item or self.shop.pen,
                quantity=quantity,
                to_place=place or self.shop.shelf,
                **more,
            )
            return stock.receive(tx, command).id

    def issue(self, quantity, item=None, place=None):
        with self.shop.work() as tx:
            command = stock.Issue(
                item=item or self.shop.pen,
                quantity=quantity,
                from_place=place or self.shop.shelf,
                for_department=self.department,
            )
            return stock.issue(tx, command).id

    def plan(self, role="office_manager", **more):
        with self.shop.work(role) as tx:
            command = counts.PlanCount(department=self.department, **more)
            return counts.plan_count(tx, command).public_id

    def line(self, count, item=None, place=None) -> str:
        with self.shop.work(None) as tx:
            return tx.session.scalar(
                select(CountLine.public_id)
                .join(Count, Count.id == CountLine.count_id)
                .join(Item, Item.id == CountLine.item_id)
                .join(Point, Point.id == CountLine.point_id)
                .join(Place, Place.id == Point.place_id)
                .where(
                    Count.public_id == count,
                    Item.public_id == (item or self.shop.pen),
                    Place.public_id == (place or self.shop.shelf),
                )
            )

    def piece(self, item=None) -> str:
        with self.shop.work(None) as tx:
            row = tx.one(select(Item), public_id=item or self.shop.pen)
            return next(u.public_id for u in row.units if u.unit_id == row.base_unit_id)

    def enter(self, count, quantity, item=None, place=None, unit=None, by=None, seen=None):
        line, unit = self.line(count, item, place), unit or self.piece(item)
        with by or self.as_dewi() as tx:
            command = counts.Enter(line=line, amounts=[(unit, quantity)], seen=seen)
            return counts.enter(tx, command).id

    def submit(self, count, missing=0, by=None):
        with by or self.as_dewi() as tx:
            counts.submit(tx, counts.Submit(count=count, missing=missing))

    def sent_in(self, pens, reams=None, by=None, missing=0, **more):
        """Plan a count, enter how many pens and reams lie on the shelf, send it in; return it."""
        count = self.plan(**more)
        self.enter(count, pens, by=by)
        if reams is not None:
            self.enter(count, reams, item=self.shop.ream)
        self.submit(count, missing)
        return count

    def decide(self, count, decision="keep", item=None, place=None, by=None, **more):
        line = self.line(count, item, place)
        with self.shop.work(None) as tx:
            version = tx.one(select(CountLine), public_id=line).version
        with by or self.as_maya() as tx:
            counts.decide(tx, counts.Decide(line=line, version=version, decision=decision, **more))

    def post(self, count, missing=0, by=None):
        with by or self.as_maya() as tx:
            counts.post(tx, counts.Post(count=count, missing=missing))

    def status(self, count):
        with self.shop.work(None) as tx:
            return tx.one(select(Count), public_id=count).status

    def rows(self, *columns, count=None):
        """Return columns of the lines of a count, in their order."""
        with self.shop.work(None) as tx:
            statement = select(*columns).select_from(CountLine).join(CountLine.count)
            statement = statement.where(Count.public_id == count)
            return tx.session.execute(statement.order_by(CountLine.position, CountLine.id)).all()

    def entries(self, count):
        with self.shop.work(None) as tx:
            return tx.session.execute(
                select(CountEntry.counted, CountEntry.book, CountEntry.round, CountEntry.current)
                .join(Count, Count.id == CountEntry.count_id)
                .where(Count.public_id == count)
                .order_by(CountEntry.id)
            ).all()

    def movements(self):
        with self.shop.work(None) as tx:
            return tx.session.execute(
                select(Movement.type, Movement.quantity, Movement.note).order_by(Movement.id)
            ).all()


@pytest.fixture
def counting(shop):
    return Counting(shop)
