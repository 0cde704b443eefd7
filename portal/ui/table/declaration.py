"""What a list is made of: its columns, its views and what stands there when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.exc import NoInspectionAvailable

from portal.messages import Message
from portal.reach import Principal
from portal.work import UnitOfWork

KINDS = (
    *("text", "number", "quantity", "money", "share", "date", "datetime"),
    *("pill", "link", "person"),
)
NUMERIC = frozenset({"number", "quantity", "money", "share"})
RESERVED = frozenset({"sort", "after", "before", "format", "view", "q", "columns", "height"})


class TableDefinitionError(TypeError):
    """A list that contradicts itself; ``problems`` names every contradiction."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"table {name}: " + "; ".join(problems))


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a list; ``key`` is the name of a selected column.

    ``sort`` names the columns of the keyset: NOT NULL, ending in a unique one, indexed together in
    this order. Without ``permission`` everybody who sees the list sees the column; with it the
    column, its sort and its place in every export exist only for its holders.
    """

    key: str
    title: Message | str
    kind: str = "text"
    sort: tuple[Any, ...] = ()
    permission: str | None = None
    link: tuple[str, Mapping[str, str]] | None = None  # endpoint, {route argument: selected column}
    meta: str | None = None  # selected column shown small beside or under the text
    meta_said: Message | str = ""  # words around it, with {value}
    tone: str | Mapping[Any, str] | Callable[[Any], str | None] | None = None
    labels: Mapping[Any, Message | str] = field(default_factory=dict)  # words for stored values
    currency: str | None = None  # selected column with the ISO code; None: the organisation's
    shown: bool = True  # on the page
    export: bool = True  # in CSV, XLSX and JSON
    primary: bool = False  # the cell that names the row; the first column unless said
    absent: Message | str = ""  # said on the page of a figure that is not there

    @property
    def align(self) -> str:
        """``end`` for figures, else ``start``."""
        return "end" if self.kind in NUMERIC else "start"

    def names(self) -> list[str]:
        """Return every selected column this one reads."""
        tone = [self.tone] if isinstance(self.tone, str) else []
        link = list(self.link[1].values()) if self.link else []
        beside = [name for name in (self.meta, self.currency) if name]
        return [self.key, *beside, *tone, *link]

    def problems(self) -> list[str]:
        """Return what contradicts itself in this column."""
        found = [] if self.kind in KINDS else [f"{self.key}: no kind {self.kind!r}"]
        if not self.shown and not self.export:
            found.append(f"{self.key} is neither shown nor exported")
        return found + [f"{self.key}: {problem}" for problem in keyset_problems(self.sort)]


@dataclass(frozen=True, kw_only=True)
class View:
    """A tab over the list: criteria for ``rows`` and, if wanted, another order."""

    key: str
    title: Message | str
    criteria: Mapping[str, Any] = field(default_factory=dict)
    sort: str | None = None
    permission: str | None = None


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """Rows of which a list tells somebody less, for as long as something goes on.

    ``rows(actor)`` returns the condition of being such a row, or None for whom there is none.
    ``columns`` are empty in them. Ordered by one of those, or narrowed by a criterion of
    ``filters``, the list leaves such rows out; without ``columns`` it always does. ``notice(tx)``
    then says so above it, or returns nothing while there are none.
    """

    rows: Callable[[Principal], ColumnElement[bool] | None]
    notice: Callable[[UnitOfWork], Message | str]
    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    def leaves_out(self, order: str, criteria: Iterable[str]) -> bool:
        """Return whether such rows are left out of a list in this order, under these criteria."""
        narrowed = not {*self.filters}.isdisjoint(criteria)
        return narrowed or not self.columns or order in self.columns


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button of an empty list; ``permission`` hides it from people who may not use it."""

    label: Message | str
    endpoint: str
    permission: str | None = None
    icon: str = "plus"


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """Something to do with rows that are ticked: ``endpoint`` is a route that takes the form.

    Its view is ``TABLE.carry_out(...)``, or begins with ``TABLE.chosen(tx)``.
    """

    label: Message | str
    endpoint: str
    permission: str
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class RowAction:
    """A button at the end of a row; ``values`` are {route argument: selected column}.

    It stands where the selected column ``when`` is true, for holders of ``permission``. With
    ``post`` it sends the form of the list, else it is a link.
    """

    label: Message | str
    endpoint: str
    values: Mapping[str, str]
    permission: str
    when: str
    post: bool = False


@dataclass(frozen=True, kw_only=True)
class Empty:
    """What a list says while there is nothing in it."""

    title: Message | str
    text: Message | str = ""
    actions: tuple[Action, ...] = ()


def keyset_problems(columns: tuple[Any, ...]) -> list[str]:
    """Return why ``columns`` give no stable order: one may be NULL, or two rows may be equal."""
    found, unique = [], not columns
    for column in columns:
        try:
            state = inspect(column)
            table_column = state.property.columns[0]
        except (NoInspectionAvailable, AttributeError):
            found.append(f"{column} is not a mapped column, so no index can serve this order")
            unique = True
            continue
        if table_column.nullable:
            found.append(f"{column} may be NULL, which has no place in a keyset")
        unique = unique or _is_unique(table_column)
    if not unique:
        found.append("no column of the order is unique; end it with the primary key")
    return found


def _is_unique(column: Any) -> bool:
    if column.unique or (column.primary_key and len(column.table.primary_key) == 1):
        return True
    return any(index.unique and list(index.columns) == [column] for index in column.table.indexes)
