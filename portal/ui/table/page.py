"""What the templates get of a list: ready cells, ready URLs, ready words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .cells import Cell
from .criteria import Chip


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one column; ``sorted`` is what aria-sort says of it, or None."""

    key: str
    title: Any
    kind: str
    align: str
    sort_url: str | None
    sorted: str | None
    primary: bool
    export: bool = True


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the list."""

    title: Any
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled URL: an export, a button of the empty list."""

    label: Any
    url: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One column in the menu of columns; a ``fixed`` one is always shown."""

    key: str
    title: Any
    shown: bool
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranging:
    """What lets the reader choose columns and row height, and where that is sent."""

    columns_url: str
    height_url: str
    choices: Sequence[Choice]
    height: str
    chosen: bool  # not as delivered
    link: str  # the list with its columns in the address
    place: str  # a token of the page to come back to
    query: str  # what the list is asked now


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """What can be done with the view that is shown, and the form that saves a new one."""

    url: str  # takes a new view
    opening_url: str
    current: str  # key or public id, empty for all rows
    opens: bool  # the list opens with it
    saved: Any  # what is known of a saved one that is shown, or None
    editable: bool
    changed: bool  # more is asked than the view says
    may_share: bool
    widget_url: str  # puts that view on the home page; empty where it cannot be
    mail_url: str  # has the saved view that is shown sent by mail; empty where it cannot be
    notice: Any  # what is wrong with the view that was asked for, or empty


@dataclass(frozen=True, slots=True)
class Bulk:
    """What can be done with ticked rows, and how all of the view are called."""

    actions: Sequence[Link]
    all_label: Any
    ids: Sequence[str]  # of the rows, in their order


@dataclass(frozen=True, slots=True)
class Button:
    """What can be done with one row; ``post`` sends the form of the list."""

    label: str
    url: str
    post: bool


@dataclass(frozen=True, slots=True)
class EmptyWords:
    """What stands in place of the rows."""

    title: Any
    text: Any
    actions: Sequence[Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, for the ``table`` macro."""

    name: str
    path: str
    columns: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    next_url: str | None
    previous_url: str | None
    count: int
    count_text: str
    count_label: str
    filters: Any  # the bound WTForms form, or None
    search: str | None  # the words searched for; None when the list has no search
    chips: Sequence[Chip]
    tabs: Sequence[Tab]
    exports: Sequence[Link]
    exports_of_all: Sequence[Link]  # with every column, where not all of them are shown
    sorts: Sequence[Head]  # every order, that of a column not shown included
    arranging: Arranging
    views: Views
    blanks: Sequence[str]  # filters that a saved view says: sent empty they are asked no more
    buttons: Sequence[Sequence[Button]]  # of each row, or empty: this reader can do nothing
    bulk: Bulk | None  # None: nothing for this reader
    kept: Sequence[tuple[str, str]]  # hidden fields of the filter form: order and view
    clear_url: str | None  # set while a filter or a search is in force
    empty: EmptyWords
    notice: Any = ""  # what is said of rows that are missing
