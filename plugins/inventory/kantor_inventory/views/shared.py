"""The one blueprint of inventory, and what its views share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import message, visible
from portal.web import import_routes, render

from ..imports import ITEMS
from ..models import Item

blueprint = Blueprint("inventory", __name__, template_folder="../templates")

ITEM = select(Item).options(joinedload(Item.base_unit), joinedload(Item.category))

import_routes(blueprint, ITEMS)


def item_named(tx: Any, public_id: str, permission: str = "inventory.item.view") -> Item:
    """Return an item one may see, with its unit and category, or raise NotFound."""
    item: Item = tx.one(visible(ITEM, permission, tx.actor), public_id=public_id)
    return item


def trail(*steps: tuple[Any, str]) -> tuple[tuple[Any, str], ...]:
    """Return breadcrumbs: the list of items, then ``steps``."""
    return ((message("Items"), url_for("inventory.items")), *steps)


def item_trail(item: Item, last: Any) -> tuple[tuple[Any, str], ...]:
    """Return breadcrumbs to a page about an item."""
    return trail((item.name, url_for("inventory.item", public_id=item.public_id)), (last, ""))


def form_page(
    template: str, form: Any, crumbs: Any, *, back: str = "", **context: Any
) -> str | tuple[str, int]:
    """Return the page of a form, with 422 if anything in it needs another look."""
    page = render(template, crumbs=crumbs, form=form, back=back, **context)
    return (page, 422) if form.errors or form.form_errors else page


def sent_number(name: str) -> int:
    """Return a whole number that a form sent, -1 for anything else: it fits no row."""
    said = request.form.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else -1
