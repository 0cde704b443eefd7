"""What is worth hiding is found by whoever may read it, and then nowhere else."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.policy import tables
from tests.policy.asking import PART
from tests.policy.canaries import SIGN

FORMATS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
# The rules are the same SQL on both: on the slower one only those come who reach unevenly.
SOME = ("department_manager", "employee", "sees_far", "writes_far", "costs_near")
WORD = re.compile(rf"{SIGN}[a-z0-9]+")
NUMBER = re.compile(r"(?<![\d_-])\d{1,3}(?:[.,]?\d{3}){1,4}(?![\w-])")
ADDRESS = re.compile(r"198\.51\.100\.\d+")


@cache
def crawl():
    return tomllib.loads((Path(__file__).parent / "crawl.toml").read_text(encoding="utf-8"))


def addresses(world, role):
    """Return every address worth asking for: pages of all objects, lists in all formats.

    Of what belongs to one visitor, somebody else asks for that of two.
    """
    nosy = {"*", role, "administrator", "employee"}
    found = set(crawl()["pickers"]) | world.aviary.addresses
    for route in tables.routes():
        if route.method != "GET":
            continue
        objects = [{}]
        if route.kind != "-":
            objects = [
                facts
                for (kind, _, owner), facts in world.objects.items()
                if kind == route.kind and owner in nosy
            ]
        for facts in objects:
            path = PART.sub(lambda part, f=facts: str(f.get(part[1], f.get("id"))), route.route)
            found.add(path)
            if route.route in crawl()["lists"]:
                found |= {f"{path}?format={name}" for name in ("json", "csv", "xlsx")}
            if route.route in crawl()["searched"]:
                found |= {f"{path}?q={SIGN}", f"{path}?q={SIGN}&format=json"}
    return sorted(found)


def text_of(answer):
    """Return (format, everything an answer says), the cells of a workbook included."""
    kind = FORMATS.get(answer.mimetype, "html")
    if kind == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        cells = [
            cell
            for name in book.sheet_names
            for row in book.get_sheet_by_name(name).to_python()
            for cell in row
        ]
        plain = [int(c) if isinstance(c, float) and c.is_integer() else c for c in cells]
        return kind, "\n".join(map(str, plain))
    if kind == "json":
        return kind, json.dumps(json.loads(answer.text), ensure_ascii=False)
    headers = [f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie"]
    return kind, "\n".join([*headers, answer.get_data().decode(errors="replace")])


def marks_in(text):
    """Return everything in a text that could be a mark, numbers without their groups."""
    numbers = {re.sub("[.,]", "", number) for number in NUMBER.findall(text)}
    return {*WORD.findall(text), *ADDRESS.findall(text), *numbers}


@pytest.fixture
def read(stand, made_world):
    """Return mark -> where it was read: (visitor, format, address)."""
    found, broken, pages = defaultdict(set), [], 0
    known = {canary.mark for canary in made_world.aviary.canaries}
    visitors = (None, *(tables.roles() if stand.kind == "sqlite" else SOME))
    for role in visitors:
        for address in addresses(made_world, role):
            answer = stand.ask(role, "GET", address)
            pages += 1
            if answer.status_code >= 500:
                broken.append((role, address))
            kind, text = text_of(answer)
            for mark in marks_in(text) & known:
                found[mark].add((role, kind, address))
    assert broken == [], "pages that fail"
    return found, visitors, pages


def test_every_canary_is_found_by_its_readers_and_by_nobody_else(stand, made_world, read, figures):
    found, visitors, pages = read
    canaries = made_world.aviary.canaries
    missed = [line for one in canaries for line in missing(one, found[one.mark], {*visitors})]
    assert missed == [], "who may read it does not find it"
    leaked = [line for one in canaries for line in leaks(one, found[one.mark])]
    assert leaked == [], "who may not read it does"
    unread = [one for one in canaries if not one.readers]
    listed = [one for one in canaries if one.readers and one.lists]
    figures.append(
        f"canaries on {stand.kind}: {len(canaries)} planted, {len(listed)} of them found as HTML,"
        f" JSON, CSV and XLSX, {len(canaries) - len(listed) - len(unread)} that no list shows found"
        f" on pages, {len(unread)} for nobody who comes; then nowhere else on {pages:,} pages read"
        f" by {len(visitors)} visitors"
    )


def missing(canary, where, visitors):
    """Yield by whom, as what and where a canary is not found, although it should be."""
    if canary.readers and not canary.finders:
        yield f"{canary.what} has readers, and none of them is sure to find it"
    for role in canary.finders & visitors:
        seen = {kind for reader, kind, _ in where if reader == role}
        if lacking := {*canary.formats} - seen:
            yield f"{canary.what} is not found by {role} as {sorted(lacking)}"
    if not canary.finders & visitors:
        return
    for address in canary.lists:
        seen = {k for r, k, at in where if r in canary.finders and at.split("?")[0] == address}
        if lacking := {*FORMATS.values()} - seen:  # Its page may leave a column out.
            yield f"{canary.what} is not found as {sorted(lacking)} at {address}"
    if more := {kind for _, kind, _ in where} - {*canary.formats, *canary.also}:
        yield f"{canary.what} is found as {sorted(more)}: some list shows it"


def leaks(canary, where):
    """Yield by whom a canary is read who may not read it."""
    for role, kind, address in where:
        if role not in canary.readers:
            yield f"{canary.what} is read by {role} as {kind} at {address}"
        elif role not in canary.strict and re.search(canary.strict_at, address):
            yield f"{canary.what} is read by {role} at {address}, by another right"


def test_a_count_tells_no_more_than_its_rows(stand, made_world):
    for address in ("/contacts", "/inventory/stock", "/inventory/items", "/people", "/roles"):
        for role in tables.roles():
            answer = stand.ask(role, "GET", f"{address}?format=json")
            if answer.status_code != 200:
                continue
            rows = len(json.loads(answer.text))
            page = stand.ask(role, "GET", address).text
            shown = "1 row" if rows == 1 else f"{rows} rows"
            assert not rows or f">{shown}<" in page, (role, address, rows)
