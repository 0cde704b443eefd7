"""What was told at the shelves, on the home page of those who order."""

from __future__ import annotations

from collections.abc import Iterator

from portal.api import UnitOfWork, message
from portal.plugin import Panel

from . import flags

SHOWN = 6


def widgets(tx: UnitOfWork) -> Iterator[Panel]:
    """Show what is nearly empty as somebody at the shelf has told."""
    if not tx.actor.holds("inventory.order.edit"):
        return
    if rows := flags.open_flags(tx, most=SHOWN):
        yield Panel(
            title=message("Nearly empty, told at the shelf"),
            template="inventory/panel_flags.html",
            context={"rows": rows},
            order=21,
            place="wide",
        )
