"""What a service gives to somebody who may do everything except what it asks for: nothing.

The pages ask for the same permission first, so only a call from somewhere else shows whether a
service asks too. Each is called twice: by somebody who holds every permission on everything, and
by somebody who holds all of them but one.
"""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from kantor_inventory.counting import services as counting
from kantor_inventory.counting.models import Count
from kantor_inventory.counting.services import reading as counted
from kantor_inventory.models import Category, Item, Unit
from kantor_inventory.services import choices, items, lists, points, scanning, stock, suppliers
from portal.absences import services as absences
from portal.absences import weeks
from portal.absences.models import Absence
from portal.absences.services import EndAbsence
from portal.audit.reading import page_of
from portal.contacts import services as contacts
from portal.contacts.models import Contact
from portal.delegation import services as delegation
from portal.delegation.models import Delegation
from portal.errors import ValidationFailed
from portal.people import picking
from portal.people.services import departments, persons
from portal.places import services as places
from portal.places.models import Place
from portal.roles.services import editing
from portal.worktime import services as worktime
from portal.worktime.models import WorkCalendar
from tests.policy.calling import EVERY, answer, gives_only_with, there, visitor

NOTE = "a mistake"
IN_2099 = date(2099, 1, 1), date(2099, 1, 31)  # when everybody is away once


def edited_item(tx, world):
    facts = there(world, "item")
    said = {"category": None, "mode": "perpetual", "status": "active", "note": ""}
    command = items.EditItem(
        item=facts["id"], version=facts["version"], name="Changed", sku="T-1", **said
    )
    return items.edit_item(tx, command)


def renamed(model, kind):
    def call(tx, world):
        facts = there(world, kind)
        command = items.Rename(row=facts["id"], version=facts["version"], name="Another")
        return items.rename(tx, model, command)

    return call


def edited_supplier(tx, world):
    facts = there(world, "supplier")
    said = {"customer_number": "", "order_by": "phone", "lead_days": 3, "note": "", "active": True}
    command = suppliers.EditSupplier(supplier=facts["id"], version=facts["version"], **said)
    return suppliers.edit_supplier(tx, command)


def priced(tx, world):
    asked = suppliers.SetPrice(
        supplier=there(world, "supplier")["id"], unit=world.common["unit"], price=100
    )
    return suppliers.set_price(tx, asked)


def reversed_movement(tx, world):
    return stock.reverse(
        tx, stock.Reverse(movement=there(world, "movement", "same")["id"], note=NOTE)
    )


def ruled(tx, world):
    asked = stock.SetRule(
        item=world.common["item"], place=world.places["same"]["id"], minimum=1, maximum=None
    )
    return stock.set_rule(tx, asked)


def the_item(tx, world):
    return tx.session.scalars(select(Item).filter_by(public_id=world.common["item"])).one()


def the_firm(tx):
    return tx.session.scalars(select(Contact).where(Contact.name == "Firm common")).one()


def received(tx, world):
    asked = stock.Receive(
        item=world.common["item"], quantity=1_000, to_place=world.places["same"]["id"], price=1
    )
    return stock.receive(tx, asked)


def issued(tx, world):
    asked = stock.Issue(
        item=world.common["item"],
        quantity=1_000,
        from_place=world.places["same"]["id"],
        for_department=world.department_ids["same"],
    )
    return stock.issue(tx, asked)


def transferred(tx, world):
    asked = stock.Transfer(
        item=world.common["item"],
        quantity=1_000,
        from_place=world.places["same"]["id"],
        to_place=world.places["second"]["id"],
    )
    return stock.transfer(tx, asked)


def scrapped(tx, world):
    asked = stock.Scrap(
        item=world.common["item"],
        quantity=1_000,
        from_place=world.places["same"]["id"],
        note=NOTE,
    )
    return stock.scrap(tx, asked)


def the_count(tx, world):
    return tx.one(select(Count), public_id=there(world, "count", "same")["id"])


def cancelled(tx, world):
    facts = there(world, "count", "same")
    asked = counting.Cancel(count=facts["id"], version=facts["version"], reason=NOTE)
    return counting.cancel(tx, asked)


def found_on_a_shelf(tx, world):
    facts = there(world, "count", "same")
    asked = counting.AddFound(
        count=facts["id"], item=world.common["item"], place=there(world, "count", "same")["place"]
    )
    return counting.add_found(tx, asked)


def the_line(world):
    return there(world, "count_line", "same")


def looked_up(code):
    return lambda tx, world: list(scanning.look_up(tx, [code(world)]))


def given_a_calendar(tx, world):
    """Let somebody work by a calendar; None where they are not on the list."""
    command = worktime.WorkBy(person=world.common["newcomer"])
    try:
        return worktime.work_by(tx, there(world, "work_calendar")["id"], command)
    except ValidationFailed:
        return None


