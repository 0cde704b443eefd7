"""Who is away on which days: noting it, changing it, being back. Core's one writer of absences."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, bindparam, select

from portal.audit.changes import put
from portal.errors import Conflict, NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.people.models import Person
from portal.people.reaching import person_named, reached_by, reaches_others
from portal.reach import visible
from portal.roles.rules import reaches
from portal.work import UnitOfWork
from portal.worktime.services import SEVERAL_CLOCKS, zones_of

from .events import AbsenceAdded, AbsenceChanged, AbsenceEnded
from .models import Absence, days_in
from .rules import NOON, Away
from .words import Days

VIEW, EDIT = "core.absence.view", "core.absence.edit"
LONGEST = 366  # days at a time
ONE_DAY = timedelta(days=1)
AFTERWARDS = 31  # days back that may still be noted or changed
BACK = ("morning", "noon")  # of today: since when somebody is here again
UNKNOWN = message("Choose one of the list.")
_absences = Absence.__table__
# Who is away around an instant, and whether people work by more than one clock.
AROUND = select(
    *(_absences.c[name] for name in ("person_id", "from_on", "last_on", "from_noon", "until_noon")),
    SEVERAL_CLOCKS.label("clocks"),
).where(
    _absences.c.last_on >= bindparam("first", type_=Date()),
    _absences.c.from_on <= bindparam("last", type_=Date()),
)
TOO_LATE = message("Only the last 31 days can be noted or changed afterwards.")


@dataclass(frozen=True, kw_only=True)
class NoteAbsence:
    """Somebody is away; ``person`` by public id, empty for oneself."""

    person: str = ""
    from_on: date
    last_on: date
    from_noon: bool = False
    until_noon: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeAbsence:
    """The days of an absence as they shall be."""

    version: int | None
    from_on: date
    last_on: date
    from_noon: bool = False
    until_noon: bool = False


@dataclass(frozen=True, kw_only=True)
class EndAbsence:
    """Somebody is here again today, since the ``morning`` or since ``noon``."""

    version: int | None
    since: str


def clock_of(tx: UnitOfWork, at: datetime) -> tuple[date, int]:
    """Return the day, and how many minutes after midnight it is, by the organisation's clock."""
    there = at.astimezone(tx.zone)
    return there.date(), there.hour * 60 + there.minute


def is_away(tx: UnitOfWork, person_ids: Iterable[int], at: datetime) -> set[int]:
    """Return who of these people is away at an instant, each by the clock they work by."""
    values = {"people": sorted(set(person_ids)), **days_around(tx, at)}
    if not values["people"]:
        return set()
    mine = _absences.c.person_id.in_(bindparam("people", expanding=True))
    return away_at(tx, kernel_execute(tx.session, AROUND.where(mine), values).all(), at)


def days_around(tx: UnitOfWork, at: datetime) -> dict[str, date]:
    """Return what AROUND is asked with: elsewhere it may be the day before or after."""
    day, _ = clock_of(tx, at)
    return {"first": day - ONE_DAY, "last": day + ONE_DAY}


def away_at(tx: UnitOfWork, around: Sequence[Any], at: datetime) -> set[int]:
    """Return who is away at an instant by the rows of AROUND, each by the clock they work by."""
    several = any(row.clocks for row in around)
    zones = zones_of(tx, (row.person_id for row in around)) if several else {}
    away = set()
    for row in around:
        there = at.astimezone(zones.get(row.person_id, tx.zone))
        if days_in(row).covers(there.date(), there.hour * 60 + there.minute):
            away.add(row.person_id)
    return away


def absences_between(
    tx: UnitOfWork, person_ids: Iterable[int], from_on: date, until_on: date
) -> Mapping[int, tuple[Away, ...]]:
    """Return person id -> absences from a day until (not including) a day, the earliest first.

    Whoever is not away in this time is not among the keys.
    """
    found: dict[int, tuple[Away, ...]] = {}
    for row in _between(tx, person_ids, from_on, until_on - timedelta(days=1)):
        found[row.person_id] = (*found.get(row.person_id, ()), row.away)
    return found


def _between(
    tx: UnitOfWork, person_ids: Iterable[int], from_on: date, last_on: date
) -> Sequence[Absence]:
    if not (wanted := sorted(set(person_ids))):
        return ()
    rows = select(Absence).where(
        Absence.person_id.in_(wanted), Absence.last_on >= from_on, Absence.from_on <= last_on
    )
    return tx.session.scalars(rows.order_by(Absence.from_on, Absence.id)).all()


def coming_of(tx: UnitOfWork, person_id: int, *, most: int = 10) -> Sequence[Absence]:
    """Return a person's absences that are not over, the next first."""
    rows = select(Absence).where(Absence.person_id == person_id, Absence.last_on >= tx.today)
    rows = visible(rows, VIEW, tx.actor).order_by(Absence.from_on, Absence.id)
    return tx.session.scalars(rows.limit(most)).all()


