"""Firms and people of one department, in every field that hides them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kantor_inventory.models import Supplier
from portal.contacts.models import Contact, ContactPoint
from tests.policy.canaries import Aviary, holders

PICKING = r"^/contacts/(organisations|new)|^/inventory/(contacts|suppliers/new)"
PEOPLE = PICKING + r"|^/contacts/\w+$"


def plant(tx: Any, world: Any, aviary: Aviary) -> None:
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
