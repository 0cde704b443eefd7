"""Reviewing a count: line by line, what is kept, counted again or left out, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.api import Conflict, UnitOfWork, ValidationFailed, message, settings_of, visible

from ...models import Movement
from ...services import ledger
from .. import rules
from ..models import DECISIONS, Count, CountEntry, CountLine
from ..rules import Difference, Limits
from .reading import in_force

Costs = dict[int, tuple[int, int]]  # of an item, a quantity and what it was worth
MOVED = "what moved since it was counted"


class OwnCount(Conflict):
    """A large difference is decided by somebody else than who counted it."""


class Undecided(Conflict):
    """Some lines still want a decision."""


@dataclass(frozen=True, kw_only=True)
class Decide:
    """What becomes of a line; ``movements`` were in the count already, by id, if ``included``."""

    line: str
    version: int | None
    decision: str
    reason: str = ""
    movements: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class SendBack:
    """A count whose lines to be counted again go back to those who count."""

    count: str


def decide(tx: UnitOfWork, command: Decide) -> CountLine:
    """Keep what was decided of a line.

    Raises OwnCount when a large difference is decided by who counted it, ValidationFailed without
    the reason that it wants, EditConflict when somebody else decided meanwhile.
    """
    reachable = visible(select(CountLine), rules.REVIEW, tx.actor)
    found: CountLine = tx.one(reachable, public_id=command.line)
    count = held_count(tx, found.count_id, "decide")
    line: CountLine = tx.one(
        select(CountLine).execution_options(populate_existing=True), id=found.id
    )
    tx.expect_version(line, command.version, decision=line.decision, reason=line.reason)
    if command.decision not in DECISIONS:
        raise ValidationFailed({"decision": message("Choose one of the list.")})
    entry = entries_of(tx, [line.id]).get(line.id)
    if entry is None and command.decision in ("keep", "included"):
        raise Conflict(message("This line was not counted."))
    chosen = list(command.movements) if command.decision == "included" else []
    included = _included(tx, line, entry, chosen)
    if entry is not None and command.decision in ("keep", "included"):
        _check(tx, count, line, entry, included, command.reason)
    line.decision, line.reason = command.decision, command.reason.strip()
    line.included, line.included_ids = included, chosen
    line.decided_by_id, line.decided_at = tx.actor.person_id, tx.now
    tx.session.flush()
    tx.audit(
        "inventory.count_line_decided",
        count,
        line=line.public_id,
        decision=line.decision,
        reason=line.reason,
        included=included,
    )
    return line


def keep_all(tx: UnitOfWork, count_id: str, *, small: bool = False) -> int:
    """Keep every undecided line that agrees with the books, or differs little; return how many.

    Of those that differ a little, the ones after whose count something moved are left.
    """
    found: Count = tx.one(visible(select(Count), rules.REVIEW, tx.actor), public_id=count_id)
    count = held_count(tx, found.id, "decide")
    limits, costs = limits_of(tx, count), costs_in(tx, count.id)
    lines = tx.session.scalars(
        select(CountLine).where(CountLine.count_id == count.id, CountLine.decision.is_(None))
    ).all()
    entries = entries_of(tx, [line.id for line in lines])
    moved = moved_since(tx, count.id, [line.id for line in lines]) if small else {}
    kept = 0
    for line in lines:
        entry = entries.get(line.id)
        if entry is None:
            continue
        difference = difference_of(entry, line, costs)
        agrees = difference.quantity == 0
        if agrees or (small and not (difference.is_large(limits) or moved.get(line.id))):
            line.decision = "keep"
            line.decided_by_id, line.decided_at = tx.actor.person_id, tx.now
            kept += 1
    tx.session.flush()
    if kept:
        tx.audit("inventory.count_lines_kept", count, lines=kept)
    return kept


def send_back(tx: UnitOfWork, command: SendBack) -> Count:
    """Let the lines that were so decided be counted again, in a new round."""
    found: Count = tx.one(visible(select(Count), rules.REVIEW, tx.actor), public_id=command.count)
    count = held_count(tx, found.id, "send_back")
    lines = tx.session.scalars(
        select(CountLine).where(CountLine.count_id == count.id, CountLine.decision == "recount")
    ).all()
    if not lines:
        raise Conflict(message("Choose what is to be counted again first."))
    count.status = rules.next_state(count.status, "send_back")
    count.round += 1
    for line in lines:
        line.round, line.decision, line.included, line.included_ids = count.round, None, 0, []
        line.missed_by_id = line.missed_at = None
    tx.session.flush()
    tx.audit("inventory.count_sent_back", count, round=count.round, lines=len(lines))
    return count


def held_count(tx: UnitOfWork, count_id: int, action: str) -> Count:
    """Return a count, held until the commit, or raise WrongState."""
    count: Count = tx.one(select(Count), id=count_id, lock=True)
    rules.next_state(count.status, action)
    return count


def limits_of(tx: UnitOfWork, count: Count) -> Limits:
    """Return from where on a difference of this department wants a reason and somebody else."""
    said = settings_of(tx, "inventory", count.department_id)
    return Limits(
        value=said.get("count_value", rules.DEFAULT_LIMITS.value),
        percent=said.get("count_percent", rules.DEFAULT_LIMITS.percent),
        tolerance=said.get("count_tolerance") or 0,
    )


def entries_of(tx: UnitOfWork, line_ids: Collection[int]) -> dict[int, CountEntry]:
    """Return the figure in force of each of these lines that has one."""
    if not line_ids:
        return {}
    statement = (
        select(CountEntry)
        .join(CountLine, CountLine.id == CountEntry.line_id)
        .where(
            CountEntry.line_id.in_(line_ids),
            CountEntry.round == CountLine.round,
            CountEntry.current,
        )
    )
    return {entry.line_id: entry for entry in tx.session.scalars(statement)}


def costs_of(tx: UnitOfWork, books: Iterable[tuple[int, int | None]]) -> Costs:
    """Return what each item last cost of which the books held nothing, of (item, books)."""
    return ledger.last_costs(tx, {item for item, book in books if book is not None and book <= 0})


def costs_in(tx: UnitOfWork, count_id: int) -> Costs:
    """Return ``costs_of`` a whole count.

    Asked before its lines are read: lending makes that be read anew, row by row.
    """
    books = select(CountLine.item_id, CountEntry.book).join(CountEntry, in_force())
    empty = books.where(CountLine.count_id == count_id, CountEntry.book <= 0)
    return costs_of(tx, [(item, book) for item, book in tx.session.execute(empty)])


def difference_of(entry: CountEntry, line: CountLine, costs: Costs) -> Difference:
    """Return what a figure makes of the books, worth what posting makes of it."""
    return Difference(
        counted=entry.counted,
        book=entry.book,
        book_value=entry.book_value,
        included=line.included,
        cost=costs.get(line.item_id, (0, 0)),
    )


def moved_since(
    tx: UnitOfWork, count_id: int, line_ids: Collection[int]
) -> dict[int, list[Movement]]:
    """Return the movements of each line after its figure was entered, the oldest first.

    A reviewer reads them whatever else of the stock is theirs to see: they are about to change it.
    """
    found: dict[int, list[Movement]] = {}
    if not line_ids:
        return found
    statement = (
        select(CountLine.id, Movement)
        .join(
            CountEntry,
            and_(
                CountEntry.line_id == CountLine.id,
                CountEntry.round == CountLine.round,
                CountEntry.current,
            ),
        )
        .join(
            Movement,
            and_(
                Movement.item_id == CountLine.item_id,
                Movement.id > CountEntry.book_seq,
                or_(
                    Movement.from_point_id == CountLine.point_id,
                    Movement.to_point_id == CountLine.point_id,
                ),
            ),
        )
        .where(CountLine.count_id == count_id, CountLine.id.in_(line_ids))
        .order_by(Movement.id)
    )
    with tx.acting_for("inventory", reason=MOVED) as own:
        for line_id, movement in own.session.execute(statement):
            found.setdefault(line_id, []).append(movement)
    return found


def change_at(movement: Movement, point_id: int) -> int:
    """Return by how much a movement changed what a point holds."""
    return movement.quantity if movement.to_point_id == point_id else -movement.quantity


def counters_of(tx: UnitOfWork, line: CountLine) -> set[int | None]:
    """Return who has entered a figure for a line, in any round."""
    asked = select(CountEntry.counted_by_id).where(CountEntry.line_id == line.id)
    return set(tx.session.scalars(asked))


def mode_of(item_mode: str, rule_mode: str | None) -> str:
    """Return how an item is kept at a place: as its rule says, else as the item does."""
    return rule_mode or item_mode


def _included(
    tx: UnitOfWork, line: CountLine, entry: CountEntry | None, chosen: Sequence[int]
) -> int:
    if not chosen or entry is None:
        return 0
    known = {m.id: m for m in moved_since(tx, line.count_id, [line.id]).get(line.id, [])}
    if set(chosen) - known.keys():
        raise Conflict(message("These movements have changed. Reload the page and look again."))
    return sum(change_at(known[movement_id], line.point_id) for movement_id in set(chosen))


def _check(
    tx: UnitOfWork, count: Count, line: CountLine, entry: CountEntry, included: int, reason: str
) -> None:
    """Raise unless a difference this large has its reason, and another than its counter decides."""
    costs = costs_of(tx, [(line.item_id, entry.book)])
    difference = replace(difference_of(entry, line, costs), included=included)
    if not difference.is_large(limits_of(tx, count)):
        return
    if tx.actor.person_id in counters_of(tx, line):
        raise OwnCount(
            message("You counted this yourself. So large a difference is decided by somebody else.")
        )
    if not reason.strip():
        raise ValidationFailed({"reason": message("Say what explains so large a difference.")})


def undecided(tx: UnitOfWork, count: Count) -> int:
    """Return how many counted lines still want a decision."""
    statement: Any = (
        select(func.count(CountLine.id))
        .join(
            CountEntry,
            and_(
                CountEntry.line_id == CountLine.id,
                CountEntry.round == CountLine.round,
                CountEntry.current,
            ),
        )
        .where(CountLine.count_id == count.id, CountLine.decision.is_(None))
    )
    return tx.session.scalar(statement) or 0
