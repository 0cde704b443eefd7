"""Puts a page of a list together: rows, heads, tabs, chips and the URLs between pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for

from portal.auth.returning import place_token
from portal.lists.rules import Saved
from portal.lists.saving import SHARE, saved_views
from portal.mail.outgoing import mail_ready
from portal.messages import message, translate, translations
from portal.ui import formats
from portal.work import UnitOfWork

from .arranging import COLUMNS, HEIGHT, naming
from .cells import Reader, cell_maker, link_maker
from .choosing import MOST
from .counting import Counted
from .criteria import SEARCH
from .declaration import Column
from .opening import EVERY_ROW
from .page import Arranging, Bulk, Button, Choice, EmptyWords, Head, Link, Page, Tab, Views
from .paging import FIRST, PAGE_ROWS, Place, cursor
from .question import Question

FORMAT_NAMES = (("csv", "CSV"), ("xlsx", "Excel"), ("json", "JSON"))
ALL = message("All")
KEPT = ("view", "sort", COLUMNS, HEIGHT)
GONE = message("This view is gone, or it is not shared with you. Here is the whole list.")
PARTLY = message("Part of this view is not there any more, so it may show more than it did.")
NO_MATCH = message("Nothing matches these filters")
NO_MATCH_TEXT = message("Remove a filter or search for fewer words.")


def build_page(question: Question, tx: UnitOfWork) -> Page:
    """Return the page that was asked for; a place that is gone leads to the first page."""
    rows, earlier, later = _read(question, tx)
    here = Reader(tx.language, tx.zone, tx.now, current_app.extensions["kantor.ui"].currency())
    shown = question.arranged.shown
    makers = [cell_maker(column, question.prepared.at, here) for column in shown]
    complete = not (earlier or later)
    counted = Counted(len(rows)) if complete else question.count(tx)
    path = request.script_root + request.path
    asked = question.asked
    narrowed = bool(question.asked.search) or bool(asked.chips(path, tx.language))
    return Page(
        name=question.table.name,
        path=path,
        columns=_heads(question, path, shown),
        rows=[[make(row) for make in makers] for row in rows],
        next_url=_step_url(question, path, "after", rows[-1]) if later else None,
        previous_url=_step_url(question, path, "before", rows[0]) if earlier else None,
        count=counted.number,
        count_text=_count_text(counted, tx.language),
        count_label=_count_label(counted, tx.language),
        filters=asked.form,
        search=asked.arguments.get(SEARCH, "") if question.table.search is not None else None,
        chips=asked.chips(path, tx.language),
        tabs=_tabs(question, tx, path),
        exports=_exports(question, path),
        exports_of_all=_exports_of_all(question, path),
        sorts=_heads(question, path, question.sortable),
        arranging=_arranging(question, path),
        views=_views(question, tx),
        blanks=sorted(asked.opened.supplied & {*asked.filter_arguments()}),
        buttons=_buttons(question, tx, rows),
        bulk=_bulk(question, tx, rows, counted),
        kept=[(n, v) for n in KEPT if (v := asked.sent.get(n))],
        clear_url=_clear_url(question, path) if narrowed else None,
        empty=_empty(question, tx, narrowed),
        notice=question.notice(tx),
    )


def _read(question: Question, tx: UnitOfWork) -> tuple[Sequence[Any], bool, bool]:
    """Return the rows of the page and whether there are earlier and later ones."""
    here = question.place
    rows, more = _page_of(question, tx, here)
    if here.step == "before" and len(rows) == PAGE_ROWS:
        return rows[::-1], more, True
    if here.step == "after" and rows:
        return rows, True, more
    if here is not FIRST:  # Fewer rows than a page before it, or none after it: begin again.
        rows, more = _page_of(question, tx, FIRST)
    return rows, False, more


def _page_of(question: Question, tx: UnitOfWork, here: Place) -> tuple[Sequence[Any], bool]:
    rows = question.rows(tx, here, PAGE_ROWS + 1)
    return rows[:PAGE_ROWS], len(rows) > PAGE_ROWS


def _step_url(question: Question, path: str, step: str, row: Any) -> str:
    marks = row[-len(question.order.columns) :]
    return question.asked.url(path, **{step: cursor(question.order, marks)})


def _heads(question: Question, path: str, shown: Sequence[Column]) -> list[Head]:
    order, sortable = question.order, set(question.sortable)
    first = naming(question.columns)
    heads = []
    for column in shown:
        current = column.key == order.key
        wanted = f"-{column.key}" if current and not order.descending else column.key
        direction = ("descending" if order.descending else "ascending") if current else None
        url = question.asked.url(path, sort=wanted) if column in sortable else None
        heads.append(
            Head(
                column.key,
                column.title,
                column.kind,
                column.align,
                url,
                direction,
                column is first,
                column.export,
            )
        )
    return heads


def _tabs(question: Question, tx: UnitOfWork, path: str) -> list[Tab]:
    offered = [
        v for v in question.table.views if v.permission is None or tx.actor.holds(v.permission)
    ]
    saved = saved_views(tx, question.table.key)
    if not offered and not saved:
        return []
    opened = question.asked.opened.view
    current = question.asked.view if opened is None else None
    every = f"{path}?view={EVERY_ROW}" if question.table.opens_with(tx) else path
    tabs = [Tab(ALL, every, current is None and opened is None)]
    tabs += [Tab(v.title, f"{path}?view={v.key}", v is current) for v in offered]
    return tabs + [Tab(v.name, f"{path}?view={v.public_id}", v is opened) for v in saved]


def _views(question: Question, tx: UnitOfWork) -> Views:
    opened, name = question.asked.opened, question.table.key
    saved, declared = opened.view, question.asked.view
    shown = saved.public_id if saved else declared.key if declared else ""
    may_share = tx.actor.holds(SHARE)
    wrong = opened.partly or any(
        wanted.errors for wanted in question.asked.form or () if wanted.name in opened.supplied
    )
    return Views(
        url=url_for("lists.add_view", name=name),
        opening_url=url_for("lists.choose_opening", name=name),
        current=shown,
        opens=question.table.opens_with(tx) == shown,
        saved=saved,
        editable=saved is not None and (saved.mine or may_share),
        changed=any(n not in ("view", "after", "before") for n in question.asked.sent),
        may_share=may_share,
        widget_url=_widget_url(saved),
        mail_url=_mail_url(saved),
        notice=GONE if opened.gone else PARTLY if wrong else "",
    )


def _widget_url(saved: Saved | None) -> str:
    """Return what puts a view on the home page; the list of one record's rows goes on none."""
    if saved is None or request.view_args:
        return ""
    return url_for("home.add_widget", public_id=saved.public_id)


