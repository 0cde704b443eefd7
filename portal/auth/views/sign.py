"""Coming in and going out: password, links, the language of a visitor."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, make_response, redirect, request, session, url_for
from flask_login import current_user

from portal import messages
from portal.auth import passwords, rules, services
from portal.auth.forms import AgainForm, NewPasswordForm, SignInForm
from portal.auth.proving import prove
from portal.auth.returning import address_of
from portal.auth.services import LinkFacts, LinkGone, Overtaken, Proof
from portal.errors import TooMany
from portal.gate import client_address
from portal.messages import message
from portal.web import policy, public, reading, render, toast, transaction, unkeyed
from portal.work import UnitOfWork

blueprint = Blueprint("sign", __name__)
WRONG = message("The user name or the password is not right. Check both and try again.")
WRONG_PASSWORD = message("This is not your password. Try again.")
YEAR = 365 * 24 * 3600
COOKIE = "_user_id"  # where Flask-Login looks for it


@blueprint.get("/sign-in")
@public("this is where one signs in")
def sign_in():
    """Show the sign-in form, or go on when signed in already."""
    if current_user.is_authenticated:
        return redirect(address_of(request.args.get("next", "")), 303)
    return render("sign/sign_in.html", form=SignInForm())


@blueprint.post("/sign-in")
@public("this is where one signs in", key=False)
def enter():
    """Sign somebody in who knows a user name and its password."""
    form = SignInForm(request.form)
    if not form.validate():
        return render("sign/sign_in.html", form=form), 422
    try:
        proof = prove(form.username.data or "", form.password.data)
        if proof is not None:
            with transaction() as tx:
                token = _begin(tx, proof)
            return _with_cookie(token, address_of(request.args.get("next", "")))
    except TooMany as refusal:
        return _too_many("sign/sign_in.html", form, refusal)
    except Overtaken:
        pass
    form.add_errors({"": WRONG})
    return render("sign/sign_in.html", form=form), 422


@blueprint.post("/sign-out")
@policy("core.portal.use")
@unkeyed("signing out twice is signing out once")
def sign_out():
    """End this session; a copy of its cookie is worth nothing from now on."""
    with transaction() as tx:
        account = services.account_of(tx, tx.actor.person_id)
        assert account is not None
        services.sign_out(tx, account, current_user.token)
    session.clear()
    toast(message("You are signed out."))
    answer = redirect(url_for("sign.sign_in"), 303)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@blueprint.get("/sign-in/again")
@policy("core.portal.use")
def again():
    """Ask for the password again, before something that wants a fresh proof."""
    return render("sign/again.html", form=AgainForm(), username=_username(reading()))


@blueprint.post("/sign-in/again")
@policy("core.portal.use")
@unkeyed("a password that is right twice is right")
def prove_again():
    """Take the password again, change the cookie's token, and go on."""
    form, username = AgainForm(request.form), _username(reading())
    if not form.validate():
        return render("sign/again.html", form=form, username=username), 422
    try:
        proof = prove(username, form.password.data)
        if proof is not None and proof.account_id == current_user.account_id:
            with transaction() as tx:
                token = services.renew_session(tx, proof, current_user.session_id)
            return _with_cookie(token, address_of(request.args.get("next", "")))
    except TooMany as refusal:
        return _too_many("sign/again.html", form, refusal, username=username)
    except Overtaken:
        pass
    form.add_errors({"password": WRONG_PASSWORD})
    return render("sign/again.html", form=form, username=username), 422


@blueprint.get("/sign-in/forgotten")
@public("who forgot the password cannot sign in")
def forgotten():
    """Say who can help."""
    return render("sign/forgotten.html")


@blueprint.get("/sign-in/link/<token>")
@public("whoever holds the link may choose a password")
def link(token: str):
    """Show whom a link is for and ask for a password; looking at it does not use it up."""
    try:
        facts = services.find_link(reading(), token)
    except LinkGone:
        return _gone()
    return _link_page(NewPasswordForm(), token, facts)


@blueprint.post("/sign-in/link/<token>")
@public("whoever holds the link may choose a password")
def use_link(token: str):
    """Use a link up: keep the password, sign its owner in, sign every other device out."""
    form = NewPasswordForm(request.form)
    try:
        facts = _link_of_form(token)
        form.validate()
        check_new_password(form, facts.username, facts.person_name)
        if form.errors:
            return _link_page(form, token, facts), 422
        stored = passwords.hashed(form.password.data)
        with transaction() as tx:
            services.use_link(tx, token, stored)
            proof = Proof(
                account_id=facts.account_id,
                person_id=facts.person_id,
                person_name=facts.person_name,
                stored=stored,
            )
            cookie = _begin(tx, proof)
            tx.answer = url_for("home.index")
    except LinkGone:
        return _gone()
    toast(message("Your password is set and you are signed in."))
    return _with_cookie(cookie, tx.answer)


@blueprint.post("/sign-in/preferences")
@public("a visitor may choose a language before signing in", key=False)
def preferences():
    """Remember language and theme of a visitor in a cookie."""
    answer = redirect(address_of(request.form.get("back", ""), "sign.sign_in"), 303)
    if (language := request.form.get("language")) in messages.LANGUAGES:
        _remember(answer, "kantor_language", language)
    if (theme := request.form.get("theme")) in {"system", "light", "dark"}:
        _remember(answer, "kantor_theme", theme)
    return answer


def check_new_password(form: Any, *names: str) -> None:
    """Say beside the new password of a form why it cannot be taken; ``names`` are guessed first."""
    organisation = current_app.extensions["kantor_facts"]["organisation"]
    typed = form.password.data or ""
    if typed and (problem := rules.password_problem(typed, (organisation, *names))):
        form.add_errors({"password": problem})


def _begin(tx: UnitOfWork, proof: Proof) -> str:
    return services.begin_session(
        tx,
        current_app.extensions["kantor_visitors"],
        proof,
        device=request.user_agent.string,
        address=client_address(),
        replacing=session.get(COOKIE),
    )


def _with_cookie(token: str, target: str) -> Any:
    """Answer with a cookie that holds the new token and nothing of the one before."""
    session.clear()
    session[COOKIE] = token
    return redirect(target, 303)


def _too_many(template: str, form: Any, refusal: TooMany, **context: Any) -> Any:
    form.add_errors({"": refusal.message})
    answer = make_response(render(template, form=form, **context), 429)
    answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _username(tx: UnitOfWork) -> str:
    account = services.account_of(tx, tx.actor.person_id)
    assert account is not None
    return account.name


def _link_of_form(token: str) -> LinkFacts:
    """Return whom the link is for; raise LinkGone, or AlreadyDone for a form sent twice."""
    try:
        return services.find_link(reading(), token)
    except LinkGone:
        with transaction() as tx:
            return services.find_link(tx, token)


def _link_page(form: NewPasswordForm, token: str, facts: LinkFacts) -> str:
    if "kantor_language" not in request.cookies and not current_user.is_authenticated:
        messages.current_language.set(facts.language)
    return render("sign/link.html", form=form, token=token, link=facts)


def _gone() -> Any:
    return render("sign/link_gone.html"), 404


def _remember(answer: Any, name: str, value: str) -> None:
    secure = current_app.extensions["kantor_config"].secure
    answer.set_cookie(name, value, max_age=YEAR, httponly=True, secure=secure, samesite="Lax")
