"""Stock, exactly: items, places, a two-sided ledger, and imports of real stock lists."""

from portal.api import message
from portal.plugin import NavItem, NewItem, Plugin

from . import hooks
from .demo import fill
from .imports import ITEMS
from .jobs import JOBS
from .models import Base
from .names import NAMES
from .permissions import PERMISSIONS, ROLES
from .provided import Stock
from .views import blueprint

plugin = Plugin(
    slug="inventory",
    title=message("Inventory"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=PERMISSIONS,
    roles=ROLES,
    nav=(
        NavItem(
            endpoint="inventory.items", title=message("Items"), permission="inventory.item.view"
        ),
        NavItem(
            endpoint="inventory.stock", title=message("Stock"), permission="inventory.stock.view"
        ),
        NavItem(
            endpoint="inventory.suppliers",
            title=message("Suppliers"),
            permission="inventory.supplier.view",
        ),
        NavItem(
            endpoint="inventory.ledger",
            title=message("Ledger check"),
            permission="inventory.stock.view",
        ),
    ),
    new=(
        NewItem(
            endpoint="inventory.new_item",
            title=message("Item"),
            permission="inventory.item.edit",
            icon="package",
        ),
    ),
    imports=(ITEMS,),
    jobs=JOBS,
    names=NAMES,
    provides={"inventory.stock": Stock()},
    hooks=hooks,
    demo=fill,
    icon="package",
    hue="teal",
)
