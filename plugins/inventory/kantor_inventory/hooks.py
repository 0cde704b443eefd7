"""What inventory shows on pages that are not its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from portal.api import Place, UnitOfWork, message, visible
from portal.plugin import Home, Panel, Problem, hookimpl

from .models import Balance, Item, Point, Unit
from .services import selfcheck

SHOWN = 6


@hookimpl
def panels(tx: UnitOfWork, subject: Any, slot: str) -> Iterator[Panel]:
    """Show on the home page what has run low in the places one looks after."""
    if not isinstance(subject, Home) or slot != "widget":
        return
    if not tx.actor.holds("inventory.stock.view"):
        return
    low: Any = (
        select(
            Balance.quantity,
            Balance.minimum,
            Item.public_id,
            Item.name,
            Unit.name.label("unit"),
            Place.name.label("place"),
        )
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(Balance.below)
        .order_by(Balance.item_key, Balance.id)
        .limit(SHOWN)
    )
    rows = tx.session.execute(visible(low, "inventory.stock.view", tx.actor)).all()
    if rows:
        yield Panel(
            title=message("Running low"),
            template="inventory/panel_low.html",
            context={"rows": rows},
            order=20,
            place="wide",
        )


@hookimpl
def checks(tx: UnitOfWork) -> Iterator[Problem]:
    """Add the ledger up and complain if it does not fit the balances."""
    found = selfcheck.findings(tx)
    if found:
        yield Problem(
            title=message("{count} figures of the stock ledger do not add up.", count=len(found)),
            remedy=message("Open Inventory, Ledger check, and restore the last good backup."),
        )
