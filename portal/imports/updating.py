"""Adding, updating, or both: what each row stands for already, and what of that it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portal.messages import message
from portal.orm import sort_key
from portal.work import UnitOfWork

from .grid import ImportProblem
from .rules import Import, ImportFindings, ImportKnown, ImportRow, Mode, Reading, Verdict, repeated


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person wants done, and the field by which rows are recognised."""

    mode: Mode = Mode.ADD
    by: str = ""


ADDING = Wanted()


def needed(declared: Import, wanted: Wanted) -> Collection[str]:
    """Return the fields without which no row of the file means anything."""
    if wanted.mode is Mode.ADD:
        return {one.key for one in declared.fields if one.required}
    only = wanted.mode is Mode.UPDATE or declared.field(wanted.by).required
    return {wanted.by} if only else set()


def recognise(
    tx: UnitOfWork, declared: Import, reading: Reading, wanted: Wanted
) -> list[ImportProblem]:
    """Say of each row what it stands for and what it changes; return what is wrong with that."""
    by = declared.field(wanted.by)
    found = known_by(tx, declared, wanted.by, reading.rows)
    problems = [] if by.unique else list(repeated(reading.rows, wanted.by))
    unread = {problem.cell for problem in reading.problems}
    for row in reading.rows:
        same = found.get(_comparable(row.get(by.key)), [])
        if len(same) > 1:
            names = ", ".join(known.label for known in same[:3])
            text = message(
                "“{value}” fits more than one: {names}. Recognise the rows by another column.",
                value=row.get(by.key),
                names=names,
            )
            problems.append(row.problem(by.key, text))
        elif same:
            _compare(row, same[0], by.key)
        elif wanted.mode is Mode.UPDATE and row.get(by.key) is not None:
            text = message(
                "“{value}” is not there, so it cannot be updated.", value=row.get(by.key)
            )
            problems.append(row.problem(by.key, text))
        elif wanted.mode is Mode.BOTH:
            problems += [one for one in _missing(declared, row) if one.cell not in unread]
    return problems


def known_by(
    tx: UnitOfWork, declared: Import, by: str, rows: Sequence[ImportRow]
) -> dict[Any, list[ImportKnown]]:
    """Return what is there already under the values of a field; a list of two is ambiguous."""
    assert declared.known is not None
    values = sorted({row.get(by) for row in rows} - {None}, key=str)
    found: dict[Any, list[ImportKnown]] = {}
    for value, known in declared.known(tx, by, values):
        found.setdefault(_comparable(value), []).append(known)
    return found


def concluded(
    reading: Reading, findings: ImportFindings, problems: list[ImportProblem], wanted: Wanted
) -> ImportFindings:
    """Return the findings with a verdict on each row; what may not be changed is a problem."""
    verdicts: dict[int, Verdict | str] = {}
    for row in reading.rows:
        changed = Verdict.CHANGED if row.changes else Verdict.SAME
        verdicts[row.number] = Verdict.NEW if row.known is None else changed
        if row.changes and wanted.mode is Mode.ADD:
            assert row.known is not None
            text = message(
                "“{value}” is there already: {name}. To change it, choose to update as well.",
                value=row.get(wanted.by),
                name=row.known.label,
            )
            problems.append(row.problem(wanted.by, text))
    verdicts |= findings.verdicts
    # What is there and may not be changed is said once, not cell by cell.
    settled = {r.number for r in reading.rows if r.changes} if wanted.mode is Mode.ADD else set()
    every = (*problems, *(one for one in findings.problems if one.row not in settled))
    return ImportFindings(problems=every, notes=findings.notes, verdicts=verdicts)


def changed_since(tx: UnitOfWork, declared: Import, by: str, rows: Sequence[ImportRow]) -> bool:
    """Return whether somebody has added or changed, since the check, what the rows stand for."""
    now = known_by(tx, declared, by, rows)
    for row in rows:
        same = now.get(_comparable(row.get(by)), [])
        if (same[0] if len(same) == 1 else None) != row.known or len(same) > 1:
            return True
    return False


def _compare(row: ImportRow, known: ImportKnown, by: str) -> None:
    """Note what the row changes; an empty cell leaves the value as it is."""
    row.known = known
    for key, value in row.values.items():
        if key != by and key in known.values and known.values[key] != value:
            row.change(key, before=known.values[key], after=value)


def _missing(declared: Import, row: ImportRow) -> Iterator[ImportProblem]:
    for one in declared.fields:
        if one.required and row.get(one.key) is None:
            text = message("What is new needs “{field}”.", field=one.title)
            yield row.problem(one.key, text)


def _comparable(value: Any) -> Any:
    return sort_key(value) if isinstance(value, str) else value
