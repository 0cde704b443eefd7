"""The self-check of the ledger: what the last one found, and a new one."""

from __future__ import annotations

from sqlalchemy import select

from portal.api import message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ..jobs import CHECK
from ..models import LedgerCheck
from ..services import findings
from ..services.selfcheck import KINDS
from .shared import blueprint


@blueprint.get("/ledger")
@policy("inventory.stock.view")
def ledger():
    """Show whether the books add up."""
    tx = reading()
    last = tx.session.scalars(select(LedgerCheck).order_by(LedgerCheck.id.desc()).limit(1)).first()
    found, hidden = findings.in_reach(tx, last.findings if last is not None else [])
    return render(
        "inventory/ledger.html",
        crumbs=((message("Ledger check"), ""),),
        last=last,
        found=[(name, place, KINDS[f["kind"]], f) for name, place, f in found],
        hidden=hidden,
    )


@blueprint.post("/ledger/check")
@policy("inventory.stock.set_rule")
def check_ledger():
    """Ask the worker to add everything up again."""
    with transaction() as tx:
        tx.enqueue(CHECK, args={})
        toast(message("The ledger is being checked. Look again in a moment."))
        return redirect_to(tx, "inventory.ledger")
