"""Rows of a plugin, made from its models alone: of two departments, each with marks of its own."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, String, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from portal.db import unscoped
from portal.errors import PortalError
from portal.gate import Portal
from portal.orm import MODELS, metadata
from portal.people.models import Department, Membership, Person
from portal.places.models import Place
from portal.plugin import CORE_PERMISSIONS, Plugin, SampleAsk
from portal.plugins.models import PluginActivation
from portal.roles.models import Role, RolePermission
from portal.testing import LONG_AGO, give_role, working_as

HERE, ELSEWHERE = "a", "b"  # the two departments
EVERYTHING = "check-everything"  # the role of who makes the records
CHOICES = re.compile(r"(\w+)\s+IN\s*\(([^)]*)\)", re.IGNORECASE)
SHORTEST_MARK = 8
ODD = "{mark}<i>zqx</i>{{{{7*7}}}}&\"'"
FORMULA = "=1+{mark}"


@dataclass
class Seeded:
    """One row: its model, whose it is, its columns, and the texts that tell it from others."""

    model: Any
    side: str
    values: dict[str, Any]
    marks: tuple[str, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """The primary key."""
        return tuple(self.values[column.key] for column in self.model.__mapper__.primary_key)


@dataclass(frozen=True)
class Room:
    """A place of a department."""

    id: int
    public_id: str


@dataclass
class Scene:
    """An organisation of two departments that know nothing of one another, and the rows in it."""

    app: Portal
    plugin: Plugin
    departments: dict[str, int] = field(default_factory=dict)
    people: dict[str, list[int]] = field(default_factory=dict)
    places: dict[str, list[Room]] = field(default_factory=dict)
    rows: list[Seeded] = field(default_factory=list)
    around: list[Seeded] = field(default_factory=list)  # rows of core that an address may name
    unmade: set[str] = field(default_factory=set)  # tables no row could be made for
    failed: Exception | None = None  # why the plugin's own samples could not be written
    numbers: int = 0
    known: list[Any] = field(default_factory=list)  # addresses of pages that are there
    # For each page, by its endpoint, how the parts of an address are found that answered before.
    ways: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def models(self) -> list[Any]:
        """The plugin's classes, those first that others point at."""
        if self.plugin.models is None:
            return []
        classes = [mapper.class_ for mapper in self.plugin.models.registry.mappers]
        mappers = {model.__tablename__: model for model in classes}
        return [mappers[t.name] for t in metadata.sorted_tables if t.name in mappers]

    def of(self, side: str) -> list[Seeded]:
        return [row for row in self.rows if row.side == side]


def scene(app: Portal, plugin: Plugin, ways: dict[str, list[Any]] | None = None) -> Scene:
    """Return two departments with people and places, and the roles that visitors get.

    ``ways`` keeps what answered from one database to the next.
    """
    made = Scene(app, plugin, ways={} if ways is None else ways)
    with app.app_context(), unscoped(reason="test data") as tx:
        for side in (HERE, ELSEWHERE):
            department = Department(name=f"Check {side}")
            tx.session.add(department)
            tx.session.flush()
            made.departments[side] = department.id
            made.people[side] = [_person(tx, f"Zq {side} {n}", department.id) for n in range(40)]
            place = Place(
                name=f"Place {side}",
                code=f"ZQ-{side}",
                kind="room",
                department_id=department.id,
                walk_order=1,
            )
            tx.session.add(place)
            tx.session.flush()
            made.places[side] = [Room(place.id, place.public_id)]
            if side == HERE:
                made.around.append(_seeded(Place, side, place))
        for number, permission in enumerate(plugin.permissions):
            for reach in ("department", "all"):
                role = Role(slug=f"check-{reach}-{number}", name=f"{permission.name} {reach}")
                role.permissions = [RolePermission(permission=permission.name, reach=reach)]
                tx.session.add(role)
        everything = Role(slug=EVERYTHING, name="Everything")
        names = {one.name for one in (*CORE_PERMISSIONS, *plugin.permissions)}
        everything.permissions = [RolePermission(permission=n, reach="all") for n in sorted(names)]
        tx.session.add(everything)
        if not _is_on(tx, plugin.slug):
            tx.session.add(PluginActivation(slug=plugin.slug))
    return made


