"""The list of calendars, one calendar, adding, changing, and who works by it."""

from __future__ import annotations

from flask import request

from portal.messages import message, translate
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.worktime import services, words
from portal.worktime.forms import CalendarForm, WorkByForm, fresh

from .common import blueprint, calendar_crumbs

OFFICE_HOURS = message("Office hours")


@blueprint.get("")
@policy("core.calendar.view")
def calendars():
    """Show when the organisation works, and who works by which calendar."""
    tx = reading()
    rows = services.calendars(tx)
    return render(
        "worktime/calendars.html",
        rows=rows,
        uses=services.uses(tx),
        weeks={row.id: services.week_of(row) for row in rows},
        words=words,
        assumed=services.ASSUMED,
        usual=any(row.usual for row in rows),
    )


@blueprint.get("/new")
@policy("core.calendar.edit")
def new_calendar():
    """Ask for a new calendar; it begins with the usual week."""
    tx = reading()
    kept = fresh(services.usual_calendar(tx), translate(OFFICE_HOURS))
    return _form_page(CalendarForm(data=kept).prepare(tx), None)


@blueprint.post("/new")
@policy("core.calendar.edit")
def add_calendar():
    """Make a calendar."""
    form = CalendarForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.add_calendar(tx, form.command_for_calendar())
            toast(message("{name} is added.", name=row.name))
            return redirect_to(tx, "worktime.calendar", public_id=row.public_id)
    return _form_page(form, None), 422


@blueprint.get("/<public_id>")
@policy("core.calendar.view")
def calendar(public_id: str):
    """Show a calendar: its week, its exceptional days and holidays, who works by it."""
    tx = reading()
    return _page(tx, services.find_calendar(tx, public_id), WorkByForm().prepare(tx))


@blueprint.get("/<public_id>/edit")
@policy("core.calendar.edit")
def edit_calendar(public_id: str):
    """Show a calendar for changing."""
    tx = reading()
    row = services.find_calendar(tx, public_id, services.EDIT)
    kept = services.as_form(row) | {"version": row.version}
    return _form_page(CalendarForm(data=kept).prepare(tx), row)


@blueprint.post("/<public_id>/edit")
@policy("core.calendar.edit")
def change_calendar(public_id: str):
    """Change a calendar."""
    tx = reading()
    row = services.find_calendar(tx, public_id, services.EDIT)
    form = CalendarForm(request.form).prepare(tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            changed = services.change_calendar(tx, public_id, form.command_for_calendar())
            toast(message("{name} is saved.", name=changed.name))
            return redirect_to(tx, "worktime.calendar", public_id=public_id)
        row = services.find_calendar(reading(), public_id, services.EDIT)
    return _form_page(form, row), 422


@blueprint.post("/<public_id>/remove")
@policy("core.calendar.edit")
def remove_calendar(public_id: str):
    """Remove a calendar that nobody works by."""
    form = CalendarForm(request.form)
    with transaction() as tx:
        services.remove_calendar(tx, public_id, version=form.version.data)
        toast(message("The calendar is removed."))
        return redirect_to(tx, "worktime.calendars")


@blueprint.post("/<public_id>/people")
@policy("core.calendar.edit")
def work_by(public_id: str):
    """Let a department or a person work by a calendar."""
    tx = reading()
    services.find_calendar(tx, public_id, services.EDIT)
    form = WorkByForm(request.form).prepare(tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            names = services.work_by(tx, public_id, form.command_for_use())
            calendar = services.find_calendar(tx, public_id)
            said = {"names": ", ".join(names), "calendar": calendar.name}
            toast(message("{calendar} now holds for {names}.", **said))
            return redirect_to(tx, "worktime.calendar", public_id=public_id)
    tx = reading()
    return _page(tx, services.find_calendar(tx, public_id), form), 422


@blueprint.post("/<public_id>/people/remove")
@policy("core.calendar.edit")
def work_by_no_longer(public_id: str):
    """Let a department or a person go back to what holds without this calendar."""
    asked = request.form
    with transaction() as tx:
        command = services.WorkBy(
            department=asked.get("department", ""), person=asked.get("person", "")
        )
        name = services.work_by_no_longer(tx, public_id, command)
        toast(message("{name} no longer works by this calendar.", name=name))
        return redirect_to(tx, "worktime.calendar", public_id=public_id)


def _page(tx, row, form):
    week = services.week_of(row)
    return render(
        "worktime/calendar.html",
        crumbs=((row.name, ""),),
        calendar=row,
        form=form,
        week=words.drawn(week),
        hours=words.hours,
        length=words.hours_a_week(week),
        days=services.days_of(tx, row),
        today=tx.today,
        holidays=services.coming_holidays(tx, row),
        used=services.uses(tx, row).get(row.id) or services.Uses(),
    )


def _form_page(form, row):
    new = ((message("New calendar"), ""),)
    crumbs = new if row is None else calendar_crumbs(row, (message("Edit"), ""))
    return render("worktime/form.html", crumbs=crumbs, form=form, calendar=row)
