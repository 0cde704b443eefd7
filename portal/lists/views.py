"""What the menus over every list do: choose columns and row height."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, redirect, request

from portal.auth.returning import address_of
from portal.errors import BadRequest, NotFound
from portal.reach import Principal
from portal.ui.table import LISTS, Table
from portal.ui.table.arranging import COLUMNS, HEIGHT, naming
from portal.web import policy, transaction

from . import services
from .forms import ColumnsForm, FromList, HeightForm
from .rules import moved

blueprint = Blueprint("lists", __name__, url_prefix="/lists")
LONGEST_QUERY = 8000
MENU = "#columns-menu"


@blueprint.post("/<name>/columns")
@policy("core.portal.use")
def choose_columns(name: str):
    """Keep which columns of a list one wants, and in which order; what it was asked stays."""
    form = ColumnsForm(request.form)
    with transaction() as tx:
        table = list_named(name, tx.actor)
        wanted, act = _wanted(table, tx.actor, form), form.act.data or ""
        services.keep_columns(tx, table.key, () if act == "reset" else wanted)
        tx.answer = back_to_list(form, without=(COLUMNS,)) + ("" if ":" not in act else MENU)
    return redirect(tx.answer, 303)


@blueprint.post("/<name>/height")
@policy("core.portal.use")
def choose_height(name: str):
    """Keep how high the rows of a list are."""
    form = HeightForm(request.form)
    if not form.validate():
        raise BadRequest
    with transaction() as tx:
        services.keep_height(tx, list_named(name, tx.actor).key, form.height.data or "")
        tx.answer = back_to_list(form, without=(HEIGHT,))
    return redirect(tx.answer, 303)


def list_named(name: str, actor: Principal) -> Table:
    """Return a list that ``actor`` may see, or raise NotFound."""
    table = LISTS.get(name)
    slug = name.partition(".")[0]
    if table is None or not actor.holds(table.permission):
        raise NotFound
    if slug != "core" and slug not in actor.active:
        raise NotFound
    return table


def back_to_list(form: FromList, *, without: tuple[str, ...] = (), **changed: str) -> str:
    """Return the address of the list as it was asked, but for these parameters."""
    path = urlsplit(address_of(form.place.data or "")).path
    asked = parse_qsl((form.query.data or "")[:LONGEST_QUERY])
    pairs = [(n, v) for n, v in asked if n not in without and n not in changed]
    pairs += changed.items()
    return f"{path}?{urlencode(pairs)}" if pairs else path


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
