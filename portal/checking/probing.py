"""The pages of a plugin with rows in it: what leaks, grows, writes, or is not escaped."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from portal.db import db
from portal.gate import Portal, serves_files
from portal.reach import noun_of
from portal.testing import PortalClient, counting_statements, sign_in
from portal.testing_schema import rows

from . import seeding
from .findings import Finding, finding
from .loading import place_of_view
from .seeding import ELSEWHERE, HERE, Scene, Seeded
from .sources import Sources

TRIES = 60  # addresses that are tried for one route
AGAIN = 6  # of them on a database after the first, which has shown what answers
OF_EACH = 24  # rows that are tried for each of several gaps of an address
STATES = (
    "state",
    "status",
    "decision",
    "kind",
    "type",
    "method",
)  # columns that decide which pages there are
FEW, MANY = 3, 30
ENOUGH = 12  # in place of many, where the plugin makes whole records
OF_A_LIST, OF_A_RECORD = 6, 12 + 2  # statements; the story of a record sends two
SLACK = 3  # statements that may come to more rows, whatever their number
# What looking at a page may write: who is here, how often, what waits.
TRACES = frozenset(
    {"audit_entry", "account_session", "job", "outbox", "idempotency", "throttle", "person"}
)
IN_SHORT = {"Accept": "application/json"}
FORMATS = ("csv", "json", "xlsx")
SHEETS = ("csv", "tab-separated", "excel")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Address:
    """A page that is there: its view, and the row and column its address names."""

    path: str
    rule: Any
    view: Any
    row: Seeded | None = None
    column: str = ""
    way: tuple[tuple[str, ...], ...] = ()  # table, column and state of each part of its address
    formats: tuple[str, ...] = ()  # those in which it answers with something other than a page

    def asked(self) -> list[str]:
        """Return its address, and that of each of its formats."""
        return [self.path, *(f"{self.path}?format={name}" for name in self.formats)]

    @property
    def budget(self) -> int | None:
        """The most statements it may send; None for a page that is neither list nor record."""
        if self.formats:
            return OF_A_LIST
        return OF_A_RECORD if self.row is not None and "POST" not in self.rule.methods else None

    @property
    def policy(self) -> str:
        return str(getattr(self.view, "__policy__", None) or "")


def pages_of(app: Portal, slug: str, method: str = "GET") -> Iterator[tuple[Any, Any]]:
    """Yield rule and view of each page of a plugin."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        own = rule.endpoint.partition(".")[0] == slug and not serves_files(rule.endpoint, view)
        if own and method in (rule.methods or ()):
            yield rule, view


def addresses(made: Scene, browser: PortalClient) -> tuple[list[Address], list[Address]]:
    """Return an address for each page that answers ``browser``, the first that does, and one for
    each that fails.
    """
    found, failing = [], []
    for rule, view in pages_of(made.app, made.plugin.slug):
        failed = None
        tried = _tried(made, rule, view)
        made.ways.setdefault(rule.endpoint, [])
        for one in tried:
            # An error is quicker said than shown.
            status = browser.get(one.path, headers=IN_SHORT).status_code
            failed = one if status >= 500 else failed
            if status == 200 and browser.get(one.path).status_code == 200:
                found.append(replace(one, formats=_formats(browser, one.path)))
                made.ways[rule.endpoint] = [one.way]
                break
        failing += [failed] if failed is not None else []
    return found, failing


def _tried(made: Scene, rule: Any, view: Any) -> list[Address]:
    """Return the addresses to try: first what answered on the database asked before this one."""
    ways = made.ways.get(rule.endpoint)
    every = list(islice(_candidates(made, rule, view), TRIES))
    if ways is None:
        return every
    return sorted(every, key=lambda one: one.way not in ways)[:AGAIN]


def _formats(browser: PortalClient, path: str) -> tuple[str, ...]:
    """Return the formats that a page has beside its own: most answer with the page to each."""
    kinds = {name: browser.get(f"{path}?format={name}").content_type or "" for name in FORMATS}
    return tuple(name for name, kind in kinds.items() if not kind.startswith("text/html"))


def _candidates(made: Scene, rule: Any, view: Any) -> Iterator[Address]:
    names = sorted(rule.arguments)
    if not names:
        yield Address(_built(made, rule, {}), rule, view)
        return
    noun = noun_of(str(getattr(view, "__policy__", None) or ""))
    alone = names == ["public_id"]
    named = [_naming(made, _stem(rule, name), noun, alone=alone) for name in names]
    most = TRIES if len(names) == 1 else OF_EACH
    chosen = product(*(list(enumerate(one[:most])) for one in named))
    for several in sorted(chosen, key=lambda those: sum(at for at, _ in those)):
        rows = [row for _, row in several]
        try:
            path = _built(made, rule, {n: one[2] for n, one in zip(names, rows, strict=True)})
        except (ValueError, TypeError, LookupError):
            continue
        row, column, _ = rows[0]
        way = tuple((one[0].model.__tablename__, one[1], _state_of(one[0])) for one in rows)
        yield Address(path, rule, view, row if len(names) == 1 else None, column, way)


