"""What the index holds of a record: the SELECT from which triggers and filling are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Select,
    String,
    and_,
    cast,
    func,
    inspect,
    literal,
    literal_column,
    select,
)

from portal.orm import Owned, Scoped
from portal.subjects.rules import Subject

from .rules import LONGEST_TEXT, Search, mark_of

SCOPE = ("department_id", "owner_id")
Way = tuple[str, ...]  # the relationships that lead from a record to another row


@dataclass(frozen=True)
class Step:
    """One relationship on the way: the table it leads to, and how its rows belong together."""

    table: Any
    pairs: tuple[tuple[str, str], ...]  # (column on this side, column there)
    many: bool

    def joined(self, near: Any, far: Any) -> Any:
        """Return the condition that two rows belong together."""
        return and_(*[near(here) == far(there) for here, there in self.pairs])


def steps_of(model: Any, way: Way) -> list[Step]:
    """Return the steps along a way of relationships."""
    steps, mapper = [], inspect(model)
    for name in way:
        relationship = mapper.relationships[name]
        pairs = tuple((here.name, there.name) for here, there in relationship.local_remote_pairs)
        steps.append(Step(relationship.mapper.local_table, pairs, bool(relationship.uselist)))
        mapper = relationship.mapper
    return steps


def _columns(table: Any) -> Any:
    return lambda name: table.c[name]


def row_named(name: str) -> Any:
    """Return the columns of the row that a trigger calls ``name``."""
    return lambda column: literal_column(f"{name}.{column}")


@dataclass(frozen=True)
class Entries:
    """The entries of one kind of record."""

    subject: Subject
    search: Search

    @cached_property
    def table(self) -> Any:
        return self.subject.model.__table__

    @property
    def mark(self) -> str:
        return mark_of(self.subject.name)

    @cached_property
    def paths(self) -> tuple[tuple[Way, str], ...]:
        """Where the text of an entry lies: (way, column)."""
        named = filter(None, (self.subject.label, self.subject.number, *self.search.text))
        return tuple((tuple(way), last) for *way, last in (path.split(".") for path in named))

    def rows(self, dialect: str) -> tuple[Any, Select[Any]]:
        """Return the table of the records, and the entries of all of them."""
        root = self.table.alias("m")
        number = self._value(root, self.subject.number) if self.subject.number else literal("")
        label = self._value(root, self.subject.label) if self.subject.label else literal("")
        further: Any = literal("")
        for path in self.search.text:
            further = further + literal(" ") + self._value(root, path)
        # Letters beyond ASCII change their case in some locales only.
        whole = number.collate("C") if dialect == "postgresql" else number
        return root, select(
            literal(self.subject.name).label("kind"),
            root.c.id.label("record_id"),
            label.label("title"),
            number.label("number"),
            func.lower(func.trim(whole)).label("number_key"),
            func.trim(further).label("words"),
            self._marks(root).label("marks"),
        )

    def _value(self, root: Any, path: str) -> Any:
        """Return the text at the end of a path, of all rows there if they are many."""
        *way, last = path.split(".")
        if not way:
            return _shortened(root.c[last])
        steps = steps_of(self.subject.model, tuple(way))
        near: Any = root
        source: Any = None
        condition: Any = None
        for number, step in enumerate(steps):
            far = step.table.alias(f"t{number}")
            joined = step.joined(_columns(near), _columns(far))
            if source is None:
                source, condition = far, joined
            else:
                source = source.join(far, joined)
            near = far
        value: Any = _shortened(near.c[last])
        if any(step.many for step in steps):
            value = func.aggregate_strings(value, " ")
        found = select(value).select_from(source).where(condition).correlate(root)
        return func.coalesce(found.scalar_subquery(), "")

    def _marks(self, root: Any) -> Any:
        marks: Any = literal(self.mark)
        if issubclass(self.subject.model, Scoped):
            marks = marks + literal(" d") + cast(func.coalesce(root.c.department_id, 0), String)
        if issubclass(self.subject.model, Scoped | Owned) and "owner_id" in root.c:
            marks = marks + literal(" o") + cast(func.coalesce(root.c.owner_id, 0), String)
        return marks

    def watched(self) -> Mapping[Way, set[str]]:
        """Return which columns of which tables the entries are made of, by the way there."""
        model = self.subject.model
        found: dict[Way, set[str]] = {(): {name for name in SCOPE if name in self.table.c}}
        for way, last in self.paths:
            for number, step in enumerate(steps_of(model, way)):
                found.setdefault(way[:number], set()).update(here for here, _ in step.pairs)
                found.setdefault(way[: number + 1], set()).update(there for _, there in step.pairs)
            found.setdefault(way, set()).add(last)
        return {way: columns - {"id"} for way, columns in found.items()}

    def ids_at(self, way: Way, row: str) -> Select[Any]:
        """Return the ids of the records to which a row at the end of ``way`` belongs."""
        root = self.table.alias("m")
        near, source = root, root
        *before, last = steps_of(self.subject.model, way)
        for number, step in enumerate(before):
            far = step.table.alias(f"t{number}")
            source = source.join(far, step.joined(_columns(near), _columns(far)))
            near = far
        belongs = last.joined(_columns(near), row_named(row))
        return select(root.c.id).select_from(source).where(belongs)


def _shortened(column: Any) -> Any:
    text = column if isinstance(column.type, String) else cast(column, String)
    return func.coalesce(func.substr(text, 1, LONGEST_TEXT), "")


def entries_of(subjects: Mapping[str, Subject], searches: Iterable[Search]) -> dict[str, Entries]:
    """Return the entries of every kind that is found; confidential records never are."""
    return {
        search.subject: Entries(subjects[search.subject], search)
        for search in searches
        if search.subject in subjects and not subjects[search.subject].confidential
    }
