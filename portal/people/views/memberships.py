"""Putting people into departments and taking them out."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.messages import message
from portal.people import services
from portal.people.forms import KIND_NAMES, EndMembershipForm, MembershipForm
from portal.people.models import Membership
from portal.people.services import AddMembership, EndMembership
from portal.reach import visible
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from .common import blueprint, person_crumbs


@blueprint.get("/memberships/new")
@policy("core.membership.edit")
def new_membership():
    """Ask who joins or leads which department; the address may name either."""
    tx, asked = reading(), request.args
    kind = asked.get("kind") if asked.get("kind") in KIND_NAMES else "member"
    kept = {
        "person": asked.get("person"),
        "department": asked.get("department"),
        "kind": kind,
        "from_on": tx.today,
    }
    return _new_page(MembershipForm(data=kept).prepare(tx))


@blueprint.post("/memberships/new")
@policy("core.membership.edit")
def add_membership():
    """Put a person into a department, or put one in charge of it."""
    form = MembershipForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.add_membership(tx, form.command(AddMembership))
            said = {"name": row.person.name, "department": row.department.name}
            toast(message("{name} belongs to {department}.", **said))
            return redirect_to(tx, "people.person", public_id=row.person.public_id)
    return _new_page(form), 422


def _new_page(form):
    crumbs = ((message("Add to a department"), ""),)
    person = request.args.get("person")
    back = url_for("people.person", public_id=person) if person else url_for("people.departments")
    return render("people/new_membership.html", crumbs=crumbs, form=form, back=back)


@blueprint.get("/memberships/<public_id>/end")
@policy("core.membership.edit")
def leave_department(public_id: str):
    """Ask for the last day in a department."""
    tx = reading()
    form = EndMembershipForm(data={"last_day": tx.today})
    return _end_page(_membership(tx, public_id), form)


@blueprint.post("/memberships/<public_id>/end")
@policy("core.membership.edit")
def end_membership(public_id: str):
    """Let a membership end."""
    row = _membership(reading(), public_id)
    form = EndMembershipForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            ended = services.end_membership(tx, public_id, form.command(EndMembership))
            toast(
                message("The last day in {department} is noted.", department=ended.department.name)
            )
            return redirect_to(tx, "people.person", public_id=ended.person.public_id)
        row = _membership(reading(), public_id)
    return _end_page(row, form), 422


def _membership(tx, public_id):
    found = visible(select(Membership), services.EDIT_MEMBERSHIP, tx.actor)
    return tx.one(found, public_id=public_id)


def _end_page(row, form):
    crumbs = person_crumbs(row.person, (message("Last day in a department"), ""))
    return render(
        "people/end_membership.html", crumbs=crumbs, membership=row, kinds=KIND_NAMES, form=form
    )
