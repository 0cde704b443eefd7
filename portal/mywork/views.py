"""Pages about what waits: for oneself, in one's departments, for those one leads."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from portal.absences import services as absences
from portal.delegation import services as delegation
from portal.delegation.forms import working
from portal.errors import BadRequest, NotFound
from portal.messages import message
from portal.people.picking import find
from portal.ui.submitting import submitted, typed_words
from portal.web import pdf, policy, print_view, reading, redirect_to, render, toast, transaction

from . import pages, services
from .forms import HandOverForm
from .gathering import Found, gather
from .leading import may_lead
from .rules import Whose

blueprint = Blueprint("mywork", __name__, url_prefix="/work")
PARTS = {
    "me": message("For me"),
    "deputy": message("As deputy"),
    "pool": message("To take"),
    "department": message("Departments"),
}
NOTHING = {
    "me": (
        message("Nothing waits for you"),
        message("What you have to do or decide shows up here."),
    ),
    "deputy": (
        message("You stand in for nobody now"),
        message("While somebody you stand in for is away, what they would decide shows up here."),
    ),
    "pool": (message("Nothing to take"), message("What nobody has yet shows up here.")),
    "department": (
        message("Nothing is open in your departments"),
        message("Everything your departments have to do shows up here."),
    ),
}


@blueprint.get("")
@policy("core.portal.use")
def work():
    """Show what waits for whoever looks: their own, as deputy, to take, in their departments."""
    tx = reading()
    part = request.args.get("part", "me")
    if part not in PARTS:
        raise BadRequest
    only = request.args.get("kind", "")
    whose = Whose(part) if part != "deputy" else Whose.ME
    found = gather(tx, services.ask_for(tx, whose, standing_in=part == "deputy"), only)
    own = found if part == "me" and not only else None
    return render(
        "mywork/work.html",
        parts=[
            (title, url_for("mywork.work", part=name), name == part)
            for name, title in PARTS.items()
        ],
        kinds=_chips(found, part, only),
        nothing=NOTHING[part],
        leads=may_lead(tx),
        load=pages.own_week(tx, own.items) if own is not None else None,
        **pages.listed(tx, found, owners=part == "department"),
    )


def _chips(found: Found, part: str, only: str) -> list[tuple[Any, str, bool]]:
    """Return the kinds to choose from, where there is more than one, as (title, url, current)."""
    if len(found.kinds) < 2 and not only:
        return []
    some = [(kind.title, kind.name) for kind in found.kinds]
    return [
        (title, url_for("mywork.work", part=part, kind=name or None), name == only)
        for title, name in [(message("All kinds"), ""), *some]
    ]


@blueprint.get("/people")
@policy("core.portal.use")
def pick():
    """Offer the people to whom something may be handed over and whose name has the words typed."""
    tx = reading()
    return render("people/options.html", matches=find(tx, typed_words(), working(tx)))


@blueprint.get("/team")
@policy("core.portal.use")
def team():
    """Show everybody one leads now, with what they have to do beside the time they have."""
    tx = reading()
    if not may_lead(tx):
        raise NotFound
    return render("mywork/team.html", **pages.team_page(tx))


@blueprint.get("/team/<public_id>")
@policy("core.portal.use")
def member(public_id: str):
    """Show what somebody has to do whom one leads."""
    return _member_page(public_id, HandOverForm())


@blueprint.post("/team/<public_id>")
@policy("core.portal.use")
def give(public_id: str):
    """Give what is ticked of somebody's work to somebody else."""
    form = HandOverForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            person, _found = services.member_work(tx, public_id)
            result = services.hand_over(tx, form.command_for_items(), of=person.id)
            toast(result.sentence)
            return redirect_to(tx, "mywork.member", public_id=public_id)
    return _member_page(public_id, form), 422


def _member_page(public_id: str, form: HandOverForm) -> Any:
    tx = reading()
    person, found = services.member_work(tx, public_id)
    crumbs = (
        (message("My work"), url_for("mywork.work")),
        (message("Team"), url_for("mywork.team")),
        (person.name, ""),
    )
    return render(
        "mywork/member.html",
        crumbs=crumbs,
        person=person,
        form=form.prepare(tx),
        **pages.listed(tx, found),
    )


@blueprint.get("/away/<public_id>")
@policy("core.absence.edit")
def sheet(public_id: str):
    """Show what is due while somebody is away, to be handed over; ``?format=pdf`` on paper."""
    tx = reading()
    absence = _absence(tx, public_id)
    if request.args.get("format") == "pdf":
        name = f"handover-{absence.from_on.isoformat()}.pdf"
        return pdf("mywork/sheet.html", name, **pages.sheet_page(tx, absence))
    if "print" in request.args:
        return print_view("mywork/sheet.html", **pages.sheet_page(tx, absence))
    form = HandOverForm()
    given = delegation.coming_of(tx, absence.person_id)
    mine = [row for row in given if row.principal_id == absence.person_id]
    fits = [
        row for row in mine if row.from_on <= absence.last_on and row.last_on >= absence.from_on
    ]
    if fits:
        form.to.data = fits[0].deputy.public_id
    return _sheet_page(tx, absence, form)


@blueprint.post("/away/<public_id>")
@policy("core.absence.edit")
def hand_over(public_id: str):
    """Hand over what is ticked of what is due while somebody is away."""
    form = HandOverForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            absence = _absence(tx, public_id)
            command = form.command_for_items()
            result = services.hand_over(tx, command, of=absence.person_id)
            toast(result.sentence)
            return redirect_to(tx, "mywork.sheet", public_id=public_id)
    tx = reading()
    return _sheet_page(tx, _absence(tx, public_id), form), 422


def _absence(tx: Any, public_id: str) -> Any:
    """Return an absence of somebody whose work one may hand over, or raise NotFound."""
    absence = absences.find_absence(tx, public_id, absences.EDIT)
    if not services.may_hand_over(tx, absence.person_id):
        raise NotFound
    return absence


def _sheet_page(tx: Any, absence: Any, form: HandOverForm) -> Any:
    here = url_for("absences.absence", public_id=absence.public_id)
    crumbs = ((absence.person.name, here), (message("Hand over"), ""))
    return render(
        "mywork/handing.html",
        crumbs=crumbs,
        back=here,
        form=form.prepare(tx),
        **pages.sheet_page(tx, absence),
    )
