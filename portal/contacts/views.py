"""Pages of the address book."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.messages import message
from portal.ui.submitting import submitted, typed_words
from portal.web import panels, policy, reading, redirect_to, render, story, toast, transaction

from . import services
from .forms import ContactForm, lines_of
from .tables import CONTACTS

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")


@blueprint.get("")
@policy("core.contact.view")
def contacts():
    """Show the address book."""
    return CONTACTS.respond(reading(), "contacts/contacts.html")


@blueprint.get("/organisations")
@policy("core.contact.view")
def organisations():
    """Offer the organisations that match what is being typed."""
    matches = services.organisations(reading(), typed_words())
    return render("contacts/options.html", matches=matches)


@blueprint.get("/new")
@policy("core.contact.edit")
def new_contact():
    """Ask for a new contact; ``?works_for=`` names the organisation of a person."""
    employer = request.args.get("works_for")
    kept = {"works_for": employer, "kind": "person" if employer else "organisation"}
    form = ContactForm(data=kept | {"points": lines_of(None)})
    return _form_page(form.prepare(reading(), None), None)


@blueprint.post("/new")
@policy("core.contact.edit")
def add_contact():
    """Put somebody into the address book."""
    form = ContactForm(request.form).prepare(reading(), None)
    if form.validate():
        with submitted(form), transaction() as tx:
            contact = services.add_contact(tx, form.command_for_contact())
            toast(message("{name} is in the address book.", name=contact.name))
            return redirect_to(tx, "contacts.contact", public_id=contact.public_id)
    return _form_page(form, None), 422


@blueprint.get("/<public_id>")
@policy("core.contact.view")
def contact(public_id: str):
    """Show a contact with every number and address."""
    tx = reading()
    row = services.find_contact(tx, public_id)
    return render(
        "contacts/contact.html",
        crumbs=((row.name, ""),),
        contact=row,
        kinds=services.KINDS,
        points=services.POINTS,
        people=services.people_of(tx, row) if row.kind == "organisation" else [],
        editable=services.may_edit(tx, row),
        panels=panels(tx, row, "page"),
        story=story(tx, row),
    )


@blueprint.get("/<public_id>/edit")
@policy("core.contact.edit")
def edit_contact(public_id: str):
    """Show a contact for changing."""
    tx = reading()
    row = services.find_contact(tx, public_id, services.EDIT)
    kept = services.as_form(row) | {"version": row.version, "points": lines_of(row)}
    return _form_page(ContactForm(data=kept).prepare(tx, row), row)


@blueprint.post("/<public_id>/edit")
@policy("core.contact.edit")
def change_contact(public_id: str):
    """Change a contact."""
    tx = reading()
    row = services.find_contact(tx, public_id, services.EDIT)
    form = ContactForm(request.form).prepare(tx, row)
    if form.validate():
        with submitted(form), transaction() as tx:
            changed = services.change_contact(tx, public_id, form.command_for_contact())
            toast(message("{name} is saved.", name=changed.name))
            return redirect_to(tx, "contacts.contact", public_id=public_id)
        row = services.find_contact(reading(), public_id, services.EDIT)
    return _form_page(form, row), 422


def _form_page(form, row):
    crumbs = [(message("New contact"), "")]
    if row is not None:
        here = url_for("contacts.contact", public_id=row.public_id)
        crumbs = [(row.name, here), (message("Edit"), "")]
    return render("contacts/form.html", crumbs=crumbs, form=form, contact=row)
