"""Coming in and going out: password, links, the language of a visitor."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, make_response, redirect, request, session, url_for
from flask_login import current_user

from portal import messages
from portal.auth import halfway, passwords, rules, services
from portal.auth.again import COOKIE, WRONG_CODE, WRONG_PASSWORD, renewed
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
YEAR = 365 * 24 * 3600


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
                proof = services.keep_renewed(tx, proof)
                token = begin_alone(tx, proof)
            return come_in(proof, token)
    except TooMany as refusal:
        return too_many("sign/sign_in.html", form, refusal)
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
        services.end_viewing(tx, current_user.session_id)
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
    return render("sign/again.html", form=_again_form(), username=_username(reading()))


def _again_form(sent: Any = None) -> AgainForm:
    form = AgainForm(sent)
    if not current_user.second_step:
        return form.alone()
    return form.by_recovery() if "recovery" in request.args else form


@blueprint.post("/sign-in/again")
@policy("core.portal.use")
@unkeyed("a password that is right twice is right")
def prove_again():
    """Take the password again, change the cookie's token, and go on."""
    form, username = _again_form(request.form), _username(reading())
    if not form.validate():
        return render("sign/again.html", form=form, username=username), 422
    try:
        proof = prove(username, form.password.data)
        if proof is not None and proof.account_id == current_user.account_id:
            if (token := renewed(proof, form)) is not None:
                return with_cookie(token, address_of(request.args.get("next", "")))
            form.add_errors({"code": WRONG_CODE})
            return render("sign/again.html", form=form, username=username), 422
    except TooMany as refusal:
        return too_many("sign/again.html", form, refusal, username=username)
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
        check_new_password(form, facts.username, facts.person_name, beside=_has_second_step(facts))
        if form.errors:
            return _link_page(form, token, facts), 422
        stored = passwords.hashed(form.password.data)
        with transaction() as tx:
            short = len(form.password.data) < rules.SHORTEST
            services.use_link(tx, token, stored, short=short)
            proof = Proof(
                account_id=facts.account_id,
                person_id=facts.person_id,
                person_name=facts.person_name,
                stored=stored,
            )
            cookie = begin_alone(tx, proof)
            tx.answer = url_for("home.index") if cookie else url_for("sign.code")
    except LinkGone:
        return _gone()
    if cookie:
        toast(message("Your password is set and you are signed in."))
    else:
        toast(message("Your password is set."))
    return come_in(proof, cookie)


def _has_second_step(facts: LinkFacts) -> bool:
    return services.factor_of(reading(), facts.account_id) is not None


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


def check_new_password(form: Any, *names: str, beside: bool) -> None:
    """Say beside the new password of a form why it cannot be taken; ``names`` are guessed first,
    and one ``beside`` a second step may be shorter.
    """
    organisation = current_app.extensions["kantor_facts"]["organisation"]
    typed, shortest = form.password.data or "", rules.SHORTEST
    if beside:
        form.beside_second_step()
        shortest = rules.SHORTEST_BESIDE
    about = (organisation, *names)
    if typed and (problem := rules.password_problem(typed, about, shortest=shortest)):
        form.add_errors({"password": problem})


def begin_alone(tx: UnitOfWork, proof: Proof) -> str:
    """Sign in whom the password lets in; return an empty token if a code is asked for too."""
    if services.factor_of(tx, proof.account_id) is not None:
        return ""
    return begin(tx, proof)


def come_in(proof: Proof, token: str) -> Any:
    """Lead on with the token of the new session, or to the page that asks for a code."""
    if token:
        return with_cookie(token, address_of(request.args.get("next", "")))
    halfway.begin(proof)
    return redirect(url_for("sign.code", next=request.args.get("next") or None), 303)


def begin(tx: UnitOfWork, proof: Proof) -> str:
    """Return the token of a new session, which replaces that of this browser."""
    return services.begin_session(
        tx,
        current_app.extensions["kantor_visitors"],
        proof,
        device=request.user_agent.string,
        address=client_address(),
        replacing=session.get(COOKIE),
    )


def with_cookie(token: str, target: str) -> Any:
    """Answer with a cookie that holds the new token and nothing of the one before."""
    session.clear()
    session[COOKIE] = token
    return redirect(target, 303)


def too_many(template: str, form: Any, refusal: TooMany, **context: Any) -> Any:
    """Show a form again that was sent too often, and say when it may be sent again."""
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
    if _has_second_step(facts):
        form.beside_second_step()
    return render("sign/link.html", form=form, token=token, link=facts)


def _gone() -> Any:
    return render("sign/link_gone.html"), 404


def _remember(answer: Any, name: str, value: str) -> None:
    secure = current_app.extensions["kantor_config"].secure
    answer.set_cookie(name, value, max_age=YEAR, httponly=True, secure=secure, samesite="Lax")
