"""One declaration per list: the page, CSV, XLSX and JSON of the same rows under the same policy."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from flask import redirect, request
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict
from wtforms import Form

from portal.errors import BadRequest, NotFound
from portal.lists.saving import saved_views
from portal.lists.services import liking
from portal.messages import Message, message
from portal.reach import Principal
from portal.shell import render
from portal.ui import export
from portal.ui.forms import Form as AskingForm
from portal.work import UnitOfWork

from .arranging import arrange, naming
from .build import build_page
from .choosing import Chosen, Work, carry_out, chosen
from .criteria import Asked, ask
from .declaration import (
    RESERVED,
    BulkAction,
    Column,
    Empty,
    RowAction,
    TableDefinitionError,
    View,
    Withheld,
)
from .opening import EVERY_ROW, opened
from .page import Page
from .question import Prepared, Question, RefusedFilter, prepare

KEPT_STATEMENTS = 32
LISTS: WeakValueDictionary[str, Table] = WeakValueDictionary()  # every list, by its key
NOTHING_YET = Empty(title=message("Nothing here yet"))


class _Watched:
    """A unit that notes whether a statement used it: then it is not kept for others."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx
        self.used = False

    def __getattr__(self, name: str) -> Any:
        self.used = True
        return getattr(self._tx, name)