def back_at_noon(tx, world):
    """Say that somebody is back when they would have been anyhow."""
    name = there(world, "absence", "same")["id"]
    with tx.acting_for("core", reason="test") as own:
        row = own.one(select(Absence), public_id=name)
        row.from_on, row.last_on, row.until_noon = own.today - timedelta(1), own.today, True
        own.session.flush()
        version = row.version
    return absences.end_absence(tx, name, EndAbsence(version=version, since="noon"))


def the_usual_calendar(tx, world):
    """Let a calendar be the usual one, and ask for it."""
    with tx.acting_for("core", reason="test") as own:
        row = own.one(select(WorkCalendar), public_id=there(world, "work_calendar")["id"])
        row.usual = True
        own.session.flush()
    return worktime.usual_calendar(tx)


# permission -> the services that ask for it
ASKING = {
    "inventory.item.view": {
        "look_up a packet": looked_up(lambda world: world.common["code"]),
        "the item a list is narrowed to": lambda tx, world: choices.to_narrow_by(
            tx, "inventory.stock.view", item=world.common["item"]
        )["item"],
        "look_up a shelf": looked_up(lambda world: "T-1"),
    },
    "inventory.item.edit": {
        "edit_item": edited_item,
        "add_pack": lambda tx, world: items.add_pack(
            tx, items.AddPack(item=world.common["item"], pack=items.Pack(unit="carton", num=144))
        ),
        "retire_pack": lambda tx, world: items.retire_pack(tx, there(world, "item_unit")["id"]),
        "add_code": lambda tx, world: items.add_code(
            tx, items.AddCode(unit=there(world, "item_unit")["id"], code="96385074")
        ),
        "rename a unit": renamed(Unit, "unit"),
        "rename a category": renamed(Category, "category"),
    },
    "inventory.supplier.edit": {"edit_supplier": edited_supplier, "set_price": priced},
    "inventory.stock.receive": {"receive": received},
    "inventory.stock.issue": {"issue": issued},
    "inventory.stock.transfer": {"transfer": transferred},
    "inventory.stock.scrap": {"scrap": scrapped},
    "inventory.stock.reverse": {"reverse": reversed_movement},
    "inventory.stock.set_rule": {"set_rule": ruled},
    "inventory.stock.view": {
        "kept_at": lambda tx, world: points.kept_at(
            tx, tx.one(select(Place), public_id=world.places["same"]["id"])
        ),
        "places_of_nobody": lambda tx, world: choices.places_of_nobody(tx),
        "stocked_places": lambda tx, world: choices.stocked_places(tx),
        "place_rows": lambda tx, world: lists.place_rows(tx),
        "places_of": lambda tx, world: lists.places_of(tx, the_item(tx, world)),
    },
    "inventory.count.enter": {
        "line_of": lambda tx, world: counted.line_of(tx, the_line(world)["id"]),
        "lines_of": lambda tx, world: counted.lines_of(tx, the_count(tx, world), most=9),
        "cancel": cancelled,
        "add_found": found_on_a_shelf,
        "clear": lambda tx, world: counting.clear(
            tx, counting.Clear(line=the_line(world)["id"], seen=the_line(world)["entry"])
        ),
        "missed": lambda tx, world: counting.missed(
            tx, counting.Missed(line=the_line(world)["id"], seen=the_line(world)["entry"])
        ),
    },
    "core.contact.view": {
        "find_contact": lambda tx, world: contacts.find_contact(tx, world.common["contact"]),
        "organisations": lambda tx, world: contacts.organisations(tx, "firm"),
        "organisation": lambda tx, world: contacts.organisation(tx, world.common["contact"]),
        "people_of": lambda tx, world: contacts.people_of(tx, the_firm(tx)),
        "add_supplier": lambda tx, world: suppliers.add_supplier(
            tx, suppliers.AddSupplier(contact=world.common["contact"])
        ),
    },
    "core.contact.edit": {"may_edit": lambda tx, world: contacts.may_edit(tx, the_firm(tx))},
    "core.person.view": {
        "work_by": given_a_calendar,
        "find": lambda tx, world: picking.find(tx, "colleague"),
        "title_of": lambda tx, world: picking.title_of(tx, world.common["newcomer"]),
        "find_person": lambda tx, world: persons.find_person(tx, world.common["newcomer"]),
    },
    "core.person.edit": {
        "may_edit": lambda tx, world: persons.may_edit(
            tx, persons.find_person(tx, world.common["newcomer"])
        )
    },
    "core.department.view": {
        "find_department": lambda tx, world: departments.find_department(
            tx, world.department_ids["same"]
        )
    },
    "core.absence.view": {
        "who is away": lambda tx, world: list(weeks._away(tx, tx.actor.member_of, *IN_2099)),
        "find_absence": lambda tx, world: absences.find_absence(
            tx, there(world, "absence", "same")["id"]
        ),
        "coming_of": lambda tx, world: absences.coming_of(tx, world.common["colleague_same"]),
    },
    "core.absence.edit": {
        "may_edit": lambda tx, world: absences.may_edit(
            tx, tx.one(select(Absence), public_id=there(world, "absence", "same")["id"])
        ),
        "end_absence": back_at_noon,
        "remove_absence": lambda tx, world: absences.remove_absence(
            tx, there(world, "absence", "same")["id"], there(world, "absence", "same")["version"]
        ),
        "may_note": lambda tx, world: absences.may_note(tx, world.common["colleague_same"]),
        "noted_by": lambda tx, world: absences.noted_by(tx, world.common["newcomer"]),
        "notes_for_others": lambda tx, world: absences.notes_for_others(tx),
    },
    "core.delegation.view": {
        "find_delegation": lambda tx, world: delegation.find_delegation(
            tx, there(world, "delegation", "same")["id"]
        ),
        "coming_of": lambda tx, world: delegation.coming_of(tx, world.common["colleague_same"]),
    },
    "core.delegation.edit": {
        "may_edit": lambda tx, world: delegation.may_edit(
            tx, tx.one(select(Delegation), public_id=there(world, "delegation", "same")["id"])
        ),
        "end_delegation": lambda tx, world: delegation.end_delegation(
            tx,
            there(world, "delegation", "same")["id"],
            there(world, "delegation", "same")["version"],
        ),
        "may_name": lambda tx, world: delegation.may_name(tx, world.common["colleague_same"]),
        "named_for": lambda tx, world: delegation.named_for(tx, world.common["newcomer"]),
        "names_for_others": lambda tx, world: delegation.names_for_others(tx),
    },
    "core.place.view": {
        "tree": lambda tx, world: places.tree(tx),
        "find_place": lambda tx, world: places.find_place(tx, world.places["same"]["id"]),
    },
    "core.calendar.view": {
        "usual_calendar": the_usual_calendar,
        "calendars": lambda tx, world: worktime.calendars(tx),
        "find_calendar": lambda tx, world: worktime.find_calendar(
            tx, there(world, "work_calendar")["id"]
        ),
        "holiday_lists": lambda tx, world: worktime.holiday_lists(tx),
        "find_list": lambda tx, world: worktime.find_list(tx, there(world, "holiday_list")["id"]),
    },
    "core.calendar.edit": {
        "find_day": lambda tx, world: worktime.find_day(tx, there(world, "work_day")["id"]),
        "find_holiday": lambda tx, world: worktime.find_holiday(tx, there(world, "holiday")["id"]),
        "import_year": lambda tx, world: worktime.import_year(
            tx, there(world, "holiday_list")["id"], worktime.ImportYear(year=2026)
        ),
    },
    "core.role.edit": {
        "copy_role": lambda tx, world: editing.copy_role(tx, world.common["role"], name="A copy")
    },
}
CALLS = [(permission, name) for permission, named in ASKING.items() for name in named]


