"""What is done with items that are ticked in the list."""

from __future__ import annotations

from portal.api import message
from portal.web import policy

from ..forms import CategoryOfItemsForm, StatusOfItemsForm
from ..services import bulk, choices
from ..tables import ITEMS
from .shared import blueprint


@blueprint.post("/items/set-status")
@policy("inventory.item.edit")
def set_status_of_items():
    """Set the status of the items that are ticked."""
    return ITEMS.carry_out(
        message("Set status"),
        StatusOfItemsForm,
        lambda tx, ids, form: bulk.set_status(tx, form.command(bulk.SetStatus, items=ids)),
    )


@blueprint.post("/items/set-category")
@policy("inventory.item.edit")
def set_category_of_items():
    """Put the items that are ticked into a category."""

    def offer(form, tx):
        form.category.choices = choices.categories(tx)

    return ITEMS.carry_out(
        message("Set category"),
        CategoryOfItemsForm,
        lambda tx, ids, form: bulk.set_category(tx, form.command(bulk.SetCategory, items=ids)),
        prepare=offer,
    )
