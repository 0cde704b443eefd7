"""Key register: who holds which key of which room."""

from portal.api import message
from portal.plugin import NavItem, Permission, Plugin, RoleGrant

from .models import Base
from .views import blueprint

plugin = Plugin(
    slug="keys",
    title=message("Key register"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="keys.key.view", title=message("See who holds a key")),
        Permission(name="keys.key.lend", title=message("Add and lend keys"), writes=True),
    ),
    roles=(
        RoleGrant(role="employee", permission="keys.key.view", reach="all"),
        RoleGrant(role="assistant", permission="keys.key.view", reach="all"),
        RoleGrant(role="assistant", permission="keys.key.lend", reach="all"),
    ),
    nav=(NavItem(endpoint="keys.index", title=message("Keys"), permission="keys.key.view"),),
    names={"keys.key": message("Key"), "keys.key_saved": message("Saved a key")},
    icon="key",
)
