"""The list of people, one person, adding, changing, leaving."""

from __future__ import annotations

from flask import current_app, request

from portal.absences import services as absences
from portal.absences.words import Days
from portal.auth.services import account_of
from portal.delegation import services as delegation
from portal.messages import message
from portal.people import services
from portal.people.forms import KIND_NAMES, LeaveForm, NewPersonForm, PersonForm
from portal.people.picking import find
from portal.people.rules import last_day_of
from portal.people.services import AddPerson, ChangePerson, EndPerson
from portal.people.tables import PEOPLE as TABLE
from portal.people.tables import STATES, TONES
from portal.roles import lists
from portal.roles.rules import reaches
from portal.ui.submitting import submitted, typed_words
from portal.web import panels, policy, reading, redirect_to, render, toast, transaction

from .common import blueprint, person_crumbs


@blueprint.get("")
@policy("core.person.view")
def people():
    """Show everybody who works here, will, or did."""
    return TABLE.respond(reading(), "people/people.html")


@blueprint.get("/pick")
@policy("core.person.view")
def pick():
    """Offer the people whose name has the words typed."""
    return render("people/options.html", matches=find(reading(), typed_words()))


@blueprint.get("/<public_id>")
@policy("core.person.view")
def person(public_id: str):
    """Show one person: departments, roles, account, and what plugins know."""
    tx = reading()
    row = services.find_person(tx, public_id)
    may_give_access = tx.actor.holds("core.person.give_access")
    return render(
        "people/person.html",
        crumbs=((row.name, ""),),
        person=row,
        state=_state(row, tx.today),
        states=STATES,
        tones=TONES,
        kinds=KIND_NAMES,
        memberships=services.memberships_of(tx, row.id),
        movable=lambda m: reaches(tx.actor, services.EDIT_MEMBERSHIP, m.department_id),
        editable=services.may_edit(tx, row),
        itself=row.id == tx.actor.person_id,
        assignments=lists.assignments_of(tx, row.id) if tx.actor.holds(lists.VIEW) else None,
        role_states=lists.STATES,
        role_tones=lists.TONES,
        titled=lists.title_of,
        account=account_of(tx, row.id) if may_give_access else None,
        explained=reaches(tx.actor, lists.VIEW, None),
        viewable=tx.actor.holds(services.VIEW_AS) and services.may_view_as(tx, row),
        may_give_access=may_give_access and services.may_give_access(tx, row),
        absences=absences.coming_of(tx, row.id) if tx.actor.holds(absences.VIEW) else None,
        days_of=lambda absence: Days(absence.away),
        away_noted=tx.actor.holds(absences.EDIT) and absences.may_note(tx, row.id),
        deputies=delegation.coming_of(tx, row.id) if tx.actor.holds(delegation.VIEW) else None,
        deputy_named=tx.actor.holds(delegation.EDIT) and delegation.may_name(tx, row.id),
        today=tx.today,
        last_day=last_day_of,
        panels=panels(tx, row, "page"),
    )


def _state(row, today):
    if row.active_from > today:
        return "coming"
    return "left" if row.active_until is not None and row.active_until <= today else "here"


@blueprint.get("/new")
@policy("core.person.edit")
def new_person():
    """Ask who begins to work here."""
    tx = reading()
    language = current_app.extensions["kantor_facts"]["language"]
    kept = {"language": language, "active_from": tx.today}
    return _new_page(NewPersonForm(data=kept).prepare(tx))


@blueprint.post("/new")
@policy("core.person.edit")
def add_person():
    """Add a person."""
    form = NewPersonForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            made = services.add_person(tx, form.command(AddPerson, **form.values()))
            toast(message("{name} is added.", name=made.name))
            return redirect_to(tx, "people.person", public_id=made.public_id)
    return _new_page(form), 422


def _new_page(form):
    return render("people/new_person.html", crumbs=((message("New person"), ""),), form=form)


@blueprint.get("/<public_id>/edit")
@policy("core.person.edit")
def edit_person(public_id: str):
    """Ask what is to be changed about a person."""
    tx = reading()
    row = services.find_person(tx, public_id, services.EDIT_PERSON)
    return _edit_page(row, PersonForm(obj=row).prepare(tx))


@blueprint.post("/<public_id>/edit")
@policy("core.person.edit")
def change_person(public_id: str):
    """Change what is known of a person."""
    tx = reading()
    row = services.find_person(tx, public_id, services.EDIT_PERSON)
    form = PersonForm(request.form).prepare(tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(ChangePerson, **form.values())
            services.change_person(tx, public_id, command)
            toast(message("Saved."))
            return redirect_to(tx, "people.person", public_id=public_id)
        row = services.find_person(reading(), public_id, services.EDIT_PERSON)
    return _edit_page(row, form), 422


def _edit_page(row, form):
    crumbs = person_crumbs(row, (message("Edit"), ""))
    return render("people/edit_person.html", crumbs=crumbs, person=row, form=form)


@blueprint.get("/<public_id>/leave")
@policy("core.person.edit")
def leave(public_id: str):
    """Ask for the last day of a person."""
    row = services.find_person(reading(), public_id, services.EDIT_PERSON)
    kept = {"version": row.version, "last_day": last_day_of(row.active_until)}
    return _leave_page(row, LeaveForm(data=kept))


@blueprint.post("/<public_id>/leave")
@policy("core.person.edit")
def end_person(public_id: str):
    """Note the last day of a person, or that there is none."""
    row = services.find_person(reading(), public_id, services.EDIT_PERSON)
    form = LeaveForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            ended = services.end_person(tx, public_id, form.command(EndPerson))
            if ended.active_until is None:
                toast(message("{name} stays.", name=ended.name))
            else:
                toast(message("The last day of {name} is noted.", name=ended.name))
            return redirect_to(tx, "people.person", public_id=public_id)
        row = services.find_person(reading(), public_id, services.EDIT_PERSON)
    return _leave_page(row, form), 422


def _leave_page(row, form):
    crumbs = person_crumbs(row, (message("Last day"), ""))
    return render("people/leave.html", crumbs=crumbs, person=row, form=form)
