"""One request's question to a list, and the statements that answer it for this person only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from flask import current_app
from sqlalchemy import ColumnElement, Select, case, func, inspect, select
from sqlalchemy.sql.elements import True_

from portal.errors import BadRequest
from portal.reach import NOTHING, Held, Principal, visible
from portal.search import FOR_THESE_WORDS, Found, matches
from portal.ui.export import Source
from portal.work import UnitOfWork

from .arranging import COLUMNS, Arranged
from .counting import COUNTED, JOINED, Counted, count_of, countable
from .criteria import Asked, refuse_undeclared
from .declaration import Column, TableDefinitionError
from .paging import FIRST, PAGE_ROWS, Order, Place, ordered, parameters, place
from .searching import SOME, Searched, given, of_hits, of_keys
from .typed import fields

if TYPE_CHECKING:
    from .table import Table

REMEMBERED = 60.0  # seconds


class RefusedFilter(BadRequest):
    """A filter that this person may not use."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement before principal and policy, and where each selected column lies in its rows."""

    statement: Select[Any]
    keys: Select[Any]  # what is counted
    searched: Select[Any]  # what is counted, and looked through, while something is searched for
    entity: Any
    at: Mapping[str, int]
    names: frozenset[str]
    long_for: WeakKeyDictionary[Principal, float] = field(default_factory=WeakKeyDictionary)
    mine: WeakKeyDictionary[Principal, dict[tuple[Any, ...], Select[Any]]] = field(
        default_factory=WeakKeyDictionary
    )

    def once(self, tx: UnitOfWork, key: tuple[Any, ...], build: Callable[[], Any]) -> Select[Any]:
        """Return what ``build`` made for this person when it was first asked for ``key``."""
        mine = self.mine.setdefault(tx.actor, {})
        if key not in mine:
            mine[key] = build()
        return mine[key]


def prepare(table: Table, statement: Select[Any]) -> Prepared:
    """Return ``statement`` ready for ``table``; raise TableDefinitionError if it lacks a column."""
    described = statement.column_descriptions
    at = {column["name"]: i for i, column in enumerate(described)}
    needed = {n for column in table.columns for n in column.names()}
    missing = sorted((needed | ({table.ids} if table.bulk else set())) - at.keys())
    entity = described[0]["entity"]
    problems = [f"rows() selects no {name}" for name in missing]
    if entity is None:
        problems.append("the first column that rows() selects must be one of the listed class")
    if problems:
        raise TableDefinitionError(table.name, problems)
    mappers = {inspect(c["entity"]).mapper for c in described if c["entity"] is not None}
    names = {attribute.key for mapper in mappers for attribute in mapper.column_attrs}
    keys, searched = countable(statement), countable(statement, table.search)
    return Prepared(statement, keys, searched, entity, at, frozenset(names))


def covers(wide: Held, narrow: Held) -> bool:
    """Return whether every row that ``narrow`` gives is one that ``wide`` gives too."""
    return wide.everything or (wide | narrow) == wide


