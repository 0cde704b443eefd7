"""What inventory shows on pages that are not its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from portal.api import Message, Place, UnitOfWork, message
from portal.plugin import Home, Panel, Problem, Scanned, hookimpl

from .counting import blind
from .counting import hooks as counting
from .forms import PLACE_KINDS
from .labels import hooks as labels
from .services import points, scanning, selfcheck
from .watching import hooks as watching


@hookimpl
def withheld(tx: UnitOfWork, act: str, record: int) -> Iterator[Message]:
    """Keep from the counters of a blind count what the audit tells of its stock."""
    if blind.act_is_hidden(tx, act, record):
        yield blind.StillCounted.default


@hookimpl
def panels(tx: UnitOfWork, subject: Any, slot: str) -> Iterator[Panel]:
    """Show at home what runs low, and on a place's page what lies there."""
    if not tx.actor.holds("inventory.stock.view"):
        return
    if isinstance(subject, Home) and slot == "widget":
        yield from watching.widgets(tx)
        yield from labels.widgets(tx)
    if isinstance(subject, Place) and slot == "page":
        yield from _stock_at(tx, subject)


def _stock_at(tx: UnitOfWork, place: Place) -> Iterator[Panel]:
    kept, mine = points.kept_at(tx, place), points.may_arrange(tx, place)
    counts = counting.of_place(tx, place)
    if kept is not None or mine or counts["count"] or counts["countable"]:
        yield Panel(
            title=message("Stock"),
            template="inventory/panel_place.html",
            context={
                "place": place.public_id,
                "kept": kept,
                "kind": PLACE_KINDS[kept.kind if kept is not None else points.USUAL],
                "mine": mine,
                **counts,
            },
            order=20,
        )


@hookimpl
def checks(tx: UnitOfWork) -> Iterator[Problem]:
    """Add the ledger up and complain if it does not fit the balances."""
    found = Counter(finding.kind for finding in selfcheck.findings(tx))
    for kind, count in found.items():
        yield Problem(
            title=message(
                "{count} figures of the stock ledger do not add up. {what}",
                count=count,
                what=selfcheck.KINDS[kind],
            ),
            remedy=message("Open Inventory, Ledger check, and restore the last good backup."),
        )


@hookimpl
def scanned(tx: UnitOfWork, codes: Sequence[str]) -> Iterator[Scanned]:
    """Know barcodes on packets, and the codes on shelves."""
    if not tx.actor.holds("inventory.item.view"):
        return
    for code, item, meta in scanning.look_up(tx, codes):
        yield Scanned(
            code=code,
            title=item.name,
            meta=meta,
            icon="package",
            endpoint="inventory.item",
            values={"public_id": item.public_id},
        )