def _is_on(tx: Any, slug: str) -> bool:
    on = select(PluginActivation.id).where(PluginActivation.slug == slug)
    return tx.session.scalar(on.limit(1)) is not None


def _person(tx: Any, name: str, department_id: int) -> int:
    person = Person(name=name, active_from=LONG_AGO)
    tx.session.add(person)
    tx.session.flush()
    member = {"person_id": person.id, "department_id": department_id, "kind": "member"}
    tx.session.add(Membership(**member, from_on=LONG_AGO))
    return int(person.id)


def visitor(made: Scene, grants: Mapping[str, tuple[str, str | None]]) -> int:
    """Return a new person who holds each permission with a reach, from a department or none."""
    with made.app.app_context(), unscoped(reason="test data") as tx:
        person = _person(tx, f"Visitor {made.numbers}", made.departments[HERE])
        made.numbers += 1
        tx.session.flush()
        for number, permission in enumerate(made.plugin.permissions):
            if permission.name in grants:
                reach, from_side = grants[permission.name]
                where = made.departments[from_side] if from_side else None
                give_role(tx, person, f"check-{reach}-{number}", department_id=where)
        return person


def seed(made: Scene, side: str, number: int, *, pattern: str = "{mark}") -> None:
    """Make so many rows of each model for one of the departments: as the plugin itself makes them,
    if it says how, otherwise from the models alone.
    """
    if made.plugin.samples is not None and made.failed is None:
        try:
            _as_the_plugin_does(made, side, number, pattern)
            return
        except Exception as error:
            made.failed = error
    with made.app.app_context(), unscoped(reason="test data") as tx:
        for model in made.models:
            for _ in range(number):
                if not _one(made, tx, model, side, pattern):
                    made.unmade.add(model.__tablename__)
                    break


def _as_the_plugin_does(made: Scene, side: str, number: int, pattern: str) -> None:
    """Have the plugin make records, as somebody of the department who may do everything."""
    assert made.plugin.samples is not None
    ask = SampleAsk(
        department_id=made.departments[side],
        people=tuple(made.people[side]),
        places=tuple(room.public_id for room in made.places[side]),
        number=number,
        text=partial(_text, made, side, pattern),
    )
    with made.app.app_context(), unscoped(reason="test data") as tx:
        person = _person(tx, f"Keeper {made.numbers}", made.departments[side])
        give_role(tx, person, EVERYTHING, department_id=None)
    with working_as(made.app, person) as tx:
        made.plugin.samples(tx, ask)
    _note_what_is_new(made, side)


def _note_what_is_new(made: Scene, side: str) -> None:
    """Note down the rows of the plugin's tables, and the places, that were not there before."""
    known = {(row.model, row.key) for row in (*made.rows, *made.around)}
    with made.app.app_context(), unscoped(reason="test data") as tx:
        for model in made.models:
            made.rows += _new(tx, model, side, known)
        if side == HERE:
            made.around += _new(tx, Place, side, known)


def _new(tx: Any, model: Any, side: str, known: Container[Any]) -> list[Seeded]:
    found = tx.session.scalars(select(model))
    return [_seeded(model, side, r) for r in found if (model, inspect(r).identity) not in known]


def _seeded(model: Any, side: str, row: Any) -> Seeded:
    names = [column.key for column in model.__mapper__.columns if hasattr(row, column.key)]
    kept = {name: getattr(row, name) for name in names}
    marks = (v for v in kept.values() if isinstance(v, str) and len(v) >= SHORTEST_MARK)
    return Seeded(model, side, kept, tuple(mark for mark in marks if _is_mark(mark, kept)))


