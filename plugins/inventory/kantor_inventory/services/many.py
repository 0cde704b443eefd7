"""Many rows in a few statements: each is given a figure of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    TypeDecorator,
    bindparam,
    delete,
    literal,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.api import OutOfReach, UnitOfWork

AT_ONCE = 1_000  # keys in one statement
Thing = TypeVar("Thing")


def in_pieces(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """Yield as many things at once as one statement takes."""
    for start in range(0, len(things), AT_ONCE):
        yield things[start : start + AT_ONCE]


class _Values(TypeDecorator[list[Any]]):
    """A whole list as one parameter, which costs far less than one for each of its values."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any = BigInteger) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Any) -> Any:
        several = ARRAY(self.kind()) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(several)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class _Figures(_Values):
    """The figures of rows by their ids: as JSON, or in the order of these."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if dialect.name == "postgresql":
            return list(value.values())
        return json.dumps(value, separators=(",", ":"))


class _AnyOf(FunctionElement[bool]):
    """Whether something is among the values of a list."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """Return itself: as a condition SQLAlchemy would have it "= 1", which finds no index."""
        return self


@compiles(_AnyOf, "sqlite")
def _any_on_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    one, values = (compiler.process(part, **more) for part in element.clauses)
    return f"{one} IN (SELECT value FROM json_each({values}))"  # noqa: S608


@compiles(_AnyOf, "postgresql")
def _any_on_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    one, values = (compiler.process(part, **more) for part in element.clauses)
    # Of = ANY a plan that is kept would look through the list for each row.
    return f"{one} IN (SELECT unnest({values}))"


def any_of(one: Any, values: Iterable[Any], *, kind: Any = BigInteger) -> ColumnElement[bool]:
    """Return the condition that ``one`` is among ``values``, however many these are."""
    return _AnyOf(one, literal(list(values), _Values(kind)))


def any_named(one: Any, name: str) -> ColumnElement[bool]:
    """Return ``any_of`` for a SELECT that is made once; the parameter ``name`` has the numbers."""
    return _AnyOf(one, bindparam(name, type_=_Values()))


class _ByRow(FunctionElement[int]):
    """A whole number out of a list: it stands where the id of the row stands in another."""

    inherit_cache = True
    type = BigInteger()


@compiles(_ByRow, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    figures, _, row_id = element.clauses
    figures, row_id = (compiler.process(part, **more) for part in (figures, row_id))
    return f"CAST(json_extract({figures}, '$.\"' || {row_id} || '\"') AS INTEGER)"


@compiles(_ByRow, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    # Of JSON a plan that is kept would read all again for each row.
    figures, ids, row_id = (compiler.process(part, **more) for part in element.clauses)
    return f"({figures})[array_position({ids}, CAST({row_id} AS bigint))]"


def by_row(model: Any, figures: Mapping[int, int | None]) -> ColumnElement[Any]:
    """Return what stands for the figure of each row, found by its id; few parameters for all."""
    return _ByRow(literal(figures, _Figures()), literal(list(figures), _Values()), model.id)


def change(
    tx: UnitOfWork, model: Any, ids: Sequence[int], put: Mapping[str, Any], *, tell: str = "id"
) -> dict[int, Any]:
    """Change rows that are held, in one statement; return what ``tell`` then is, by id.

    Raises OutOfReach unless all of them may be changed.
    """
    changed = (
        update(model)
        .where(any_of(model.id, ids))
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
            .where(any_of(model.id, some))
            .returning(model.id)
            .execution_options(synchronize_session=False)
        )
        if len(tx.session.execute(gone).all()) < len(some):
            raise OutOfReach
