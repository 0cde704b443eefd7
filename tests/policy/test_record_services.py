"""What the services of all records give to who may do everything but see the record: nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item
from portal.contacts.models import Contact
from portal.finding.rules import wanted
from portal.finding.services import find
from portal.related.services import named
from portal.subjects.services import described, find_by_id, find_record
from tests.policy.calling import NOTHING, answer, gives_only_with, there

KIND, PERMISSION = "core.contact", "core.contact.view"
ITEM = "inventory.item"


def firm(tx, world, relation="same"):
    return _row(tx, Contact, there(world, "contact", relation)["id"])


def item(tx, world):
    return _row(tx, Item, world.common["item"])


def _row(tx, model, public_id):
    """Return what a row says, whoever may see it."""
    with tx.acting_for(model.__slug__, reason="test") as own:
        row = own.session.scalars(select(model).filter_by(public_id=public_id)).one()
        named = {"id": row.id, "public_id": row.public_id, "name": row.name}
        return SimpleNamespace(**named, number=getattr(row, "sku", ""))


ASKING = {
    PERMISSION: {
        "find_record": lambda tx, world: find_record(tx, KIND, firm(tx, world).public_id),
        "find_by_id": lambda tx, world: find_by_id(tx, KIND, firm(tx, world).id),
        "described": lambda tx, world: described(tx, [(KIND, firm(tx, world).id)]),
        "named by its name": lambda tx, world: named(tx, firm(tx, world).name),
        "named by its address": lambda tx, world: named(
            tx, f"/contacts/{firm(tx, world).public_id}"
        ),
        "find": lambda tx, world: find(tx, wanted(firm(tx, world).name), kinds=[KIND]),
    },
    "inventory.item.view": {
        "find_record": lambda tx, world: find_record(tx, ITEM, item(tx, world).public_id),
        "find_by_id": lambda tx, world: find_by_id(tx, ITEM, item(tx, world).id),
        "described": lambda tx, world: described(tx, [(ITEM, item(tx, world).id)]),
        "named by its number": lambda tx, world: named(tx, item(tx, world).number),
        "find": lambda tx, world: find(tx, wanted(item(tx, world).name), kinds=[ITEM]),
    },
}
CALLS = [(permission, name) for permission, called in ASKING.items() for name in called]


@pytest.mark.parametrize(("permission", "name"), CALLS)
def test_a_service_gives_nothing_to_who_lacks_the_one_permission(
    stand, made_world, permission, name
):
    gives_only_with(stand, made_world, permission, ASKING[permission][name])


FAR = {
    "find_record": lambda tx, row: find_record(tx, KIND, row.public_id),
    "find_by_id": lambda tx, row: find_by_id(tx, KIND, row.id),
    "described": lambda tx, row: described(tx, [(KIND, row.id)]),
    "named by its name": lambda tx, row: named(tx, row.name),
    "named by its address": lambda tx, row: named(tx, f"/contacts/{row.public_id}"),
    "find": lambda tx, row: find(tx, wanted(row.name), kinds=[KIND]),
}


@pytest.mark.parametrize("name", FAR)
def test_another_right_everywhere_shows_no_record_of_another_department(stand, made_world, name):
    """The wall lets the row through for the sake of the other right; the service must not."""

    def call(tx, world):
        return FAR[name](tx, firm(tx, world, "elsewhere"))

    assert there(made_world, "contact", "elsewhere")
    near = {PERMISSION: "department", "core.contact.edit": "all"}
    assert answer(stand, made_world, near | {PERMISSION: "all"}, call) not in NOTHING
    stand.restore()
    assert answer(stand, made_world, near, call) in NOTHING