def _naming(made: Scene, stem: str, noun: str, *, alone: bool) -> list[tuple[Seeded, str, Any]]:
    """Return rows and columns that may fill a gap of an address, the likeliest first.

    Of each table one row in each state: a page of a placed order is not there for a draft.
    """
    first: dict[tuple[str, str], Seeded] = {}
    for row in [*made.of(HERE), *made.around]:
        first.setdefault((row.model.__tablename__, _state_of(row)), row)
    found = [
        (row, column, value)
        for row in first.values()
        for column, value in row.values.items()
        if _can_name(row, column, value) and (not alone or column == "public_id")
    ]

    def likeliness(one: tuple[Seeded, str, Any]) -> tuple[bool, bool, bool]:
        meant = one[0].model.__tablename__.endswith(stem) if stem else False
        return (not meant, one[0].model.__noun__ != noun, one[1] != "public_id")

    return sorted(found, key=likeliness)


def _stem(rule: Any, name: str) -> str:
    """Return what a gap of an address is called: place of <place_id>, item of items/<public_id>."""
    if name != "public_id":
        return name.removesuffix("_id")
    before = str(rule).partition("<public_id>")[0].rstrip("/").rpartition("/")[2]
    return before.removesuffix("s")


def _state_of(row: Seeded) -> str:
    """Return in which state a record is, as far as its columns are called so."""
    return " ".join(str(row.values[name]) for name in STATES if row.values.get(name) is not None)


def _can_name(row: Seeded, column: str, value: Any) -> bool:
    return column in ("public_id", "id") or (isinstance(value, str) and value in row.marks)


def _built(made: Scene, rule: Any, values: dict[str, Any]) -> str:
    with made.app.test_request_context():
        return str(made.app.url_map.bind("localhost").build(rule.endpoint, values))


def everybodys(made: Scene) -> PortalClient:
    """Return a browser of somebody with every right of the plugin everywhere."""
    grants = {one.name: ("all", None) for one in made.plugin.permissions}
    return sign_in(made.app, seeding.visitor(made, grants))


def findings(app: Portal, sources: Sources, made: Scene) -> Iterator[Finding]:
    """Yield what pages with rows in them show; rows are left behind."""
    everything = everybodys(made)
    for side in (HERE, ELSEWHERE):
        seeding.seed(made, side, FEW)
    visitors = _visitors(made)
    before = _kept(app)
    known, failing = addresses(made, everything)
    made.known = known
    for one in failing:
        said = f"GET {one.rule} fails when there are rows"
        yield finding("page-fails", place_of_view(sources, one.view), said)
    yield from _leaks(sources, made, visitors, known)
    few = [_statements(app, everything, one.path) for one in known]
    if _kept(app) != before:
        yield from _writing(sources, app, everything, known)
    many = MANY if made.plugin.samples is None else ENOUGH
    seeding.seed(made, HERE, many - FEW)
    for one, less in zip(known, few, strict=True):
        more = _statements(app, everything, one.path)
        if more > less + SLACK:
            said = f"GET {one.rule} sends {less} statements for {FEW} rows and {more} for {many}"
            yield finding("growing-queries", place_of_view(sources, one.view), said)
        elif (most := one.budget) is not None and more > most:
            said = f"GET {one.rule} sends {more} statements, and {most} are enough"
            yield finding("many-queries", place_of_view(sources, one.view), said)
    seeding.seed(made, HERE, 1, pattern=seeding.ODD)
    seeding.seed(made, HERE, 1, pattern=seeding.FORMULA)
    yield from _shown(sources, made, everything, known)


def _kept(app: Portal) -> dict[str, Any]:
    with app.app_context():
        return rows(db.engine, but=TRACES)


def _visitors(made: Scene) -> dict[str, PortalClient]:
    """Return, for each permission, somebody who holds it here, and those on its noun elsewhere."""
    found = {}
    names = [one.name for one in made.plugin.permissions]
    used = {
        str(getattr(view, "__policy__", "")) for _, view in pages_of(made.app, made.plugin.slug)
    }
    for policy in sorted(used.intersection(names)):
        there = {name for name in names if noun_of(name) == noun_of(policy) and name != policy}
        grants = {n: ("department", ELSEWHERE if n in there else HERE) for n in names}
        found[policy] = sign_in(made.app, seeding.visitor(made, grants))
    return found


