"""The index says what the rows say, whatever wrote them."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date

import pytest
from sqlalchemy import delete, select, text, update

from kantor_inventory.models import Barcode, Item, ItemUnit, Supplier, Unit
from portal.contacts.models import Contact, ContactPoint
from portal.db import db
from portal.finding import following
from portal.finding.entries import entries_of
from portal.finding.models import SearchEntry
from portal.finding.rules import words_of
from portal.finding.services import declared, follow_all
from portal.guard import LIMITED, WRITE, kernel_execute
from portal.orm import new_public_id, sort_key
from portal.people.models import Department, Person
from portal.places.models import Place
from portal.reach import EVERYTHING
from portal.testing import working_as

WORDS = "paper Élan C++ Ärger 中村 a@b.org 0036 under_score 100% x'y Kertas".split()  # noqa: SIM905
TABLE = SearchEntry.__table__


def kinds(app):
    plugins = app.extensions["kantor"]
    return entries_of(plugins.subjects(), declared(plugins))


def told(row):
    """Return an entry as it is compared: words may stand in any order."""
    return (
        row.kind,
        row.record_id,
        row.title,
        row.number,
        tuple(sorted(words_of(row.words))),
        row.marks,
    )


def differences(app, tx):
    """Return where the index differs from what is declared."""
    tx.session.flush()
    dialect = db.engine.dialect.name
    there = {told(row) for row in kernel_execute(tx.session, select(TABLE))}
    wanted = set()
    for one in kinds(app).values():
        wanted |= {told(row) for row in kernel_execute(tx.session, one.rows(dialect)[1])}
    return there ^ wanted


def phrase(dice):
    return " ".join(dice.choices(WORDS, k=dice.randint(1, 3)))


class Office:
    """What happens in an office, drawn by lot."""

    def __init__(self, tx, dice):
        self.tx, self.dice = tx, dice
        self.acts = [name for name in vars(Office) if name.startswith("act_")]

    def act(self):
        getattr(self, self.dice.choice(self.acts))()
        self.tx.session.flush()

    def any(self, model):
        rows = list(self.tx.session.scalars(select(model).order_by(model.id)))
        return self.dice.choice(rows) if rows else None

    def act_add_contact(self):
        contact = Contact(name=phrase(self.dice))
        contact.points = [ContactPoint(kind="web", value=phrase(self.dice)) for _ in range(2)]
        self.tx.session.add(contact)

    def act_rename_contact(self):
        if contact := self.any(Contact):
            contact.name = phrase(self.dice)

    def act_change_points(self):
        if contact := self.any(Contact):
            contact.points = [*contact.points[1:], ContactPoint(kind="web", value="Nuevo")]

    def act_move_a_point(self):
        point, contact = self.any(ContactPoint), self.any(Contact)
        if point and contact:
            moved = update(ContactPoint.__table__).where(ContactPoint.__table__.c.id == point.id)
            kernel_execute(self.tx.session, moved.values(contact_id=contact.id))
            self.tx.session.expire_all()

    def act_keep_contact_private(self):
        if contact := self.any(Contact):
            departments = list(self.tx.session.scalars(select(Department.id)))
            contact.department_id = self.dice.choice([None, *departments])

    def act_add_supplier(self):
        taken = set(self.tx.session.scalars(select(Supplier.contact_id)))
        free = [c for c in self.tx.session.scalars(select(Contact)) if c.id not in taken]
        if free:
            number = self.dice.choice(["", "K-77"])
            self.tx.session.add(Supplier(contact_id=free[0].id, customer_number=number))

    def act_remove_supplier(self):
        if supplier := self.any(Supplier):
            self.tx.session.delete(supplier)

    def act_remove_contact(self):
        taken = select(Supplier.contact_id)
        free = select(Contact.id).where(Contact.id.not_in(taken), Contact.works_for_id.is_(None))
        if (found := self.tx.session.scalars(free.limit(1)).first()) is not None:
            kernel_execute(self.tx.session, delete(Contact.__table__).where(Contact.id == found))
            self.tx.session.expunge_all()

    def act_rename_many_at_once(self):
        changed = update(Contact).where(Contact.id % 2 == 0).values(name=phrase(self.dice))
        self.tx.session.execute(changed)

    def act_add_item(self):
        unit = self.any(Unit)
        if unit is None:
            unit = Unit(name="piece")
            self.tx.session.add(unit)
            self.tx.session.flush()
        sku = f"T-{self.dice.randrange(10**9)}"
        item = Item(name=phrase(self.dice), sku=sku, sku_key=sort_key(sku), base_unit_id=unit.id)
        item.units = [ItemUnit(unit_id=unit.id, num=1)]
        self.tx.session.add(item)

    def act_change_item(self):
        if item := self.any(Item):
            item.note, item.name = phrase(self.dice), phrase(self.dice)

    def act_add_barcode(self):
        if unit := self.any(ItemUnit):
            code = f"{self.dice.randrange(10**9)}"
            self.tx.session.add(Barcode(item_unit_id=unit.id, code=code, code_key=code))

    def act_change_barcode(self):
        if barcode := self.any(Barcode):
            barcode.code = f"X{self.dice.randrange(10**9)}"

    def act_append_people(self):
        row = {"language": "en", "active_from": date(2020, 1, 1), "epoch": 1, "version": 1}
        names = [phrase(self.dice) for _ in range(3)]
        rows = [
            row | {"name": n, "name_key": sort_key(n), "email": f"{i}@x.org", "phone": None}
            for i, n in enumerate(names)
        ]
        rows = [row | {"public_id": new_public_id()} for row in rows]
        self.tx.append(Person, rows)

    def act_add_place(self):
        code = f"P{self.dice.randrange(10**9)}"
        self.tx.session.add(Place(name=phrase(self.dice), code=code))

    def act_remove_place(self):
        if place := self.any(Place):
            self.tx.session.delete(place)


@pytest.mark.parametrize("seed", range(4))
def test_the_index_follows_whatever_writes(portal_app, world, seed):
    with working_as(portal_app) as tx:
        office = Office(tx, random.Random(seed))
        assert differences(portal_app, tx) == set()
        for _ in range(40):
            office.act()
            assert differences(portal_app, tx) == set()


def test_what_was_rolled_back_is_not_found(portal_app, world):
    with suppress(RuntimeError), working_as(portal_app) as tx:
        tx.session.add(Contact(name="Never kept"))
        tx.session.flush()
        raise RuntimeError
    with working_as(portal_app) as tx:
        assert differences(portal_app, tx) == set()


def test_a_second_upgrade_fills_nothing_anew(portal_app, world):
    with portal_app.app_context():
        assert follow_all(db.engine, portal_app.extensions["kantor"]) == []


def raw(sql):
    options = {LIMITED: EVERYTHING, WRITE: True}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        result = connection.execute(text(sql))
        return result.all() if result.returns_rows else None


def present():
    with db.engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        return set(following._present(connection))


def test_a_kind_that_lost_its_triggers_is_filled_anew(portal_app, world):
    with portal_app.app_context():
        with (
            db.engine.connect().execution_options(
                **{WRITE: True, LIMITED: EVERYTHING}
            ) as connection,
            connection.begin(),
        ):
            following.drop_following(connection, "inventory")
        assert not [name for name in present() if name.startswith("inventory_")]
        with working_as(portal_app) as tx:
            tx.session.add(Unit(name="piece"))
            tx.session.flush()
            Office(tx, random.Random(1)).act_add_item()
        renewed = follow_all(db.engine, portal_app.extensions["kantor"])
        assert renewed == [kind for kind in kinds(portal_app) if kind.startswith("inventory.")]
        with working_as(portal_app) as tx:
            assert differences(portal_app, tx) == set()
