"""Dates on which a calendar is otherwise than its week and its holidays say."""

from __future__ import annotations

from flask import request

from portal.messages import message
from portal.ui import formats
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.worktime import services
from portal.worktime.forms import DayForm, kept_day

from .common import blueprint, calendar_crumbs


@blueprint.get("/<public_id>/days/new")
@policy("core.calendar.edit")
def new_day(public_id: str):
    """Ask for a date on which a calendar is otherwise."""
    tx = reading()
    row = services.find_calendar(tx, public_id, services.EDIT)
    return _form_page(DayForm(), row, None)


@blueprint.post("/<public_id>/days/new")
@policy("core.calendar.edit")
def add_day(public_id: str):
    """Note a date on which a calendar is otherwise."""
    row = services.find_calendar(reading(), public_id, services.EDIT)
    form = DayForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            day = services.add_day(tx, public_id, form.command_for_day())
            toast(message("{day} is noted.", day=formats.day(day.on, tx.language, "short")))
            return redirect_to(tx, "worktime.calendar", public_id=public_id)
        row = services.find_calendar(reading(), public_id, services.EDIT)
    return _form_page(form, row, None), 422


@blueprint.get("/days/<public_id>/edit")
@policy("core.calendar.edit")
def edit_day(public_id: str):
    """Show an exceptional day for changing."""
    tx = reading()
    day = services.find_day(tx, public_id)
    return _form_page(DayForm(data=kept_day(day)), services.calendar_of_day(tx, day), day)


@blueprint.post("/days/<public_id>/edit")
@policy("core.calendar.edit")
def change_day(public_id: str):
    """Change an exceptional day."""
    services.find_day(reading(), public_id)
    form = DayForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            day = services.change_day(tx, public_id, form.command_for_day())
            toast(message("{day} is saved.", day=formats.day(day.on, tx.language, "short")))
            row = services.calendar_of_day(tx, day)
            return redirect_to(tx, "worktime.calendar", public_id=row.public_id)
    tx = reading()
    day = services.find_day(tx, public_id)
    return _form_page(form, services.calendar_of_day(tx, day), day), 422


@blueprint.post("/days/<public_id>/remove")
@policy("core.calendar.edit")
def remove_day(public_id: str):
    """Let a date be as the week and the holidays say."""
    with transaction() as tx:
        row = services.remove_day(tx, public_id)
        toast(message("The exceptional day is removed."))
        return redirect_to(tx, "worktime.calendar", public_id=row.public_id)


def _form_page(form, row, day):
    crumbs = calendar_crumbs(row, (message("Exceptional day"), ""))
    return render("worktime/day.html", crumbs=crumbs, form=form, calendar=row, day=day)
