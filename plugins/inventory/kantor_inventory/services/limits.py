"""How much of an item a place should hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, select

from portal.api import EditConflict, Message, UnitOfWork, ValidationFailed, message

from ..models import METHODS, Item, StockRule
from ..watching import episodes
from . import balances, many
from .balances import Limits
from .ends import point_in_reach
from .pairs import Pair, among_named, naming

_HELD: Any = (
    select(StockRule.id, StockRule.item_id, StockRule.point_id)
    .add_columns(StockRule.minimum, StockRule.maximum)
    .where(among_named(StockRule))
    .order_by(StockRule.id)
    .with_for_update()
)


@dataclass(frozen=True, kw_only=True)
class SetRule:
    """How much of an item a place should hold; ``version`` is None where there was no rule yet.

    With the method ``auto`` the figures are what the first night begins from, with ``off`` there
    are none.
    """

    item: str
    place: str
    minimum: int | None
    maximum: int | None
    mode: str | None = None
    version: int | None = None
    method: str = "manual"
    service_percent: int = 98
    review_days: int | None = None
    hard_cap: int | None = None


def set_rule(tx: UnitOfWork, command: SetRule) -> StockRule:
    """Say how much a place should hold; raise EditConflict if somebody else did so meanwhile."""
    _check_rule(command)
    item = tx.one(select(Item), public_id=command.item)
    point = point_in_reach(tx, command.place, "inventory.stock.set_rule", target=True)
    pair = (item.id, point.id)
    balances.hold(tx, [pair], {point.id: point}, limited=False)
    found = tx.session.scalars(select(StockRule).filter_by(item_id=item.id, point_id=point.id))
    rule = found.one_or_none()
    if (rule.version if rule is not None else None) != command.version:
        raise EditConflict(theirs=_said(rule))
    before = _said(rule)
    if rule is None:
        rule = StockRule(item_id=item.id, point_id=point.id)
        tx.session.add(rule)
    wanted = Limits(command.minimum, command.maximum)
    if command.method == "off":
        wanted = Limits(None, None)
    rule.minimum, rule.maximum, rule.mode = wanted.minimum, wanted.maximum, command.mode
    rule.service_percent, rule.review_days = command.service_percent, command.review_days
    rule.method, rule.hard_cap = command.method, command.hard_cap
    if command.method != "auto":
        rule.proposed_minimum = rule.proposed_maximum = None
    tx.session.flush()
    balances.limit(tx, {pair: wanted})
    episodes.settle(tx, [pair])
    tx.audit("inventory.rule_set", rule, before=before, after=_said(rule))
    return rule


def held_rules(tx: UnitOfWork, pairs: Collection[Pair]) -> dict[Pair, Any]:
    """Return id and limits of the rules of items at places, held until the commit."""
    found: dict[Pair, Any] = {}
    for some in many.in_pieces(sorted(pairs)):
        held = tx.session.execute(_HELD, naming(some))
        found |= {(row.item_id, row.point_id): row for row in held}
    return found


def put_rules(
    tx: UnitOfWork, wanted: Mapping[Pair, Limits | None], rules: Mapping[Pair, Any]
) -> None:
    """Give many places other limits at once (None: no rule), as ``set_rule`` does one by one.

    The items are held, and ``rules`` are what ``held_rules`` has found of them.
    """
    limits = {pair: limits for pair, limits in wanted.items() if limits is not None}
    many.remove(tx, StockRule, [rules[pair].id for pair in wanted.keys() - limits if pair in rules])
    changed = [
        pair for pair in sorted(limits) if pair in rules and limits[pair] != _of(rules[pair])
    ]
    for some in many.in_pieces(changed):
        ids = {rules[pair].id: limits[pair] for pair in some}
        minimum = {one: limit.minimum for one, limit in ids.items()}
        maximum = {one: limit.maximum for one, limit in ids.items()}
        put = {
            "minimum": many.by_row(StockRule, minimum),
            "maximum": many.by_row(StockRule, maximum),
            # Who gives a figure wants one, where nobody did before.
            "method": case((StockRule.method == "off", "manual"), else_=StockRule.method),
            "version": StockRule.version + 1,
        }
        many.change(tx, StockRule, list(ids), put)
    new = [pair for pair in sorted(limits) if pair not in rules]
    tx.append(
        StockRule,
        [
            {"item_id": item_id, "point_id": point_id, "version": 1}
            | {"minimum": limit.minimum, "maximum": limit.maximum}
            for (item_id, point_id), limit in ((pair, limits[pair]) for pair in new)
        ],
    )
    none = Limits(None, None)
    balances.limit(tx, {pair: limit or none for pair, limit in wanted.items()})
    episodes.settle(tx, list(wanted))


def _of(rule: Any) -> Limits:
    return Limits(rule.minimum, rule.maximum)


def _check_rule(command: SetRule) -> None:
    problems: dict[str, Message | str] = {}
    if command.minimum is not None and command.minimum < 0:
        problems["minimum"] = message("A minimum is not negative.")
    if command.maximum is not None and command.maximum <= 0:
        problems["maximum"] = message("A maximum is above zero.")
    elif command.maximum is not None and command.maximum < (command.minimum or 0):
        problems["maximum"] = message("The maximum is not below the minimum.")
    if command.method not in METHODS:
        problems["method"] = message("Choose who says how much to keep.")
    if not 50 <= command.service_percent <= 99:
        problems["service_percent"] = message("Between 50 and 99 of a hundred orders.")
    if command.review_days is not None and not 1 <= command.review_days <= 365:
        problems["review_days"] = message("Between 1 and 365 days.")
    if command.hard_cap is not None and command.hard_cap <= 0:
        problems["hard_cap"] = message("The most that may be kept is above zero.")
    if problems:
        raise ValidationFailed(problems)


def _said(rule: StockRule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    return {
        "minimum": rule.minimum,
        "maximum": rule.maximum,
        "mode": rule.mode,
        "method": rule.method,
        "service_percent": rule.service_percent,
        "review_days": rule.review_days,
        "hard_cap": rule.hard_cap,
    }
