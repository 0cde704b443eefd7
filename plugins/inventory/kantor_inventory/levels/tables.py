"""The list that compares suppliers."""

from __future__ import annotations

from portal.api import Contact, message
from portal.web import Column, Empty, Table

from .services import scores

COMPARED = Table(
    "suppliers_compared",
    "inventory.supplier.view",
    scores.compared,
    columns=(
        Column(
            "name",
            message("Supplier"),
            primary=True,
            sort=(Contact.name_key, Contact.id),
            link=("inventory.scorecard", {"public_id": "public_id"}),
        ),
        Column("lead_days", message("Days agreed"), "number"),
        Column("measured", message("Days measured"), "quantity"),
        Column("lead_count", message("Deliveries measured"), "number"),
        Column("late", message("Orders late"), "number"),
        Column("promised", message("Orders promised"), "number"),
        Column("short_lines", message("Lines short"), "number"),
        Column("closed_lines", message("Lines ended"), "number"),
        Column("active", message("In use"), shown=False),
    ),
    default_sort="name",
    empty=Empty(
        title=message("No suppliers yet"),
        text=message("A supplier is a contact from the address book with the terms you buy on."),
    ),
)
