"""What an import declares, and what becomes of its rows: the words of the whole road."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from portal.messages import Message, message
from portal.numbers import DateOrder, NumberFormat
from portal.orm import sort_key

from .grid import Cell, ImportProblem, cell_name, shown

if TYPE_CHECKING:
    from portal.work import UnitOfWork

EXPLAINED = 10_000  # problems of a list: further rows are only said to be wrong
NOT_EXPLAINED = message(
    "This row does not fit either. What is wrong with it is said once fewer rows are wrong."
)
_NAME = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z_]*")


class Kind(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    CODE = "code"  # text that is damaged if it looks like 3.01E+13
    QUANTITY = "quantity"  # int thousandths
    MONEY = "money"  # int minor units
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"


class Mode(StrEnum):
    """What the person wants done with rows that are there already, and with those that are not."""

    ADD = "add"
    UPDATE = "update"
    BOTH = "both"


class Verdict(StrEnum):
    """What a row without problems will do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class ImportField:
    """One column an import understands; ``aliases`` are other headings for it, in any language.

    ``required`` fields must have a column and a value in every row. ``parse`` gets the trimmed text
    instead of the ``kind``'s own reader and raises Unreadable. ``unique`` values may appear once.
    ``match`` fields may be what rows are recognised by, if the import says what is ``known``.
    """

    key: str
    title: Message
    aliases: tuple[str, ...] = ()
    required: bool = False
    kind: Kind | str = Kind.TEXT
    unique: bool = False
    match: bool = False
    minimum: int | None = None
    max_length: int = 200
    multiline: bool = False
    help: Message | None = None
    parse: Callable[[str], Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What the person said about the file; asked once, never guessed."""

    number_format: NumberFormat | None = None
    date_order: DateOrder | None = None
    currency: str = "IDR"
    grouped: bool = False  # 1.000 is a thousand in this file


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields of a file stand: its headings, and field key -> column."""

    header: tuple[str, ...]
    columns: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportKnown:
    """Something that is there already, with what can be compared: field key -> its value now."""

    id: int
    label: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class ImportRow:
    """One row as understood: ``values`` holds only what could be read, ``resolved`` is for check().

    What check() puts into ``resolved`` (ids it looked up) is there again when run() gets the row.
    ``known`` is what the row stands for already, ``changes`` and ``before`` what it would change.
    """

    number: int
    values: dict[str, Any]
    cells: tuple[Cell, ...]
    layout: Layout
    resolved: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None
    known: ImportKnown | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)

    def change(self, key: str, *, before: Any, after: Any) -> None:
        """Note that the row gives what is known another value."""
        self.before[key], self.changes[key] = before, after

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a field, or ``default`` if it is empty or could not be read."""
        return self.values.get(key, default)

    def problem(self, key: str, text: Message) -> ImportProblem:
        """Return a problem with this row's cell of the field ``key``."""
        column = self.layout.columns.get(key)
        if column is None:
            return ImportProblem(row=self.number, message=text)
        return ImportProblem(
            row=self.number,
            column=self.layout.header[column],
            cell=cell_name(column, self.number),
            value=shown(self.cells[column]),
            message=text,
        )


@dataclass(frozen=True, kw_only=True)
class ImportFindings:
    """What check() found: all problems, and by row number what each good row will do.

    ``notes`` hinder nothing: what a row asks for and does not get, and why. An import that says
    what is ``known`` needs no ``verdicts``.
    """

    problems: tuple[ImportProblem, ...] = ()
    notes: tuple[ImportProblem, ...] = ()
    verdicts: Mapping[int, Verdict | str] = field(default_factory=dict)


class Progress(Protocol):
    def __call__(self, done: int, total: int) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportDone:
    """What run() did with one row: ``data`` (plain values) is all that undoing it needs."""

    row: int
    label: str
    new: bool
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportStays:
    """A row that cannot be undone, and why; ``partly`` when the rest of it can be."""

    done: ImportDone
    reason: Message
    partly: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportUndo:
    """How an import is taken back.

    ``check(tx, done)`` yields ImportStays for what somebody has touched since. ``run(tx, done)``
    takes the others back in one writing unit in which ``check`` has just been asked again: there it
    must lock what it looks at.
    """

    check: Callable[[UnitOfWork, Sequence[ImportDone]], Iterable[ImportStays]]
    run: Callable[[UnitOfWork, Sequence[ImportDone]], None]