def _one(made: Scene, tx: Any, model: Any, side: str, pattern: str) -> bool:
    """Make one row, more plainly each time the database refuses it."""
    made.numbers += 1
    for plain in range(3):
        try:
            values = _values(made, model, side, pattern if not plain else "{mark}", plain)
            row = model(**values)
            with tx.session.begin_nested():
                tx.session.add(row)
                tx.session.flush()
        except (SQLAlchemyError, PortalError, TypeError, ValueError, LookupError):
            continue
        made.rows.append(_seeded(model, side, row))
        return True
    return False


def _is_mark(text: str, kept: dict[str, Any]) -> bool:
    return "zq" in text or text == kept.get("public_id")


def _values(made: Scene, model: Any, side: str, pattern: str, plain: int) -> dict[str, Any]:
    """Return a value for each column that needs one, or can have one."""
    table = model.__mapper__.local_table
    allowed = _allowed(table)
    found: dict[str, Any] = {}
    for attribute in model.__mapper__.column_attrs:
        column = attribute.columns[0]
        if column.table is not table or attribute.key in ("public_id", "version"):
            continue
        if column.primary_key and not column.foreign_keys:
            continue
        if column.foreign_keys:
            found[attribute.key] = _pointed_at(made, column, side, plain)
        elif column.name in allowed:
            found[attribute.key] = allowed[column.name]
        elif plain and (column.nullable or column.default is not None):
            continue
        elif isinstance(column.type, String) or column.default is None:
            found[attribute.key] = _value(made, column, side, pattern)
    return found


def _allowed(table: Any) -> dict[str, Any]:
    """Return the first value that a check of the table allows for a column."""
    found: dict[str, Any] = {}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            for name, values in CHOICES.findall(str(constraint.sqltext)):
                first = values.split(",")[0].strip().strip("'")
                found.setdefault(name, int(first) if first.isdigit() else first)
    return found


def _pointed_at(made: Scene, column: Any, side: str, plain: int) -> Any:
    """Return the id of a row of the same department, or None."""
    target = next(iter(column.foreign_keys)).column.table.name
    ids: list[Any] = []
    if target == "department":
        return made.departments[side]
    if target == "person":
        ids = made.people[side]
    elif target == "place":
        ids = [one.id for one in made.places[side]]
    elif target in MODELS:
        ids = [
            row.values.get("id")
            for row in made.rows
            if row.side == side and row.model.__tablename__ == target
        ][:3]
    if not ids or (plain > 1 and column.nullable):
        if column.nullable:
            return None
        raise LookupError(target)
    return ids[made.numbers % len(ids)]


def _text(made: Scene, side: str, pattern: str, what: str, longest: int | None = 40) -> str:
    """Return a text unlike any other, at most so long."""
    made.numbers += 1
    return _fitting(pattern, f"zq{side}{made.numbers:04d}{what.replace('_', '')}", longest)


def _fitting(pattern: str, mark: str, longest: int | None) -> str:
    text = pattern.format(mark=mark)
    return text if longest is None or len(text) <= longest else mark[:longest]


def _value(made: Scene, column: Any, side: str, pattern: str) -> Any:
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[0]
    if isinstance(kind, String):
        mark = f"zq{side}{made.numbers:04d}{column.name.replace('_', '')}"
        return _fitting(pattern, mark, kind.length)
    if isinstance(kind, JSON):
        return {}
    try:
        python = kind.python_type
    except NotImplementedError:
        python = str
    samples: dict[type, Any] = {
        bool: False,
        int: made.numbers + 1,
        Decimal: Decimal(made.numbers + 1),
        float: float(made.numbers + 1),
        date: datetime.now(UTC).date() + timedelta(days=made.numbers % 5),
        datetime: datetime.now(UTC) + timedelta(minutes=made.numbers % 50),
        time: time(9, made.numbers % 60),
        dict: {},
        list: [],
        bytes: b"zq",
    }
    return samples.get(python, "zq")
