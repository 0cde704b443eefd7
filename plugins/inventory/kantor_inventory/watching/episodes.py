"""Alerts open and close by themselves, in the transaction that made them true or untrue.

Whoever calls has changed the balances and holds them until the commit, so that one episode at most
is open for an item at a place; a unique index says so too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

from portal.api import UnitOfWork

from ..events import AlertClosed, AlertOpened
from ..models import Balance, Item
from ..rules import State, alarm
from ..services.many import any_of, in_pieces
from ..services.pairs import among_named, naming
from .models import GRADES, Alert

QUIET = "the status of an item holds for all places"
GRADE_OF = {State(name): grade for grade, name in GRADES.items()}

# Only these run out: what is used up or discontinued is meant to, the rest is not counted.
WATCHED = and_(Item.status == "active", Item.mode != "non_stock")
HELD = (
    Balance.item_id,
    Balance.point_id,
    Balance.quantity,
    Balance.minimum,
    Balance.maximum,
)

# The item is held too: its status decides, and may be changing now.
_WATCHED_NOW: Any = (
    select(*HELD, WATCHED.label("watched"))
    .join(Item, Item.id == Balance.item_id)
    .where(among_named(Balance))
    .with_for_update(read=True, of=Item)
)
_OPEN: Any = select(Alert).where(Alert.closed_at.is_(None), among_named(Alert))

Pair = tuple[int, int]  # item id, point id
Since = Mapping[Pair, datetime | None]  # when it came to be so; now, if nothing is said


def settle(tx: UnitOfWork, pairs: Sequence[Pair], *, since: Since | None = None) -> None:
    """Open, close and grade the alerts of these as their balances say."""
    for some in in_pieces(sorted(pairs)):
        named = naming(some)
        wanted = {
            (row.item_id, row.point_id): (
                row.quantity,
                alarm(row.quantity, row.minimum, row.maximum) if row.watched else None,
            )
            for row in tx.session.execute(_WATCHED_NOW, named)
        }
        _settle(tx, wanted, tx.session.scalars(_OPEN, named).all(), since or {})


def hold(tx: UnitOfWork, items: Sequence[str]) -> None:
    """Hold the balances of items (public ids), before it changes whether they are watched.

    Movements hold a balance before they look at its item, so whoever changes an item does too.
    """
    with tx.acting_for("inventory", reason=QUIET) as own:
        _pairs(own, items)


def settle_items(tx: UnitOfWork, items: Sequence[str]) -> None:
    """Open and close the alerts of items in all places, after their status has changed."""
    with tx.acting_for("inventory", reason=QUIET) as own:
        settle(own, _pairs(own, items))


def _pairs(own: UnitOfWork, items: Sequence[str]) -> list[Pair]:
    """Return where these items are, or should be, held in the order of all movements."""
    found: list[Pair] = []
    for some in in_pieces(sorted(set(items))):
        mine = select(Item.id).where(Item.public_id.in_(some))
        rows = own.session.scalars(
            select(Balance)
            .where(Balance.item_id.in_(mine), ~Balance.outside)
            .order_by(Balance.item_id, Balance.point_id)
            .with_for_update()
        )
        found += [(row.item_id, row.point_id) for row in rows]
    return found


def _settle(
    tx: UnitOfWork, wanted: dict[Pair, tuple[int, State | None]], known: Any, since: Since
) -> None:
    """Make what is open what it should be: {(item, point): (quantity, what is wrong)}."""
    stays = set()
    closed, graded = list[Alert](), dict[int, list[int]]()
    for alert in known:
        state = wanted[alert.item_id, alert.point_id][1]
        if state is None or kind_of(state) != alert.kind:
            closed.append(alert)
            continue
        stays.add((alert.item_id, alert.point_id))
        if GRADE_OF[state] != alert.grade:
            graded.setdefault(GRADE_OF[state], []).append(alert.id)
    for grade, ids in graded.items():
        _change(tx, ids, grade=grade)
    ended: dict[datetime, list[int]] = {}
    for alert in closed:
        at = since.get((alert.item_id, alert.point_id)) or tx.now
        ended.setdefault(at, []).append(alert.id)
    for at, ids in ended.items():
        _change(tx, ids, closed_at=at)
    for alert in closed:
        quantity = wanted[alert.item_id, alert.point_id][0]
        _tell(tx, AlertClosed, alert.id, alert.kind, alert.item_id, alert.point_id, quantity)
    new = {pair: said for pair, said in wanted.items() if pair not in stays}
    _open(tx, new, since)


def _open(tx: UnitOfWork, new: dict[Pair, tuple[int, State | None]], since: Since) -> None:
    rows = [
        {"item_id": pair[0], "point_id": pair[1], "quantity": quantity}
        | {"kind": kind_of(state), "grade": GRADE_OF[state]}
        | {"opened_at": since.get(pair) or tx.now, "closed_at": None}
        for pair, (quantity, state) in new.items()
        if state is not None
    ]
    for alert_id, row in zip(tx.append(Alert, rows), rows, strict=True):
        where = row["item_id"], row["point_id"], row["quantity"]
        _tell(tx, AlertOpened, alert_id, str(row["kind"]), *where)


def _change(tx: UnitOfWork, ids: Sequence[int], **values: Any) -> None:
    """Change alerts that are still open; what somebody closed stays as it is."""
    tx.session.execute(
        update(Alert)
        .where(any_of(Alert.id, ids), Alert.closed_at.is_(None))
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _tell(
    tx: UnitOfWork, event: Any, alert_id: int, kind: str, item_id: Any, point_id: Any, quantity: Any
) -> None:
    told = {"kind": kind, "item_id": item_id, "point_id": point_id, "quantity": quantity}
    tx.publish(event(alert_id=alert_id, **told))


def kind_of(state: State) -> str:
    """Return the kind of an alert that says so."""
    return "too_much" if state is State.TOO_MUCH else "low"
