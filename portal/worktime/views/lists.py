"""Holiday lists: which there are, one of them by year, and the import of a year."""

from __future__ import annotations

from flask import request, url_for

from portal.messages import message
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.worktime import published, services, words
from portal.worktime.forms import ImportForm, ListForm

from .common import blueprint, holiday_crumbs


@blueprint.get("/holidays")
@policy("core.calendar.view")
def holiday_lists():
    """Show the holiday lists, and how far each reaches."""
    tx = reading()
    rows = services.holiday_lists(tx)
    return render(
        "worktime/lists.html",
        crumbs=((message("Holidays"), ""),),
        rows=rows,
        sizes=services.sizes(tx),
        countries=dict(published.countries(tx.language)) if rows else {},
    )


@blueprint.get("/holidays/new")
@policy("core.calendar.edit")
def new_holiday_list():
    """Ask for a new holiday list; Indonesia is proposed."""
    return _form_page(ListForm(data={"country": published.HOME}).prepare(reading()), None)


@blueprint.post("/holidays/new")
@policy("core.calendar.edit")
def add_holiday_list():
    """Make a holiday list."""
    form = ListForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.add_list(tx, form.command_for_list())
            toast(message("{name} is added.", name=row.name))
            return redirect_to(tx, "worktime.holiday_list", public_id=row.public_id)
    return _form_page(form, None), 422


@blueprint.get("/holidays/<public_id>")
@policy("core.calendar.view")
def holiday_list(public_id: str):
    """Show the dates of a holiday list in one year; ``?year=`` says which."""
    tx = reading()
    row = services.find_list(tx, public_id)
    year = _year(tx)
    form = ImportForm(data={"year": year}).prepare(row.country)
    return _page(tx, row, form, year)


@blueprint.post("/holidays/<public_id>/import")
@policy("core.calendar.edit")
def import_holidays(public_id: str):
    """Add the published holidays of a year that the list does not have."""
    tx = reading()
    row = services.find_list(tx, public_id, services.EDIT)
    form = ImportForm(request.form).prepare(row.country)
    if form.validate():
        with submitted(form), transaction() as tx:
            done = services.import_year(tx, public_id, form.command_for_import())
            year = form.year.data
            if done.added:
                toast(message("{count} dates of {year} are added.", count=done.added, year=year))
            else:
                toast(message("All {count} dates are there already.", count=done.known))
            return redirect_to(tx, "worktime.holiday_list", public_id=public_id, year=year)
    tx = reading()
    return _page(tx, services.find_list(tx, public_id), form, _year(tx)), 422


@blueprint.get("/holidays/<public_id>/edit")
@policy("core.calendar.edit")
def edit_holiday_list(public_id: str):
    """Show what a holiday list is called and whose it is, for changing."""
    tx = reading()
    row = services.find_list(tx, public_id, services.EDIT)
    kept = services.list_as_form(row) | {"version": row.version}
    return _form_page(ListForm(data=kept).prepare(tx), row)


@blueprint.post("/holidays/<public_id>/edit")
@policy("core.calendar.edit")
def change_holiday_list(public_id: str):
    """Change what a holiday list is called and whose it is."""
    tx = reading()
    row = services.find_list(tx, public_id, services.EDIT)
    form = ListForm(request.form).prepare(tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            changed = services.change_list(tx, public_id, form.command_for_list())
            toast(message("{name} is saved.", name=changed.name))
            return redirect_to(tx, "worktime.holiday_list", public_id=public_id)
        row = services.find_list(reading(), public_id, services.EDIT)
    return _form_page(form, row), 422


@blueprint.post("/holidays/<public_id>/remove")
@policy("core.calendar.edit")
def remove_holiday_list(public_id: str):
    """Remove a holiday list that no calendar keeps."""
    form = ListForm(request.form)
    with transaction() as tx:
        services.remove_list(tx, public_id, version=form.version.data)
        toast(message("The holiday list is removed."))
        return redirect_to(tx, "worktime.holiday_lists")


def _year(tx):
    asked = request.args.get("year", "")
    known = asked.isascii() and asked.isdecimal() and len(asked) == 4
    return int(asked) if known and int(asked) in published.YEARS else tx.today.year


def _page(tx, row, form, year):
    size = services.sizes(tx).get(row.id)
    years = {year, tx.today.year, tx.today.year + 1}
    if size is not None:
        years |= set(range(max(size.first.year, min(years) - 3), size.last.year + 1))
    here = {"endpoint": "worktime.holiday_list", "public_id": row.public_id}
    return render(
        "worktime/list.html",
        crumbs=((message("Holidays"), url_for("worktime.holiday_lists")), (row.name, "")),
        list=row,
        year=year,
        years=[(one, url_for(**here, year=one), one == year) for one in sorted(years)],
        dates=services.dates_of(tx, row, year),
        calendars=services.kept_by(tx, row),
        country=dict(published.countries(tx.language)).get(row.country, "") if row.country else "",
        form=form,
        hours=words.hours,
    )


def _form_page(form, row):
    if row is None:
        crumbs = ((message("Holidays"), url_for("worktime.holiday_lists")), (message("New"), ""))
    else:
        crumbs = holiday_crumbs(row, (message("Edit"), ""))
    return render("worktime/list_form.html", crumbs=crumbs, form=form, list=row)