def find_absence(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Any:
    """Return the absence in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Absence), permission, tx.actor), public_id=public_id)


def may_edit(tx: UnitOfWork, absence: Absence) -> bool:
    """Return whether the actor may change an absence, as long as it is not over."""
    mine = visible(select(Absence.id), EDIT, tx.actor).where(Absence.id == absence.id)
    return tx.session.scalars(mine).one_or_none() is not None


def in_reach(tx: UnitOfWork) -> ColumnElement[bool]:
    """Return the condition of being a person whose absences the actor may note."""
    return reached_by(tx, EDIT)


def may_note(tx: UnitOfWork, person_id: int) -> bool:
    """Return whether the actor may note that a person is away."""
    mine = select(Person.id).where(Person.id == person_id, in_reach(tx))
    return tx.session.scalars(mine).one_or_none() is not None


def notes_for_others(tx: UnitOfWork) -> bool:
    """Return whether the actor may note the absences of somebody else."""
    return reaches_others(tx, EDIT)


def noted_by(tx: UnitOfWork, public_id: str = "") -> Any:
    """Return the person the actor may note as away, oneself for an empty id; or raise NotFound."""
    return tx.one(person_named(tx, EDIT, public_id))


def is_over(tx: UnitOfWork, absence: Absence) -> bool:
    """Return whether the last day has passed."""
    return absence.last_on < clock_of(tx, tx.now)[0]


def has_begun(tx: UnitOfWork, absence: Absence) -> bool:
    """Return whether the first day, or the noon of it, has come."""
    begins = (absence.from_on, NOON if absence.from_noon else 0)
    return begins <= clock_of(tx, tx.now)


def may_change_now(tx: UnitOfWork, absence: Absence) -> bool:
    """Return whether time still allows the actor to change it: what is over stays as it was,
    except for who may change everybody's.
    """
    return not is_over(tx, absence) or reaches(tx.actor, EDIT, None)


def note_absence(tx: UnitOfWork, command: NoteAbsence) -> Absence:
    """Note that somebody is away; raise ValidationFailed for days that cannot be, or that are taken
    and for a person who is unknown or out of reach.
    """
    try:
        person = tx.one(person_named(tx, EDIT, command.person), lock=True)
    except NotFound as error:
        raise ValidationFailed({"person": UNKNOWN}) from error
    away = _asked(command)
    _refuse(_faults(tx, person, away) or _taken(tx, person, away))
    source = "own" if person.id == tx.actor.person_id else "other"
    row = Absence(person_id=person.id, source=source, **dataclasses.asdict(away))
    tx.session.add(row)
    tx.session.flush()
    tx.publish(AbsenceAdded(absence_id=row.id, person_id=person.id, **dataclasses.asdict(away)))
    tx.audit("core.absence_added", person, **dataclasses.asdict(away))
    return row


def change_absence(tx: UnitOfWork, public_id: str, command: ChangeAbsence) -> Absence:
    """Give an absence other days.

    Raises EditConflict for an old version, Conflict for one that is over, ValidationFailed as for
    a new one.
    """
    row, person = _locked(tx, public_id)
    before = row.away
    tx.expect_version(row, command.version, **dataclasses.asdict(before))
    if not may_change_now(tx, row):
        raise Conflict(message("This absence is over. Ask an administrator to change it."))
    away = _asked(command)
    _refuse(_faults(tx, person, away, before) or _taken(tx, person, away, but=row.id))
    changed = put(row, **dataclasses.asdict(away))
    if changed:
        tx.session.flush()
        days = dataclasses.asdict(away)
        tx.publish(AbsenceChanged(absence_id=row.id, person_id=person.id, **days))
        tx.audit("core.absence_changed", person, changed=changed)
    return row


def end_absence(tx: UnitOfWork, public_id: str, command: EndAbsence) -> Absence | None:
    """Let an absence end because the person is back; None when nothing of it is left.

    One that has not begun is removed. Raises Conflict for one that is over.
    """
    row, person = _locked(tx, public_id)
    tx.expect_version(row, command.version)
    if is_over(tx, row):
        raise Conflict(message("This absence is over already."))
    if command.since not in BACK:
        raise ValidationFailed({"since": UNKNOWN})
    today, _ = clock_of(tx, tx.now)
    noon = command.since == "noon"
    last_on = today if noon else today - timedelta(days=1)
    ended = dataclasses.replace(row.away, last_on=last_on, until_noon=noon)
    if ended.is_empty:
        _remove(tx, row, person)
        return None
    if ended.halves >= row.away.halves:
        return row  # It ends then anyhow.
    changed = put(row, last_on=last_on, until_noon=noon)
    tx.session.flush()
    back = AbsenceEnded(absence_id=row.id, person_id=person.id, back_on=today, back_noon=noon)
    tx.publish(back)
    tx.audit("core.absence_ended", person, changed=changed)
    return row


def remove_absence(tx: UnitOfWork, public_id: str, version: int | None) -> Person:
    """Remove an absence that has not begun and return whose it was; raise Conflict otherwise."""
    row, person = _locked(tx, public_id)
    tx.expect_version(row, version)
    if has_begun(tx, row):
        raise Conflict(message("This absence has begun. Say since when the person is back."))
    _remove(tx, row, person)
    return person


def end_all(tx: UnitOfWork, person: Person, until_on: date) -> int:
    """End every absence of somebody who leaves; return how many ended earlier than they would
    have.
    """
    last_on = until_on - timedelta(days=1)
    with tx.acting_for("core", reason="the absences of somebody who leaves end") as own:
        rows = own.session.scalars(
            select(Absence).where(Absence.person_id == person.id, Absence.last_on > last_on)
        ).all()
        for row in rows:
            back_on, back_noon = until_on, False
            if row.from_on > last_on:
                back_on, back_noon = row.from_on, row.from_noon
                own.session.delete(row)
            else:
                row.last_on, row.until_noon = last_on, False
            tx.publish(
                AbsenceEnded(
                    absence_id=row.id, person_id=person.id, back_on=back_on, back_noon=back_noon
                )
            )
    return len(rows)


def _remove(tx: UnitOfWork, row: Absence, person: Person) -> None:
    away = row.away
    tx.publish(
        AbsenceEnded(
            absence_id=row.id,
            person_id=person.id,
            back_on=away.from_on,
            back_noon=away.from_noon,
        )
    )
    tx.session.delete(row)
    tx.session.flush()
    tx.audit("core.absence_removed", person, **dataclasses.asdict(away))


def _locked(tx: UnitOfWork, public_id: str) -> tuple[Absence, Person]:
    """Return an absence in reach and whose it is, as they are now, both held until the commit."""
    row = find_absence(tx, public_id, EDIT)
    person: Person = tx.one(select(Person), id=row.person_id, lock=True)
    mine = visible(select(Absence), EDIT, tx.actor)
    return tx.one(mine, public_id=public_id, lock=True), person


def _asked(command: NoteAbsence | ChangeAbsence) -> Away:
    return Away(
        from_on=command.from_on,
        last_on=command.last_on,
        from_noon=command.from_noon,
        until_noon=command.until_noon,
    )


def _faults(
    tx: UnitOfWork, person: Person, away: Away, before: Away | None = None
) -> dict[str, Message | str]:
    """Return what is wrong with the days themselves, by field."""
    wrong: dict[str, Message | str] = {}
    if away.last_on < away.from_on:
        wrong["last_on"] = message("This is before the first day.")
    elif away.is_empty:
        wrong["until_noon"] = message("From noon until noon of the same day is no time at all.")
    elif (away.last_on - away.from_on).days >= LONGEST:
        wrong["last_on"] = message("At most {days} days at a time.", days=LONGEST)
    elif person.active_until is not None and away.last_on >= person.active_until:
        wrong["last_on"] = message("{name} does not work here any more then.", name=person.name)
    if away.from_on < person.active_from:
        wrong["from_on"] = message("{name} does not work here yet on this day.", name=person.name)
    for field in _too_late(tx, away, before):
        wrong.setdefault(field, TOO_LATE)
    return wrong


def _too_late(tx: UnitOfWork, away: Away, before: Away | None) -> Iterable[str]:
    """Yield the fields that would change what is longer past than may be changed."""
    earliest = clock_of(tx, tx.now)[0] - timedelta(days=AFTERWARDS)
    if before is None:
        if away.from_on < earliest:
            yield "from_on"
        return
    if (away.from_on, away.from_noon) != (before.from_on, before.from_noon):
        if min(away.from_on, before.from_on) < earliest:
            yield "from_on"
    if (away.last_on, away.until_noon) != (before.last_on, before.until_noon):
        if min(away.last_on, before.last_on) < earliest:
            yield "last_on"


def _taken(
    tx: UnitOfWork, person: Person, away: Away, *, but: int | None = None
) -> dict[str, Message | str]:
    """Return what is wrong because the person is away then already."""
    for row in _between(tx, (person.id,), away.from_on, away.last_on):
        if row.id != but and row.away.meets(away):
            said = {"name": person.name, "days": Days(row.away)}
            return {"from_on": message("{name} is away then already: {days}.", **said)}
    return {}


def _refuse(wrong: Mapping[str, Message | str]) -> None:
    if wrong:
        raise ValidationFailed(wrong)
