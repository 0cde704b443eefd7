"""Switching plugins on and off. The one writer of activation: it raises everybody's epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import delete, select

from portal.errors import EditConflict, NotFound
from portal.guard import kernel_execute
from portal.people.models import Department
from portal.roles.principals import raise_epoch
from portal.work import UnitOfWork

from .models import PluginActivation

EVERYWHERE = "*"
Cell = tuple[str, int | None]  # slug, department id (None: everywhere)
table = PluginActivation.__table__


def switched_on(tx: UnitOfWork) -> set[Cell]:
    """Return where each plugin is on."""
    rows = kernel_execute(tx.session, select(table.c.slug, table.c.department_id)).all()
    return {(row.slug, row.department_id) for row in rows}


def state_mark(cells: Collection[Cell]) -> str:
    """Return a mark of the present state, so that a form can tell that it was made from another."""
    text = repr(sorted(cells, key=repr))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def switch_on(tx: UnitOfWork, slug: str, department_id: int | None) -> None:
    """Switch a plugin on for a department, or everywhere."""
    _write(tx, switched_on(tx) | {(slug, department_id)})


def switch_off(tx: UnitOfWork, slug: str, department_id: int | None) -> None:
    """Switch a plugin off for a department; without one, everywhere and for every department."""
    gone = {
        cell
        for cell in switched_on(tx)
        if cell[0] == slug and (department_id is None or cell[1] == department_id)
    }
    _write(tx, switched_on(tx) - gone)


def apply_grid(tx: UnitOfWork, chosen: Collection[str], *, seen: str, offered: set[str]) -> None:
    """Make the grid of the plugins page true: ``chosen`` holds ``slug:department`` or ``slug:*``.

    ``offered`` are the plugins the grid showed; the others stay as they are. Raises EditConflict
    when somebody changed the grid since the page was made, NotFound for an unknown department.
    """
    before = switched_on(tx)
    if state_mark(before) != seen:
        raise EditConflict
    departments = {
        row.public_id: row.id
        for row in tx.session.execute(select(Department.public_id, Department.id))
    }
    after = {cell for cell in before if cell[0] not in offered}
    for name in chosen:
        slug, _, where = name.partition(":")
        if slug not in offered or (where != EVERYWHERE and where not in departments):
            raise NotFound
        after.add((slug, None if where == EVERYWHERE else departments[where]))
    _write(tx, after)


def _write(tx: UnitOfWork, after: Collection[Cell]) -> None:
    before = switched_on(tx)
    gone, new = before - set(after), set(after) - before
    if not gone and not new:
        return
    for slug, department_id in sorted(gone, key=repr):
        where = (
            table.c.department_id.is_(None)
            if department_id is None
            else table.c.department_id == department_id
        )
        kernel_execute(tx.session, delete(table).where(table.c.slug == slug, where))
    for slug, department_id in sorted(new, key=repr):
        tx.session.add(PluginActivation(slug=slug, department_id=department_id))
    tx.session.flush()
    raise_epoch(tx.session)
    tx.audit(
        "core.plugins_switched",
        None,
        on=[f"{slug} {where or EVERYWHERE}" for slug, where in sorted(new, key=repr)],
        off=[f"{slug} {where or EVERYWHERE}" for slug, where in sorted(gone, key=repr)],
    )
