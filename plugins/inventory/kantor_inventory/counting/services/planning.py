"""Planning a count: which items at which places, each in one open count at most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import or_, select, tuple_, update

from portal.api import (
    Conflict,
    Department,
    Forbidden,
    Held,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    next_number,
    visible,
)

from ...models import Balance, Category, Item, Point
from ...services import stock
from .. import events, rules
from ..models import COUNTING, Count, CountCategory, CountEntry, CountLine, CountPlace

LOOKING = "what there is to count"
AT_ONCE = 400


class CountedElsewhere(ValidationFailed):
    """Some of the lines are on the sheet of another open count; ``numbers`` says which."""

    def __init__(self, numbers: str, lines: int) -> None:
        self.numbers, self.lines = numbers, lines
        text = message(
            "{count} of these lines are being counted in {numbers}. Finish or cancel that first, or"
            " leave them out.",
            count=lines,
            numbers=numbers,
        )
        super().__init__({"places": text})


@dataclass(frozen=True, kw_only=True)
class PlanCount:
    """A sheet for a department: places and categories by public id, none of them meaning all.

    ``only`` limits it to pairs of (item id, point id), as a plan of what is due has them. With
    ``skip_taken`` lines that another open count has are left out instead of refused.
    """

    department: str
    places: Sequence[str] = ()
    categories: Sequence[str] = ()
    only: Collection[tuple[int, int]] | None = None
    blind: bool = True
    due_on: date | None = None
    assigned_to: str | None = None
    title: str = ""
    note: str = ""
    skip_taken: bool = False


@dataclass(frozen=True, kw_only=True)
class CountNow:
    """One place, counted here and now by whoever asks; always blind."""

    place: str


@dataclass(frozen=True, kw_only=True)
class CountItemNow:
    """One item at one place, counted here and now by whoever asks; always blind."""

    item: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """A count to be given up, and why."""

    count: str
    version: int | None
    reason: str


def plan_count(tx: UnitOfWork, command: PlanCount) -> Count:
    """Plan a count and return it, its lines in the order one walks.

    Raises NotFound for a department without the right to plan there, CountedElsewhere for lines of
    another open count, ValidationFailed when there is nothing to count.
    """
    department = tx.one(select(Department), public_id=command.department)
    require(tx, rules.PLAN, department.id)
    return _plan(tx, command, department)


def count_now(tx: UnitOfWork, command: CountNow) -> Count:
    """Begin to count one place at once, for whoever may count there."""
    place, department = _countable(tx, command.place)
    with tx.acting_for("inventory", reason=LOOKING) as own:
        stock.point_at(own, own.one(select(Place), id=place.id))
    return _plan(tx, _now(tx, place, department), department, empty=True)


def count_item_now(tx: UnitOfWork, command: CountItemNow) -> CountLine:
    """Begin to count one item at one place, for whoever may count there; return its line.

    What is on a sheet that is open already is counted there.
    """
    place, department = _countable(tx, command.place)
    item = tx.one(select(Item), public_id=command.item)
    point = tx.session.scalar(select(Point.id).where(Point.place_id == place.id)) or 0
    open_line = select(CountLine).where(
        CountLine.open, CountLine.item_id == item.id, CountLine.point_id == point
    )
    line: CountLine | None = tx.session.scalars(open_line).one_or_none()
    if line is None:
        wanted = replace(
            _now(tx, place, department), only={(item.id, point)}, title=f"{item.name}, {place.name}"
        )
        _plan(tx, wanted, department)
        line = tx.session.scalars(open_line).one()
    return line


def _countable(tx: UnitOfWork, public_id: str) -> tuple[Place, Department]:
    """Return a place where one may count, and its department, or raise NotFound."""
    place = tx.one(select(Place), public_id=public_id)
    if place.department_id is None:
        raise NotFound
    require(tx, rules.ENTER, place.department_id)
    return place, tx.one(select(Department), id=place.department_id)


def _now(tx: UnitOfWork, place: Place, department: Department) -> PlanCount:
    person = tx.session.get(Person, tx.actor.person_id) if tx.actor.person_id else None
    return PlanCount(
        department=department.public_id,
        places=(place.public_id,),
        due_on=tx.today,
        assigned_to=person.public_id if person is not None else None,
    )


def cancel(tx: UnitOfWork, command: Cancel) -> Count:
    """Give a count up; its figures stay to be read. Its own planner may, while it is empty."""
    count: Count = tx.one(visible(select(Count), rules.ENTER, tx.actor), public_id=command.count)
    count = tx.one(select(Count), id=count.id, lock=True)
    after = rules.next_state(count.status, "cancel")
    wanted = rules.PLAN if count.status in ("planned", "counting") else rules.REVIEW
    mine = count.planned_by_id == tx.actor.person_id and not _is_begun(tx, count)
    if not mine and not reaches(tx, wanted, count.department_id):
        raise Forbidden
    tx.expect_version(count, command.version)
    if not command.reason.strip():
        raise ValidationFailed({"reason": message("Say why this is not counted.")})
    before, count.status = count.status, after
    count.reason, count.closed_by_id, count.closed_at = (
        command.reason.strip(),
        tx.actor.person_id,
        tx.now,
    )
    tx.session.flush()
    close_lines(tx, count)
    tx.audit("inventory.count_cancelled", count, before=before, reason=count.reason)
    return count


def give_to(tx: UnitOfWork, public_id: str, person_id: int) -> None:
    """Let somebody else count; raise WrongState for a count that is no longer counted."""
    count: Count = tx.one(select(Count), public_id=public_id, lock=True)
    if count.status not in COUNTING:
        raise rules.WrongState(message("This count is not being counted any more."))
    before, count.assigned_to_id = count.assigned_to_id, person_id
    tx.session.flush()
    tx.audit("inventory.count_given", count, before=before, after=person_id)


def close_lines(tx: UnitOfWork, count: Count) -> None:
    """Let the items of a count be counted elsewhere again."""
    change = update(CountLine).where(CountLine.count_id == count.id, CountLine.open)
    tx.session.execute(change.values(open=False), execution_options={"synchronize_session": False})


def reaches(tx: UnitOfWork, permission: str, department_id: int) -> bool:
    """Return whether the actor may do this in a department."""
    if tx.actor.owns(Count):
        return True
    held = tx.actor.grants.get(permission, Held())
    return held.everything or department_id in held.departments


def require(tx: UnitOfWork, permission: str, department_id: int) -> None:
    """Raise NotFound unless the actor may do this in a department."""
    if not reaches(tx, permission, department_id):
        raise NotFound


def taken_elsewhere(
    tx: UnitOfWork, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Return which open count, by its number, has each of these items at these points."""
    found: dict[tuple[int, int], str] = {}
    chosen = sorted(pairs)
    for start in range(0, len(chosen), AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        statement = (
            select(CountLine.item_id, CountLine.point_id, Count.number)
            .join(Count, Count.id == CountLine.count_id)
            .where(
                CountLine.open,
                CountLine.item_id.in_({item_id for item_id, _ in some}),
                tuple_(CountLine.item_id, CountLine.point_id).in_(some),
            )
        )
        found |= {(r.item_id, r.point_id): r.number for r in tx.session.execute(statement)}
    return found


def _is_begun(tx: UnitOfWork, count: Count) -> bool:
    entered = select(CountEntry.id).where(CountEntry.count_id == count.id).limit(1)
    return tx.session.scalar(entered) is not None


def _plan(
    tx: UnitOfWork, command: PlanCount, department: Department, *, empty: bool = False
) -> Count:
    person_id = _person(tx, command.assigned_to)
    with tx.acting_for("inventory", reason=LOOKING) as own:
        places = _places(own, department.id, command.places)
        categories = _categories(own, command.categories)
        pairs = _pairs(own, places, categories, command)
        taken = taken_elsewhere(own, pairs)
    if taken and not command.skip_taken:
        raise CountedElsewhere(rules.numbers(taken.values()), len(taken))
    pairs = [pair for pair in pairs if pair not in taken]
    if not pairs and (taken or not empty):
        raise ValidationFailed({"places": message("Nothing is kept there that could be counted.")})
    count = Count(
        number=next_number(tx, "inventory.count"),
        title=_title(command, places, department),
        department_id=department.id,
        blind=command.blind,
        due_on=command.due_on,
        note=command.note.strip(),
        assigned_to_id=person_id,
        planned_by_id=tx.actor.person_id,
        planned_at=tx.now,
    )
    with tx.acting_for("inventory", reason="a sheet for what is to be counted") as own:
        own.session.add(count)
        own.session.flush()
        count_id = count.id
        own.append(CountPlace, [{"count_id": count_id, "point_id": point} for point, _ in places])
        own.append(
            CountCategory, [{"count_id": count_id, "category_id": row} for row in categories]
        )
        own.append(CountLine, [_line(count_id, n, *pair) for n, pair in enumerate(pairs, 1)])
    made: Count = tx.one(select(Count), id=count_id)
    tx.audit("inventory.count_planned", made, number=made.number, lines=len(pairs))
    tx.publish(events.CountPlanned(count_id=count_id, lines=len(pairs)))
    return made


def _person(tx: UnitOfWork, public_id: str | None) -> int | None:
    if public_id is None:
        return None
    person: Person = tx.one(select(Person), public_id=public_id)
    return person.id


def _places(own: UnitOfWork, department_id: int, chosen: Sequence[str]) -> list[tuple[int, str]]:
    """Return (point id, name) of the places to be counted, held so that two plans take turns."""
    statement = (
        select(Point.id, Place.name)
        .join(Place, Place.id == Point.place_id)
        .where(Place.department_id == department_id)
        .order_by(Point.id)
        .with_for_update(of=Point, key_share=True)
    )
    if chosen:
        statement = statement.where(Place.public_id.in_(chosen))
    else:
        statement = statement.where(Place.active)
    found = [(row.id, row.name) for row in own.session.execute(statement)]
    if len(found) < len(set(chosen)):
        raise NotFound
    return found


def _categories(own: UnitOfWork, chosen: Sequence[str]) -> list[int]:
    if not chosen:
        return []
    found = own.session.scalars(select(Category.id).where(Category.public_id.in_(chosen))).all()
    if len(found) < len(set(chosen)):
        raise NotFound
    return list(found)


def _pairs(
    own: UnitOfWork,
    places: Sequence[tuple[int, str]],
    categories: Sequence[int],
    command: PlanCount,
) -> list[tuple[int, int]]:
    """Return (item id, point id) in walking order: what lies there, and what should.

    A rule has its balance, so balances are all there is. What is discontinued is counted only where
    some of it is left.
    """
    statement: Any = (
        select(Balance.item_id, Balance.point_id)
        .join(Item, Item.id == Balance.item_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(
            Balance.point_id.in_([point_id for point_id, _ in places]),
            Item.mode != "non_stock",
            or_(Item.status != "discontinued", Balance.quantity > 0),
        )
        .order_by(Place.walk_order, Place.id, Item.name_key, Item.id)
    )
    if categories:
        statement = statement.where(Item.category_id.in_(categories))
    found = [(row.item_id, row.point_id) for row in own.session.execute(statement)]
    if command.only is None:
        return found
    wanted = set(command.only)
    return [pair for pair in found if pair in wanted]


def _title(command: PlanCount, places: Sequence[tuple[int, str]], department: Department) -> str:
    if command.title.strip():
        return command.title.strip()
    return places[0][1] if len(places) == 1 else str(department.name)


def _line(count_id: int, position: int, item_id: int, point_id: int) -> dict[str, Any]:
    return {
        "count_id": count_id,
        "item_id": item_id,
        "point_id": point_id,
        "position": position,
        "version": 1,
    }


class NotCountable(Conflict):
    """The item or the place is not one that can be counted here."""
