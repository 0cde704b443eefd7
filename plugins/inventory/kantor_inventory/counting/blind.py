"""What a blind count keeps from those who count: what the books say of its lines, on every page.

Whoever may count somewhere and does not review there is a counter of each of its counts; a reviewer
is one of those that were given to them, or in which they have entered a figure. Until the count is
sent in, its lines are kept from its counters wherever stock is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, literal, or_, select
from sqlalchemy.orm import aliased

from portal.api import Conflict, Held, Message, Principal, UnitOfWork, message

from ..models import Movement
from . import rules
from .models import COUNTING, Count, CountEntry, CountLine

LEFT_OUT = message("Items under a blind count are left out here until the count is sent in.")
BEING_COUNTED = message("Being counted")
SHOWN = literal(1, literal_execute=True)
LINE, OF, ENTRY = aliased(CountLine), aliased(Count), aliased(CountEntry)


class StillCounted(Conflict):
    """The books of something are closed to who asks: it is being counted."""

    default = message("This is being counted, and shown again once the count is sent in.")


def keeps(actor: Principal, *which: ColumnElement[bool]) -> ColumnElement[bool] | None:
    """Return the condition that a line among ``which`` is kept from the actor.

    ``which`` are conditions on ``LINE``. None for who counts nowhere, and so misses nothing.
    """
    lines = _lines(actor, LINE.id, *which)
    if lines is None:
        return None
    # Of a plain EXISTS PostgreSQL makes a join, and may read everything to give one page; of this
    # it asks row by row, and takes it that nearly all rows are shown.
    return case((lines.exists(), None), else_=SHOWN).is_(None)


def _first_line(actor: Principal) -> Select[Any] | None:
    lines = _lines(actor, LINE.id)
    return None if lines is None else lines.limit(1)


def _lines(actor: Principal, column: Any, *which: ColumnElement[bool]) -> Select[Any] | None:
    mine = _mine(actor) if actor.person_id is not None else None
    if mine is None:
        return None
    return (
        select(column)
        .join(OF, OF.id == LINE.count_id)
        .where(*which, LINE.open, OF.blind, OF.status.in_(COUNTING), mine)
    )


def _mine(actor: Principal) -> ColumnElement[bool] | None:
    """Return the condition of a count that the actor is a counter of; None if of no count."""
    if actor.realm is not None:
        return OF.id.is_not(None)  # A service at work for somebody: whose rights, it cannot tell.
    counts, reviews = actor.grants.get(rules.ENTER), actor.grants.get(rules.REVIEW)
    if not counts:
        return None
    took_part = or_(
        OF.assigned_to_id == actor.person_id,
        select(ENTRY.id)
        .where(ENTRY.count_id == OF.id, ENTRY.counted_by_id == actor.person_id)
        .correlate(OF)
        .exists(),
    )
    parts: list[ColumnElement[bool]] = []
    if not counts.everything:
        parts.append(_in(counts))
    if reviews and reviews.everything:
        parts.append(took_part)
    elif reviews:
        parts.append(or_(~_in(reviews), took_part))
    return and_(*parts) if parts else OF.id.is_not(None)


def _in(held: Held) -> ColumnElement[bool]:
    return OF.department_id.in_(sorted(held.departments))


def hidden(actor: Principal, model: Any) -> ColumnElement[bool] | None:
    """Return the condition that the books of a row's item and point are kept from the actor."""

    def build() -> ColumnElement[bool] | None:
        return keeps(actor, LINE.item_id == model.item_id, LINE.point_id == model.point_id)

    found: ColumnElement[bool] | None = actor.once(("books hidden", model), build)
    return found


def hidden_anywhere(actor: Principal, item: Any) -> ColumnElement[bool] | None:
    """Return the condition that an item is counted somewhere, so that no sum of it is told."""
    found: ColumnElement[bool] | None = actor.once(
        ("books of an item hidden", item), lambda: keeps(actor, LINE.item_id == item.id)
    )
    return found


