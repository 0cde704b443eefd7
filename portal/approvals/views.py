"""Pages: what waits, one request and its decision, and the rules who decides."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.routing import BuildError

from portal.delegation.rules import Decider, Way
from portal.errors import Conflict, EditConflict, NotFound
from portal.messages import message
from portal.people.services import find_department
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import DecideForm, RuleForm, TryForm, as_form, kinds
from .rules import ESCALATE, REMIND
from .services import Decision, ruling
from .tables import ASKED, DECIDED, WAITING
from .words import STATES, TONES, VERDICTS, WAYS

blueprint = Blueprint("approvals", __name__, url_prefix="/approvals")
DONE = {
    "approved": message("Approved."),
    "refused": message("Refused."),
    "next": message("Approved. Others decide the next step."),
    "counted": message("Approved. Others have to approve too."),
}
VOID = message(
    "This has changed since it was asked, so it does not count any more and nothing was decided."
)


@blueprint.get("")
@policy("core.portal.use")
def waiting():
    """Show what waits for the reader's decision."""
    return WAITING.respond(reading(), "approvals/list.html", here="waiting")


@blueprint.get("/asked")
@policy("core.portal.use")
def asked():
    """Show what the reader asked others to decide."""
    return ASKED.respond(reading(), "approvals/list.html", here="asked")


@blueprint.get("/decided")
@policy("core.portal.use")
def decided():
    """Show what the reader decided, and what others decided for them."""
    return DECIDED.respond(reading(), "approvals/list.html", here="decided")


@blueprint.get("/<public_id>")
@policy("core.portal.use")
def approval(public_id: str):
    """Show a request: what is asked, who decides, and the buttons for who may."""
    shown = services.find_approval(reading(), public_id)
    return _page(shown, DecideForm(data={"version": shown.approval.version}))


def _page(shown, form, problem=""):
    form.version.data = shown.approval.version
    form.seen.data = _mark_of(shown)
    return render(
        "approvals/approval.html",
        crumbs=((message("Approvals"), url_for("approvals.waiting")), (shown.approval.title, "")),
        shown=shown,
        approval=shown.approval,
        form=form,
        problem=problem,
        state=STATES[shown.approval.state],
        tone=TONES[shown.approval.state],
        ways=WAYS,
        verdicts=VERDICTS,
        subject_url=_address(shown.subject),
    )


def _address(subject):
    if subject is None or not subject.endpoint:
        return ""
    try:
        return url_for(subject.endpoint, **subject.values)
    except BuildError:  # The page of an app that is not there.
        return ""


@blueprint.post("/<public_id>/decide")
@policy("core.portal.use")
def decide(public_id: str):
    """Approve or refuse, and go on with what waits next."""
    form = DecideForm(request.form)
    said = request.form.get("verdict", "")
    problem = None
    if form.validate():
        decision = Decision(
            version=form.version.data, verdict=said, comment=form.comment.data or ""
        )
        try:
            with submitted(form), transaction() as tx:
                found = services.decide(tx, public_id, decision, seen=_seen(public_id, form, tx))
                toast(DONE.get(found.outcome, VOID))
                return _go_on(tx, found.approval)
        except (EditConflict, Conflict) as error:
            problem = error.message
    return _again(public_id, form, problem)


def _again(public_id, form, problem):
    """Show the page again with what was typed, also to who may not see it any more."""
    status = 422 if problem is None else 409
    try:
        shown = services.find_approval(reading(), public_id)
    except NotFound:
        if problem is None:
            raise
        return render("approvals/ended.html", problem=problem, form=form), status
    return _page(shown, form, problem or ""), status


def _go_on(tx, found):
    """Lead to what waits next, to the list if nothing does."""
    place = (found.due_at, found.id)
    following = services.waiting_for(tx, 1, place) or services.waiting_for(tx, 1)
    if following:
        return redirect_to(tx, "approvals.approval", public_id=following[0].public_id)
    return redirect_to(tx, "approvals.waiting")


