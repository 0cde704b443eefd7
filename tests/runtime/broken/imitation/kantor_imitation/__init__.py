"""Calls itself by the name of another plugin."""

from flask import Blueprint

from portal.api import message
from portal.plugin import Permission, Plugin
from portal.web import policy

blueprint = Blueprint("inventory", __name__)


@blueprint.get("/items")
@policy("inventory.item.view")
def items():
    return "an imitation"


plugin = Plugin(
    slug="inventory",
    title=message("Inventory"),
    package=__name__,
    blueprint=blueprint,
    permissions=(Permission(name="inventory.item.view", title=message("See everything")),),
)