@pytest.mark.parametrize(("permission", "name"), CALLS)
def test_a_service_gives_nothing_to_who_lacks_the_one_permission(
    stand, made_world, permission, name
):
    gives_only_with(stand, made_world, permission, ASKING[permission][name])


@pytest.mark.parametrize("page", ["issue", "receive", "transfer", "scrap", "movements"])
def test_who_does_not_see_items_does_not_move_them_either(stand, made_world, page):
    address = f"/inventory/items/{made_world.common['item']}/{page}"
    everything = dict.fromkeys(EVERY, "all")
    for grants, status in (
        (everything, 200),
        ({p: r for p, r in everything.items() if p != "inventory.item.view"}, 404),
    ):
        stand.sign_in("whoever", visitor(stand, made_world, grants), "no password")
        assert stand.ask("whoever", "GET", address).status_code == status
        stand.restore()


def test_the_audit_leads_to_a_record_only_where_one_may_look(stand, made_world):
    contact = made_world.common["private_contact_elsewhere"]

    def leads(tx, world):
        row = tx.session.scalars(select(Contact).filter_by(public_id=contact)).one()
        return page_of(tx, SimpleNamespace(subject_kind="core.contact", subject_id=row.id))

    grants = {"core.audit.view": "all", "core.contact.edit": "all"}
    for reach, address in (("all", f"/contacts/{contact}"), ("department", "")):
        assert answer(stand, made_world, grants | {"core.contact.view": reach}, leads) == address
        stand.restore()
