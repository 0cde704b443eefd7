"""The second step: giving the code when coming in, setting it up, turning it off."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request, url_for
from flask_login import current_user

from portal.auth import codes, halfway, services
from portal.auth.again import WRONG_CODE, WRONG_PASSWORD
from portal.auth.forms import AgainForm, CodeForm, SetUpForm
from portal.auth.proving import code_was_right, prove, sealing, try_code
from portal.auth.returning import address_of
from portal.auth.services import Overtaken
from portal.errors import Conflict, TooMany
from portal.messages import message
from portal.ui.submitting import submitted
from portal.visiting import second_step_needed
from portal.web import policy, public, reading, redirect_to, render, toast, transaction
from portal.work import UnitOfWork

from .account import FRESH, TITLE, own_account
from .account import blueprint as account
from .sign import begin, too_many, with_cookie
from .sign import blueprint as sign

TO_SCAN = 1800  # seconds in which the first code has to come
STEP = message("Second step")
TOO_SLOW = message("That took too long. Here is a new square to scan.")


@sign.get("/sign-in/code")
@public("who has given the password gives the code here")
def code():
    """Ask for the code, after the password."""
    if halfway.who() is None:
        return _begin_again()
    return render("sign/code.html", form=_code_form())


@sign.post("/sign-in/code")
@public("who has given the password gives the code here", key=False)
def enter_code():
    """Sign somebody in whose password and code are right."""
    form, proof = _code_form(request.form), halfway.who()
    if proof is None:
        return _begin_again()
    if not form.validate():
        return render("sign/code.html", form=form), 422
    try:
        key, token = try_code(proof), ""
        with transaction() as tx:
            if services.use_code(tx, proof, form.code.data, sealing()):
                token = begin(tx, proof)
    except TooMany as refusal:
        return too_many("sign/code.html", form, refusal)
    except Overtaken:
        return _begin_again()
    if token:
        code_was_right(key)
        return with_cookie(token, address_of(request.args.get("next", "")))
    form.add_errors({"code": WRONG_CODE})
    return render("sign/code.html", form=form), 422


def _code_form(sent: Any = None) -> CodeForm:
    form = CodeForm(sent)
    return form.by_recovery() if "recovery" in request.args else form


def _begin_again() -> Any:
    halfway.end()
    toast(message("That took too long. Sign in again."))
    return redirect(url_for("sign.sign_in", next=request.args.get("next") or None), 303)


@account.get("/second-step")
@policy("core.portal.use", fresh=FRESH)
def second_step():
    """Show one's second step, or how to set it up."""
    tx = reading()
    own = own_account(tx)
    if (factor := services.factor_of(tx, own.id)) is None:
        return _set_up_page(SetUpForm(), codes.new_seed())
    crumbs = ((TITLE, url_for("account.account")), (STEP, ""))
    return render(
        "account/second_step.html", crumbs=crumbs, factor=factor, needed=second_step_needed()
    )


@account.post("/second-step")
@policy("core.portal.use", fresh=FRESH)
def set_up_second_step():
    """Take the first code, ask for one from now on, and show the recovery codes, once."""
    form, shown = SetUpForm(request.form), None
    seed = _seed_of(form.seed.data or "")
    if seed is None:
        form.add_errors({"": TOO_SLOW})
        return _set_up_page(form, codes.new_seed()), 422
    if form.validate():
        with transaction() as tx:
            step = codes.step_of(seed, form.code.data, tx.now)
            if step is not None:
                sealed, keep = sealing().seal(seed), current_user.session_id
                shown = services.set_up(tx, own_account(tx), sealed, step, keep=keep)
                tx.answer = url_for("account.second_step")
        if shown is not None:
            return _codes_page(shown, first=True)
        form.add_errors({"code": WRONG_CODE})
    return _set_up_page(form, seed), 422


@account.post("/second-step/codes")
@policy("core.portal.use", fresh=FRESH)
def new_recovery_codes():
    """Make new recovery codes and show them, once."""
    with transaction() as tx:
        shown = services.new_recovery_codes(tx, own_account(tx))
        tx.answer = url_for("account.second_step")
    return _codes_page(shown, first=False)


@account.get("/second-step/off")
@policy("core.portal.use")
def ask_turn_off():
    """Ask for the password and a code, before the second step is turned off."""
    _require_second_step(reading())
    return _off_page(AgainForm().with_either())


@account.post("/second-step/off")
@policy("core.portal.use")
def turn_off():
    """Ask for no code any more."""
    own = _require_second_step(reading())
    form = AgainForm(request.form).with_either()
    if not form.validate():
        return _off_page(form), 422
    try:
        proof = prove(own.name, form.password.data)
        if proof is None or proof.account_id != own.id:
            form.add_errors({"password": WRONG_PASSWORD})
            return _off_page(form), 422
        key, off = try_code(proof), False
        with submitted(form), transaction() as tx:
            keep = current_user.session_id
            off = services.turn_off(tx, proof, form["code"].data, sealing(), keep=keep)
            answer = redirect_to(tx, "account.account")
    except TooMany as refusal:
        return too_many("account/second_step_off.html", form, refusal, crumbs=_off_crumbs())
    except Overtaken:
        form.add_errors({"password": WRONG_PASSWORD})
        return _off_page(form), 422
    if off:
        code_was_right(key)
        toast(message("The second step is off. Other devices are signed out."))
        return answer
    if not form.errors:
        form.add_errors({"code": WRONG_CODE})
    return _off_page(form), 422


def _require_second_step(tx: UnitOfWork) -> Any:
    own = own_account(tx)
    if own.second_step_at is None:
        raise Conflict(message("Your account has no second step."))
    if second_step_needed():
        raise Conflict(message("Your organisation asks for a second step, so it stays on."))
    return own


def _seed_of(sealed: str) -> str | None:
    """Return the seed that a set-up page of this account held, or None when it is too old."""
    try:
        owner, _, seed = sealing().open(sealed, within=TO_SCAN).partition(" ")
    except codes.Unreadable:
        return None
    return seed if owner == str(current_user.account_id) else None


def _set_up_page(form: SetUpForm, seed: str) -> str:
    form.seed.data = sealing().seal(f"{current_user.account_id} {seed}")
    own = own_account(reading())
    organisation = current_app.extensions["kantor_facts"]["organisation"]
    return render(
        "account/set_up_second_step.html",
        crumbs=((TITLE, url_for("account.account")), (STEP, "")),
        form=form,
        address=codes.address(seed, own.name, organisation),
        seed=codes.grouped(seed),
        account=own,
        needed=second_step_needed(),
    )


def _codes_page(shown: tuple[str, ...], *, first: bool) -> str:
    crumbs = ((TITLE, url_for("account.account")), (message("Recovery codes"), ""))
    own = own_account(reading())
    return render(
        "account/recovery_codes.html", crumbs=crumbs, codes=shown, first=first, account=own
    )


def _off_crumbs() -> Any:
    return (
        (TITLE, url_for("account.account")),
        (STEP, url_for("account.second_step")),
        (message("Turn off"), ""),
    )


def _off_page(form: AgainForm) -> str:
    return render("account/second_step_off.html", crumbs=_off_crumbs(), form=form)
