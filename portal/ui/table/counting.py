"""Counting what a list shows: up to a thousand, and not through the joins that only fetch names."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, func, inspect, select
from sqlalchemy.orm.interfaces import MANYTOONE
from sqlalchemy.sql import visitors

COUNTED = 1000
JOINED = 200  # hits of a search whose rows in another table are counted


class Counted(NamedTuple):
    """A number of rows; one above ``exact_until`` stands for any such."""

    number: int
    exact_until: int = COUNTED


def countable(statement: Select[Any], searched: Any = None) -> Select[Any]:
    """Return a select of the keys that ``statement`` lists, without joins that change nothing.

    The join of ``searched``, the class that a search will look into, stays.
    """
    entity = statement.column_descriptions[0]["entity"]
    keys = [getattr(entity, name) for name in _key_names(entity)]
    if statement._group_by_clauses or statement._distinct or statement._having_criteria:
        return statement.order_by(None)
    counted = select(*keys).select_from(*(statement._from_obj or (entity,)))
    for target, onclause, _source, flags in _joins_that_matter(statement, searched):
        counted = counted.join(target, onclause, isouter=flags["isouter"], full=flags["full"])
    if statement.whereclause is not None:
        counted = counted.where(statement.whereclause)
    return counted


def count_of(keys: Select[Any]) -> Select[Any]:
    """Return a select of how many rows ``keys`` gives."""
    return select(func.count()).select_from(keys.subquery())


def _joins_that_matter(statement: Select[Any], searched: Any) -> list[Any]:
    """Return the joins that a condition, the search or another join needs, or that drop rows."""
    needed = _tables(statement.whereclause)
    if searched is not None:
        needed.add(inspect(searched).selectable)
    kept: list[Any] = []
    for join in reversed(statement._setup_joins):
        target, onclause, _source, flags = join
        table = None if hasattr(target, "property") else _plain(inspect(target).selectable)
        harmless = flags["isouter"] or _finds_exactly_one(target, onclause)
        if table is None or table in needed or not harmless:
            kept.insert(0, join)
            needed |= _tables(onclause)
    return kept


def _finds_exactly_one(target: Any, onclause: Any) -> bool:
    """Return whether an inner join follows a required foreign key to rows everybody may read."""
    # A join keeps the table; which class it stands for is noted on it.
    model = getattr(target, "_annotations", {}).get("parententity") or inspect(target)
    if not hasattr(model, "mapper") or not getattr(model.mapper.class_, "reads_freely", False):
        return False
    link = getattr(onclause, "property", None)
    if link is not None:
        return link.direction is MANYTOONE and not any(c.nullable for c in link.local_columns)
    left, right = getattr(onclause, "left", None), getattr(onclause, "right", None)
    return any(_requires(one, other, model) for one, other in ((left, right), (right, left)))


def _requires(column: Any, key: Any, model: Any) -> bool:
    """Return whether ``column`` is a required foreign key to ``key``, the key of ``model``."""
    keys = _plain(getattr(key, "table", None)) is _plain(model.selectable) and key.primary_key
    return bool(keys and getattr(column, "foreign_keys", None) and column.nullable is False)


def _tables(clause: Any) -> set[Any]:
    if clause is None:
        return set()
    clause = clause.__clause_element__() if hasattr(clause, "__clause_element__") else clause
    found = {getattr(e, "table", None) for e in visitors.iterate(clause)} - {None}
    return found | {_plain(table) for table in found}


def _plain(table: Any) -> Any:
    """Return a table without what a mapped class has noted on it, so that it is itself."""
    return table._deannotate() if hasattr(table, "_deannotate") else table


def _key_names(entity: Any) -> list[str]:
    mapper = inspect(entity).mapper
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]
