"""What is worth hiding is found by whoever may read it, and then nowhere else."""

from __future__ import annotations

import io
import json
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.policy import tables
from tests.policy.asking import PART

FORMATS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


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
                found |= {f"{path}?q=zqx", f"{path}?q=zqx&format=json"}
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
    headers = "\n".join(
        f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie"
    )
    return kind, f"{headers}\n{answer.text}"


@pytest.fixture
def read(stand, made_world):
    """Return (visitor, format) -> what that visitor can read, address by address."""
    found, broken = defaultdict(list), []
    for role in (None, *tables.roles()):
        for address in addresses(made_world, role):
            answer = stand.ask(role, "GET", address)
            if answer.status_code >= 500:
                broken.append((role, address))
            kind, text = text_of(answer)
            found[role, kind].append((address, text))
    assert broken == [], "pages that fail"
    return found


def test_every_canary_is_found_by_its_readers_and_by_nobody_else(stand, made_world, read, figures):
    missed, leaked = [], []
    for canary in made_world.aviary.canaries:
        pattern, token = canary.pattern, canary.mark
        sure = canary.readers if canary.sure is None else canary.sure
        for role in (None, *tables.roles()):
            for kind in ("html", "json", "csv", "xlsx"):
                where = [address for address, text in read[role, kind] if pattern.search(text)]
                if where and role not in canary.readers:
                    leaked.append(f"{canary.what} ({token}) is read by {role} at {where[:3]}")
                if not where and role in sure and kind in canary.formats:
                    missed.append(f"{canary.what} ({token}) is not found by {role} as {kind}")
    assert missed == [], "who may read it does not find it"
    assert leaked == [], "who may not read it does"
    unread = [c.what for c in made_world.aviary.canaries if not c.readers]
    figures.append(
        f"canaries on {stand.kind}: {len(made_world.aviary.canaries)} planted, {len(unread)} of"
        f" them for nobody who comes, {sum(map(len, read.values())):,} pages read by"
        f" {len(tables.roles()) + 1} visitors"
    )


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
