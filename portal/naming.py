"""What a statement names: the classes it may load, and the guarded tables in a piece of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from sqlalchemy import ColumnClause, Join, SelectBase, TableClause, TextClause
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.selectable import AliasedReturnsRows, HasHints

from .errors import Refused
from .orm import MODELS, RULE

OF_A_CLASS = {"parententity", "parentmapper"}  # annotations of what was named through a class
WALKED = 1000
_walked: dict[Any, frozenset[Any]] = {}
_walking = Lock()


def entities_once(statement: Any) -> frozenset[Any]:
    """Return entities() of a statement, walked once for all that compile to the same SQL.

    The cache key tells classes from tables, names every literal, hint and operator, and knows which
    subqueries the kernel wrote; only bound values are not in it.
    """
    key = statement._generate_cache_key()
    if key is None:
        return frozenset(entities(statement))
    known = (key.key, len(MODELS))  # A class declared later may guard what was free before.
    if (found := _walked.get(known)) is None:
        found = frozenset(entities(statement))
        with _walking:
            if len(_walked) >= WALKED:
                del _walked[next(iter(_walked))]
            _walked[known] = found
    return found


def entities(statement: Any) -> set[Any]:
    """Return every class a statement may load, also eagerly; refuse a table without its class."""
    found = set()
    for level in levels(statement):
        named = {e._annotations["parententity"] for e in level if "parententity" in e._annotations}
        limited = {id(entity.selectable) for entity in named}
        for element in level:
            # What an element has of its own: asking a column for a name it lacks is slow.
            own = vars(element)
            if any(sql and guarded_names(sql) for sql in _literals(element, own)):
                raise Refused("literal SQL names a guarded table")
            for table in _bare_tables(element, own):
                if id(table) not in limited:
                    raise Refused(f"{table}: name the class, not its table")
        found |= {entity.mapper for entity in named}
    return {cls for mapper in found for cls in _connected(mapper)}


def levels(statement: Any) -> Iterator[list[Any]]:
    """Yield the elements of the statement, then those of each SELECT inside it, level by level."""
    pending = [statement]
    while pending:
        top, level = pending.pop(), []
        todo = [top]
        while todo:
            element = todo.pop()
            if isinstance(element, SelectBase) and element is not top:
                if RULE not in element._annotations:
                    pending.append(element)
                continue
            level.append(element)
            if _table_of(element) is None:  # An alias is asked about as a whole.
                todo += element.get_children()
        yield level


def _literals(element: Any, own: Mapping[str, Any]) -> list[str]:
    """Return the pieces of SQL in an element that were written by hand."""
    found = []
    if isinstance(element, TextClause):
        found.append(element.text)
    elif own.get("is_literal"):
        found.append(element.name)
    if (operator := own.get("operator")) is not None:
        found.append(getattr(operator, "opstring", ""))
    if isinstance(element, HasHints):
        found += [hint for _, hint in element._statement_hints]
        found += element._hints.values()
    found += [str(extra) for extra, _ in own.get("_prefixes") or ()]
    found += [str(extra) for extra, _ in own.get("_suffixes") or ()]
    return found


def _bare_tables(element: Any, own: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the guarded tables that an element brings in by themselves, not through a class."""
    named = [*own.get("_raw_columns", ()), *own.get("_from_obj", ())]
    named += [join[0] for join in own.get("_setup_joins", ())]
    if isinstance(element, Join):
        named += [element.left, element.right]
    elif isinstance(element, ColumnClause) and not element._annotations.keys() & OF_A_CLASS:
        named.append(element.table)
    for source in named:
        table = _table_of(source)
        if table is not None and not source._annotations.keys() & OF_A_CLASS:
            if guarded_names(table.name):
                yield source


def _table_of(source: Any) -> TableClause | None:
    """Return the table that ``source`` is, an alias or a sample of; None for anything else."""
    while isinstance(source, AliasedReturnsRows):
        source = source.element
    return source if isinstance(source, TableClause) else None


@cache
def _connected(mapper: Mapper[Any]) -> frozenset[type]:
    """Return the classes that loads of ``mapper`` reach through relationships, itself included."""
    seen, todo = set(), [mapper]
    while todo:
        if (current := todo.pop()) not in seen:
            seen.add(current)
            todo += [relationship.mapper for relationship in current.relationships]
    return frozenset(m.class_ for m in seen)


@lru_cache(maxsize=4096)
def _names_in(sql: str, known: int) -> frozenset[str]:
    """Find table names, and those of their search tables: ``<table>_fts...`` hold the same text."""
    names = sorted(name for name, model in MODELS.items() if not model.reads_freely)
    if not names:
        return frozenset()
    found = re.findall(rf"\b({'|'.join(names)})(?:_fts\w*)?\b", sql, re.IGNORECASE)
    return frozenset(name.lower() for name in found)


def guarded_names(sql: str) -> frozenset[str]:
    """Return the guarded tables that a piece of SQL names."""
    return _names_in(sql, len(MODELS))
