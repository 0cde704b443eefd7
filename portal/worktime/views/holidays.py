"""The dates of a holiday list."""

from __future__ import annotations

from flask import request

from portal.messages import message
from portal.ui import formats
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.worktime import services
from portal.worktime.forms import HolidayForm, kept_holiday

from .common import blueprint, holiday_crumbs


@blueprint.get("/holidays/<public_id>/dates/new")
@policy("core.calendar.edit")
def new_holiday(public_id: str):
    """Ask for a date that shall be in a holiday list."""
    row = services.find_list(reading(), public_id, services.EDIT)
    return _form_page(HolidayForm(), row, None)


@blueprint.post("/holidays/<public_id>/dates/new")
@policy("core.calendar.edit")
def add_holiday(public_id: str):
    """Add a date to a holiday list."""
    row = services.find_list(reading(), public_id, services.EDIT)
    form = HolidayForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            day = services.add_holiday(tx, public_id, form.command_for_holiday())
            toast(message("{day} is noted.", day=formats.day(day.on, tx.language, "short")))
            return redirect_to(tx, "worktime.holiday_list", public_id=public_id, year=day.on.year)
        row = services.find_list(reading(), public_id, services.EDIT)
    return _form_page(form, row, None), 422


@blueprint.get("/holidays/dates/<public_id>/edit")
@policy("core.calendar.edit")
def edit_holiday(public_id: str):
    """Show a date of a holiday list for changing."""
    tx = reading()
    day = services.find_holiday(tx, public_id)
    return _form_page(HolidayForm(data=kept_holiday(day)), services.list_of(tx, day), day)


@blueprint.post("/holidays/dates/<public_id>/edit")
@policy("core.calendar.edit")
def change_holiday(public_id: str):
    """Change a date of a holiday list."""
    services.find_holiday(reading(), public_id)
    form = HolidayForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            day = services.change_holiday(tx, public_id, form.command_for_holiday())
            toast(message("{day} is saved.", day=formats.day(day.on, tx.language, "short")))
            where = {"public_id": services.list_of(tx, day).public_id, "year": day.on.year}
            return redirect_to(tx, "worktime.holiday_list", **where)
    tx = reading()
    day = services.find_holiday(tx, public_id)
    return _form_page(form, services.list_of(tx, day), day), 422


@blueprint.post("/holidays/dates/<public_id>/remove")
@policy("core.calendar.edit")
def remove_holiday(public_id: str):
    """Take a date out of its holiday list."""
    with transaction() as tx:
        row, year = services.remove_holiday(tx, public_id)
        toast(message("The date is removed from the list."))
        return redirect_to(tx, "worktime.holiday_list", public_id=row.public_id, year=year)


def _form_page(form, row, day):
    crumbs = holiday_crumbs(row, (day.name if day else message("New date"), ""))
    return render("worktime/holiday.html", crumbs=crumbs, form=form, list=row, day=day)
