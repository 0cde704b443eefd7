"""Rows that were ticked, or all of a view: named, counted, and asked about before many change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import redirect, request
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict

from portal.auth.returning import address_of
from portal.lists.bulk import BulkResult
from portal.messages import Message, message
from portal.reach import visible
from portal.shell import render, toast
from portal.ui.forms import Form
from portal.ui.submitting import submitted
from portal.work import UnitOfWork

from .paging import FIRST

if TYPE_CHECKING:
    from .table import Table

MOST = 1_000  # rows at once
ASKED_OVER = 20  # more are done only after the number was read
SHOWN = 12  # names on the page that asks
LONGEST_QUERY = 8_000
NOTHING_TICKED = message("Tick at least one row first.")
Work = Callable[[UnitOfWork, Sequence[Any], Any], BulkResult]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows somebody chose and may see, in the order of the list, at most a thousand.

    ``more`` says that the view has further ones.
    """

    ids: tuple[Any, ...]
    names: tuple[str, ...]
    more: bool = False
    back: str = "/"  # the list as it was


def chosen(table: Table, tx: UnitOfWork, criteria: Mapping[str, Any] | None = None) -> Chosen:
    """Return what the form of a list has ticked: ``id`` once a row, or ``all`` of what it shows."""
    sent = request.form
    query = sent.get("query", "")[:LONGEST_QUERY]
    path = address_of(sent.get("place", "")).partition("?")[0]
    back = f"{path}?{query}" if query else path
    asked = [(n, v) for n, v in parse_qsl(query) if n not in ("after", "before", "format")]
    if sent.get("all"):
        question = table.question(tx, criteria, arguments=MultiDict(asked))
        rows = question.rows(tx, FIRST, MOST + 1)
        at, named = question.prepared.at[table.ids], question.prepared.at[table.naming.key]
        pairs = [(row[at], row[named]) for row in rows]
        more = len(pairs) > MOST
    else:
        more, pairs = False, _named(table, tx, sent.getlist("id")[:MOST], criteria)
    ids, names = zip(*pairs[:MOST], strict=True) if pairs else ((), ())
    return Chosen(tuple(ids), tuple(str(name) for name in names), more, back)


def _named(
    table: Table, tx: UnitOfWork, ids: Sequence[str], criteria: Mapping[str, Any] | None
) -> list[Any]:
    """Return (id, name) of those rows of the list that are ticked and may be seen."""
    question = table.question(tx, criteria, arguments=MultiDict())
    statement: Select[Any] = question.prepared.statement
    selected, at = statement.column_descriptions, question.prepared.at
    key, name = (selected[at[n]]["expr"] for n in (table.ids, table.naming.key))
    wanted = [value for one in ids if (value := _as_key(one, key)) is not None]
    if not wanted:
        return []
    narrow = statement.with_only_columns(
        selected[0]["expr"], key.label("key"), name.label("named"), maintain_column_froms=True
    )
    narrow = visible(narrow.where(key.in_(wanted)), table.permission, tx.actor)
    found = {row.key: row.named for row in tx.session.execute(narrow)}
    return [(one, found[one]) for one in dict.fromkeys(wanted) if one in found]


def _as_key(text: str, column: Any) -> Any:
    """Return a ticked value as the column holds it, None for what it cannot be."""
    if column.type.python_type is int:
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    return text if len(text) <= 200 and text.isprintable() else None


def carry_out(
    table: Table,
    title: Message,
    form_class: type[Form] | None,
    work: Work,
    *,
    criteria: Mapping[str, Any] | None = None,
    prepare: Callable[[Any, UnitOfWork], None] | None = None,
) -> Any:
    """Answer a bulk action: ask what its form asks and about many rows, then do it in one unit."""
    from portal.web import reading, transaction

    tx = reading()
    ticked = chosen(table, tx, criteria)
    if not ticked.ids:
        toast(NOTHING_TICKED)
        return redirect(ticked.back, 303)
    sure = "sure" in request.form
    form = form_class(request.form if sure else None) if form_class is not None else None
    if prepare is not None and form is not None:
        prepare(form, tx)
    if not sure and (form is not None or len(ticked.ids) > ASKED_OVER):
        return _asking(table, title, ticked, form)
    if form is None or form.validate():
        with submitted(form) if form is not None else nullcontext(), transaction() as tx:
            result = work(tx, ticked.ids, form)
            toast(result.sentence, undo=result.undo)
            tx.answer = ticked.back
            return redirect(ticked.back, 303)
    return _asking(table, title, ticked, form), 422


def _asking(table: Table, title: Message, ticked: Chosen, form: Form | None) -> str:
    return render(
        "lists/bulk.html",
        crumbs=((title, ""),),
        heading=title,
        form=form,
        chosen=ticked,
        shown=SHOWN,
        action=request.path,
        sent=request.form,
        many=len(ticked.ids) > ASKED_OVER,
    )
