"""What waits for whom, how much of it fits into somebody's days, and giving it to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.absences.rules import Away, without
from portal.absences.services import absences_between
from portal.errors import NotFound, PortalError, ValidationFailed
from portal.lists.bulk import BulkResult
from portal.messages import Message, message
from portal.people.models import Person
from portal.settings.services import facts
from portal.work import UnitOfWork
from portal.worktime.rules import minutes_of
from portal.worktime.services import calendars_of

from .gathering import Found, Waiting, clock_of, find, gather
from .leading import Led, led_by, may_lead, people_led
from .rules import Group, Load, Whose, WorkAsk, WorkItem, load_of

DAYS_AHEAD = 28  # that are reckoned with
ITEMS_OF_TEAM = 1_000  # of a kind
AT_ONCE = 500  # items that are handed over in one go
REASON = "work is handed to somebody else"


@dataclass(frozen=True)
class Member:
    """Somebody of a team, with their load; ``away`` is why today's part of it may have to move."""

    id: int
    public_id: str
    name: str
    load: Load
    away: Away | None = None


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Items, by what forms call them, and who shall have them, by public id."""

    keys: tuple[str, ...]
    to: str


def ask_for(tx: UnitOfWork, whose: Whose, **more: Any) -> WorkAsk:
    """Return the question for the actor's own part of the work."""
    me = tx.actor.person_id
    people = frozenset() if me is None else frozenset({me})
    departments = tx.actor.member_of | tx.actor.managed
    return WorkAsk(whose=whose, people=people, departments=departments, **more)


def grouped(tx: UnitOfWork, items: Iterable[Waiting]) -> list[tuple[Group, list[Waiting]]]:
    """Return the items by how soon they have to be done, empty groups left out."""
    clock = clock_of(tx)
    found: defaultdict[Group, list[Waiting]] = defaultdict(list)
    for waiting in items:
        found[clock.group(waiting.item)].append(waiting)
    return sorted(found.items())


def own_load(tx: UnitOfWork, items: Sequence[Waiting]) -> Load | None:
    """Return the actor's own load for the coming days; None for who is nobody."""
    me = tx.actor.person_id
    if me is None:
        return None
    return _loads(tx, {me: [one.item for one in items]})[me]


def shows_load(tx: UnitOfWork) -> bool:
    """Return whether the organisation lets managers see how much time people's work takes."""
    return facts(tx).get("workload", "shown") != "hidden"


def team(tx: UnitOfWork) -> tuple[Led, list[Member]]:
    """Return what the actor leads now, and everybody there with what they have to do."""
    led = led_by(tx)
    rows = people_led(tx, led)
    ids = [row.id for row in rows]
    items = _items_of(tx, ids)
    loads = _loads(tx, {person_id: items.get(person_id, []) for person_id in ids})
    tomorrow = tx.today + timedelta(days=1)
    away = absences_between(tx, ids, tx.today, tomorrow)
    members = [
        Member(
            row.id, row.public_id, row.name, loads[row.id], next(iter(away.get(row.id, ())), None)
        )
        for row in rows
    ]
    return led, members


def member_work(tx: UnitOfWork, public_id: str) -> tuple[Any, Found]:
    """Return somebody the actor leads, and what they have to do; raise NotFound for others."""
    person = next((row for row in people_led(tx, led_by(tx)) if row.public_id == public_id), None)
    if person is None:
        raise NotFound
    return person, gather(tx, _of_team([person.id]))


def may_hand_over(tx: UnitOfWork, person_id: int) -> bool:
    """Return whether the actor may give a person's work to somebody else: their own, or that of
    people they lead now.
    """
    if person_id == tx.actor.person_id:
        return True
    return may_lead(tx) and any(row.id == person_id for row in people_led(tx, led_by(tx)))


def due_while(tx: UnitOfWork, person_id: int, until: datetime) -> Found:
    """Return what somebody has to do before an instant, of one's own also what one decides.

    The caller has asked ``may_hand_over``.
    """
    if person_id == tx.actor.person_id:
        found = gather(tx, ask_for(tx, Whose.ME, until=until))
        return Found([one for one in found.items if one.item.for_id is None], found.more)
    return gather(tx, replace(_of_team([person_id]), until=until))


