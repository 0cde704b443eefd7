"""Where the codes on labels lead: each within what its reader may see."""

from __future__ import annotations

from sqlalchemy import select

from portal.api import UnitOfWork, message, visible
from portal.plugin import Destination, LinkKind

from ..models import Item

ITEM = "inventory.item"


def _item(tx: UnitOfWork, target: str) -> Destination:
    row = tx.one(visible(select(Item), "inventory.item.view", tx.actor), public_id=target)
    return Destination(title=row.name, endpoint="inventory.item", values={"public_id": target})


LINKS = (
    LinkKind(name=ITEM, title=message("Item"), permission="inventory.item.view", resolve=_item),
)
