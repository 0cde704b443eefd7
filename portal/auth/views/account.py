"""The page about one's own account: what is known, how it looks, the password, the devices."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from flask_login import current_user
from sqlalchemy import select

from portal.auth import passwords, services
from portal.auth.again import WRONG_PASSWORD
from portal.auth.forms import ChangePasswordForm, PreferencesForm, SignOutForm
from portal.auth.proving import prove
from portal.auth.returning import address_of
from portal.auth.rules import SHORTEST, device_name, is_mobile
from portal.auth.services import AccountFacts, Overtaken
from portal.auth.sessions import open_sessions
from portal.dates.feeds import feeds_of
from portal.errors import TooMany
from portal.messages import message
from portal.people.models import Person
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.work import UnitOfWork

from .sign import check_new_password

blueprint = Blueprint("account", __name__, url_prefix="/account")
TITLE = message("Your account")
FRESH = 600  # seconds since the password was given, for what changes how one signs in


@blueprint.get("")
@policy("core.portal.use")
def account():
    """Show one's own account."""
    return _page(reading())


@blueprint.post("/preferences")
@policy("core.portal.use")
def preferences():
    """Keep language, colours, menu and time zone, as many as the form sends; at once in force."""
    form = PreferencesForm(request.form).only(set(request.form))
    if not form.validate():
        return _page(reading(), form), 422
    chosen: dict[str, str | None] = {**form.data}
    if "side" in chosen:
        chosen["sidebar"] = chosen.pop("side")
    if "keys" in chosen:
        chosen["single_keys"] = chosen.pop("keys")
    with transaction() as tx:
        services.save_preferences(tx, own_account(tx), **chosen)
        tx.answer = address_of(request.form.get("back", ""), "account.account")
    return redirect(tx.answer, 303)


@blueprint.get("/password")
@policy("core.portal.use")
def password():
    """Ask for the present password and a new one."""
    return _password_page(ChangePasswordForm())


@blueprint.post("/password")
@policy("core.portal.use")
def change_password():
    """Change the password and sign out every other device."""
    form, own = ChangePasswordForm(request.form), own_account(reading())
    form.validate()
    check_new_password(form, own.name, current_user.principal.name, beside=current_user.second_step)
    if form.errors:
        return _password_page(form), 422
    try:
        proof = prove(own.name, form.current.data)
        if proof is not None and proof.account_id == own.id:
            stored, short = (
                passwords.hashed(form.password.data),
                len(form.password.data) < SHORTEST,
            )
            with transaction() as tx:
                keep = current_user.session_id
                services.change_password(tx, proof, stored, keep=keep, short=short)
                toast(message("Your password is changed. Other devices are signed out."))
                return redirect_to(tx, "account.account")
    except TooMany as refusal:
        form.add_errors({"current": refusal.message})
        return _password_page(form), 429, {"Retry-After": str(refusal.retry_after)}
    except Overtaken:
        pass
    form.add_errors({"current": WRONG_PASSWORD})
    return _password_page(form), 422


@blueprint.post("/devices/<public_id>/sign-out")
@policy("core.portal.use", fresh=FRESH)
def sign_out_device(public_id: str):
    """Sign one of one's own devices out."""
    with transaction() as tx:
        services.sign_out_device(tx, own_account(tx), public_id)
        toast(message("The device is signed out."))
        return redirect_to(tx, "account.account")


@blueprint.post("/sign-out-everywhere")
@policy("core.portal.use", fresh=FRESH)
def sign_out_everywhere():
    """Sign every device out, this one too."""
    form = SignOutForm(request.form)
    with transaction() as tx:
        services.sign_out_everywhere(tx, own_account(tx), feeds=bool(form.feeds.data))
        toast(message("You are signed out on every device."))
        return redirect_to(tx, "sign.sign_in")


def own_account(tx: UnitOfWork) -> AccountFacts:
    """Return the account of whoever asks."""
    found = services.account_of(tx, tx.actor.person_id)
    assert found is not None
    return found


def _page(tx: UnitOfWork, sent: PreferencesForm | None = None) -> str:
    own = own_account(tx)
    person = tx.one(select(Person), id=own.person_id)
    kept = {
        "language": person.language,
        "theme": tx.actor.theme,
        "keys": "on" if tx.actor.single_keys else "off",
        "time_zone": person.time_zone,
    }
    form = PreferencesForm(data=kept).only(set(kept))
    if sent is not None:
        form.add_errors({field.name: field.errors[0] for field in sent if field.errors})
    return render(
        "account/account.html",
        crumbs=((TITLE, ""),),
        account=own,
        person=person,
        form=form,
        devices=_devices(tx, own),
        feeds=len(feeds_of(tx)),
        leaving=SignOutForm(data={"feeds": True}),
    )


def _devices(tx: UnitOfWork, own: AccountFacts) -> list[dict[str, Any]]:
    idle = current_app.extensions["kantor_visitors"].idle
    return [
        {
            "name": device_name(row.device),
            "address": row.address,
            "mobile": is_mobile(row.device),
            "since": row.created_at,
            "seen": row.seen_at,
            "here": row.id == current_user.session_id,
            "url": url_for("account.sign_out_device", public_id=row.public_id),
        }
        for row in open_sessions(tx.session, own.id, tx.now, idle=idle)
    ]


def _password_page(form: ChangePasswordForm) -> str:
    if current_user.second_step:
        form.beside_second_step()
    crumbs = ((TITLE, url_for("account.account")), (message("Change password"), ""))
    return render("account/password.html", crumbs=crumbs, form=form)