def _leaks(
    sources: Sources, made: Scene, visitors: dict[str, PortalClient], known: list[Address]
) -> Iterator[Finding]:
    """Look at each page with its permission here, and those on the same noun elsewhere."""
    # A text of a row that everybody reads tells nothing: the name of an item beside its stock.
    free = {mark for row in made.rows if row.model.reads_freely for mark in row.marks}
    hidden = [
        replace(row, marks=tuple(mark for mark in row.marks if mark not in free))
        for row in made.of(ELSEWHERE)
        if not row.model.reads_freely
    ]
    for one in known:
        if (browser := visitors.get(one.policy)) is not None:
            of_noun = [row for row in hidden if row.model.__noun__ == noun_of(one.policy)]
            for said in _leaks_of(made, browser, one, of_noun, hidden):
                yield finding("leak", place_of_view(sources, one.view), said)


def _leaks_of(
    made: Scene,
    browser: PortalClient,
    one: Address,
    of_noun: list[Seeded],
    hidden: list[Seeded],
) -> Iterator[str]:
    texts = {mark: row for row in of_noun for mark in row.marks}
    for path in [*one.asked(), f"{one.path}?q=zqb"]:
        answer = browser.get(path)
        shown = _text_of(answer)
        if answer.status_code == 200 and (seen := [m for m in texts if m in shown]):
            name = texts[seen[0]].model.__name__
            yield (
                f"GET {path} shows a {name} of a department that {one.policy} does not reach here"
            )
            break
    if one.row is None or one.row.model.reads_freely:
        return
    for row in (row for row in hidden if row.model is one.row.model and row in of_noun):
        value = row.values.get(one.column)
        (name,) = one.rule.arguments
        answer = browser.get(_built(made, one.rule, {name: value}))
        if answer.status_code == 200:
            yield (
                f"GET {one.rule} answers 200 for a {row.model.__name__} of a department that"
                f" {one.policy} does not reach here, not 404"
            )
            break


def _text_of(answer: Any) -> str:
    """Return what an answer says; of a workbook, the texts in its sheets."""
    content = answer.get_data()
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = [name for name in book.namelist() if name.endswith(".xml")]
            return "".join(book.read(name).decode("utf-8", "replace") for name in names)
    return str(content.decode("utf-8", "replace"))


def _writing(
    sources: Sources, app: Portal, browser: PortalClient, known: list[Address]
) -> Iterator[Finding]:
    """Find the pages that change rows when they are looked at."""
    for one in known:
        before = _kept(app)
        browser.get(one.path)
        after = _kept(app)
        changed = sorted(name for name in after if after[name] != before.get(name))
        if changed:
            said = f"GET {one.rule} writes when it is looked at: {', '.join(changed)}"
            yield finding("writing-get", place_of_view(sources, one.view), said)


def _statements(app: Portal, browser: PortalClient, path: str) -> int:
    browser.get(path)  # What is asked once for all is known by then.
    with counting_statements(app) as sent:
        browser.get(path)
    return len(sent)


def _shown(
    sources: Sources, made: Scene, browser: PortalClient, known: list[Address]
) -> Iterator[Finding]:
    """Look for markup that arrives as markup, and for formulas in files."""
    odd = [row for row in made.rows if any("<i>zqx" in str(v) for v in row.values.values())]
    extra = [
        replace(one, path=_built(made, one.rule, {name: row.values[one.column]}))
        for one in known
        if one.row is not None
        for row in odd
        if row.model is one.row.model and one.column in ("id", "public_id")
        for (name,) in [tuple(one.rule.arguments)]
    ]
    for one in [*known, *extra]:
        for path in one.asked():
            if said := list(_of_an_answer(browser.get(path), path)):
                place = place_of_view(sources, one.view)
                yield from (finding(rule, place, what) for rule, what in said)
                break


def _of_an_answer(answer: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield rule and what is wrong with the texts of rows in one answer."""
    if answer.status_code != 200:
        return
    kind, text = answer.content_type or "", _text_of(answer)
    if kind.startswith("text/html") and "<i>zqx</i>" in text:
        yield "unescaped", f"GET {path} prints a text of a row unescaped"
    if _computed(text):
        yield "eval", f"GET {path} computes what stands in a text of a row"
    named = f"{kind} {answer.headers.get('Content-Disposition', '')}"
    if any(word in named for word in SHEETS) and (cell := _formula_in(text)):
        yield "formula-in-export", f"GET {path} writes {cell!r}, which a spreadsheet computes"
    if answer.get_data()[:2] == b"PK" and "<f>1+zq" in text:
        yield "formula-in-export", f"GET {path} writes a formula"


def _computed(text: str) -> bool:
    return "</i>49" in text or "&lt;/i&gt;49" in text


def _formula_in(text: str) -> str:
    """Return a cell that a spreadsheet would compute, whatever separates the cells."""
    for separator in (",", ";", "\t"):
        for cells in csv.reader(io.StringIO(text), delimiter=separator):
            for cell in cells:
                if cell.startswith(FORMULAS) and "zq" in cell:
                    return cell
    return ""
