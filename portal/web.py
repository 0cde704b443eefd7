"""What views use: policies, units of this request, pages, tables and forms. Public."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, current_app, g, redirect, url_for
from werkzeug.wrappers import Response

from .activity.story import Story, story
from .db import db
from .gate import form_key, policy, public, unkeyed
from .imports.rules import Import
from .printing import pdf, pdf_file, print_view
from .shell import render, toast
from .ui.charts import BarChart, RowChart, bar_chart, row_chart
from .ui.export import plain_file
from .ui.forms import (
    AreaField,
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    HiddenField,
    ManyField,
    MoneyField,
    PickField,
    QuantityField,
    RadioField,
    TextField,
    WholeField,
    longest,
    not_before,
    number_format,
    optional,
    required,
)
from .ui.panels import panels
from .ui.submitting import VersionField, submitted
from .ui.table import Action, BulkAction, Chosen, Column, Empty, RowAction, Table, View, Withheld
from .work import UnitOfWork, unit_of_work

__all__ = [
    "Action",
    "AreaField",
    "BarChart",
    "BooleanField",
    "BulkAction",
    "ChoiceField",
    "Chosen",
    "Column",
    "DateField",
    "Empty",
    "Form",
    "HiddenField",
    "ManyField",
    "MoneyField",
    "PickField",
    "QuantityField",
    "RadioField",
    "RowAction",
    "RowChart",
    "Story",
    "Table",
    "TextField",
    "VersionField",
    "View",
    "WholeField",
    "Withheld",
    "bar_chart",
    "import_routes",
    "longest",
    "not_before",
    "number_format",
    "optional",
    "panels",
    "pdf",
    "pdf_file",
    "plain_file",
    "policy",
    "print_view",
    "public",
    "reading",
    "redirect_to",
    "render",
    "required",
    "row_chart",
    "short_url",
    "story",
    "submitted",
    "toast",
    "transaction",
    "unkeyed",
]


def import_routes(blueprint: Blueprint, declared: Import) -> None:
    """Give a plugin's blueprint the pages of an import, each under the import's own permission.

    The first of them is ``<slug>.import_<what>``: link to it from the list.
    """
    from .imports.views import import_routes as add

    add(blueprint, declared)


def transaction() -> AbstractContextManager[UnitOfWork]:
    """Open the writing unit of this request: commit at its end, roll back on any exception.

    The form's idempotency key is claimed first: a form sent twice is answered twice and done once.
    Fetch rows inside the block; what was loaded before may be old.
    """
    return unit_of_work(db.session(), form=form_key(), request_id=g.get("request_id", ""))


def reading() -> UnitOfWork:
    """Return the unit of a view that only reads; nothing can be written with it."""
    session = db.session()
    assert session.principal is not None
    return UnitOfWork(session, session.principal, False, request_id=g.get("request_id", ""))


def short_url(code: str) -> str:
    """Return the whole address that a code of ``link_codes()`` stands for, all in capitals.

    A QR code of capitals and digits takes a third less room, and addresses read the same.
    """
    config = current_app.extensions["kantor_config"]
    return f"{config.base_url}/e/{code}".upper()


def redirect_to(tx: UnitOfWork, endpoint: str, **values: Any) -> Response:
    """Return the 303 that ends a successful form.

    Inside the block the address is also kept as ``tx.answer``, for the same form sent a second
    time.
    """
    tx.answer = url_for(endpoint, **values)
    return redirect(tx.answer, 303)
