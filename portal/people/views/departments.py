"""The tree of departments, one department, adding, changing, closing."""

from __future__ import annotations

from flask import request

from portal.messages import message
from portal.people import services
from portal.people.forms import KIND_NAMES, DepartmentForm
from portal.people.services import AddDepartment, ChangeDepartment
from portal.plugins.services import plugins_of
from portal.roles.rules import reaches
from portal.ui.submitting import submitted
from portal.web import panels, policy, reading, redirect_to, render, toast, transaction

from .common import blueprint, department_crumbs


@blueprint.get("/departments")
@policy("core.department.view")
def departments():
    """Show the organisation as a tree."""
    return render("people/departments.html", branches=services.tree(reading()))


@blueprint.get("/departments/<public_id>")
@policy("core.department.view")
def department(public_id: str):
    """Show one department: who leads it, who belongs to it, what lies below."""
    tx = reading()
    row = services.find_department(tx, public_id)
    members = services.current(tx, department_id=row.id)
    return render(
        "people/department.html",
        crumbs=((row.name, ""),),
        department=row,
        members=members,
        leaders={m.kind: m.person for m in members if m.kind != "member"},
        kinds=KIND_NAMES,
        below=[d for d, _ in services.in_tree_order(tx) if d.parent_id == row.id],
        plugins=plugins_of(tx, row.id),
        editable=reaches(tx.actor, services.EDIT_DEPARTMENT, row.id),
        movable=reaches(tx.actor, services.EDIT_MEMBERSHIP, row.id),
        panels=panels(tx, row, "page"),
    )


@blueprint.get("/departments/new")
@policy("core.department.edit")
def new_department():
    """Ask for a new department; ``?below=`` names the one it may lie below."""
    tx = reading()
    form = DepartmentForm(data={"parent": request.args.get("below") or None}).prepare(tx)
    return _new_page(form)


@blueprint.post("/departments/new")
@policy("core.department.edit")
def add_department():
    """Make a department."""
    form = DepartmentForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(AddDepartment, parent=form.parent.data or "")
            made = services.add_department(tx, command)
            toast(message("{name} is added.", name=made.name))
            return redirect_to(tx, "people.department", public_id=made.public_id)
    return _new_page(form), 422


def _new_page(form):
    crumbs = ((message("New department"), ""),)
    return render("people/new_department.html", crumbs=crumbs, form=form)


@blueprint.get("/departments/<public_id>/edit")
@policy("core.department.edit")
def edit_department(public_id: str):
    """Ask what is to be changed about a department."""
    tx = reading()
    row = services.find_department(tx, public_id, services.EDIT_DEPARTMENT)
    above = row.parent.public_id if row.parent else None
    kept = {"version": row.version, "name": row.name, "parent": above}
    return _edit_page(row, DepartmentForm(data=kept).prepare(tx, row))


@blueprint.post("/departments/<public_id>/edit")
@policy("core.department.edit")
def change_department(public_id: str):
    """Rename or move a department."""
    tx = reading()
    row = services.find_department(tx, public_id, services.EDIT_DEPARTMENT)
    form = DepartmentForm(request.form).prepare(tx, row)
    if form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(ChangeDepartment, parent=form.parent.data or "")
            services.change_department(tx, public_id, command)
            toast(message("Saved."))
            return redirect_to(tx, "people.department", public_id=public_id)
        row = services.find_department(reading(), public_id, services.EDIT_DEPARTMENT)
    return _edit_page(row, form), 422


def _edit_page(row, form):
    crumbs = department_crumbs(row, (message("Edit"), ""))
    return render("people/edit_department.html", crumbs=crumbs, department=row, form=form)


@blueprint.post("/departments/<public_id>/close")
@policy("core.department.edit")
def close_department(public_id: str):
    """Take a department out of use."""
    with transaction() as tx:
        row = services.close_department(tx, public_id, version=_version())
        toast(message("{name} is closed.", name=row.name))
        return redirect_to(tx, "people.department", public_id=public_id)


@blueprint.post("/departments/<public_id>/reopen")
@policy("core.department.edit")
def reopen_department(public_id: str):
    """Take a closed department into use again."""
    with transaction() as tx:
        row = services.reopen_department(tx, public_id, version=_version())
        toast(message("{name} is open again.", name=row.name))
        return redirect_to(tx, "people.department", public_id=public_id)


def _version() -> int:
    form = DepartmentForm(request.form)
    return int(form.version.data or 0)
