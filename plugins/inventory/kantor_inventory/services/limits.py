"""How much of an item a place should hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import EditConflict, Message, UnitOfWork, ValidationFailed, message

from ..models import Item, StockRule
from ..watching import episodes
from . import balances
from .ends import point_in_reach


@dataclass(frozen=True, kw_only=True)
class SetRule:
    """How much of an item a place should hold; ``version`` is None where there was no rule yet."""

    item: str
    place: str
    minimum: int | None
    maximum: int | None
    mode: str | None = None
    version: int | None = None


def set_rule(tx: UnitOfWork, command: SetRule) -> StockRule:
    """Say how much a place should hold; raise EditConflict if somebody else did so meanwhile."""
    _check_rule(command)
    item = tx.one(select(Item), public_id=command.item)
    point = point_in_reach(tx, command.place, "inventory.stock.set_rule", target=True)
    found = tx.session.scalars(select(StockRule).filter_by(item_id=item.id, point_id=point.id))
    rule = found.one_or_none()
    if (rule.version if rule is not None else None) != command.version:
        raise EditConflict(theirs=_said(rule))
    before = _said(rule)
    if rule is None:
        rule = StockRule(item_id=item.id, point_id=point.id)
        tx.session.add(rule)
    rule.minimum, rule.maximum, rule.mode = command.minimum, command.maximum, command.mode
    tx.session.flush()
    balances.limit(tx, item, point, minimum=command.minimum, maximum=command.maximum)
    episodes.settle(tx, [(item.id, point.id)])
    tx.audit("inventory.rule_set", rule, before=before, after=_said(rule))
    return rule


def _check_rule(command: SetRule) -> None:
    problems: dict[str, Message | str] = {}
    if command.minimum is not None and command.minimum < 0:
        problems["minimum"] = message("A minimum is not negative.")
    if command.maximum is not None and command.maximum <= 0:
        problems["maximum"] = message("A maximum is above zero.")
    elif command.maximum is not None and command.maximum < (command.minimum or 0):
        problems["maximum"] = message("The maximum is not below the minimum.")
    if problems:
        raise ValidationFailed(problems)


def _said(rule: StockRule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    return {"minimum": rule.minimum, "maximum": rule.maximum, "mode": rule.mode}