class Question:
    """What one person asks of a list: which columns, which rows, in which order, from where."""

    def __init__(
        self,
        table: Table,
        asked: Asked,
        prepared: Prepared,
        columns: Sequence[Column],
        arranged: Arranged,
        actor: Principal,
        refused: set[str],
    ) -> None:
        self.table, self.asked, self.prepared, self.columns = table, asked, prepared, columns
        self.arranged = arranged
        self.masks = self._masks(actor)
        partial = self.masks.keys() | {
            name
            for name, p in table.filter_permissions.items()
            if self._limit(p, actor) is not None
        }
        self._refuse(refused | partial)
        self.order = self._order()
        self.place = place(asked.arguments, self.order)
        kept = table.withheld
        self.withheld = kept.rows(actor) if kept is not None else None
        self.leaves_out = (
            kept is not None
            and self.withheld is not None
            and kept.leaves_out(self.order.key, asked.criteria)
        )
        self.highest: int | None = None
        self._counted: int | None = None
        self._matches: tuple[Found | None] | None = None

    def _refuse(self, names: set[str]) -> None:
        """Refuse filters this person may not use: they would tell about hidden values."""
        asked, form = self.asked, self.asked.form
        for name in names:
            if form is not None and name in form:
                if name in asked.criteria:
                    raise RefusedFilter(name)
                del form[name]
        keys = {column.key for column in self.table.columns}
        refuse_undeclared(asked, self.prepared.names | names | keys)

    def _order(self) -> Order:
        asked, table = self.asked, self.table
        wanted = asked.arguments.get("sort")
        if wanted is None:
            wanted = (asked.view.sort if asked.view else None) or table.default_sort
        key = wanted.removeprefix("-")
        if key not in {column.key for column in self.sortable}:
            if "sort" not in asked.opened.supplied or "sort" in asked.sent:
                raise BadRequest
            wanted = table.default_sort  # A saved view opens without an order that is gone.
            key = wanted.removeprefix("-")
        return Order(key, table.sorts[key].sort, wanted.startswith("-"))

    @property
    def sortable(self) -> list[Column]:
        """The columns this person may sort by: an order tells as much as the values do."""
        return [c for c in self.columns if c.sort and c.key not in self.masks]

    def notice(self, tx: UnitOfWork) -> Any:
        """Return what is said above the list about rows that are missing, or nothing."""
        kept = self.table.withheld
        return kept.notice(tx) if kept is not None and self.leaves_out else ""

    def _masks(self, actor: Principal) -> dict[str, ColumnElement[bool]]:
        """Return the hidden fields that this person may read in some of the listed rows only."""
        limits = {c.key: self._limit(c.permission, actor) for c in self.columns if c.permission}
        return {key: limit for key, limit in limits.items() if limit is not None}

    def _limit(self, permission: str, actor: Principal) -> ColumnElement[bool] | None:
        """Return in which rows ``permission`` reaches, or None for all of them."""
        entity = self.prepared.entity
        model = inspect(entity).mapper.class_
        held = actor.grants.get(permission)
        if held is None or actor.owns(model):
            return None
        if covers(held, actor.grants.get(self.table.permission, NOTHING)):
            return None
        limit = model.rows(entity, held, actor, False)
        return None if isinstance(limit, True_) else limit

    # The answers

    def rows(self, tx: UnitOfWork, here: Place, most: int) -> Sequence[Any]:
        """Return at most ``most`` rows from ``here`` on that the actor may see, nearest first."""
        found, step = self._found(tx), here.step
        if found is None:
            statement = self._once(
                tx, "ordered", step, partial(ordered, order=self.order, step=step)
            )
            return tx.session.execute(statement, parameters(here, most)).all()
        rows = self._rows_of(tx, found, here, most)
        if here is FIRST and len(rows) < most:
            self._counted = len(rows)
        return rows

    def _rows_of(self, tx: UnitOfWork, found: Found, here: Place, most: int) -> Sequence[Any]:
        """Return those of ``rows`` that are found."""
        mine = partial(self._mine, tx)
        searched = Searched(found, self.prepared.searched, mine, self.order, here)
        if searched.copies_text:
            rows = self._rows_of_hits(tx, searched, most)
            if rows is not None:
                return rows
        keys = searched.page(tx, most)
        if not keys:
            return ()
        key, as_array = _key(self.prepared.entity), found.lateral

        def build(listed: Select[Any]) -> Select[Any]:
            return of_keys(listed, key, self.order, here.step, as_array=as_array)

        statement = self._once(tx, "of keys", here.step, build)
        return tx.session.execute(statement, given(keys, FIRST, len(keys))).all()

    def _rows_of_hits(self, tx: UnitOfWork, searched: Searched, most: int) -> Sequence[Any] | None:
        """Return the rows of the nearest hits, or None if those do not make a page."""
        order, here, found = self.order, searched.here, searched.found
        sees_all = tx.actor.grants.get(self.table.permission, NOTHING).everything
        for hits, are_all in searched.nearest_hits(tx, most if sees_all else SOME * most, most):
            if not hits:
                return ()
            build = partial(
                of_hits, found=found, order=order, step=here.step, until_last=not are_all
            )
            what = "of all hits" if are_all else "of nearest hits"
            statement = self._once(tx, what, here.step, build)
            rows = tx.session.execute(statement, given(hits, here, most)).all()
            if are_all or len(rows) == most:
                return rows
        return None

    def _once(
        self, tx: UnitOfWork, what: str, step: str, build: Callable[[Select[Any]], Select[Any]]
    ) -> Select[Any]:
        """Return what ``build`` makes of the list's statement for ``tx.actor``, made once."""

        def made() -> Select[Any]:
            return self._mine(tx, self._masked(build(self.prepared.statement)))

        if self.highest is not None:
            return made()
        return self.prepared.once(tx, (what, self.order.name, step), made)

    def count(self, tx: UnitOfWork) -> Counted:
        """Return how many rows there are, as far as that is soon known.

        That a list is longer is remembered for a minute: it hardly ever becomes short.
        """
        long_for, found = self.prepared.long_for, self._found(tx)
        if found is None and long_for.get(tx.actor, 0.0) > monotonic():
            return Counted(COUNTED + 1)
        if self._counted is None:
            if found and (found.few or found.number > COUNTED) and self._sees_every(tx, found):
                self._counted = min(found.number, COUNTED + 1)
            elif found and found.number > JOINED and self.prepared.entity is not found.entity:
                return Counted(PAGE_ROWS + 1, PAGE_ROWS)
            else:
                self._counted = self.count_to(tx, COUNTED)
        if found is None and self._counted > COUNTED:
            long_for[tx.actor] = monotonic() + REMEMBERED
        return Counted(self._counted)

    def _sees_every(self, tx: UnitOfWork, found: Found) -> bool:
        """Return whether no filter, join or right takes any hit away."""
        listed, model = self.prepared.searched, inspect(self.prepared.entity).mapper.class_
        limits: Any = self._mine(tx, listed).whereclause
        return (
            self.prepared.entity is found.entity
            and not listed._setup_joins
            and isinstance(getattr(limits, "element", limits), True_ | None)
            and tx.actor.reachable(model, writing=False) is None
        )

    def count_to(self, tx: UnitOfWork, most: int) -> int:
        """Return how many rows there are; ``most + 1`` stands for any larger number."""
        found = self._found(tx)
        if found is None:
            keys = self._mine(tx, self.prepared.keys)
        else:
            keys = found.counted(self._mine(tx, self.prepared.searched))
        counted = count_of(keys.limit(most + 1))
        if found is not None:
            counted = counted.execution_options(**FOR_THESE_WORDS)
        return int(tx.session.execute(counted).scalar_one())

    def exported(self, tx: UnitOfWork) -> Source:
        """Return all the rows, as an export needs them: the columns asked for, else every one."""
        wanted = self.arranged.shown if COLUMNS in self.asked.sent else self.columns
        columns = [column for column in wanted if column.export]
        currency = current_app.extensions["kantor.ui"].currency()
        named = fields(columns, self.prepared.at, tx.language, currency)
        return Source(name=self.table.name, fields=named, question=self, zone=tx.zone)

    def start(self, tx: UnitOfWork) -> Place:
        """Return where an export begins; that of a ledger ends at the rows there are now."""
        if self.table.ledger:
            key = _key(self.prepared.entity)
            self.highest = tx.session.execute(select(func.max(key))).scalar_one()
        return FIRST

    def after(self, row: Any) -> Place:
        """Return the place behind ``row``."""
        return Place("after", tuple(row[-len(self.order.columns) :]))

    def _mine(self, tx: UnitOfWork, statement: Select[Any]) -> Select[Any]:
        if self.highest is not None:
            statement = statement.where(_key(self.prepared.entity) <= self.highest)
        if self.withheld is not None and self.leaves_out:
            statement = statement.where(~self.withheld)
        return visible(statement, self.table.permission, tx.actor)

    def _found(self, tx: UnitOfWork) -> Found | None:
        """Return what the search finds, asked once: rows and count want the same."""
        if self.table.search is None or not self.asked.search:
            return None
        if self._matches is None:
            self._matches = (matches(tx, self.asked.search, self.table.search),)
        return self._matches[0]

    def _masked(self, statement: Select[Any]) -> Select[Any]:
        masks, kept = list(self.masks.items()), self.table.withheld
        if kept is not None and self.withheld is not None and not self.leaves_out:
            masks += [(key, ~self.withheld) for key in kept.columns]
        if not masks:
            return statement
        selected = [column["expr"] for column in statement.column_descriptions]
        for key, limit in masks:
            place = self.prepared.at[key]
            selected[place] = case((limit, selected[place]), else_=None).label(key)
        return statement.with_only_columns(*selected, maintain_column_froms=True)


def _key(entity: Any) -> Any:
    mapper = inspect(entity).mapper
    return getattr(entity, mapper.get_property_by_column(mapper.primary_key[0]).key)
