"""Giving people an account and closing it; the link is shown once and stored as a hash only."""

from __future__ import annotations

from flask import current_app, request, url_for

from portal.auth import services as accounts
from portal.errors import Conflict, NotFound
from portal.messages import message
from portal.people import services
from portal.people.forms import AccountForm
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from .common import FRESH, blueprint, person_crumbs

GIVE = "core.person.give_access"


@blueprint.get("/<public_id>/account")
@policy(GIVE, fresh=FRESH)
def new_account(public_id: str):
    """Ask for the user name of somebody who shall sign in."""
    tx = reading()
    row = _person(tx, public_id)
    if accounts.account_of(tx, row.id) is not None:
        raise Conflict(message("This person has an account already."))
    words = [part for part in row.name.casefold().split() if part.isalnum()]
    return _page(row, AccountForm(data={"username": ".".join(words[:2])}))


@blueprint.post("/<public_id>/account")
@policy(GIVE, fresh=FRESH)
def give_account(public_id: str):
    """Give a person an account and show the link for the first sign-in, once."""
    form, token = AccountForm(request.form), ""
    row = _person(reading(), public_id)
    if form.validate():
        with submitted(form), transaction() as tx:
            row = _person(tx, public_id)
            account = accounts.create_account(tx, row.id, form.username.data or "")
            token = accounts.make_link(tx, account)
            tx.answer = url_for("people.person", public_id=public_id)
        row = _person(reading(), public_id)
    return _link_page(row, token) if token else (_page(row, form), 422)


@blueprint.post("/<public_id>/account/link")
@policy(GIVE, fresh=FRESH)
def make_link(public_id: str):
    """Make a new link with which a person chooses a password, and show it once."""
    with transaction() as tx:
        token = accounts.make_link(tx, _account(tx, public_id))
        tx.answer = url_for("people.person", public_id=public_id)
    return _link_page(_person(reading(), public_id), token)


@blueprint.post("/<public_id>/account/close")
@policy(GIVE, fresh=FRESH)
def close_account(public_id: str):
    """Close an account and sign it out everywhere."""
    with transaction() as tx:
        accounts.disable(tx, _account(tx, public_id))
        toast(message("The account is closed and signed out."))
        return redirect_to(tx, "people.person", public_id=public_id)


@blueprint.post("/<public_id>/account/open")
@policy(GIVE, fresh=FRESH)
def open_account(public_id: str):
    """Let a closed account sign in again."""
    with transaction() as tx:
        accounts.enable(tx, _account(tx, public_id))
        toast(message("The account is open again."))
        return redirect_to(tx, "people.person", public_id=public_id)


@blueprint.post("/<public_id>/account/sign-out")
@policy(GIVE, fresh=FRESH)
def sign_out(public_id: str):
    """Sign a person out on every device."""
    with transaction() as tx:
        accounts.sign_out_everywhere(tx, _account(tx, public_id))
        toast(message("Signed out on every device."))
        return redirect_to(tx, "people.person", public_id=public_id)


@blueprint.post("/<public_id>/account/second-step/remove")
@policy(GIVE, fresh=FRESH)
def remove_second_step(public_id: str):
    """Remove the second step of somebody who lost their device and their codes."""
    with transaction() as tx:
        password_too = accounts.reset(tx, _account(tx, public_id))
        if password_too:
            toast(message("Removed, and the password with it: it was short. Make a new link."))
        else:
            toast(message("The second step is removed. They are signed out everywhere."))
        return redirect_to(tx, "people.person", public_id=public_id)


def _person(tx, public_id):
    return services.find_person(tx, public_id, GIVE)


def _account(tx, public_id):
    found = accounts.account_of(tx, _person(tx, public_id).id)
    if found is None:
        raise NotFound()
    return found


def _page(row, form):
    crumbs = person_crumbs(row, (message("Account"), ""))
    return render("people/new_account.html", crumbs=crumbs, person=row, form=form)


def _link_page(row, token):
    base = current_app.extensions["kantor_config"].base_url
    crumbs = person_crumbs(row, (message("Link"), ""))
    account = accounts.account_of(reading(), row.id)
    return render(
        "people/account_link.html",
        crumbs=crumbs,
        person=row,
        account=account,
        link=base.rstrip("/") + url_for("sign.link", token=token),
        hours=None if account is not None and account.has_password else 24,
    )
