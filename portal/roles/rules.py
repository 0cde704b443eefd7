"""What one set of rights covers of another: the arithmetic of passing roles on. No
database here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.reach import Held, Principal, Reach

from .principals import reached

NOTHING = Held()


def covers(held: Held, given: Held) -> bool:
    """Return whether ``held`` reaches every row that ``given`` reaches.

    One's own rows show nothing of anybody else, so any reach covers them.
    """
    if held.everything or not given:
        return held.everything or not given
    if given.everything or (given.team and not held.team):
        return False
    return given.departments <= held.departments and bool(held)


def given_by(
    permissions: Iterable[tuple[str, str]],
    department_id: int | None,
    parents: Mapping[int, int | None],
) -> dict[str, Held]:
    """Return what a role with these (permission, reach) gives when measured from a department."""
    found: dict[str, Held] = {}
    for permission, reach in permissions:
        held = reached(Reach(reach), department_id, parents)
        found[permission] = found.get(permission, NOTHING) | held
    return found


def beyond(given: Mapping[str, Held], power: Mapping[str, Held]) -> list[str]:
    """Return the permissions of ``given`` that ``power`` does not cover, sorted."""
    return sorted(
        name for name, held in given.items() if not covers(power.get(name, NOTHING), held)
    )


def reaches(actor: Principal, permission: str, department_id: int | None) -> bool:
    """Return whether ``actor`` may use ``permission`` in a department (None: in the whole
    organisation).
    """
    if actor.realm is not None:
        return True
    held = actor.grants.get(permission, NOTHING)
    return held.everything or (department_id is not None and department_id in held.departments)
