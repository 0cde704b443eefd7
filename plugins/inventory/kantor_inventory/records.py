"""The records of inventory that people talk about, and which of their changes are told."""

from __future__ import annotations

from portal.api import message
from portal.plugin import Search, Subject, SubjectField

from .asking.models import Requisition
from .budgets.models import Budget
from .counting import told as told_of_count
from .counting.models import Count
from .forms import STATUSES
from .models import Item, Supplier
from .ordering.models import PurchaseOrder
from .ordering.views import told as told_of_order
from .told import of_item

SUBJECTS = (
    Subject(
        name="inventory.item",
        title=message("Item"),
        model=Item,
        permission="inventory.item.view",
        endpoint="inventory.item",
        label="name",
        number="sku",
        staff="inventory.item.edit",
        icon="package",
        told=of_item,
        fields={
            "name": message("Name"),
            "sku": message("Code"),
            "status": SubjectField(title=message("State"), values=STATUSES),
            "note": message("Note"),
        },
    ),
    Subject(
        name="inventory.supplier",
        title=message("Supplier"),
        model=Supplier,
        permission="inventory.supplier.view",
        endpoint="inventory.supplier",
        label="contact.name",
        number="customer_number",
        staff="inventory.supplier.edit",
        icon="truck-delivery",
        fields={"customer_number": message("Customer number"), "note": message("Note")},
    ),
    Subject(
        name="inventory.count",
        title=message("Count"),
        model=Count,
        permission="inventory.count.view",
        endpoint="inventory.count",
        label="title",
        number="number",
        staff="inventory.count.review",
        icon="clipboard-check",
        told=told_of_count.of_count,
        better_told=told_of_count.BETTER_TOLD,
    ),
    Subject(
        name="inventory.order",
        title=message("Purchase order"),
        model=PurchaseOrder,
        permission="inventory.order.view",
        endpoint="inventory.order",
        number="number",
        staff="inventory.order.edit",
        icon="shopping-cart",
        told=told_of_order.of_order,
        better_told=told_of_order.BETTER_TOLD,
    ),
    Subject(
        name="inventory.requisition",
        title=message("Request"),
        model=Requisition,
        permission="inventory.requisition.view",
        endpoint="inventory.requisition",
        number="number",
        staff="inventory.requisition.answer",
        icon="shopping-bag",
    ),
    Subject(
        name="inventory.budget",
        title=message("Budget"),
        model=Budget,
        permission="inventory.budget.view",
        endpoint="inventory.budget",
        label="department.name",
        staff="inventory.budget.edit",
        icon="cash",
    ),
)

SEARCHES = (
    Search(
        subject="inventory.item", text=("note", "units.barcodes.code"), listed="inventory.items"
    ),
    Search(subject="inventory.supplier"),
    Search(subject="inventory.order", text=("note",)),
    Search(subject="inventory.requisition", text=("note",)),
    Search(subject="inventory.count", text=("note",)),
)
