"""The purchase order on paper: as it was ordered, or as an amendment made it."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from portal.api import NotFound
from portal.web import pdf, pdf_file, policy, print_view, reading

from ...views.shared import blueprint
from .. import changes
from ..models import LANGUAGES
from ..services import reading as found
from ..services import snapshots
from .words import WHAT, day_of, readable

TEMPLATE = "inventory/ordering/print.html"


@blueprint.get("/orders/<public_id>/print")
@policy("inventory.order.view")
def print_order(public_id):
    """Show an order as it goes to the supplier, for paper, fax and mail."""
    tx = reading()
    row = found.shown(tx, public_id)
    said = request.args.get("amendment")
    number = None if said is None else _number(said)
    language = request.args.get("language")
    language = language if language in LANGUAGES else snapshots.language_of(tx, row)
    shown = paper_of(tx, row, number)
    if request.args.get("format") == "pdf":
        return pdf(TEMPLATE, file_name(shown, language), language=language, **shown)
    return print_view(TEMPLATE, language=language, **shown)


def _number(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) < 6):
        raise NotFound
    return int(said)


def paper_of(tx: Any, order: Any, number: int | None = None) -> dict[str, Any]:
    """Return what the paper shows of an order, from what was kept when it went out."""
    wanted = order.amended if number is None else number
    amended = snapshots.amendment(tx, order, wanted) if wanted else None
    kept = amended.snapshot if amended is not None else order.snapshot
    priced = found.may_see_cost(tx, order)
    snapshot = snapshots.whole(tx, order, kept)
    return {
        "order": order,
        "kept": snapshot,
        "lines": [(line, changes.cost_of(line)) for line in snapshot["lines"]],
        "priced": priced,
        "total": changes.total_of(snapshot) if priced else None,
        "amendment": amended,
        "changes": readable(amended.changes if amended is not None else (), priced=priced),
        "days": {name: day_of(snapshot[name]) for name in ("placed_on", "expected_on")},
        "what": WHAT,
        "address": url_for("inventory.order", public_id=order.public_id, _external=True),
    }


def file_name(shown: dict[str, Any], language: str) -> str:
    """Return what a paper is called when it is saved."""
    amended = shown["amendment"]
    name = shown["order"].number or shown["order"].public_id
    return f"{name}-{amended.number}-{language}.pdf" if amended else f"{name}-{language}.pdf"


def attachment(tx: Any, order: Any, language: str) -> tuple[str, bytes] | None:
    """Return the newest paper of an order as a PDF with its name, None where none can be made."""
    shown = paper_of(tx, order)
    made = pdf_file(TEMPLATE, language=language, **shown)
    return None if made is None else (file_name(shown, language), made)
