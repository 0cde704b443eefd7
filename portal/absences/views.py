"""Pages about who is away."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.delegation import services as delegation
from portal.errors import BadRequest
from portal.messages import message
from portal.mywork.pages import due_card
from portal.people.picking import find
from portal.ui.submitting import submitted, typed_words
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import AbsenceForm, BackForm, DaysForm, RemoveForm
from .tables import ABSENCES, STATES
from .weeks import weeks_of
from .words import Days

blueprint = Blueprint("absences", __name__, url_prefix="/away")
TONES = {"today": "warn", "coming": "info", "over": "mute"}


@blueprint.get("")
@policy("core.absence.view")
def absences():
    """Show who is away, will be, or was; above it the next weeks of one's own departments."""
    tx = reading()
    weeks = weeks_of(tx) if "format" not in request.args else None
    return ABSENCES.respond(tx, "absences/absences.html", weeks=weeks)


@blueprint.get("/people")
@policy("core.absence.edit")
def pick():
    """Offer the people whose absences one may note and whose name has the words typed."""
    tx = reading()
    return render("people/options.html", matches=find(tx, typed_words(), services.in_reach(tx)))


@blueprint.get("/new")
@policy("core.absence.edit")
def new_absence():
    """Ask for the days; ``?person=`` names somebody else."""
    tx = reading()
    person = services.noted_by(tx, request.args.get("person", ""))
    kept = {"person": person.public_id, "from_on": tx.today, "last_on": tx.today}
    return _new_page(tx, AbsenceForm(data=kept).prepare(tx))


@blueprint.post("/new")
@policy("core.absence.edit")
def add_absence():
    """Note that somebody is away."""
    form = AbsenceForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.note_absence(tx, form.command_for_absence())
            toast(message("{name} is away: {days}.", name=row.person.name, days=Days(row.away)))
            return redirect_to(tx, "absences.absence", public_id=row.public_id)
    return _new_page(reading(), form), 422


def _new_page(tx, form):
    return render(
        "absences/new.html",
        crumbs=((message("Note an absence"), ""),),
        form=form,
        others=services.notes_for_others(tx),
    )


@blueprint.get("/<public_id>")
@policy("core.absence.view")
def absence(public_id: str):
    """Show one absence: whose it is and its days."""
    tx = reading()
    row = services.find_absence(tx, public_id)
    over, begun = services.is_over(tx, row), services.has_begun(tx, row)
    editable = services.may_edit(tx, row)
    state = "over" if over else "today" if row.from_on <= tx.today else "coming"
    return render(
        "absences/absence.html",
        crumbs=((row.person.name, ""),),
        absence=row,
        days=Days(row.away),
        state=STATES[state],
        tone=TONES[state],
        changeable=editable and services.may_change_now(tx, row),
        ending=editable and begun and not over,
        removable=editable and not begun,
        alone=None if over else _alone(tx, row),
        itself=row.person_id == tx.actor.person_id,
        due=due_card(tx, row) if editable and not over else None,
    )


def _alone(tx, row):
    """Return the days of a day or more on which nobody stands in, to who may name a deputy."""
    half = row.from_on == row.last_on and (row.from_noon or row.until_noon)
    if half or not tx.actor.holds(delegation.EDIT) or not delegation.may_name(tx, row.person_id):
        return None
    return delegation.uncovered(tx, row.person_id, row.from_on, row.last_on)


@blueprint.get("/<public_id>/edit")
@policy("core.absence.edit")
def edit_absence(public_id: str):
    """Show the days for changing."""
    row = services.find_absence(reading(), public_id, services.EDIT)
    return _edit_page(row, DaysForm(obj=row))


@blueprint.post("/<public_id>/edit")
@policy("core.absence.edit")
def change_absence(public_id: str):
    """Give an absence other days."""
    row = services.find_absence(reading(), public_id, services.EDIT)
    form = DaysForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            changed = services.change_absence(tx, public_id, form.command(services.ChangeAbsence))
            toast(message("Saved."))
            return redirect_to(tx, "absences.absence", public_id=changed.public_id)
        row = services.find_absence(reading(), public_id, services.EDIT)
    return _edit_page(row, form), 422


def _edit_page(row, form):
    here = url_for("absences.absence", public_id=row.public_id)
    crumbs = ((row.person.name, here), (message("Change"), ""))
    return render("absences/edit.html", crumbs=crumbs, absence=row, form=form, back=here)


@blueprint.post("/<public_id>/back")
@policy("core.absence.edit")
def end_absence(public_id: str):
    """Let an absence end because the person is back."""
    form = BackForm(request.form)
    if not form.validate():
        raise BadRequest
    with transaction() as tx:
        person = services.find_absence(tx, public_id, services.EDIT).person
        row = services.end_absence(tx, public_id, form.command(services.EndAbsence))
        toast(message("{name} is back.", name=person.name))
        if row is None:
            return redirect_to(tx, "absences.absences")
        return redirect_to(tx, "absences.absence", public_id=public_id)


@blueprint.post("/<public_id>/remove")
@policy("core.absence.edit")
def remove_absence(public_id: str):
    """Remove an absence that has not begun."""
    form = RemoveForm(request.form)
    with transaction() as tx:
        person = services.remove_absence(tx, public_id, form.version.data)
        toast(message("The absence of {name} is removed.", name=person.name))
        return redirect_to(tx, "absences.absences")