@blueprint.post("/<public_id>/withdraw")
@policy("core.portal.use")
def withdraw(public_id: str):
    """Take back one's own request."""
    with transaction() as tx:
        services.withdraw_request(tx, public_id)
        toast(message("Withdrawn."))
        return redirect_to(tx, "approvals.approval", public_id=public_id)


def _signer():
    return URLSafeSerializer(current_app.secret_key or "", salt="kantor-decides")


def _mark_of(shown):
    """Return how the reader comes to decide, so that they can be told later why no more."""
    how = shown.decider
    if how is None:
        return ""
    said = [shown.approval.public_id, how.person_id, int(how.way), how.for_id, *how.delegations]
    return str(_signer().dumps(said))


def _seen(public_id, form, tx):
    try:
        about, person_id, way, for_id, *delegations = _signer().loads(form.seen.data or "")
    except (BadData, ValueError, TypeError):
        return None
    if about != public_id or person_id != tx.actor.person_id:
        return None
    how = {"way": Way(way), "for_id": for_id, "delegations": tuple(delegations)}
    return Decider(person_id=person_id, **how)


@blueprint.get("/rules")
@policy("core.approval.rules")
def rules():
    """Show who decides what, and try it out."""
    tx = reading()
    form = TryForm(request.args).prepare(tx)
    tried = None
    if {"kind", "department"} <= request.args.keys() and form.validate():
        department = find_department(tx, form.department.data or "")
        tried = ruling.try_out(tx, form.kind.data or "", department.id, form.amount.data)
    found = ruling.rules_in_force(tx)
    groups = [(name, title, [r for r in found if r[0].kind == name]) for name, title in kinds()]
    return render("approvals/rules.html", groups=groups, form=form, tried=tried, ways=WAYS)


@blueprint.get("/rules/new")
@policy("core.approval.rules")
def new_rule():
    """Ask who decides."""
    tx = reading()
    ruling.require_all(tx)
    kept = {"step": 1, "who": "manager", "needed": 1}
    kept |= {"remind_hours": REMIND, "escalate_hours": ESCALATE}
    kept |= {"kind": request.args.get("kind", "")}
    return _rule_page(RuleForm(data=kept).prepare(tx), None)


@blueprint.post("/rules/new")
@policy("core.approval.rules")
def add_rule():
    """Say who decides."""
    form = RuleForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            ruling.set_rule(tx, form.command_for_rule())
            toast(message("The rule holds for what is asked from now on."))
            return redirect_to(tx, "approvals.rules")
    return _rule_page(form, None), 422


@blueprint.get("/rules/<public_id>/edit")
@policy("core.approval.rules")
def edit_rule(public_id: str):
    """Show a rule for changing."""
    tx = reading()
    row = ruling.find_rule(tx, public_id)
    return _rule_page(RuleForm(data=as_form(row)).prepare(tx), row)


@blueprint.post("/rules/<public_id>/edit")
@policy("core.approval.rules")
def change_rule(public_id: str):
    """Let another rule take the place of one."""
    form = RuleForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            ruling.set_rule(tx, form.command_for_rule(public_id))
            toast(message("The rule holds for what is asked from now on."))
            return redirect_to(tx, "approvals.rules")
    return _rule_page(form, ruling.find_rule(reading(), public_id)), 422


@blueprint.post("/rules/<public_id>/end")
@policy("core.approval.rules")
def end_rule(public_id: str):
    """Let a rule hold no more."""
    with transaction() as tx:
        ruling.end_rule(tx, public_id)
        toast(message("The rule is ended. What was asked before keeps it."))
        return redirect_to(tx, "approvals.rules")


def _rule_page(form, row):
    here = message("New rule") if row is None else message("Change the rule")
    crumbs = ((message("Who decides"), url_for("approvals.rules")), (here, ""))
    return render("approvals/rule.html", crumbs=crumbs, form=form, row=row, title=here)
