"""What the page of an item shows, gathered in a few statements."""

from __future__ import annotations

from typing import Any

from flask import url_for

from portal.api import UnitOfWork, message
from portal.web import BarChart, bar_chart, panels, story

from .. import rules
from ..asking import substitutes
from ..asking.rules import ASK
from ..counting import blind
from ..forms import STATES, STATUSES
from ..levels import shown
from ..models import Item
from ..ordering.services import reading as orders
from ..ordering.services import sheet
from ..ordering.views import groups
from ..rules import Amount
from ..services import history, packs, points
from ..tables import STATE_TONES, STATUS_TONES
from ..watching import services as watching


def context(tx: UnitOfWork, item: Item) -> dict[str, Any]:
    """Return everything on an item's page that this person may see."""
    may_look = tx.actor.holds("inventory.stock.view")
    places = watching.places_of(tx, item) if may_look else []
    counted = any(row.closed for row in places)
    on_hand = None if counted else sum(balance.quantity for balance, *_ in places)
    units, offers = packs.packs_of(tx, item)
    told = history.of_item(tx, item, on_hand=on_hand) if places and on_hand is not None else None
    return {
        "item": item,
        "unit": item.base_unit.name,
        "status": (STATUSES[item.status], STATUS_TONES[item.status]),
        "places": [_place(tx, item, row) for row in places],
        "may": _may(tx, places),
        "others": substitutes.with_stock(tx, item),
        "on_hand": on_hand,
        "counted": blind.StillCounted.default if counted else "",
        "worth": _worth(places) if tx.actor.holds("inventory.cost.view") and not counted else None,
        "units": units,
        "offers": offers,
        "panels": panels(tx, item, "page"),
        "story": story(tx, item),
        "told": _told(told, on_hand or 0, item) if told else None,
        "suggestions": _suggestions(tx, item, offers)
        if any(b.to_order for b, *_ in places)
        else [],
        "coming": orders.open_lines_of(tx, item) if any(b.on_order for b, *_ in places) else [],
        "weeks": _weeks(told, item, [balance for balance, *_ in places]) if told else None,
    }


def _suggestions(tx: UnitOfWork, item: Item, offers: list[Any]) -> list[dict[str, Any]]:
    """Return what to order of an item for each place, and why."""
    terms = {offer.supplier: offer for offer in offers}
    return [
        {
            "row": row,
            "amount": groups.in_base(row, row.suggestion.packs),
            "packs": groups.in_packs(row, row.suggestion.packs),
            "why": groups.sentence(row, terms, zone=tx.zone),
        }
        for row in sheet.of_item(tx, item)
        if row.suggestion is not None and row.put_off is None and row.line is None
    ]


def as_form(item: Item) -> dict[str, Any]:
    """Return an item as its form shows it."""
    return {
        "name": item.name,
        "sku": item.sku,
        "category": item.category.public_id if item.category is not None else None,
        "mode": item.mode,
        "status": item.status,
        "note": item.note,
        "version": item.version,
    }


def _may(tx: UnitOfWork, places: list[Any]) -> set[str]:
    """Return what one may do with the item where it is kept: its buttons.

    Who only sees a shared room may ask it; what belongs to the room is for its own people.
    """
    found = set()
    for verb in ("issue", "transfer", "scrap"):
        permission = f"inventory.stock.{verb}"
        if any(points.is_mine(tx, place, permission) for _, place, *_ in places):
            found.add(verb)
    return found


def _place(tx: UnitOfWork, item: Item, row: Any) -> dict[str, Any]:
    balance, place, rule, state = row[:4]
    unit = item.base_unit.name
    store = balance.point.kind == "store" and place.active and item.mode != "non_stock"
    return {
        "ask": tx.actor.holds(ASK) and store,
        "limits": points.is_mine(tx, place, points.EDIT),
        "name": place.name,
        "code": place.code,
        "public_id": place.public_id,
        "quantity": None if row.closed else balance.quantity,
        "on_order": balance.on_order,
        "aside": 0 if row.closed else balance.reserved,
        "minimum": balance.minimum,
        "maximum": balance.maximum,
        "state": blind.BEING_COUNTED if row.closed else STATES[state],
        "tone": "mute" if row.closed else STATE_TONES[state],
        "since": None if row.closed else row.since,
        "counted_at": balance.counted_at,
        "level": shown.of_rule(rule, unit, closed=row.closed),
        "why": ""
        if row.closed
        else rules.explain_state(balance.quantity, balance.minimum, balance.maximum, unit),
        "shelf_url": url_for("inventory.shelf", public_id=item.public_id, place_id=place.public_id),
        "rule_url": url_for("inventory.rule", public_id=item.public_id, place_id=place.public_id),
    }


def _worth(places: list[Any]) -> dict[str, int | None]:
    """Return what the stock in reach is worth, and what one of it costs on average."""
    priced = [row.Balance for row in places if row.priced]
    quantity, value = sum(b.quantity for b in priced), sum(b.value for b in priced)
    return {"value": value, "each": rules.unit_cost(on_hand=quantity, value=value)}


def _told(known: history.History, on_hand: int, item: Item) -> dict[str, Any]:
    unit = item.base_unit.name
    sentence = rules.explain_change(known.before, on_hand, known.sums, unit)
    return {"since": known.since, "sentence": sentence}


def _weeks(known: history.History, item: Item, balances: list[Any]) -> BarChart | None:
    """Return the chart of what was there week by week; nothing if nothing ever was."""
    levels, unit = [level for _, level in known.levels], item.base_unit.name
    if not any(levels):
        return None
    minimum = sum(balance.minimum or 0 for balance in balances)
    limit = message("minimum {amount}", amount=Amount(minimum, unit))
    return bar_chart(
        known.levels,
        names=[message("On hand")],
        sentence=message(
            "On hand at the end of each of the last {count} weeks: {first} in the first,"
            " {last} now, between {lowest} and {highest}.",
            count=len(levels),
            first=Amount(levels[0], unit),
            last=Amount(levels[-1], unit),
            lowest=Amount(min(levels), unit),
            highest=Amount(max(levels), unit),
        ),
        head=message("Week until"),
        limit=(minimum, limit) if minimum else None,
        quantities=True,
    )
