"""Pages of the address book."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from sqlalchemy import select

from portal.errors import ValidationFailed
from portal.messages import message
from portal.reach import permits
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import ContactForm
from .models import Contact
from .tables import CONTACTS

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")
TITLE = message("Contacts")


@blueprint.get("")
@policy("core.contact.view")
def contacts():
    """Show the address book."""
    return CONTACTS.respond(reading(), "contacts/contacts.html", crumbs=((TITLE, ""),))


@blueprint.get("/organisations")
@policy("core.contact.view")
def organisations():
    """Return the organisations that match what is being typed, for a picker."""
    tx, words = reading(), next(iter(request.args.values()), "")
    return render("contacts/options.html", matches=services.organisations(tx, words[:100]))


@blueprint.get("/new")
@policy("core.contact.edit")
def new_contact():
    """Ask for a new contact."""
    form = ContactForm()
    form.offer(reading())
    return _form_page(form, None)


@blueprint.post("/new")
@policy("core.contact.edit")
def add_contact():
    """Put somebody into the address book."""
    form = ContactForm(request.form)
    form.offer(reading())
    if not form.validate():
        return _form_page(form, None), 422
    try:
        with transaction() as tx:
            contact = services.add_contact(tx, form.command_for_contact())
            toast(message("{name} is in the address book.", name=contact.name))
            return redirect_to(tx, "contacts.contact", public_id=contact.public_id)
    except ValidationFailed as refusal:
        form.offer(reading())
        form.add_errors(refusal.fields)
        return _form_page(form, None), 422


@blueprint.get("/<public_id>")
@policy("core.contact.view")
def contact(public_id):
    """Show a contact with every number and address."""
    tx = reading()
    row = services.find_contact(tx, public_id)
    mine = select(Contact.id).where(Contact.id == row.id, permits(Contact, services.EDIT, tx.actor))
    return render(
        "contacts/contact.html",
        crumbs=((TITLE, url_for("contacts.contacts")), (row.name, "")),
        contact=row,
        kinds=services.KINDS,
        people=services.people_of(tx, row) if row.kind == "organisation" else [],
        may_edit=tx.session.scalar(mine) is not None,
    )


@blueprint.get("/<public_id>/edit")
@policy("core.contact.edit")
def edit_contact(public_id):
    """Show a contact for changing."""
    tx = reading()
    row = services.find_contact(tx, public_id, services.EDIT)
    form = ContactForm(
        obj=row,
        **services.typed_points(row),
        works_for=row.works_for.public_id if row.works_for else None,
        department=row.department.public_id if row.department else "",
    )
    form.offer(tx)
    return _form_page(form, row)


@blueprint.post("/<public_id>/edit")
@policy("core.contact.edit")
def change_contact(public_id):
    """Change a contact."""
    tx, form = reading(), ContactForm(request.form)
    row = services.find_contact(tx, public_id, services.EDIT)
    form.offer(tx)
    if not form.validate():
        return _form_page(form, row), 422
    try:
        with transaction() as tx:
            row = services.find_contact(tx, public_id, services.EDIT)
            services.change_contact(tx, row, form.command_for_contact())
            toast(message("{name} is saved.", name=row.name))
            return redirect_to(tx, "contacts.contact", public_id=public_id)
    except ValidationFailed as refusal:
        tx = reading()
        row = services.find_contact(tx, public_id, services.EDIT)
        form.offer(tx)
        form.add_errors(refusal.fields)
        return _form_page(form, row), 422


def _form_page(form, row):
    crumbs = [(TITLE, url_for("contacts.contacts"))]
    if row is not None:
        crumbs.append((row.name, url_for("contacts.contact", public_id=row.public_id)))
    crumbs.append((message("New contact") if row is None else message("Edit"), ""))
    return render("contacts/form.html", crumbs=crumbs, form=form, contact=row)