class Table:
    """A list; ``respond()`` answers a request with it in the format that was asked for.

    ``rows(tx, **criteria)`` returns a select of columns of mapped classes, the listed class first;
    criteria are the filters in force. Raises TableDefinitionError for a contradictory declaration.
    """

    asks: type[Question] = Question  # how it reads its rows, if not by one statement

    def __init__(
        self,
        name: str,
        permission: str,
        rows: Callable[..., Select[Any]],
        *,
        columns: Sequence[Column],
        default_sort: str,
        filters: type[Form] | None = None,
        filter_permissions: Mapping[str, str] | None = None,
        search: type[Any] | None = None,
        views: Sequence[View] = (),
        empty: Empty = NOTHING_YET,
        ledger: bool = False,
        bulk: Sequence[BulkAction] = (),
        actions: Sequence[RowAction] = (),
        ids: str = "public_id",
        withheld: Withheld | None = None,
    ) -> None:
        self.name, self.permission, self.rows = name, permission, rows
        self.columns, self.views, self.empty = tuple(columns), tuple(views), empty
        self.default_sort, self.filters, self.search = default_sort, filters, search
        self.filter_permissions = dict(filter_permissions or {})
        self.ledger, self.bulk, self.ids = ledger, tuple(bulk), ids
        self.actions = tuple(actions)
        self.withheld = withheld
        self.sorts = {column.key: column for column in self.columns if column.sort}
        self._kept: dict[Any, Prepared] = {}
        self._lock = Lock()
        if problems := self._problems():
            raise TableDefinitionError(name, problems)
        LISTS[self.key] = self

    @property
    def key(self) -> str:
        """The name of the list in the whole portal: ``<slug>.<name>``."""
        return f"{self.permission.partition('.')[0]}.{self.name}"

    def _problems(self) -> list[str]:
        keys = [column.key for column in self.columns]
        kept_back = self.withheld.columns if self.withheld is not None else ()
        found = [f"{key} is there twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
        found += [problem for column in self.columns for problem in column.problems()]
        wanted = [self.default_sort, *(view.sort for view in self.views if view.sort)]
        found += [
            f"no column sorts by {w}" for w in wanted if w.removeprefix("-") not in self.sorts
        ]
        default = self.sorts.get(self.default_sort.removeprefix("-"))
        if default is not None and default.permission:
            found.append(f"{default.key} is the default order, so everybody must see it")
        found += [f"no column {key} to withhold" for key in kept_back if key not in keys]
        if any(view.key == EVERY_ROW for view in self.views):
            found.append(f"the view {EVERY_ROW} is the list itself")
        for view in self.views:
            if not all(isinstance(value, Hashable) for value in view.criteria.values()):
                found.append(f"the view {view.key} has a criterion that cannot be kept")
        taken = [name for name in sorted(RESERVED) if hasattr(self.filters, name)]
        return found + [f"the filter {name} has a reserved name" for name in taken]

    def respond(
        self,
        tx: UnitOfWork,
        template: str,
        *,
        criteria: Mapping[str, Any] | None = None,
        **context: Any,
    ) -> Any:
        """Return ``template`` with this list as ``table``, or the export that ``?format=`` wants.

        ``criteria`` are fixed values for ``rows``, such as the record whose lines these are. Raises
        BadRequest for an order, view, format or filter that the list does not offer.
        """
        wanted = request.args.get("format")
        if wanted is None and not request.args and (opens := self.opens_with(tx)):
            return redirect(f"{request.script_root}{request.path}?view={opens}")
        if wanted is None:
            return render(template, table=self.page(tx, criteria=criteria), **context)
        if wanted not in export.FORMATS:
            raise BadRequest
        question = self.question(tx, criteria)
        if question.asked.opened.gone:
            raise NotFound
        return export.response(question.exported(tx), tx, wanted)

    def opens_with(self, tx: UnitOfWork) -> str:
        """Return the view that the actor wants this list to open with; empty for none."""
        wanted = liking(tx, self.key).opens
        known = {v.key for v in self.views if v.permission is None or tx.actor.holds(v.permission)}
        known |= {view.public_id for view in saved_views(tx, self.key)} if wanted else set()
        return wanted if wanted in known else ""

    def page(self, tx: UnitOfWork, *, criteria: Mapping[str, Any] | None = None) -> Page:
        """Return the page that the request asks for, ready for the ``table`` macro."""
        return build_page(self.question(tx, criteria), tx)

    def chosen(self, tx: UnitOfWork, *, criteria: Mapping[str, Any] | None = None) -> Chosen:
        """Return the rows that the form of this list has ticked, those the actor may see."""
        return chosen(self, tx, criteria)

    def carry_out(
        self,
        title: Message,
        form: type[AskingForm] | None,
        work: Work,
        *,
        criteria: Mapping[str, Any] | None = None,
        prepare: Callable[[Any, UnitOfWork], None] | None = None,
    ) -> Any:
        """Answer a bulk action; the view returns what this returns.

        What ``form`` asks is asked first, and so is whether more than 20 rows are meant. Then
        ``work(tx, ids, form)`` is called in one transaction; it checks the ids through
        ``visible()`` and returns a BulkResult. ``prepare(form, tx)`` may set choices.
        """
        return carry_out(self, title, form, work, criteria=criteria, prepare=prepare)

    def question(
        self,
        tx: UnitOfWork,
        criteria: Mapping[str, Any] | None = None,
        *,
        arguments: MultiDict[str, str] | None = None,
    ) -> Question:
        """Return what the request asks of this list; raise BadRequest when it may not be asked.

        ``arguments`` are asked instead of those in the address.
        """
        sent = request.args if arguments is None else arguments
        without: set[str] = set()
        while True:
            try:
                return self._question(tx, criteria, sent, without)
            except RefusedFilter as refused:
                # The address may not ask it; a saved view just opens without it.
                if refused.name in without or any(sent.getlist(refused.name)):
                    raise
                without.add(refused.name)

    def _question(
        self,
        tx: UnitOfWork,
        criteria: Mapping[str, Any] | None,
        sent: MultiDict[str, str],
        without: set[str],
    ) -> Question:
        actor = tx.actor
        columns = self.columns_for(actor)
        refused = {n for n, p in self.filter_permissions.items() if not actor.holds(p)}
        refused |= {c.key for c in self.columns} - {c.key for c in columns}
        asked = ask(
            sent,
            opened(self, tx, sent, refused, without),
            form=self.filters,
            hidden=refused,
            views=[v for v in self.views if v.permission is None or actor.holds(v.permission)],
            searchable=self.search is not None,
            given=criteria or {},
            tx=tx,
        )
        prepared = self._prepared(tx, asked)
        arranged = arrange(columns, asked.arguments, liking(tx, self.key))
        return self.asks(self, asked, prepared, columns, arranged, tx.actor, refused)

    @property
    def naming(self) -> Column:
        """The column that names a row."""
        return naming(self.columns)

    def columns_for(self, actor: Principal) -> list[Column]:
        """Return the columns that somebody may see."""
        return [c for c in self.columns if c.permission is None or actor.holds(c.permission)]

    def _prepared(self, tx: UnitOfWork, asked: Asked) -> Prepared:
        """Return the statement for these criteria; what depends on nothing else is built once."""
        shape = tuple(sorted(asked.criteria.items())) if not asked.free else None
        kept = None if shape is None else self._kept.get(shape)
        if kept is not None:
            return kept
        watched = _Watched(tx)
        prepared = prepare(self, self.rows(watched, **asked.criteria))
        if shape is not None and not watched.used:
            with self._lock:
                if len(self._kept) >= KEPT_STATEMENTS:
                    del self._kept[next(iter(self._kept))]
                self._kept[shape] = prepared
        return prepared
