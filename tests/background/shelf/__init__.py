"""A shelf of things that can be imported: what the tests of files, jobs and imports are made of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flask import Blueprint
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.api import (
    Conflict,
    Event,
    Global,
    ImportDone,
    ImportFindings,
    ImportKnown,
    ImportStays,
    Mail,
    Versioned,
    declarative_base,
    message,
    send_mail,
)
from portal.plugin import Import, ImportField, ImportUndo, Job, Permission, Plugin, RoleGrant
from portal.web import import_routes, policy, reading

Base = declarative_base("shelf")
blueprint = Blueprint("shelf", __name__)
UNITS = {"pcs", "box", "rim", "liter"}
SLOW = "Tunggu "  # how the name of a thing begins whose import takes seconds
PLACES = {"gudang", "lantai 2"}


class Thing(Versioned, Global, Base, reason="a test"):
    __tablename__ = "shelf_thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int]
    price: Mapped[int]


@dataclass(frozen=True, kw_only=True)
class ThingsCame(Event):
    name: ClassVar[str] = "shelf.things_came"
    count: int


@dataclass(frozen=True, kw_only=True)
class LetterWished(Event):
    name: ClassVar[str] = "shelf.letter_wished"
    to: str


def write_letter(tx, payload):
    """Write the mail that an event wishes for."""
    to = payload["to"]
    send_mail(tx, Mail(to=to, subject="Wished", text=f"For {to}", key=f"wished {to}"))


def check(tx, rows):
    """Look up units and places."""
    problems = []
    for row in rows:
        unit, place = row.get("unit", ""), row.get("place", "")
        if unit and unit.casefold() not in UNITS:
            problems.append(row.problem("unit", message("There is no unit “{unit}”.", unit=unit)))
        if place and place.casefold() not in PLACES:
            problems.append(
                row.problem("place", message("There is no place “{name}”.", name=place))
            )
    return ImportFindings(problems=tuple(problems))


def known(tx, key, values):
    """Yield the things with these codes or names."""
    column = getattr(Thing, key)
    wanted = [value.casefold() if key == "code" else value for value in values]
    for start in range(0, len(wanted), 500):
        some = select(Thing).where(column.in_(wanted[start : start + 500]))
        for thing in tx.session.scalars(some):
            now = {"name": thing.name, "quantity": thing.quantity, "price": thing.price}
            yield getattr(thing, key), ImportKnown(id=thing.id, label=thing.name, values=now)


def run(tx, rows, progress):
    new = [row for row in rows if row.known is None]
    added = [
        {
            "code": row.get("code").casefold(),
            "name": row.get("name"),
            "quantity": row.get("quantity", 0),
            "price": row.get("price", 0),
            "version": 1,
        }
        for row in new
    ]
    done = [
        ImportDone(row=row.number, label=values["name"], new=True, data={"id": made, **values})
        for row, made, values in zip(new, tx.append(Thing, added), added, strict=True)
    ]
    for row in rows:
        if row.known is not None:
            thing = tx.one(select(Thing), lock=True, id=row.known.id)
            put = {name: [getattr(thing, name), value] for name, value in row.changes.items()}
            for name, value in row.changes.items():
                setattr(thing, name, value)
            data = {"id": thing.id, "put": put}
            done.append(ImportDone(row=row.number, label=thing.name, new=False, data=data))
    for row in rows:
        if (name := row.get("name", "")).startswith(SLOW):
            time.sleep(int(name.removeprefix(SLOW)))
    progress(len(rows), len(rows))
    tx.publish(ThingsCame(count=len(rows)))
    return done


def touched(thing, one):
    if one.new:
        return thing.version != 1
    return any(getattr(thing, name) != after for name, (_, after) in one.data["put"].items())


def check_undo(tx, done):
    for one in done:
        thing = tx.session.get(Thing, one.data["id"], with_for_update=tx.writing)
        if thing is None:
            yield ImportStays(done=one, reason=message("It is not there any more."))
        elif touched(thing, one):
            yield ImportStays(done=one, reason=message("Somebody has changed it since."))


def undo(tx, done):
    for one in done:
        thing = tx.session.get(Thing, one.data["id"])
        if one.new:
            tx.session.delete(thing)
        else:
            for name, (before, _) in one.data["put"].items():
                setattr(thing, name, before)


def column(key, title, alias, **more):
    return ImportField(key=key, title=title, aliases=(alias,), **more)


THINGS = Import(
    name="shelf.things",
    title=message("Import things"),
    permission="shelf.thing.import",
    about=message("A list of things with their stock."),
    done="shelf.things",
    check=check,
    run=run,
    known=known,
    undo=ImportUndo(check=check_undo, run=undo),
    fields=(
        ImportField(
            key="code",
            title=message("Code"),
            aliases=("Kode", "SKU"),
            required=True,
            kind="code",
            unique=True,
            match=True,
            max_length=40,
        ),
        column("name", message("Name"), "Nama barang", required=True, match=True, max_length=80),
        column("unit", message("Unit"), "Satuan", required=True),
        column("place", message("Place"), "Lokasi"),
        column("quantity", message("On hand"), "Jumlah", kind="quantity", minimum=0),
        column("minimum", message("Minimum"), "Minimum", kind="quantity", minimum=0),
        column("price", message("Price"), "Harga", kind="money", minimum=0),
    ),
)


@blueprint.get("/things")
@policy("shelf.thing.view")
def things():
    rows = reading().session.scalars(select(Thing).order_by(Thing.id)).all()
    return {"things": [[row.code, row.name, row.quantity, row.price] for row in rows]}


import_routes(blueprint, THINGS)

heard: list[dict[str, int]] = []
troubles: list[Exception] = []


def hear(tx, payload):
    if troubles:
        raise troubles.pop()
    heard.append(payload)
    tx.session.add(Thing(code=f"heard-{payload['count']}", name="heard", quantity=0, price=0))


def add(tx, progress, *, code, seconds=0.0):
    """Put a thing on the shelf, slowly if asked."""
    tx.session.add(Thing(code=code, name="by a job", quantity=0, price=0))
    tx.session.flush()
    time.sleep(seconds)
    progress(1, 1)
    return {"code": code}


def note(tx, progress, *, file, line):
    """Write a line to a file, which no rollback takes back; say which process did it."""
    with Path(file).open("a") as lines:
        lines.write(f"{line}\n")
    return {"process": os.getpid()}


def tick(tx, progress):
    """Come back every second, in the workers that are told so."""


def fail(tx, progress, *, kind):
    tx.session.add(Thing(code="half", name="half", quantity=0, price=0))
    tx.session.flush()
    if kind == "twice":
        tx.append(Thing, [{"code": "half", "name": "", "quantity": 0, "price": 0, "version": 1}])
    if kind == "conflict":
        raise Conflict(message("{thing} is not there.", thing="The ladder"))
    raise RuntimeError(kind)


meanwhile: list[Callable[[], object]] = []


def look(tx, progress):
    """Read what lies there, while others do as they please."""
    found = sorted(tx.session.scalars(select(Thing.code)))
    while meanwhile:
        meanwhile.pop()()
    return found


def look_only(tx, progress):
    return sorted(tx.session.scalars(select(Thing.code)))


def doubles(found):
    """Yield what writes a second one of each, while others do as they please in between."""
    for code in found:
        yield lambda tx, code=code: double(tx, code)
        while meanwhile:
            meanwhile.pop()()


def double(tx, code):
    if tx.session.scalars(select(Thing).where(Thing.code == f"{code} 2")).one_or_none() is None:
        tx.session.add(Thing(code=f"{code} 2", name=code, quantity=0, price=0))


def lose(tx, progress, *, found):
    """Fail in the end, after the pieces were written."""
    if len(found) == 1:
        raise Conflict(message("There is only one thing."))


def spoil(tx, progress):
    """Try to write where one only looks."""
    tx.session.add(Thing(code="half", name="half", quantity=0, price=0))
    tx.session.flush()


def tell(tx, progress, *, found):
    return {"found": found}


def clean(tx, progress):
    return {"cleaned": True}


plugin = Plugin(
    slug="shelf",
    title=message("Shelf"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="shelf.thing.view", title=message("See things")),
        Permission(name="shelf.thing.import", title=message("Import things"), writes=True),
    ),
    roles=(
        RoleGrant(role="assistant", permission="shelf.thing.view", reach="department"),
        RoleGrant(role="assistant", permission="shelf.thing.import", reach="department"),
        RoleGrant(role="employee", permission="shelf.thing.view", reach="department"),
    ),
    jobs=(
        Job(name="shelf.add", run=add),
        Job(name="shelf.note", run=note),
        Job(name="shelf.fail", run=fail),
        Job(name="shelf.clean", run=clean, every=3600),
        Job(name="shelf.tell", look=look, run=tell),
        Job(name="shelf.double", look=look_only, pieces=doubles, run=lose),
        Job(name="shelf.spoil", look=spoil, run=tell),
    ),
    imports=(THINGS,),
    subscribes={"shelf.things_came": hear, "shelf.letter_wished": write_letter},
)
