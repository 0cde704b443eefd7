"""Giving roles: as administrator, or by passing on what one holds; approving, ending, taking
back.
"""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.messages import message
from portal.people.rules import last_day_of
from portal.people.services import first_department
from portal.roles import lists, services
from portal.roles.forms import AssignForm, EndForm, GrantForm
from portal.roles.models import Assignment
from portal.roles.services import AssignRole
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from .common import FRESH, blueprint


@blueprint.get("/assign")
@policy("core.role.assign", fresh=FRESH)
def new_assignment():
    """Ask who gets which role; the address may name a person and a role."""
    tx = reading()
    return _assign_page(AssignForm(data=_asked(tx)).prepare(tx), tx)


@blueprint.post("/assign")
@policy("core.role.assign", fresh=FRESH)
def assign_role():
    """Give a role to somebody else, or ask for one for oneself."""
    form = AssignForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.assign_role(tx, form.command(AssignRole, **form.values()))
            if row.approved:
                toast(_given(row))
            else:
                toast(message("Another administrator has to approve this."))
            return redirect_to(tx, "people.person", public_id=row.person.public_id)
    return _assign_page(form, reading()), 422


@blueprint.get("/grant")
@policy("core.role.grant", fresh=FRESH)
def new_grant():
    """Ask to whom a role is passed on."""
    tx = reading()
    return _grant_page(GrantForm(data=_asked(tx)).prepare(tx))


@blueprint.post("/grant")
@policy("core.role.grant", fresh=FRESH)
def pass_on_role():
    """Pass on a role that one holds with the right to do so."""
    form = GrantForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.pass_on_role(tx, form.command(AssignRole, **form.values()))
            toast(_given(row))
            return redirect_to(tx, "people.person", public_id=row.person.public_id)
    return _grant_page(form), 422


def _asked(tx) -> dict[str, Any]:
    """Return what the address asks for; a role is measured from the person's department unless
    said.
    """
    asked = request.args
    department = asked.get("department")
    if department is None and (person := asked.get("person")):
        own = first_department(tx, person)
        department = own.public_id if own else None
    return {
        "person": asked.get("person"),
        "role": asked.get("role"),
        "department": department,
        "from_on": tx.today,
    }


def _given(row):
    return message(
        "{name} holds the role {role}.", name=row.person.name, role=lists.title_of(row.role)
    )


def _assign_page(form, tx):
    crumbs = ((message("Give a role"), ""),)
    own = tx.actor.public_id == form.person.data
    return render("roles/assign.html", crumbs=crumbs, form=form, own=own)


def _grant_page(form):
    crumbs = ((message("Pass a role on"), ""),)
    return render("roles/grant.html", crumbs=crumbs, form=form)


@blueprint.post("/assignments/<public_id>/approve")
@policy("core.role.assign", fresh=FRESH)
def approve(public_id: str):
    """Let a role begin that another administrator asked for."""
    version = request.form.get("version", "")
    with transaction() as tx:
        number = int(version) if version.isdecimal() and len(version) < 10 else -1
        row = services.approve(tx, public_id, role_version=number)
        toast(_given(row))
        return redirect_to(tx, "people.person", public_id=row.person.public_id)


@blueprint.post("/assignments/<public_id>/refuse")
@policy("core.role.assign")
def refuse(public_id: str):
    """Decline a role that somebody asked for, or withdraw one's own request."""
    with transaction() as tx:
        row = services.refuse(tx, public_id)
        toast(message("The request is closed."))
        return redirect_to(tx, "people.person", public_id=row.person.public_id)


@blueprint.get("/assignments/<public_id>/end")
@policy("core.role.assign", fresh=FRESH)
def end_of_assignment(public_id: str):
    """Ask when a role ends."""
    return _end_page(_assignment(reading(), public_id), "roles.end_assignment")


@blueprint.post("/assignments/<public_id>/end")
@policy("core.role.assign", fresh=FRESH)
def end_assignment(public_id: str):
    """End a role that somebody holds."""
    return _end(public_id, services.end_assignment, "roles.end_assignment")


@blueprint.get("/assignments/<public_id>/take-back")
@policy("core.role.grant", fresh=FRESH)
def end_of_grant(public_id: str):
    """Ask when a role ends that one could pass on."""
    return _end_page(_assignment(reading(), public_id), "roles.take_back")


@blueprint.post("/assignments/<public_id>/take-back")
@policy("core.role.grant", fresh=FRESH)
def take_back(public_id: str):
    """End a role that one could pass on."""
    return _end(public_id, services.take_back, "roles.take_back")


def _end(public_id, end, endpoint):
    form = EndForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            row = end(tx, public_id, last_day=form.last_day.data)
            toast(message("The end of the role is noted."))
            return redirect_to(tx, "people.person", public_id=row.person.public_id)
    return _end_page(_assignment(reading(), public_id), endpoint, form), 422


def _assignment(tx, public_id):
    """Return an assignment in the reach of the actor's grants on roles; which right counts, the
    service asks.
    """
    found = select(Assignment).options(
        joinedload(Assignment.person),
        joinedload(Assignment.role),
        joinedload(Assignment.department),
    )
    return tx.one(found.where(Assignment.approved), public_id=public_id)


def _end_page(row, endpoint, form=None):
    person = row.person
    here = url_for("people.person", public_id=person.public_id)
    return render(
        "roles/end.html",
        crumbs=((person.name, here), (message("End a role"), "")),
        assignment=row,
        title=lists.title_of(row.role),
        last_day=last_day_of(row.until_on),
        action=url_for(endpoint, public_id=row.public_id),
        back=here,
        form=form or EndForm(),
    )