def hand_over(tx: UnitOfWork, command: HandOver, *, of: int | None = None) -> BulkResult:
    """Give items to somebody else: one's own, those of people one leads, and of their pools.

    ``of`` is the one person whose work it is; the caller has asked whether the actor may give it.
    Raises ValidationFailed for nothing ticked, too much of it, and somebody who does not work here;
    what a plugin refuses is told with its reason.
    """
    if not command.keys:
        raise ValidationFailed({"keys": message("Tick what shall be handed over.")})
    if len(command.keys) > AT_ONCE:
        said = message("At most {count} at a time.", count=AT_ONCE)
        raise ValidationFailed({"keys": said})
    to = _receiver(tx, command.to)
    found = _mine_to_give(tx, command.keys, of)
    given = 0
    refused: list[tuple[str, Message | str]] = []
    for key in dict.fromkeys(command.keys):
        if key not in found:
            refused.append((message("One thing").msgid, message("it is done or not yours to give")))
            continue
        slug, waiting = found[key]
        reason = _give(tx, slug, waiting, to.id)
        if reason is None:
            given += 1
        else:
            refused.append((str(waiting.item.title), reason))
    if given:
        tx.audit("core.work_handed_over", to, count=given)
    return BulkResult(done=_done(tx, to, given), refused=tuple(refused))


def _of_team(people: Iterable[int]) -> WorkAsk:
    return WorkAsk(whose=Whose.TEAM, people=frozenset(people))


def _items_of(tx: UnitOfWork, people: Sequence[int]) -> Mapping[int, list[WorkItem]]:
    """Return person id -> what they have to do."""
    found: defaultdict[int, list[WorkItem]] = defaultdict(list)
    if people:
        for waiting in gather(tx, replace(_of_team(people), limit=ITEMS_OF_TEAM)).items:
            if waiting.item.owner_id is not None:
                found[waiting.item.owner_id].append(waiting.item)
    return found


def _loads(tx: UnitOfWork, items: Mapping[int, Sequence[WorkItem]]) -> dict[int, Load]:
    """Return person id -> load, of these items laid over the days they work."""
    clock = clock_of(tx)
    first = clock.today
    days = [first + timedelta(days=number) for number in range(DAYS_AHEAD)]
    calendars = calendars_of(tx, items)
    absences = absences_between(tx, items, first, first + timedelta(days=DAYS_AHEAD))
    return {
        person_id: load_of(
            own,
            {
                day: minutes_of(without(calendars[person_id], absences.get(person_id, ()), day))
                for day in days
            },
            clock,
        )
        for person_id, own in items.items()
    }


def weeks(today: date) -> tuple[date, date, date]:
    """Return the first day of this week's rest, of the next week and of the one after."""
    monday = today + timedelta(days=7 - today.weekday())
    return today, monday, monday + timedelta(days=7)


def _receiver(tx: UnitOfWork, public_id: str) -> Any:
    """Return somebody who works here today, or raise ValidationFailed."""
    person = tx.session.scalars(select(Person).where(Person.public_id == public_id)).one_or_none()
    over = person is not None and (
        person.active_from > tx.today
        or (person.active_until is not None and person.active_until <= tx.today)
    )
    if person is None or over:
        raise ValidationFailed({"to": message("Choose somebody who works here.")})
    return person


def _mine_to_give(
    tx: UnitOfWork, keys: Sequence[str], of: int | None
) -> Mapping[str, tuple[str, Waiting]]:
    """Return form key -> item of what the actor may give to somebody else."""
    if of is not None:  # Whoever calls has asked whether the actor may.
        return find(tx, _of_team([of]), keys)
    led = led_by(tx)
    people = {row.id for row in people_led(tx, led)}
    if tx.actor.person_id is not None:
        people.add(tx.actor.person_id)
    found = find(tx, _of_team(people), keys)
    if led.departments:
        left = [key for key in keys if key not in found]
        pool = WorkAsk(whose=Whose.POOL, departments=led.departments)
        found |= find(tx, pool, left)
    return found


def _done(tx: UnitOfWork, to: Any, count: int) -> Message:
    """Return what was done, and that whoever has it now is away if that is so."""
    soon = absences_between(tx, [to.id], tx.today, tx.today + timedelta(days=2))
    if count and to.id in soon:
        text = message("Handed over to {name}: {count}. {name} is away today or tomorrow.")
    else:
        text = message("Handed over to {name}: {count}.")
    return message(text.msgid, name=to.name, count=count)


def _give(tx: UnitOfWork, slug: str, waiting: Waiting, to: int) -> Message | str | None:
    """Give one item to somebody; return why it could not be."""
    kind = waiting.kind
    if kind.reassign is None:
        return message("this is nobody's to hand over")
    if waiting.item.owner_id == to:
        return message("has it already")
    try:
        with tx.acting_for(slug, reason=REASON) as own:
            kind.reassign(own, waiting.item.key, to)
    except PortalError as error:
        return error.message
    return None
