"""Where the codes on labels lead: each within what its reader may see."""

from __future__ import annotations

from portal.api import UnitOfWork, message
from portal.plugin import Destination, LinkKind

from .services import ITEM, PLACE, SHELF, Label, found, one_of


def _only(tx: UnitOfWork, kind: str, target: str) -> Label | None:
    return next(iter(found(tx, kind, [target])), None)


def _item(tx: UnitOfWork, target: str) -> Destination | None:
    if (label := _only(tx, ITEM, target)) is None:
        return None
    return Destination(title=label.name, endpoint="inventory.item", values={"public_id": target})


def _place(tx: UnitOfWork, target: str) -> Destination | None:
    if (label := _only(tx, PLACE, target)) is None:
        return None
    return Destination(title=label.name, endpoint="inventory.stock", values={"place": target})


def _shelf(tx: UnitOfWork, target: str) -> Destination | None:
    label, parts = _only(tx, SHELF, target), one_of(target)
    if label is None or parts is None:
        return None
    return Destination(
        title=message("{item}, {place}", item=label.name, place=label.place),
        endpoint="inventory.shelf",
        values={"public_id": parts[0], "place_id": parts[1]},
    )


LINKS = (
    LinkKind(name=ITEM, title=message("Item"), permission="inventory.item.view", resolve=_item),
    LinkKind(name=PLACE, title=message("Place"), permission="inventory.stock.view", resolve=_place),
    LinkKind(
        name=SHELF, title=message("Shelf card"), permission="inventory.stock.view", resolve=_shelf
    ),
)
