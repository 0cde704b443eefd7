"""What watching the stock adds to the home page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import url_for

from portal.api import UnitOfWork, message
from portal.plugin import Panel

from ..forms import STATES
from ..rules import Amount
from ..tables import STATE_TONES
from . import due, figures, overview, services
from .models import GRADES

SHOWN = 6
COMPARED = 5  # departments


def widgets(tx: UnitOfWork) -> Iterator[Panel]:
    """Show how much has run low, and the most serious of it with what is coming."""
    yield from _strip(tx)
    yield from _to_be_counted(tx)
    yield from _used(tx)
    rows = services.most_serious(tx, most=SHOWN)
    if not rows:
        return
    coming = services.on_order(tx, [(row.item_id, row.point_id) for row in rows])
    shown = [_row(row, coming.get((row.item_id, row.point_id))) for row in rows]
    yield Panel(
        title=message("Running low"),
        template="inventory/watching/panel_low.html",
        context={"rows": shown, "counting": any(row["count_url"] for row in shown)},
        order=20,
        place="wide",
    )


def _strip(tx: UnitOfWork) -> Iterator[Panel]:
    out, low, too_much = services.how_many(tx)
    months = figures.months(tx, figures.Chosen()).kinds
    worth = [month.value for month in months["stock"]]
    if not (out or low or too_much or any(worth)):
        return
    alerts = url_for("inventory.alerts", view="low")
    cells = [
        {"label": STATES["out"], "count": out, "hue": "red", "url": alerts},
        {"label": message("Running low"), "count": low, "hue": "amber", "url": alerts}
        | {"points": [month.lines for month in months["low"]]},
        {"label": STATES["too_much"], "count": too_much, "hue": "sky"}
        | {"url": url_for("inventory.alerts", view="too-much")},
    ]
    if any(worth):
        cells.append(
            {"label": message("Value of the stock"), "worth": worth[-1], "points": worth}
            | {"hue": "teal", "url": url_for("inventory.stock_overview")}
        )
    yield Panel(
        title=message("Stock"),
        template="inventory/watching/strip.html",
        context={"cells": cells},
        order=10,
        place="strip",
    )


def _row(row: Any, coming: services.OnOrder | None) -> dict[str, Any]:
    state = GRADES[row.grade]
    return {
        "name": row.name,
        "url": url_for("inventory.item", public_id=row.item),
        "place": row.place,
        "since": row.opened_at,
        "left": row.quantity,
        "minimum": Amount(row.minimum, row.unit),
        "state": STATES[state],
        "tone": STATE_TONES[state],
        "coming": Amount(coming.quantity, row.unit) if coming is not None else None,
        "expected_on": coming.expected_on if coming is not None else None,
        "order_url": url_for("inventory.order_list", item=row.item, place=row.place_id)
        if row.may_order
        else "",
        "count_url": url_for("inventory.count_item_now", public_id=row.item, place_id=row.place_id)
        if row.may_count
        else "",
    }


def _used(tx: UnitOfWork) -> Iterator[Panel]:
    """Compare what departments used; of one alone there is nothing to compare."""
    figure = overview.usage(tx, figures.Chosen(), most=COMPARED)
    if len(figure.rows) > 1:
        yield Panel(
            title=figure.title,
            template="inventory/watching/panel_used.html",
            context={"chart": figure.chart},
            order=40,
        )


def _to_be_counted(tx: UnitOfWork) -> Iterator[Panel]:
    if not (tx.actor.holds("inventory.count.view") and tx.actor.holds("inventory.count.enter")):
        return
    if count := due.how_many(tx):
        yield Panel(
            title=message("To be counted"),
            template="inventory/watching/panel_due.html",
            context={"count": count},
            order=30,
        )
