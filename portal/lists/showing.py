"""A saved view looked at from elsewhere: its first rows as text, how many there are, as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import current_app
from werkzeug.datastructures import MultiDict

from portal.errors import NotFound
from portal.reach import Principal
from portal.ui import export
from portal.ui.table import LISTS, Table
from portal.ui.table.arranging import COLUMNS
from portal.ui.table.cells import Reader, cell_maker
from portal.ui.table.counting import Counted
from portal.ui.table.paging import FIRST
from portal.ui.table.question import Question
from portal.work import UnitOfWork

from .saving import saved_views

MOST_IN_FILE = 20_000  # rows


@dataclass(frozen=True, kw_only=True)
class Glance:
    """The first rows of a view as they are read: what stands over them, and how many there are."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    count: Counted
    partly: bool = False  # something the view asked is not there any more


def list_named(name: str, actor: Principal) -> Table:
    """Return a list that ``actor`` may see, or raise NotFound."""
    table = LISTS.get(name)
    slug = name.partition(".")[0]
    if table is None or not actor.holds(table.permission):
        raise NotFound
    if slug != "core" and slug not in actor.active:
        raise NotFound
    return table


def question_of(tx: UnitOfWork, name: str, public_id: str) -> Question:
    """Return what a saved view asks of its list; raise NotFound for who may not use both."""
    table = list_named(name, tx.actor)
    view = next((one for one in saved_views(tx, name) if one.public_id == public_id), None)
    if view is None:
        raise NotFound
    columns = [(key, value) for key, value in view.asked if key == COLUMNS]
    return table.question(tx, arguments=MultiDict([("view", public_id), *columns]))


def glance(tx: UnitOfWork, question: Question, most: int, *, columns: int = 6) -> Glance:
    """Return the first rows of a view in the reader's language; it takes two statements."""
    rows = question.rows(tx, FIRST, most + 1) if most else ()
    enough = most and len(rows) <= most
    counted = Counted(len(rows)) if enough else question.count(tx)
    reader = Reader(tx.language, tx.zone, tx.now, current_app.extensions["kantor.ui"].currency())
    shown = question.arranged.shown[:columns]
    # Where a cell leads is nobody's business outside of its page.
    makers = [
        cell_maker(replace(column, link=None), question.prepared.at, reader) for column in shown
    ]
    opened = question.asked.opened
    return Glance(
        name=opened.view.name if opened.view is not None else "",
        heads=[str(column.title) for column in shown],
        rows=[[str(make(row).text or "") for make in makers] for row in rows[:most]],
        count=counted,
        partly=opened.partly,
    )


def file_of(tx: UnitOfWork, question: Question, wanted: str) -> bytes:
    """Return all rows of a view as a file; empty if they are too many for one that is sent."""
    if question.count_to(tx, MOST_IN_FILE) > MOST_IN_FILE:
        return b""
    return b"".join(export.written(question.exported(tx), tx, wanted))
