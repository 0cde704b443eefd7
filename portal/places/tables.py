"""The list of places."""

from __future__ import annotations

from portal.messages import message
from portal.ui.table import Action, Column, Empty, Table, View

from . import services
from .forms import PlaceFilter
from .models import Place

PLACES = Table(
    "places",
    services.VIEW,
    services.listed,
    columns=(
        Column(
            "name",
            message("Place"),
            primary=True,
            sort=(Place.name_key, Place.id),
            link=("places.place", {"public_id": "public_id"}),
        ),
        Column("code", message("Code"), sort=(Place.code_key,)),
        Column("kind", message("What it is"), labels=services.KINDS),
        Column("parent", message("Inside")),
        Column("department", message("Belongs to")),
        Column("walk_order", message("Walking order"), "number", sort=(Place.walk_order, Place.id)),
    ),
    default_sort="walk_order",
    filters=PlaceFilter,
    search=Place,
    views=(
        View(key="active", title=message("In use"), criteria={"active": True}),
        View(key="closed", title=message("No longer in use"), criteria={"active": False}),
    ),
    empty=Empty(
        title=message("No places yet"),
        text=message("Places are sites, rooms and shelves. Stock and equipment stand in them."),
        actions=(
            Action(
                label=message("Add a place"), endpoint="places.new_place", permission=services.EDIT
            ),
        ),
    ),
)
