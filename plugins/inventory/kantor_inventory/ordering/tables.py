"""The lists of orders and of the lines of one."""

from __future__ import annotations

from portal.api import message
from portal.web import Action, Column, Empty, Table, View

from .forms import LINE_STATES, STATES, OrderFilters
from .models import OrderLine, PurchaseOrder
from .services import reading

STATE_TONES = {
    "draft": "mute",
    "placed": "info",
    "confirmed": "info",
    "part": "warn",
    "late": "bad",
    "received": "ok",
    "closed_short": "warn",
    "cancelled": "mute",
}
LINE_TONES = {
    "draft": "mute",
    "open": "info",
    "received": "ok",
    "short": "warn",
    "cancelled": "mute",
}

ORDERS = Table(
    "orders",
    "inventory.order.view",
    reading.order_rows,
    columns=(
        Column("id", message("Newest"), "number", sort=(PurchaseOrder.id,), shown=False),
        Column(
            "supplier",
            message("Supplier"),
            primary=True,
            meta="number",
            link=("inventory.order", {"public_id": "public_id"}),
        ),
        Column("number", message("Number"), shown=False),
        Column("department", message("Department")),
        Column("state", message("State"), "pill", labels=STATES, tone=STATE_TONES),
        Column("lines", message("Lines"), "number"),
        Column("placed_at", message("Ordered"), "datetime"),
        Column("expected_on", message("Expected on"), "date"),
        Column("cost", message("Cost"), "money", permission="inventory.cost.view"),
        Column("made_by", message("By"), "person"),
    ),
    default_sort="-id",
    filters=OrderFilters,
    views=(
        View(key="draft", title=STATES["draft"], criteria={"state": "draft"}),
        View(key="placed", title=STATES["placed"], criteria={"state": "placed"}),
        View(key="late", title=STATES["late"], criteria={"state": "late"}),
        View(key="done", title=message("Done"), criteria={"state": "done"}),
    ),
    empty=Empty(
        title=message("No orders yet"),
        text=message("Fill the order list with what is running low; an order begins there."),
        actions=(
            Action(
                label=message("See what to order"),
                endpoint="inventory.order_list",
                permission="inventory.order.edit",
                icon="shopping-cart",
            ),
        ),
    ),
)

ORDER_LINES = Table(
    "order-lines",
    "inventory.order.view",
    reading.line_rows,
    columns=(
        Column("id", message("Line"), "number", sort=(OrderLine.id,), shown=False, export=True),
        Column(
            "item",
            message("Item"),
            primary=True,
            link=("inventory.item", {"public_id": "item_id"}),
        ),
        Column("sku", message("Code")),
        Column("supplier_sku", message("Their item number")),
        Column("packs", message("How many"), "number", meta="pack"),
        Column("pack", message("Unit"), shown=False),
        Column("ordered", message("Ordered"), "quantity", meta="unit"),
        Column("received", message("Received"), "quantity"),
        Column("outstanding", message("Still to come"), "quantity"),
        Column("unit", message("Counted in"), shown=False),
        Column("place", message("For")),
        Column("price", message("Price for one"), "money", permission="inventory.cost.view"),
        Column("cost", message("Cost"), "money", permission="inventory.cost.view"),
        Column("state", message("State"), "pill", labels=LINE_STATES, tone=LINE_TONES),
        Column("expected_on", message("Expected on"), "date"),
    ),
    default_sort="id",
)
