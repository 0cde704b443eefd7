"""What every visitor should be answered, told from the tables alone.

Slow, plain, and made without a line of the portal, so that it cannot repeat a mistake of its.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.policy.tables import Route, exceptions, kinds, roles, routes

ANONYMOUS = "anonymous"
OFF = "off"  # the relation to a plugin that is switched off
READING = ("view", "use")  # the verbs that change nothing
EVERYBODY = {"core.portal.use": "own"}  # what whoever is signed in may do

# Which relations a reach covers, by the rule that a kind follows. The actor holds the role in
# one department ("same"), with one department above and one below it; "own" is what is the
# actor's, also in that department; "team" belongs to somebody of another department, which the
# actor manages.
DEPARTMENT = {
    "own": set(),
    "team": set(),
    "department": {"own", "same"},
    "tree": {"own", "same", "below"},
    "all": {"own", "same", "below", "above", "elsewhere", "team", "common", "served", "across"},
}
PERSON = {
    "own": {"own"},
    "team": {"own", "team"},
    "department": {"own", "same"},
    "tree": {"own", "same", "below"},
    "all": DEPARTMENT["all"],
}
RULES = {
    # Everybody who holds the permission at all.
    "anybody": dict.fromkeys(DEPARTMENT, DEPARTMENT["all"] | {"any"}),
    # Rows of a department, or of people in departments.
    "department": DEPARTMENT,
    "person": PERSON,
    # Rows of a department, with some that belong to everybody.
    "shared": {reach: covered | {"common"} for reach, covered in DEPARTMENT.items()},
    # Stock: a served department sees what lies in the room, and both ends show a movement.
    "stock": {
        reach: covered | ({"served", "across"} if covered else set())
        for reach, covered in DEPARTMENT.items()
    },
    # What a room was asked for: its own people answer, whoever asked.
    "room": {
        reach: covered if reach == "all" else covered - {"own"}
        for reach, covered in DEPARTMENT.items()
    },
    # Rows of the portal itself.
    "everything": {key: set() for key in ("own", "team", "department", "tree")}
    | {"all": DEPARTMENT["all"] | {"any"}},
    # What belongs to one person, however far others reach.
    "owner": {key: {"own"} for key in DEPARTMENT},
    # What belongs to one person, and to whoever may do the same for everybody.
    "owner_or_everything": {key: {"own"} for key in DEPARTMENT}
    | {"all": DEPARTMENT["all"] | {"any"}},
    # What people have to do: one's own, and that of the people of departments one manages.
    "led": {key: {"own", "team"} for key in DEPARTMENT},
    "led_in_reach": {key: covered & {"own", "team"} for key, covered in PERSON.items()},
    "nobody": {key: set() for key in DEPARTMENT},
}


@dataclass(frozen=True)
class Cell:
    """One visitor at one route, with an object in one relation to the visitor."""

    route: Route
    role: str
    relation: str


def visitors() -> list[str]:
    """Return everybody who comes: no one signed in, no role, and each role."""
    return [ANONYMOUS, *roles()]


def cells_of(route: Route) -> Iterator[Cell]:
    """Return every cell of a route."""
    relations = kinds()[route.kind].relations if route.kind != "-" else ("-",)
    if route.slug not in ("core", "public"):
        relations = (*relations, OFF)
    for role in visitors():
        for relation in relations:
            yield Cell(route, role, relation)


def every_cell() -> Iterator[Cell]:
    """Return all cells of the matrix."""
    for route in routes():
        yield from cells_of(route)


def predicted(cell: Cell) -> str:
    """Return in, sign-in, 401, 403 or 404 (or the status of an exception)."""
    route = cell.route
    if cell.role == ANONYMOUS:
        return route.anonymous
    if cell.relation == OFF:
        return "404"
    policy = by_policy(cell)
    if policy != "403":
        for exception in exceptions():
            if (exception.route, exception.method) == (route.route, route.method):
                if _among(cell.role, exception.roles) and _among(
                    cell.relation, exception.relations
                ):
                    return exception.answer
    return policy


def by_policy(cell: Cell) -> str:
    """Return what the policy of the route alone makes of it: in, 403 or 404."""
    route = cell.route
    if route.permission == "public":
        return "in"
    reach = (EVERYBODY | roles()[cell.role]).get(route.permission)
    if reach is None:
        return "403"
    if route.kind == "-":
        return "in"
    kind = kinds()[route.kind]
    reads = route.permission.rpartition(".")[2] in READING
    rule = RULES[kind.reading if reads else kind.writing]
    reached = cell.relation in rule[reach] and all(
        covers(cell.role, permission, besides, cell.relation)
        for permission, besides in kind.besides
    )
    return "in" if reached else "404"


def covers(role: str, permission: str, rule: str, relation: str) -> bool:
    """Return whether a role reaches rows in a relation by a permission."""
    reach = (EVERYBODY | roles()[role]).get(permission)
    return reach is not None and relation in RULES[rule][reach]


def _among(one: str, listed: tuple[str, ...]) -> bool:
    return "*" in listed or one in listed
