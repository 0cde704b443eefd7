"""Reading the audit."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from sqlalchemy import select

from portal.messages import message
from portal.people.models import Person
from portal.reach import visible
from portal.roles.rules import reaches
from portal.web import policy, reading, render

from .models import AuditEntry
from .reading import newest_chain, page_of, told
from .tables import ENTRIES
from .words import ACTIONS, KINDS

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("")
@policy("core.audit.view")
def entries():
    """Show what was done, the newest first, and whether the newest seals fit."""
    tx = reading()
    everything = reaches(tx.actor, "core.audit.view", None)  # An act has no department.
    chain = newest_chain(tx) if everything and "format" not in request.args else None
    return ENTRIES.respond(tx, "audit/entries.html", chain=chain)


@blueprint.get("/<int(max=2147483647):number>")
@policy("core.audit.view")
def entry(number):
    """Show one act with everything that was recorded of it."""
    tx = reading()
    row = tx.one(visible(select(AuditEntry), "core.audit.view", tx.actor), id=number)
    kept_back = _kept_back(tx, row)
    changes, facts = told({} if kept_back else row.detail)
    return render(
        "audit/entry.html",
        crumbs=((message("Entry {number}", number=row.id), ""),),
        entry=row,
        title=ACTIONS.get(row.action, row.action),
        kind=KINDS.get(row.subject_kind, row.subject_kind),
        subject_url=page_of(tx, row),
        on_behalf_of=_name(tx, row.on_behalf_of_id),
        changes=changes,
        facts=facts,
        kept_back=kept_back,
    )


def _kept_back(tx, row):
    """Return why a plugin keeps the details of an act from this reader; nothing if none does."""
    if row.subject_id is None:
        return ""
    plugins = current_app.extensions["kantor"]
    fault = message("Whether you may see the details cannot be found out just now.")
    found = plugins.collect("withheld", tx, act=row.action, record=row.subject_id, instead=fault)
    return next((why for _, why in found), "")


def _name(tx, person_id):
    if person_id is None:
        return ""
    return tx.session.scalars(select(Person.name).where(Person.id == person_id)).one_or_none() or ""
