"""The forms of a plugin, filled in from its own pages and sent as nobody should."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Integer, String, inspect
from werkzeug.exceptions import HTTPException

from portal.db import db, unscoped
from portal.gate import FORM_KEY
from portal.orm import MODELS
from portal.people.models import Department
from portal.testing import PortalClient, sign_in
from portal.testing_databases import Database
from portal.testing_schema import rows

from . import seeding
from .findings import Finding, finding
from .loading import place_of_view
from .probing import Address, addresses
from .seeding import ELSEWHERE, HERE, Scene
from .sources import Sources

ACCEPTED = frozenset({302, 303})
NUMBER, WORD = 424_242, "zq-set-by-stealth"
MOST_COLUMNS = 12  # of those tried by themselves
TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}%(name)s{0.__class__}",
    "' OR 1=1 --",
    "=cmd|'/c calc'!A1",
    "\u202egnp.exe\u200b",
    "👩🏽‍🔬" * 20,
    "é" * 20_000,
    "\ud83d",
    "\x01\x1b[31m\x7f",
    "9" * 4_400,
    "-1",
    "1e309",
    "9999-99-99",
)
Fields = list[tuple[str, str]]


@dataclass
class Form:
    """A form of a page: where it is sent, its fields as they stand, those that take text."""

    action: str
    fields: Fields = field(default_factory=list)
    typed: list[tuple[str, str, int]] = field(default_factory=list)  # name, kind, longest


class FormReader(HTMLParser):
    """Collects the forms of a page that are sent with POST."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms = path, list[Form]()
        self._form: Form | None = None
        self._select = ""
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method", "").lower() == "post":
            self._form = Form(said.get("action") or self.path)
        form, name = self._form, said.get("name", "")
        if form is None or "disabled" in said:
            return
        if tag == "input" and name:
            self._input(form, name, said)
        elif tag == "textarea" and name:
            form.typed.append((name, "text", int(said.get("maxlength") or 0)))
        elif tag == "select" and name:
            self._select, self._chosen = name, None
        elif tag == "option" and self._select:
            if "selected" in said or (self._chosen is None and said.get("value")):
                self._chosen = said.get("value", "")

    def _input(self, form: Form, name: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text")
        if kind == "hidden" or (kind in ("checkbox", "radio") and "checked" in said):
            form.fields.append((name, said.get("value", "on")))
        elif kind not in ("checkbox", "radio", "file", "submit", "button", "image", "reset"):
            numeric = said.get("inputmode") in ("numeric", "decimal") or kind == "number"
            kind = "number" if numeric else kind
            if said.get("value"):
                form.fields.append((name, said["value"]))
            form.typed.append((name, kind, int(said.get("maxlength") or 0)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._form is not None and self._select:
            self._form.fields.append((self._select, self._chosen or ""))
            self._select = ""
        elif tag == "form" and self._form is not None:
            self.forms.append(self._form)
            self._form = None


@dataclass
class Sender:
    """Somebody with every right who sends forms, and the state that is put back after each."""

    made: Scene
    browser: PortalClient
    local: PortalClient  # of somebody who has every right in one department alone
    database: Database

    def send(self, form: Form, fields: Fields, browser: PortalClient | None = None) -> Any:
        """Send fields with the form's own token and key."""
        data: dict[str, Any] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return (browser or self.browser).post(form.action, data=data, raw=True)

    def rows(self) -> dict[str, Any]:
        """Return the rows of the plugin's tables."""
        own = {model.__tablename__ for model in self.made.models}
        with self.made.app.app_context():
            others = frozenset(inspect(db.engine).get_table_names()) - own
            return rows(db.engine, but=others)

    def again(self) -> None:
        """Put everything back."""
        with self.made.app.app_context():
            self.database.restore(db.engine)


def findings(
    sources: Sources, made: Scene, database: Database, *, thorough: bool = True
) -> Iterator[Finding]:
    """Yield what forms do that nobody meant; the rows are put back. ``thorough`` also tries each
    column by itself, and what nobody types.
    """
    browser, local = (
        sign_in(made.app, seeding.visitor(made, dict.fromkeys(_names(made), (reach, department))))
        for reach, department in (("all", None), ("department", HERE))
    )
    with made.app.app_context():
        database.remember(db.engine)
    sender = Sender(made, browser, local, database)
    known = made.known or addresses(made, browser)[0]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for page in known:
        for form in _forms_of(browser, page):
            view = _view_of(made, form.action)
            names = tuple(sorted({name for name, _ in form.fields}))
            if view is None or (kind := (view[0], names)) in seen:
                continue
            seen.add(kind)
            place = place_of_view(sources, view[1])
            yield from _of_a_form(sender, form, place, thorough=thorough)
            sender.again()


def _names(made: Scene) -> list[str]:
    return [one.name for one in made.plugin.permissions]


def _forms_of(browser: PortalClient, page: Address) -> list[Form]:
    reader = FormReader(page.path)
    reader.feed(browser.get(page.path).text)
    return reader.forms


def _view_of(made: Scene, action: str) -> tuple[str, Any] | None:
    """Return endpoint and view that a form of this plugin is sent to."""
    adapter = made.app.url_map.bind("localhost")
    try:
        endpoint, _ = adapter.match(urlsplit(action).path, method="POST")
    except HTTPException:
        return None
    own = endpoint.partition(".")[0] == made.plugin.slug
    return (endpoint, made.app.view_functions[endpoint]) if own else None


def _of_a_form(sender: Sender, form: Form, place: str, *, thorough: bool) -> Iterator[Finding]:
    good = _good(sender, form)
    if good is not None:
        yield from _twice(sender, form, good, place)
        yield from _by_stealth(sender, form, good, place, most=MOST_COLUMNS if thorough else 0)
        yield from _foreign(sender, form, good, place)
    if thorough:
        yield from _hostile(sender, form, good or _filled(form, str), place)


def _filled(form: Form, typed: Callable[[str], str]) -> Fields:
    """Return the fields with something in each that takes text."""
    given = dict(form.fields)
    texts = [
        (name, _text(kind, longest, typed))
        for name, kind, longest in form.typed
        if name not in given
    ]
    return [*form.fields, *texts]


def _text(kind: str, longest: int, typed: Callable[[str], str]) -> str:
    now = datetime.now(UTC)
    known = {
        "number": "1",
        "date": now.date().isoformat(),
        "time": "09:30",
        "email": "zq@example.org",
        "month": f"{now:%Y-%m}",
        "datetime-local": f"{now:%Y-%m-%dT%H:%M}",
    }
    text = known.get(kind) or typed(f"Zq{secrets.token_hex(3)}")
    return text[:longest] if longest else text


def _good(sender: Sender, form: Form) -> Fields | None:
    """Return fields that the form is accepted with, or None; nothing stays changed."""
    for typed in (str, lambda _text: "1", lambda _text: datetime.now(UTC).date().isoformat()):
        fields = _filled(form, typed)
        if sender.send(form, _with_new_key(fields)).status_code in ACCEPTED:
            sender.again()
            return fields
    return None


def _with_new_key(fields: Fields) -> Fields:
    """Return the fields with a key of their own: one that was used is answered from memory."""
    fresh = secrets.token_urlsafe(12)
    return [(name, fresh if name == FORM_KEY else value) for name, value in fields]


def _count(found: dict[str, Any]) -> dict[str, int]:
    return {name: len(those) for name, those in found.items()}


def _twice(sender: Sender, form: Form, good: Fields, place: str) -> Iterator[Finding]:
    sent = _with_new_key(good)
    sender.send(form, sent)
    once = _count(sender.rows())
    answer = sender.send(form, sent)
    twice = _count(sender.rows())
    sender.again()
    if twice != once:
        grown = ", ".join(sorted(name for name in twice if twice[name] != once[name]))
        said = f"POST {form.action} adds to {grown} again when the same form is sent twice"
        yield finding("unkeyed-write", place, said)
    elif answer.status_code >= 500:
        said = f"POST {form.action} answers {answer.status_code} to a form that is sent twice"
        yield finding("breaks-on-text", place, said)


def _by_stealth(
    sender: Sender, form: Form, good: Fields, place: str, *, most: int
) -> Iterator[Finding]:
    """Send every column that the form does not have: none may be set, and nothing may break.

    All are sent at once; each by itself only when that was refused, as one of them hides another.
    """
    made, own = sender.made, {name for name, _ in good} | {name for name, *_ in form.typed}
    columns = {
        column.key: _stealthy(made, column)
        for model in made.models
        for column in model.__mapper__.local_table.columns
        if column.key not in own
    }
    named = sorted((key, value) for key, value in columns.items() if value)
    sender.send(form, _with_new_key(good))
    plain = sender.rows()
    sender.again()
    for extra in [named, *([one] for one in named[:most])]:
        answer = sender.send(form, [*_with_new_key(good), *extra])
        after = sender.rows()
        if answer.status_code in ACCEPTED:
            sender.again()
        names = ", ".join(name for name, _ in extra)
        if answer.status_code >= 500:
            said = f"POST {form.action} fails when it is sent columns it does not have: {names}"
            yield finding("mass-assignment", place, said)
            return
        if stolen := _set(plain, after, {value for _, value in extra}):
            said = f"POST {form.action} sets in {stolen} what its form does not have: {names}"
            yield finding("mass-assignment", place, said)
            return
        if answer.status_code in ACCEPTED and extra is named:
            return


def _stealthy(made: Scene, column: Any) -> str:
    """Return a value for a column that shows up again: of a row that is there, or a mark."""
    if column.key in ("id", "version"):
        return str(NUMBER)
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table.name
        return str(made.people[ELSEWHERE][-1]) if target == "person" else ""
    if isinstance(column.type, Integer):
        return str(NUMBER)
    if isinstance(column.type, String):
        length = column.type.length or 40
        return WORD[:length] if length >= 8 else ""
    return ""


def _set(plain: dict[str, Any], after: dict[str, Any], marks: set[str]) -> str:
    """Return the table in which a mark stands more often than after the form alone."""
    for table, found in after.items():
        for mark in marks:
            if _number_of(found, mark) > _number_of(plain.get(table, []), mark):
                return table
    return ""


def _number_of(found: list[Any], mark: str) -> int:
    return sum(str(value) == mark for row in found for value in row)


def _foreign(sender: Sender, form: Form, good: Fields, place: str) -> Iterator[Finding]:
    """Name, in the place of a row, its like of the other department, as somebody of the one."""
    made = sender.made
    visitor = sender.local
    likes = _likes(made)
    token = [("csrf_token", visitor.csrf_token()), (FORM_KEY, secrets.token_urlsafe(12))]
    typed = {name for name, *_ in form.typed}  # A number that is typed only looks like an id.
    for name, value in good:
        if name in ("csrf_token", FORM_KEY, *typed) or value not in likes:
            continue
        model, like = likes[value]
        kept = [(n, v) for n, v in good if n not in ("csrf_token", FORM_KEY, name)]
        before = sender.rows()
        answer = sender.send(form, [*token, *kept, (name, like)], visitor)
        after = sender.rows()
        sender.again()
        if answer.status_code in ACCEPTED and before != after:
            said = f"POST {form.action} takes a {model} of another department as {name}, and writes"
            yield finding("foreign-choice", place, said)


def _likes(made: Scene) -> dict[str, tuple[str, str]]:
    """Return, for each name of a row here that not everybody reads, its like over there."""
    found: dict[str, tuple[str, str]] = {}
    there: dict[Any, Any] = {}
    for row in made.of(ELSEWHERE):
        there.setdefault(row.model, row)
    for row in made.of(HERE):
        if row.model in there and not row.model.reads_freely:
            like = there[row.model]
            for column in ("id", "public_id"):
                if row.values.get(column) is not None:
                    named = (row.model.__name__, str(like.values[column]))
                    found.setdefault(str(row.values[column]), named)
    if "department" in MODELS:
        ids = made.departments
        found[str(ids[HERE])] = ("department", str(ids[ELSEWHERE]))
        with made.app.app_context(), unscoped(reason="what a form names") as tx:
            mine, other = (tx.session.get_one(Department, ids[side]) for side in (HERE, ELSEWHERE))
            found[mine.public_id] = ("department", other.public_id)
    return found


def _hostile(sender: Sender, form: Form, fields: Fields, place: str) -> Iterator[Finding]:
    """Put what nobody types into each field: no answer may be a fault."""
    names = dict.fromkeys([*(n for n, *_ in form.typed), *(n for n, _ in form.fields)])
    for name in names:
        if name in ("csrf_token", FORM_KEY):
            continue
        for text in TEXTS:
            sent = [(n, v) for n, v in _with_new_key(fields) if n != name]
            try:
                answer = sender.send(form, [*sent, (name, text)])
            except UnicodeEncodeError:
                continue  # The test's own client cannot send it.
            if answer.status_code in ACCEPTED:
                sender.again()
            if answer.status_code >= 500:
                said = (
                    f"POST {form.action} answers {answer.status_code} to {text[:30]!r}"
                    f"{'...' if len(text) > 30 else ''} in {name}"
                )
                yield finding("breaks-on-text", place, said)
                sender.again()
                break
