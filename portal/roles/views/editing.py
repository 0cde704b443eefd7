"""The list of roles, one role, making and changing them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import select

from portal.messages import message
from portal.reach import visible
from portal.roles import lists, services
from portal.roles.forms import CopyRoleForm, role_form
from portal.roles.models import Role
from portal.roles.rules import reaches
from portal.roles.services import AddRole, ChangeRole
from portal.roles.tables import ROLES
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from .common import FRESH, blueprint

_WORDS: dict[str, Any] = {"states": lists.STATES, "tones": lists.TONES, "titled": lists.title_of}


@blueprint.get("")
@policy("core.role.view")
def roles():
    """Show every role, and what waits for a second administrator."""
    tx = reading()
    return ROLES.respond(
        tx,
        "roles/roles.html",
        waiting=lists.waiting(tx),
        explained=reaches(tx.actor, lists.VIEW, None),
        **_WORDS,
    )


@blueprint.get("/<public_id>")
@policy("core.role.view")
def role(public_id: str):
    """Show what one role may do and who holds it."""
    tx = reading()
    row = _role(tx, public_id, lists.VIEW)
    reach_of = {p.permission: p.reach for p in row.permissions}
    return render(
        "roles/role.html",
        crumbs=((lists.title_of(row), ""),),
        role=row,
        title=lists.title_of(row),
        groups=lists.groups(tx, reach_of),
        unknown=sorted(reach_of.keys() - services.declared(tx).keys()),
        holders=lists.holders_of(tx, row.id),
        editable=services.holds_everywhere(tx, services.EDIT),
        own=services.holds_role(tx, row.id),
        explained=reaches(tx.actor, lists.VIEW, None),
        **_WORDS,
    )


@blueprint.get("/new")
@policy("core.role.edit", fresh=FRESH)
def new_role():
    """Ask for a new role."""
    tx = reading()
    return _new_page(tx, role_form(tx)())


@blueprint.post("/new")
@policy("core.role.edit", fresh=FRESH)
def add_role():
    """Make a role."""
    form = role_form(reading())(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            made = services.add_role(tx, form.command(AddRole, permissions=form.permissions()))
            toast(message("{name} is added.", name=made.name))
            return redirect_to(tx, "roles.role", public_id=made.public_id)
    return _new_page(reading(), form), 422


def _new_page(tx, form):
    crumbs = ((message("New role"), ""),)
    return render("roles/new_role.html", crumbs=crumbs, form=form, groups=lists.groups(tx, {}))


@blueprint.get("/<public_id>/edit")
@policy("core.role.edit", fresh=FRESH)
def edit_role(public_id: str):
    """Ask what a role shall give."""
    tx = reading()
    row = _role(tx, public_id, services.EDIT)
    kept = {services.field_name(p.permission): p.reach for p in row.permissions}
    named = {"version": row.version, "name": row.name, "note": row.note}
    return _edit_page(tx, row, role_form(tx)(data=kept | named))


@blueprint.post("/<public_id>/edit")
@policy("core.role.edit", fresh=FRESH)
def change_role(public_id: str):
    """Change what a role is called and gives."""
    tx = reading()
    _role(tx, public_id, services.EDIT)
    form = role_form(tx)(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(ChangeRole, permissions=form.permissions())
            services.change_role(tx, public_id, command)
            toast(message("Saved. Whoever holds the role notices at once."))
            return redirect_to(tx, "roles.role", public_id=public_id)
    tx = reading()
    return _edit_page(tx, _role(tx, public_id, services.EDIT), form), 422


def _edit_page(tx, row, form):
    title = lists.title_of(row)
    here = url_for("roles.role", public_id=row.public_id)
    return render(
        "roles/edit_role.html",
        crumbs=((title, here), (message("Edit"), "")),
        role=row,
        title=title,
        own=services.holds_role(tx, row.id),
        form=form,
        groups=lists.groups(tx, {}),
    )


@blueprint.get("/<public_id>/copy")
@policy("core.role.edit", fresh=FRESH)
def copy_of_role(public_id: str):
    """Ask for the name of a copy."""
    return _copy_page(_role(reading(), public_id, services.EDIT), CopyRoleForm())


@blueprint.post("/<public_id>/copy")
@policy("core.role.edit", fresh=FRESH)
def copy_role(public_id: str):
    """Make a role with the permissions of another one."""
    form = CopyRoleForm(request.form)
    row = _role(reading(), public_id, services.EDIT)
    if form.validate():
        with submitted(form), transaction() as tx:
            made = services.copy_role(tx, public_id, name=form.name.data or "")
            toast(message("{name} is added.", name=made.name))
            return redirect_to(tx, "roles.role", public_id=made.public_id)
        row = _role(reading(), public_id, services.EDIT)
    return _copy_page(row, form), 422


def _copy_page(row, form):
    title = lists.title_of(row)
    here = url_for("roles.role", public_id=row.public_id)
    crumbs = ((title, here), (message("Copy"), ""))
    return render("roles/copy_role.html", crumbs=crumbs, role=row, title=title, form=form)


@blueprint.post("/<public_id>/delete")
@policy("core.role.edit", fresh=FRESH)
def delete_role(public_id: str):
    """Remove a role that never served anybody."""
    version = request.form.get("version", "")
    with transaction() as tx:
        number = int(version) if version.isdecimal() and len(version) < 10 else -1
        name = services.delete_role(tx, public_id, version=number)
        toast(message("{name} is deleted.", name=name))
        return redirect_to(tx, "roles.roles")


def _role(tx, public_id, permission):
    return tx.one(visible(select(Role), permission, tx.actor), public_id=public_id)
