"""Contradicts itself in several ways at once."""

from portal.api import message
from portal.plugin import NavItem, Permission, Plugin, RoleGrant

plugin = Plugin(
    slug="wrong",
    title=message("Wrong"),
    package=__name__,
    permissions=(Permission(name="inventory.item.view", title=message("See everything")),),
    roles=(RoleGrant(role="boss", permission="wrong.thing.view", reach="everywhere"),),
    nav=(NavItem(endpoint="inventory.items", title=message("Mine"), permission="wrong.x.y"),),
)
