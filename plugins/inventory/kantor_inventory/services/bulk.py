"""Changing one thing of many items at once, and putting it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import BulkResult, Conflict, Message, UnitOfWork, message, undoable, visible

from ..models import Category, Item
from ..watching import episodes
from .many import in_pieces

CHANGED = "inventory.items_changed"
CHANGED_SINCE = message("changed by somebody since")


@dataclass(frozen=True, kw_only=True)
class SetStatus:
    """The same status for these items."""

    items: Sequence[str]
    status: str


@dataclass(frozen=True, kw_only=True)
class SetCategory:
    """The same category for these items, or none."""

    items: Sequence[str]
    category: str | None


def set_status(tx: UnitOfWork, command: SetStatus) -> BulkResult:
    """Give items a status; those that have it, and those one may not change, stay as they are."""
    return _set(tx, command.items, "status", command.status, lambda item: item.status)


def set_category(tx: UnitOfWork, command: SetCategory) -> BulkResult:
    """Put items into a category; raise NotFound if it is gone."""
    found = tx.one(select(Category), public_id=command.category) if command.category else None
    chosen = found.id if found is not None else None
    names = {row.id: row.name for row in tx.session.scalars(select(Category))}
    return _set(
        tx, command.items, "category_id", chosen, lambda item: names.get(item.category_id or 0)
    )


def _set(
    tx: UnitOfWork, ids: Sequence[str], column: str, value: Any, said: Callable[[Item], Any]
) -> BulkResult:
    """Set one column of items, audited one by one, and note how to put it back."""
    if column == "status":
        episodes.hold(tx, ids)
    items = _held(tx, ids)
    changed = [(item, getattr(item, column), said(item)) for item in items]
    changed = [one for one in changed if one[1] != value]
    for item, _, _ in changed:
        setattr(item, column, value)
    tx.session.flush()
    for item, _, before in changed:
        _audit(tx, item, column, before, said(item))
    before_and_after = [[item.public_id, before, item.version] for item, before, _ in changed]
    step = (
        undoable(tx, CHANGED, column=column, value=value, items=before_and_after) if changed else ""
    )
    if column == "status":
        episodes.settle_items(tx, ids)
    gone = len(set(ids)) - len(items)
    refused = (
        [(message("{count} items", count=gone), message("not there any more"))] if gone else []
    )
    return BulkResult(
        done=_told([item for item, _, _ in changed], len(items)),
        refused=[(str(name), why) for name, why in refused],
        undo=step,
    )


def restore(tx: UnitOfWork, *, column: str, value: Any, items: Sequence[Any]) -> Message:
    """Put back what a bulk change did, where nobody has changed the item since.

    Raises Conflict if that is nowhere.
    """
    ids = [one[0] for one in items]
    if column == "status":
        episodes.hold(tx, ids)
    held = {item.public_id: item for item in _held(tx, ids)}
    names = {row.id: row.name for row in tx.session.scalars(select(Category))}
    back: list[Item] = []
    kept: list[str] = [item.name for item in held.values()]
    for public_id, before, version in items:
        item = held.get(public_id)
        gone = column == "category_id" and before is not None and before not in names
        if item is None or gone or item.version != version or getattr(item, column) != value:
            continue
        setattr(item, column, before)
        back.append(item)
        kept.remove(item.name)
    if not back:
        raise Conflict(message("Nothing is undone: all of it was changed since."))
    tx.session.flush()
    for item in back:
        words = (names.get(value), names.get(item.category_id or 0))
        told = words if column == "category_id" else (value, item.status)
        _audit(tx, item, column, *told)
    if column == "status":
        episodes.settle_items(tx, ids)
    if len(back) == len(items):
        return message("Undone.")
    done = message("Undone for {count} of {all} items.", count=len(back), all=len(items))
    return BulkResult(done=done, refused=[(name, CHANGED_SINCE) for name in kept]).sentence


def _held(tx: UnitOfWork, ids: Sequence[str]) -> list[Item]:
    """Return those of the items that one may change, locked in one order."""
    mine: Any = visible(select(Item), "inventory.item.edit", tx.actor)
    found: list[Item] = []
    for some in in_pieces(sorted(set(ids))):
        chosen = mine.where(Item.public_id.in_(some)).order_by(Item.id).with_for_update(of=Item)
        found += tx.session.scalars(chosen.execution_options(populate_existing=True))
    return found


def _audit(tx: UnitOfWork, item: Item, column: str, before: Any, after: Any) -> None:
    name = "category" if column == "category_id" else column
    tx.audit("inventory.item_changed", item, before={name: before}, after={name: after})


def _told(changed: Sequence[Item], of: int) -> Message:
    if not changed:
        return message("Nothing had to be changed.")
    if len(changed) == 1:
        return message("{item} is changed.", item=changed[0].name)
    if len(changed) < of:
        return message(
            "{count} items are changed, {same} were so already.",
            count=len(changed),
            same=of - len(changed),
        )
    return message("{count} items are changed.", count=len(changed))
