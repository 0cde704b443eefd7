"""Stock, exactly: items, places, a two-sided ledger, and imports of real stock lists."""

from portal.api import message
from portal.plugin import NavItem, NewItem, Plugin, Series

from . import hooks
from .asking import views as asking_pages
from .asking.approving import APPROVAL
from .asking.dates import REQUEST_DATES
from .asking.told import NOTICES
from .asking.work import REQUESTS, TO_BUY
from .budgets import views as budget_pages
from .budgets.dates import BUDGET_DATES
from .counting import views as counting_pages
from .counting.dates import COUNT_DATES
from .counting.work import COUNTS
from .demo import fill
from .imports import ITEMS
from .jobs import JOBS
from .labels import views as labels_pages
from .labels.links import LINKS
from .levels import views as levels_pages
from .models import Base
from .names import NAMES
from .ordering import views as ordering_pages
from .ordering.dates import DELIVERY_DATES
from .ordering.work import DELIVERIES
from .permissions import PERMISSIONS, ROLES
from .provided import Budgets, Orders, Stock
from .records import SEARCHES, SUBJECTS
from .samples import write
from .services.bulk import CHANGED, restore
from .settings import InventorySettings
from .views import blueprint
from .watching import views as watching_pages

# Imported, they have put their pages on the one blueprint and their tables beside the others.
AREAS = (
    asking_pages,
    budget_pages,
    counting_pages,
    labels_pages,
    levels_pages,
    ordering_pages,
    watching_pages,
)

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
            endpoint="inventory.alerts", title=message("Alerts"), permission="inventory.stock.view"
        ),
        NavItem(
            endpoint="inventory.stock_overview",
            title=message("Overview"),
            permission="inventory.stock.view",
        ),
        NavItem(
            endpoint="inventory.due_counts",
            title=message("Due to be counted"),
            permission="inventory.count.view",
        ),
        NavItem(
            endpoint="inventory.requests_mine",
            title=message("My requests"),
            permission="inventory.requisition.view",
        ),
        NavItem(
            endpoint="inventory.asked_for",
            title=message("Asked of us"),
            permission="inventory.requisition.answer",
        ),
        NavItem(
            endpoint="inventory.counts",
            title=message("Counts"),
            permission="inventory.count.view",
        ),
        NavItem(
            endpoint="inventory.order_list",
            title=message("Order list"),
            permission="inventory.order.edit",
        ),
        NavItem(
            endpoint="inventory.to_buy",
            title=message("To be bought"),
            permission="inventory.order.edit",
        ),
        NavItem(
            endpoint="inventory.orders",
            title=message("Orders"),
            permission="inventory.order.view",
        ),
        NavItem(
            endpoint="inventory.budgets",
            title=message("Budgets"),
            permission="inventory.budget.view",
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
        NewItem(
            endpoint="inventory.ask_room",
            title=message("Request"),
            permission="inventory.requisition.ask",
            icon="shopping-cart",
        ),
        NewItem(
            endpoint="inventory.plan_count",
            title=message("Count"),
            permission="inventory.count.plan",
            icon="clipboard-check",
        ),
    ),
    imports=(ITEMS,),
    work_items=(COUNTS, REQUESTS, TO_BUY, DELIVERIES),
    dates=(DELIVERY_DATES, COUNT_DATES, REQUEST_DATES, BUDGET_DATES),
    links=LINKS,
    series=(
        Series(name="inventory.count", prefix="C"),
        Series(name="inventory.order", prefix="PO"),
        Series(name="inventory.requisition", prefix="REQ"),
    ),
    jobs=JOBS,
    notices=NOTICES,
    subjects=SUBJECTS,
    searches=SEARCHES,
    approvals=(APPROVAL,),
    names=NAMES,
    undoes={CHANGED: restore},
    provides={
        "inventory.budgets": Budgets(),
        "inventory.stock": Stock(),
        "inventory.orders": Orders(),
    },
    settings=InventorySettings,
    hooks=hooks,
    demo=fill,
    samples=write,
    icon="package",
    hue="teal",
)
