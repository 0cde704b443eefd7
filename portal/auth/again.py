"""A form that wants a fresh proof: the password is asked again, and what was typed is kept.

The page that asks sends the whole form once more, with the password beside it; nothing of it is
stored meanwhile.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from flask import g, make_response, redirect, request, session, url_for
from flask_login import current_user

from portal.db import db, unscoped
from portal.errors import TooMany
from portal.gate import AGAIN, NeedsPassword
from portal.messages import message

from . import services
from .forms import AgainForm
from .proving import code_was_right, prove, sealing, try_code
from .returning import token_for_request
from .services import Overtaken, Proof

COOKIE = "_user_id"  # where Flask-Login looks for the token
MOST, LONGEST = 1_000, 256 * 1024  # fields, and signs of them, that are kept
WRONG_PASSWORD = message("This is not your password. Try again.")
WRONG_CODE = message(
    "This code is not right, is too old, or was used already. Try the next one your app shows."
)


def prove_now() -> None:
    """Take the password that came with a form, and let the form through; raise NeedsPassword when
    none came, or a wrong one.
    """
    if f"{AGAIN}password" not in request.form:
        raise NeedsPassword()
    form = _form(request.form)
    if not form.validate():
        raise NeedsPassword(form=form)
    try:
        proof = prove(_username(), form["password"].data)
        mine = proof is not None and proof.account_id == current_user.account_id
        token = renewed(proof, form) if mine and proof is not None else None
    except TooMany as refusal:
        form.add_errors({"": refusal.message})
        raise NeedsPassword(form=form, retry_after=refusal.retry_after) from refusal
    except Overtaken:
        mine, token = False, None
    if token is None:
        form.add_errors({"code": WRONG_CODE} if mine else {"password": WRONG_PASSWORD})
        raise NeedsPassword(form=form)
    session[COOKIE] = token
    visitor = current_user._get_current_object()
    g._login_user = dataclasses.replace(visitor, token=token, proved_at=datetime.now(UTC))


def renewed(proof: Proof, form: AgainForm) -> str | None:
    """Return the session's new token, or None for a code that is not right."""
    wanted = current_user.second_step
    key = try_code(proof) if wanted else ""
    db.session().rollback()
    with unscoped(reason="proving again", realm="core") as tx:
        if wanted and not services.use_code(tx, proof, form["code"].data, sealing()):
            return None
        token = services.renew_session(tx, proof, current_user.session_id)
    if wanted:
        code_was_right(key)
    return token


def ask_again(error: NeedsPassword) -> Any:
    """Show the page that asks for the password and sends the form again, as it was typed."""
    from portal.shell import render, toast

    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith(AGAIN)
    ]
    if len(kept) > MOST or sum(len(name) + len(value) for name, value in kept) > LONGEST:
        toast(message("That was too much to be kept. Send it again after this."))
        return redirect(url_for("sign.again", next=token_for_request()), 303)
    html = render(
        "sign/again_form.html",
        form=error.form or _form(),
        username=_username(),
        kept=kept,
        files=any(file.filename for file in request.files.values()),
        action=request.full_path.rstrip("?"),
    )
    status = 429 if error.retry_after else 401 if error.form is None else 422
    answer = make_response(html, status)
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _form(sent: Any = None) -> AgainForm:
    form = AgainForm(sent, prefix=AGAIN)
    return form.with_either() if current_user.second_step else form.alone()


def _username() -> str:
    from portal.web import reading

    tx = reading()
    account = services.account_of(tx, tx.actor.person_id)
    assert account is not None
    return account.name
