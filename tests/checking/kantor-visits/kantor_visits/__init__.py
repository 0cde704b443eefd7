"""Visitors' book: who came to see which department."""

from portal.api import message
from portal.plugin import NavItem, Permission, Plugin, RoleGrant

from . import hooks
from .models import Base
from .views import blueprint

plugin = Plugin(
    slug="visits",
    title=message("Visitors' book"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="visits.visit.view", title=message("See who visited")),
        Permission(name="visits.visit.edit", title=message("Write down visits"), writes=True),
    ),
    roles=(RoleGrant(role="assistant", permission="visits.visit.edit", reach="department"),),
    nav=(
        NavItem(
            endpoint="visits.index",
            title=message("Visitors' book"),
            permission="visits.visit.view",
        ),
    ),
    names={"visits.visit": message("Visit"), "visits.visit_saved": message("Wrote down a visit")},
    hooks=hooks,
    icon="users",
)
