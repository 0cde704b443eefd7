"""The order list to be taken along: on paper, as PDF and as a file."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from portal.api import message
from portal.web import Column, pdf, plain_file, policy, print_view, reading

from ...counting import blind
from ...views.shared import blueprint
from ..forms import SheetFilters
from ..services import sheet
from . import groups
from .sheet import KEY, VIEWS, narrowing

MOST = 1000  # rows; who has more narrows the list
COST = "inventory.cost.view"
COLUMNS = (
    Column("supplier", message("Supplier")),
    Column("department", message("Department")),
    Column("item", message("Item")),
    Column("sku", message("Code")),
    Column("place", message("Place")),
    Column("on_hand", message("On hand"), "quantity"),
    Column("unit", message("Unit")),
    Column("minimum", message("Minimum"), "quantity"),
    Column("maximum", message("Maximum"), "quantity"),
    Column("on_order", message("On order"), "quantity"),
    Column("packs", message("How many to order"), "number"),
    Column("pack", message("Pack")),
    Column("price", message("Price for one"), "money", permission=COST),
    Column("cost", message("Cost"), "money", permission=COST),
)


@blueprint.get("/order-list/print")
@policy("inventory.order.edit")
def print_order_list():
    """Show the order list as paper, with room to write in another quantity."""
    tx = reading()
    view, asked, found = _asked_for(tx)
    parts = _grouped(tx, found)
    shown: dict[str, Any] = {
        "groups": parts,
        "view": VIEWS[view],
        "chips": _chips(tx, asked, found),
        "counted": blind.notice(tx),
        "more": MOST if found.more else None,
        "priced": tx.actor.holds(COST),
        "many_departments": len({group.department for group in parts}) > 1,
        "packs": _packs,
        "cost": _cost,
        "in_packs": groups.in_packs,
        "back": url_for("inventory.order_list", **narrowing()),
    }
    if request.args.get("format") == "pdf":
        return pdf("inventory/ordering/sheet_print.html", f"order-list-{tx.today}.pdf", **shown)
    return print_view("inventory/ordering/sheet_print.html", **shown)


@blueprint.get("/order-list/file")
@policy("inventory.order.edit")
def order_list_file():
    """Answer with the rows of the order list as CSV or XLSX."""
    tx = reading()
    found = _asked_for(tx)[2]
    shown = [c for c in COLUMNS if c.permission is None or tx.actor.holds(c.permission)]
    rows = [
        [facts[column.key] for column in shown]
        for group in _grouped(tx, found)
        for facts in [_facts(group, row) for row in group.rows]
    ]
    wanted = "xlsx" if request.args.get("format") == "xlsx" else "csv"
    return plain_file(tx, "order-list", shown, rows, wanted)


def _asked_for(tx: Any) -> tuple[str, dict[str, str], Any]:
    """Return the view, what narrows it by the names of the filters, and its rows."""
    filters = SheetFilters(request.args)
    asked = {field.name: field.data for field in filters if KEY.fullmatch(field.data or "")}
    view = request.args.get("view", "")
    view = view if view in sheet.VIEWS else "to_order"
    return view, asked, sheet.whole(tx, MOST, view=view, **asked)


def _chips(tx: Any, asked: dict[str, str], found: Any) -> list[tuple[Any, Any]]:
    """Return (label, value) of each filter that is in force."""
    filters = SheetFilters(request.args)
    filters.offer(tx, sheet.suppliers(tx, found.rows, chosen=asked.get("supplier")))
    filters.validate()
    return [
        (filters[name].label.text, title)
        for name, key in asked.items()
        for value, title in filters[name].choices
        if value == key
    ]


def _grouped(tx: Any, found: Any) -> list[groups.Group]:
    terms = sheet.suppliers(tx, found.rows)
    chosen = {row.key: packs for row in found.rows if (packs := _packs(row))}
    return groups.grouped(tx, found, terms=terms, chosen=chosen, fill=False)


def _packs(row: Any) -> int | None:
    """Return how many packs of a row are suggested, or are on the list already."""
    if row.line is not None:
        return int(row.packs)
    return row.suggestion.packs if row.suggestion is not None else None


def _cost(group: groups.Group) -> int | None:
    """Return what the rows of a group cost together, as far as one may see what they cost."""
    costs = [row.cost(_packs(row) or 0) for row in group.rows]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _facts(group: groups.Group, row: Any) -> dict[str, Any]:
    """Return a row by the keys of the columns."""
    packs, offer = _packs(row), row.offer
    return {
        "supplier": group.terms.name if group.terms is not None else None,
        "department": row.department,
        "item": row.name,
        "sku": row.sku,
        "place": row.place_name,
        "on_hand": row.on_hand,
        "unit": row.unit,
        "minimum": row.minimum,
        "maximum": row.maximum,
        "on_order": row.on_order,
        "packs": packs,
        "pack": offer.pack if offer is not None else None,
        "price": row.cost(1),
        "cost": row.cost(packs) if packs else None,
    }