@dataclass(frozen=True, kw_only=True)
class Import:
    """A list that can be imported from a file.

    ``check(tx, rows)`` runs in a reading unit, looks up in batches what rows refer to, and returns
    ImportFindings; rows with unreadable cells are among ``rows``. When nothing is wrong,
    ``run(tx, rows, progress)`` gets the new and changed rows in one writing unit; it must ask for
    keys again and raise Conflict when somebody was faster. ``done`` is the endpoint of the list.

    With ``known(tx, key, values)`` rows may also update: it yields (value, ImportKnown) for all
    that has one of ``values`` in the field ``key``, one of those with ``match``. With ``undo`` the
    import can be taken back; ``run`` then returns an ImportDone for each row.
    """

    name: str
    title: Message
    permission: str
    fields: tuple[ImportField, ...]
    check: Callable[[UnitOfWork, Sequence[ImportRow]], ImportFindings]
    run: Callable[[UnitOfWork, Sequence[ImportRow], Progress], Iterable[ImportDone] | None]
    done: str
    about: Message | None = None
    known: Callable[[UnitOfWork, str, Sequence[Any]], Iterable[tuple[Any, ImportKnown]]] | None = (
        None
    )
    undo: ImportUndo | None = None

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ValueError(f"import {self.name!r}: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield "the name must be <slug>.<what>"
        keys = [f.key for f in self.fields]
        if len(set(keys)) < len(keys):
            yield "declares a field twice"
        if not any(f.required for f in self.fields):
            yield "needs a required field"
        if any(f.match for f in self.fields) != (self.known is not None):
            yield "says what is known and by which fields (match=True), or neither"

    @property
    def matches(self) -> tuple[ImportField, ...]:
        """The fields by which rows may be recognised."""
        return tuple(one for one in self.fields if one.match)

    @property
    def slug(self) -> str:
        """The name as it stands in an address: ``items`` of ``inventory.items``."""
        return self.name.partition(".")[2].replace("_", "-")

    def field(self, key: str) -> ImportField:
        """Return the field declared as ``key``."""
        return next(f for f in self.fields if f.key == key)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The rows of a grid as understood, and what could not be; rows not explained are left out."""

    rows: tuple[ImportRow, ...]
    problems: tuple[ImportProblem, ...]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result of checking a whole file: counts for the summary and every problem, in order."""

    rows: tuple[ImportRow, ...]
    problems: tuple[ImportProblem, ...]
    notes: tuple[ImportProblem, ...]
    new: int
    changed: int
    same: int
    wrong: int


def conclude(reading: Reading, findings: ImportFindings) -> Checked:
    """Put the problems of reading and checking together and count what would happen."""
    # What cannot be read is said once: the plugin sees such a cell as an empty one.
    unread = {problem.cell for problem in reading.problems if problem.cell}
    found = {problem for problem in findings.problems if problem.cell not in unread}
    problems = sorted({*reading.problems, *found}, key=_place)
    wrong = {problem.row for problem in problems}
    counts = dict.fromkeys(Verdict, 0)
    for row in reading.rows:
        if row.number not in wrong and row.number in findings.verdicts:
            row.verdict = Verdict(findings.verdicts[row.number])
            counts[row.verdict] += 1
    return Checked(
        rows=reading.rows,
        problems=tuple(problems),
        notes=tuple(note for note in findings.notes if note.row not in wrong),
        new=counts[Verdict.NEW],
        changed=counts[Verdict.CHANGED],
        same=counts[Verdict.SAME],
        wrong=len(wrong),
    )


def bounded(problems: Iterable[ImportProblem]) -> Iterator[ImportProblem]:
    """Yield problems, and of those beyond EXPLAINED one short one for each further row.

    A list that is wrong everywhere would fill the memory with what nobody reads.
    """
    explained: set[int] = set()
    for number, problem in enumerate(problems):
        if number < EXPLAINED:
            explained.add(problem.row)
            yield problem
        elif problem.row not in explained:
            explained.add(problem.row)
            yield not_explained(problem.row)


def not_explained(row: int) -> ImportProblem:
    """Return the problem of a row that is wrong like so many before it."""
    return ImportProblem(row=row, message=NOT_EXPLAINED)


def repeated(rows: Iterable[ImportRow], *keys: str) -> Iterator[ImportProblem]:
    """Yield a problem for each row whose ``keys`` stand further up already, however written."""
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        values = tuple(_comparable(row.get(key)) for key in keys)
        if None in values:
            continue
        earlier = first.setdefault(values, row.number)
        if earlier != row.number:
            yield row.problem(
                keys[0],
                message("“{value}” is already in row {row}.", value=row.get(keys[0]), row=earlier),
            )


def _comparable(value: Any) -> Any:
    return sort_key(value) if isinstance(value, str) else value


def _place(problem: ImportProblem) -> tuple[int, int, str, str]:
    return (problem.row, len(problem.cell), problem.cell, problem.message.msgid)
