"""Stock, exactly: items, places, a two-sided ledger, and imports of real stock lists."""

from portal.api import message
from portal.plugin import Plugin

from .demo import fill
from .models import Base
from .permissions import PERMISSIONS, ROLES
from .provided import Stock

plugin = Plugin(
    slug="inventory",
    title=message("Inventory"),
    package=__name__,
    models=Base,
    permissions=PERMISSIONS,
    roles=ROLES,
    provides={"inventory.stock": Stock()},
    demo=fill,
    icon="package",
    hue="teal",
)
