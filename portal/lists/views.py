"""What the menus over every list do: columns, row height, saved views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from portal.auth.returning import address_of
from portal.errors import BadRequest
from portal.messages import Message, message
from portal.reach import Principal
from portal.ui.submitting import submitted
from portal.ui.table import Table
from portal.ui.table.arranging import COLUMNS, HEIGHT, naming
from portal.ui.table.opening import PUBLIC_ID, to_save
from portal.web import policy, reading, render, toast, transaction
from portal.work import UnitOfWork

from . import saving, services
from .forms import ColumnsForm, FromList, HeightForm, OpeningForm, ViewForm
from .rules import moved
from .showing import list_named

blueprint = Blueprint("lists", __name__, url_prefix="/lists")
LONGEST_QUERY = 8000
MENU = "#columns-menu"
NEW, EDIT = message("Save this view"), message("Rename or share the view")
OPENS_SO = message("The list opens with this view from now on.")
OPENS_WHOLE = message("The list opens with all rows from now on.")


@blueprint.post("/<name>/columns")
@policy("core.portal.use")
def choose_columns(name: str):
    """Keep which columns of a list one wants, and in which order; what it was asked stays."""
    form = ColumnsForm(request.form)
    with transaction() as tx:
        table = list_named(name, tx.actor)
        wanted, act = _wanted(table, tx.actor, form), form.act.data or ""
        if in_saved_view(form):  # It has columns of its own: these are shown instead of them.
            keys = "" if act == "reset" else ",".join(wanted)
            tx.answer = back_to_list(form, without=(COLUMNS,), columns=keys)
        else:
            services.keep_columns(tx, table.key, () if act == "reset" else wanted)
            tx.answer = back_to_list(form, without=(COLUMNS,))
        tx.answer += MENU if ":" in act else ""
    return redirect(tx.answer, 303)


@blueprint.post("/<name>/height")
@policy("core.portal.use")
def choose_height(name: str):
    """Keep how high the rows of a list are."""
    form = HeightForm(request.form)
    if not form.validate():
        raise BadRequest
    with transaction() as tx:
        table, height = list_named(name, tx.actor), form.height.data or ""
        if in_saved_view(form):
            tx.answer = back_to_list(form, height=height)
        else:
            services.keep_height(tx, table.key, height)
            tx.answer = back_to_list(form, without=(HEIGHT,))
    return redirect(tx.answer, 303)


@blueprint.post("/<name>/opening")
@policy("core.portal.use")
def choose_opening(name: str):
    """Keep with which view a list opens."""
    form = OpeningForm(request.form)
    with transaction() as tx:
        services.keep_opening(tx, list_named(name, tx.actor).key, form.view.data or "")
        toast(OPENS_SO if form.view.data else OPENS_WHOLE)
        tx.answer = back_to_list(form)
    return redirect(tx.answer, 303)


@blueprint.post("/<name>/views")
@policy("core.portal.use")
def add_view(name: str):
    """Save what is shown as a view of its own."""
    form, tx = ViewForm(request.form), reading()
    table = list_named(name, tx.actor)
    offer_audiences(form, tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            made = saving.add_view(tx, table.key, _saving(form, asked_now(table, tx, form)))
            toast(message("The view {name} is saved.", name=form.name.data))
            tx.answer = f"{place_of(form)}?view={made}"
            return redirect(tx.answer, 303)
    return _page(form, NEW, url_for("lists.add_view", name=name)), 422


@blueprint.route("/views/<public_id>/edit", methods=["GET", "POST"])
@policy("core.portal.use")
def edit_view(public_id: str):
    """Give a view another name, or share it."""
    tx = reading()
    row = saving.editable(tx, public_id)
    role = next((v.role for v in saving.saved_views(tx, row.list) if v.public_id == public_id), "")
    known = {"name": row.name, "audience": row.audience, "role": role, "version": row.version}
    form = ViewForm(request.form, data=known)
    form.place.data = request.values.get("place", "")
    offer_audiences(form, tx, now=row.audience)
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            saving.rename_view(tx, public_id, form.version.data, _saving(form, ()))
            toast(message("The view {name} is saved.", name=form.name.data))
            tx.answer = f"{place_of(form)}?view={public_id}"
            return redirect(tx.answer, 303)
    page = _page(form, EDIT, url_for("lists.edit_view", public_id=public_id))
    return (page, 422) if request.method == "POST" else page


@blueprint.post("/views/<public_id>/overwrite")
@policy("core.portal.use")
def overwrite_view(public_id: str):
    """Let a view show what is shown now."""
    form = ViewForm(request.form)
    with transaction() as tx:
        row = saving.editable(tx, public_id)
        asked = asked_now(list_named(row.list, tx.actor), tx, form)
        saving.overwrite_view(tx, public_id, form.version.data, asked)
        toast(message("The view {name} shows this from now on.", name=row.name))
        tx.answer = f"{place_of(form)}?view={public_id}"
    return redirect(tx.answer, 303)


@blueprint.post("/views/<public_id>/delete")
@policy("core.portal.use")
def delete_view(public_id: str):
    """Delete a view; the toast brings it back."""
    form = ViewForm(request.form)
    with transaction() as tx:
        said, step = saving.delete_view(tx, public_id, form.version.data)
        toast(said, undo=step)
        tx.answer = place_of(form)
    return redirect(tx.answer, 303)


def back_to_list(form: FromList, *, without: tuple[str, ...] = (), **changed: str) -> str:
    """Return the address of the list as it was asked, but for these parameters."""
    path = urlsplit(address_of(form.place.data or "")).path
    asked = parse_qsl((form.query.data or "")[:LONGEST_QUERY], keep_blank_values=True)
    pairs = [(n, v) for n, v in asked if n not in without and n not in changed]
    pairs += [(n, v) for n, v in changed.items() if v]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def in_saved_view(form: FromList) -> bool:
    """Return whether the list was shown in a view that somebody saved."""
    asked = dict(parse_qsl((form.query.data or "")[:LONGEST_QUERY]))
    return bool(PUBLIC_ID.fullmatch(asked.get("view", "")))


def _wanted(table: Table, actor: Principal, form: ColumnsForm) -> list[str]:
    """Return the keys of the columns to show; the one that names a row always is."""
    may_see = table.columns_for(actor)
    ticked: Any = {*form.shown.data, naming(may_see).key}
    order = form.order.data
    verb, _, key = (form.act.data or "").partition(":")
    if verb in ("up", "down"):
        order = moved(order, key, -1 if verb == "up" else 1)
    known = [column.key for column in may_see]
    return [key for key in order if key in ticked and key in known]


def asked_now(table: Table, tx: UnitOfWork, form: FromList) -> list[tuple[str, str]]:
    """Return what a list shows now, in the words of its address."""
    sent = MultiDict(parse_qsl((form.query.data or "")[:LONGEST_QUERY], keep_blank_values=True))
    liking = services.liking(tx, table.key)
    liked = {COLUMNS: ",".join(liking.columns)}
    if liking.height != "normal":
        liked[HEIGHT] = liking.height
    return to_save(table, tx, sent, liked)


def offer_audiences(form: ViewForm, tx: UnitOfWork, now: str = "me") -> None:
    """Offer everybody else only to those who may share views."""
    form.role.choices = saving.role_choices(tx)
    if not tx.actor.holds(saving.SHARE):
        form.audience.choices = [c for c in form.audience.choices if c[0] in ("me", now)]
    if form.audience.data is None:
        form.audience.data = now


def place_of(form: FromList) -> str:
    """Return the address of the list without anything asked."""
    return urlsplit(address_of(form.place.data or "")).path


def _saving(form: ViewForm, asked: Any) -> saving.SaveView:
    role, audience = form.role.data or "", form.audience.data or "me"
    return saving.SaveView(name=form.name.data or "", audience=audience, role=role, asked=asked)


def _page(form: ViewForm, title: Message, action: str) -> str:
    return render(
        "lists/view.html",
        crumbs=((title, ""),),
        heading=title,
        form=form,
        action=action,
        back=back_to_list(form),
    )