def hidden_end(actor: Principal, movement: Any, point: Any) -> ColumnElement[bool] | None:
    """Return the condition that what an end of a movement held is kept from the actor."""
    found: ColumnElement[bool] | None = actor.once(
        ("books of an end hidden", movement, point),
        lambda: keeps(actor, LINE.item_id == movement.item_id, LINE.point_id == point.id),
    )
    return found


def hidden_movement(actor: Principal, movement: Any) -> ColumnElement[bool] | None:
    """Return the condition that a movement would tell: of what is counted, and by somebody else."""

    def build() -> ColumnElement[bool] | None:
        ends = (movement.from_point_id, movement.to_point_id)
        found = keeps(actor, LINE.item_id == movement.item_id, LINE.point_id.in_(ends))
        if found is None:
            return None
        others = or_(movement.actor_id.is_(None), movement.actor_id != actor.person_id)
        return and_(others, found)

    condition: ColumnElement[bool] | None = actor.once(("movement hidden", movement), build)
    return condition


def counted_points(actor: Principal) -> Select[Any] | None:
    """Return a select of the points of which something is kept from the actor, or None."""
    return _lines(actor, LINE.point_id)


def open_books(condition: ColumnElement[bool] | None) -> tuple[ColumnElement[bool], ...]:
    """Return what to put into ``where()`` to leave out what one of these conditions hides."""
    return () if condition is None else (~condition,)


def unless(condition: ColumnElement[bool] | None, value: Any) -> Any:
    """Return ``value``, or nothing in rows that one of these conditions hides."""
    return value if condition is None else case((condition, None), else_=value)


def said(condition: ColumnElement[bool] | None) -> ColumnElement[bool]:
    """Return one of these conditions to be selected."""
    return false() if condition is None else condition


def is_hidden(tx: UnitOfWork, item_id: int, point_id: int) -> bool:
    """Return whether what the books say of an item at a point is kept from the actor."""
    lines = _lines(tx.actor, LINE.id, LINE.item_id == item_id, LINE.point_id == point_id)
    return lines is not None and tx.session.scalar(lines.limit(1)) is not None


def hidden_pairs(tx: UnitOfWork, items: Collection[int]) -> set[tuple[int, int]]:
    """Return (item, point) of those of these items of which the books are kept from the actor."""
    lines = _lines(tx.actor, LINE.item_id, LINE.item_id.in_(items))
    if lines is None or not items:
        return set()
    return {(row[0], row[1]) for row in tx.session.execute(lines.add_columns(LINE.point_id))}


def item_is_hidden(tx: UnitOfWork, item_id: int, actor: Principal) -> bool:
    """Return whether what the books say of an item, of all places, is kept from an actor.

    Not always the one whose unit this is: a service looks in its own right for somebody else.
    """
    lines = _lines(actor, LINE.id, LINE.item_id == item_id)
    return lines is not None and tx.session.scalar(lines.limit(1)) is not None


def act_is_hidden(tx: UnitOfWork, act: str, row_id: int) -> bool:
    """Return whether an act in the audit tells of a record what is kept from the actor."""
    found: Any = None
    if act.startswith("inventory.stock_"):
        hides = hidden_movement(tx.actor, Movement)
        found = None if hides is None else select(Movement.id).where(Movement.id == row_id, hides)
    elif act.startswith("inventory.count_"):
        found = _lines(tx.actor, LINE.id, LINE.count_id == row_id)
    if found is None:
        return False
    # Who reads the audit may see less of the stock than the audit tells.
    with tx.acting_for("inventory", reason="what the audit tells of a blind count") as own:
        return own.session.scalar(found.limit(1)) is not None


def notice(tx: UnitOfWork) -> Message | str:
    """Return what a page says that leaves things out; nothing while none is kept from the actor."""
    line = tx.actor.once("a line counted blind", lambda: _first_line(tx.actor))
    if line is None or tx.session.scalar(line) is None:
        return ""
    return LEFT_OUT
