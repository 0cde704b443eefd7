"""Reading the audit."""

from __future__ import annotations

from flask import Blueprint, url_for
from sqlalchemy import select

from portal.messages import message
from portal.reach import visible
from portal.web import policy, reading, render

from .models import AuditEntry
from .tables import ENTRIES

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
TITLE = message("Audit")


@blueprint.get("")
@policy("core.audit.view")
def entries():
    """Show what was done, the newest first."""
    return ENTRIES.respond(reading(), "audit/entries.html", crumbs=((TITLE, ""),))


@blueprint.get("/<int(max=2147483647):number>")
@policy("core.audit.view")
def entry(number):
    """Show one act with everything that was recorded of it."""
    tx = reading()
    row = tx.one(visible(select(AuditEntry), "core.audit.view", tx.actor), id=number)
    crumbs = ((TITLE, url_for("audit.entries")), (str(row.id), ""))
    return render("audit/entry.html", crumbs=crumbs, entry=row, detail=flattened(row.detail))


def flattened(detail, above=""):
    """Return nested plain values as (dotted name, text) pairs."""
    pairs = []
    for name, value in detail.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            pairs += flattened(value, f"{path}.")
        elif isinstance(value, list):
            pairs.append((path, " → ".join("" if part is None else str(part) for part in value)))
        else:
            pairs.append((path, "" if value is None else str(value)))
    return pairs
