"""The address book as a list."""

from __future__ import annotations

from portal.messages import message
from portal.ui.table import Action, Column, Empty, Table, View

from . import services
from .forms import ContactFilter
from .models import Contact

CONTACTS = Table(
    "contacts",
    services.VIEW,
    services.listed,
    columns=(
        Column(
            "name",
            message("Name"),
            primary=True,
            sort=(Contact.name_key, Contact.id),
            link=("contacts.contact", {"public_id": "public_id"}),
        ),
        Column("kind", message("Who it is"), labels=services.KINDS),
        Column("works_for", message("Works for")),
        Column("phone", message("Phone")),
        Column("department", message("Private to")),
    ),
    default_sort="name",
    filters=ContactFilter,
    search=Contact,
    views=(
        View(key="active", title=message("In use"), criteria={"active": True}),
        View(key="closed", title=message("No longer in use"), criteria={"active": False}),
    ),
    empty=Empty(
        title=message("The address book is empty"),
        text=message("Suppliers, repairers and everybody else outside stand here."),
        actions=(
            Action(
                label=message("Add a contact"),
                endpoint="contacts.new_contact",
                permission=services.EDIT,
            ),
        ),
    ),
)
