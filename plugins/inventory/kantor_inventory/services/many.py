"""Many rows in a few statements: each is given a figure of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, delete, literal, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.api import OutOfReach, UnitOfWork

AT_ONCE = 1_000  # keys in one statement
Thing = TypeVar("Thing")


def in_pieces(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """Yield as many things at once as one statement takes."""
    for start in range(0, len(things), AT_ONCE):
        yield things[start : start + AT_ONCE]


class _ByRow(FunctionElement[int]):
    """A whole number out of a JSON object: its key is the id of the row."""

    inherit_cache = True
    type = BigInteger()


@compiles(_ByRow, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    figures, row_id = (compiler.process(part, **more) for part in element.clauses)
    return f"CAST(json_extract({figures}, '$.\"' || {row_id} || '\"') AS INTEGER)"


@compiles(_ByRow, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    figures, row_id = (compiler.process(part, **more) for part in element.clauses)
    return f"CAST(CAST({figures} AS jsonb) ->> CAST({row_id} AS text) AS bigint)"


def by_row(model: Any, figures: Mapping[int, int | None]) -> ColumnElement[Any]:
    """Return what stands for the figure of each row, found by its id; one parameter for all."""
    return _ByRow(literal(json.dumps(figures, separators=(",", ":"))), model.id)


def change(
    tx: UnitOfWork, model: Any, ids: Sequence[int], put: Mapping[str, Any], *, tell: str = "id"
) -> dict[int, Any]:
    """Change rows that are held, in one statement; return what ``tell`` then is, by id.

    Raises OutOfReach unless all of them may be changed.
    """
    changed = (
        update(model)
        .where(model.id.in_(ids))
        .values(put)
        .returning(model.id, getattr(model, tell).label("told"))
        .execution_options(synchronize_session=False)
    )
    told = {row.id: row.told for row in tx.session.execute(changed)}
    if len(told) < len(ids):
        raise OutOfReach
    return told


def remove(tx: UnitOfWork, model: Any, ids: Sequence[int]) -> None:
    """Delete rows, or raise OutOfReach unless all of them may be."""
    for some in in_pieces(ids):
        gone = (
            delete(model)
            .where(model.id.in_(some))
            .returning(model.id)
            .execution_options(synchronize_session=False)
        )
        if len(tx.session.execute(gone).all()) < len(some):
            raise OutOfReach