def _mail_url(saved: Saved | None) -> str:
    """Return where to say that a view is sent by mail; the list of one record's rows is not."""
    if saved is None or request.view_args or not mail_ready():
        return ""
    return url_for("lists.mail_view", public_id=saved.public_id, place=place_token())


def _exports(question: Question, path: str) -> list[Link]:
    """Return the files of what is shown: once columns are chosen they have those columns."""
    keys = ",".join(question.arranged.keys) if question.arranged.chosen else None
    url = question.asked.url
    return [Link(name, url(path, format=key, columns=keys)) for key, name in FORMAT_NAMES]


def _exports_of_all(question: Question, path: str) -> list[Link]:
    if not question.arranged.chosen:
        return []
    url, without = question.asked.url, (COLUMNS,)
    return [Link(n, url(path, without=without, format=key)) for key, n in FORMAT_NAMES]


def _arranging(question: Question, path: str) -> Arranging:
    arranged, fixed, name = question.arranged, naming(question.columns), question.table.key
    offered = [(c, True) for c in arranged.shown] + [(c, False) for c in arranged.others]
    return Arranging(
        columns_url=url_for("lists.choose_columns", name=name),
        height_url=url_for("lists.choose_height", name=name),
        choices=[Choice(c.key, c.title, shown, c is fixed) for c, shown in offered],
        height=arranged.height,
        chosen=arranged.chosen,
        link=question.asked.url(path, columns=",".join(arranged.keys), height=arranged.height),
        place=place_token(),
        query=urlencode(list(question.asked.sent.items(multi=True))),
    )


def _clear_url(question: Question, path: str) -> str:
    return question.asked.url(path, without=(*question.asked.filter_arguments(), SEARCH))


def _bulk(question: Question, tx: UnitOfWork, rows: Sequence[Any], counted: Counted) -> Bulk | None:
    allowed = [a for a in question.table.bulk if tx.actor.holds(a.permission)]
    if not allowed or not rows:
        return None
    if counted.number <= min(MOST, counted.exact_until):
        label = message("All {count} in this view", count=_count_text(counted, tx.language))
    else:
        most = formats.number(MOST, tx.language)
        label = message("All in this view, at most {most}", most=most)
    at = question.prepared.at[question.table.ids]
    actions = [Link(a.label, url_for(a.endpoint), a.icon) for a in allowed]
    return Bulk(actions, label, [str(row[at]) for row in rows])


def _buttons(question: Question, tx: UnitOfWork, rows: Sequence[Any]) -> list[list[Button]]:
    """Return what can be done with each row; nothing at all where no row has a button."""
    at, made = question.prepared.at, []
    for action in question.table.actions:
        if tx.actor.holds(action.permission):
            url = link_maker((action.endpoint, action.values), at)
            made.append((at[action.when], translate(action.label, tx.language), url, action.post))
    found = [
        [
            Button(label, url, post)
            for when, label, to, post in made
            if row[when] and (url := to(row))
        ]
        for row in rows
    ]
    return found if any(found) else []


def _count_text(counted: Counted, language: str) -> str:
    return formats.count(counted.number, language, exact_until=counted.exact_until)


def _count_label(counted: Counted, language: str) -> str:
    text = translations(language).ngettext("{count} row", "{count} rows", counted.number)
    return text.format(count=_count_text(counted, language))


def _empty(question: Question, tx: UnitOfWork, narrowed: bool) -> EmptyWords:
    if narrowed:
        return EmptyWords(NO_MATCH, NO_MATCH_TEXT, ())
    if question.asked.view is not None:  # There may be rows under the other tabs.
        return EmptyWords(message("Nothing under “{tab}”", tab=question.asked.view.title), "", ())
    said = question.table.empty
    allowed = [a for a in said.actions if a.permission is None or tx.actor.holds(a.permission)]
    actions = [Link(a.label, url_for(a.endpoint), a.icon) for a in allowed]
    return EmptyWords(said.title, said.text, actions)
