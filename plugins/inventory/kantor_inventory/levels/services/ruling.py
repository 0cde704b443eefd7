"""Letting Kantor compute a level, and saying yes to what it proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from portal.api import (
    BulkResult,
    NotFound,
    Place,
    UnitOfWork,
    message,
    visible,
)

from ...counting import blind
from ...models import Balance, Item, Point, StockRule, Unit
from ...services import balances, limits
from ...services.balances import Limits
from ...services.many import any_of
from ...services.pairs import Pair
from ...watching import episodes
from ..rules import Found, Levels
from . import computing
from .computing import Asked

SET = "inventory.stock.set_rule"
MOST = 500  # chosen at once


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """Yes to the levels that were proposed, as they were when the page was shown."""

    item: str
    place: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What levels of one item at one place would be."""

    id: int
    item: str
    name: str
    place: str
    unit: str
    now: Levels
    found: Found | None  # None where it is not ordered at all


def set_rule(tx: UnitOfWork, command: limits.SetRule) -> StockRule:
    """Say how much a place should hold; where Kantor is to say it, it does so at once.

    Raises what ``limits.set_rule`` does.
    """
    rule = limits.set_rule(tx, command)
    if rule.method == "auto":
        computing.run(tx, [rule.id])
    return rule


def confirm(tx: UnitOfWork, command: Confirm) -> StockRule:
    """Make what was proposed the levels; raise NotFound if nothing is, or EditConflict."""
    rule = _rule(tx, command.item, command.place)
    pair = (rule.item_id, rule.point_id)
    points = balances.points_of(tx, [rule.point_id])
    balances.hold(tx, [pair], points, limited=False)
    rule = tx.one(select(StockRule), lock=True, id=rule.id)
    before = {"minimum": rule.minimum, "maximum": rule.maximum}
    tx.expect_version(rule, command.version, **before)
    if rule.proposed_minimum is None:
        raise NotFound
    rule.minimum, rule.maximum = rule.proposed_minimum, rule.proposed_maximum
    rule.proposed_minimum = rule.proposed_maximum = None
    tx.session.flush()
    balances.limit(tx, {pair: Limits(rule.minimum, rule.maximum)})
    episodes.settle(tx, [pair])
    after = {"minimum": rule.minimum, "maximum": rule.maximum}
    tx.audit("inventory.levels_confirmed", rule, before=before, after=after)
    return rule


def _rule(tx: UnitOfWork, item: str, place: str) -> StockRule:
    found = (
        select(StockRule)
        .join(StockRule.item)
        .join(StockRule.point)
        .join(Point.place)
        .where(Item.public_id == item, Place.public_id == place)
    )
    rule: StockRule = tx.one(visible(found, SET, tx.actor))
    return rule


def preview(tx: UnitOfWork, ids: Sequence[int]) -> list[Preview]:
    """Return what these lines of the stock list would hold, where one may set it.

    Nothing changes. What is being counted is not among it for who counts it.
    """
    rows = _chosen(tx, ids)
    asked = {
        (row.item_id, row.point_id): Asked(
            service=row.service_percent or Asked.service, review=row.review_days, cap=row.hard_cap
        )
        for row in rows
    }
    on_hand = {(row.item_id, row.point_id): row.quantity for row in rows}
    found = computing.work_out(tx, asked, on_hand)
    return [
        Preview(
            id=row.id,
            item=row.public_id,
            name=row.name,
            place=row.place,
            unit=row.unit,
            now=Levels(minimum=row.minimum, maximum=row.maximum),
            found=found.get((row.item_id, row.point_id)),
        )
        for row in rows
    ]


def _chosen(tx: UnitOfWork, ids: Sequence[int]) -> Any:
    statement: Any = (
        select(
            Balance.id,
            Balance.item_id,
            Balance.point_id,
            Balance.quantity,
            Balance.minimum,
            Balance.maximum,
            Item.public_id,
            Item.name,
            Unit.name.label("unit"),
            Place.name.label("place"),
            StockRule.service_percent,
            StockRule.review_days,
            StockRule.hard_cap,
        )
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(
            StockRule,
            (StockRule.item_id == Balance.item_id) & (StockRule.point_id == Balance.point_id),
        )
        .where(any_of(Balance.id, sorted(set(ids))[:MOST]), ~Balance.outside)
        .where(*blind.open_books(blind.hidden(tx.actor, Balance)))
        .order_by(Balance.item_key, Balance.id)
    )
    return tx.session.execute(visible(statement, SET, tx.actor)).all()


def let_compute(tx: UnitOfWork, ids: Sequence[int]) -> BulkResult:
    """Have the levels of these lines of the stock list computed from now on, and take them over.

    Who asks has seen what they will be, so that they move the whole way. Lines one may not set,
    and what is not ordered any more, stay as they are.
    """
    chosen = [one for one in preview(tx, ids) if one.found is not None]
    rows = {row.id: row for row in _chosen(tx, [one.id for one in chosen])}
    pairs: list[Pair] = sorted((row.item_id, row.point_id) for row in rows.values())
    points = balances.points_of(tx, {point_id for _, point_id in pairs})
    balances.hold(tx, pairs, points, limited=False)
    made = []
    for item_id, point_id in pairs:
        rule: StockRule = tx.ensure(
            StockRule,
            defaults={"version": 1, "method": "manual", "service_percent": Asked.service},
            item_id=item_id,
            point_id=point_id,
        )
        before = {"method": rule.method, "minimum": rule.minimum, "maximum": rule.maximum}
        rule.method = "auto"
        made.append((rule, before))
    tx.session.flush()
    computing.run(tx, [rule.id for rule, _ in made], confirmed=True)
    for rule, before in made:
        after = {"method": "auto", "minimum": rule.minimum, "maximum": rule.maximum}
        tx.audit("inventory.rule_set", rule, before=before, after=after)
    left = len(set(ids)) - len(made)
    refused = [(str(message("{count} lines", count=left)), message("stay as they are"))]
    return BulkResult(
        done=message("Levels computed from now on: {count}.", count=len(made)),
        refused=refused if left else [],
    )


def waiting(tx: UnitOfWork) -> int:
    """Return how many levels wait to be confirmed where one may set them, at most 100."""
    some = select(StockRule.id).where(StockRule.proposed_minimum.is_not(None)).limit(100)
    ids = visible(some, SET, tx.actor).subquery()
    return int(tx.session.scalar(select(func.count()).select_from(ids)) or 0)
