"""Giving out the next number of a series."""

from __future__ import annotations

from portal.errors import Refused
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.work import UnitOfWork

from .models import SeriesYear

DIGITS = 4  # at least: 0001 to 9999, then 10000


def next_number(tx: UnitOfWork, name: str) -> str:
    """Return the next number of a declared series, as ``PO-2026-0001``.

    The row of the series is held until the commit, so two people never get the same one, and a
    unit that is rolled back leaves no gap. Take it last: whoever comes next waits for the commit.
    """
    if not tx.writing:
        raise Refused("change rows inside `with transaction()`")
    runtime = tx.session.runtime
    declared = runtime.series() if runtime is not None else {}
    if name not in declared:
        raise LookupError(f"no plugin declares the series {name!r}")
    table, year = SeriesYear.__table__, tx.today.year
    statement = dialect_of(tx.session).insert(table).values(name=name, year=year, last=1)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.name, table.c.year], set_={"last": table.c.last + 1}
    ).returning(table.c.last)
    last: int = kernel_execute(tx.session, statement).scalar_one()
    return f"{declared[name]}-{year}-{last:0{DIGITS}d}"
