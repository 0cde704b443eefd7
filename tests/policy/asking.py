"""From a cell to a request: the address and the form, with every placeholder filled in."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from tests.policy import tables
from tests.policy.oracle import ANONYMOUS, OFF, Cell
from tests.policy.papers import LIST
from tests.policy.stand import PASSWORD, Stand
from tests.policy.world import World

PART = re.compile(r"<(?:[^<>:]+:)?(\w+)>")


def request_of(cell: Cell, world: World) -> tuple[str | None, str, str, dict[str, Any]]:
    """Return who asks (None: nobody), method, address and form."""
    route = cell.route
    role = "employee" if cell.role == ANONYMOUS else cell.role
    facts: dict[str, Any] = {}
    if route.kind != "-":
        relation = cell.relation
        if relation == OFF:
            relation = tables.kinds()[route.kind].relations[0]
        facts = world.get(route.kind, relation, role)
    path = PART.sub(lambda part: str(facts.get(part[1], facts.get("id", ""))), route.route)
    if route.method == "GET" and (query := tables.queries().get(route.route)):
        path = f"{path}?{query}"
    form = filled(tables.bodies().get((route.method, route.route), {}), facts, role, world)
    return None if cell.role == ANONYMOUS else cell.role, route.method, path, form


def filled(body: dict[str, Any], facts: Any, role: str, world: World) -> dict[str, Any]:
    """Return a form with its placeholders filled in; a file is made from its name."""
    known = {
        "object": facts,
        "actor": world.actors[role],
        "world": world.common | {"password": PASSWORD},
        "place": {name: place["id"] for name, place in world.places.items()},
        "department": world.department_ids,
    }
    form = {
        name.format_map(known): [one.format_map(known) for one in value]
        if isinstance(value, list)
        else value.format_map(known)
        for name, value in body.items()
    }
    if "file" in form:
        content = LIST.format(place=world.places["same"]["code"]).encode()
        form["file"] = (BytesIO(content), form["file"])
    return form


def answer_to(stand: Stand, cell: Cell, world: World) -> Any:
    """Return what the portal answers to a cell; the world is as before afterwards."""
    visitor, method, path, form = request_of(cell, world)
    try:
        return stand.ask(visitor, method, path, form=form)
    finally:
        stand.restore()
