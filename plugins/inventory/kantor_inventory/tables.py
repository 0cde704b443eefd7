"""The lists of inventory: the page, CSV, XLSX and JSON of the same rows."""

from __future__ import annotations

from portal.api import Contact, message
from portal.web import Action, BulkAction, Column, Empty, Table, View, Withheld

from .counting import blind
from .forms import ORDER_BY, STATES, STATUSES, TYPES, ItemFilters, StockFilters
from .models import Balance, Item, Movement
from .services import lists

STATE_TONES = {"out": "bad", "low": "warn", "enough": "ok", "too_much": "info"}
STATUS_TONES = {"active": "ok", "use_up": "warn", "discontinued": "mute"}
TYPE_TONES = {
    "receive": "ok",
    "issue": "info",
    "transfer": "mute",
    "scrap": "bad",
    "opening": "mute",
    "reversal": "warn",
    "usage": "info",
    "variance": "warn",
}
TO_ITEM = ("inventory.item", {"public_id": "public_id"})

ITEMS = Table(
    "items",
    "inventory.item.view",
    lists.items,
    columns=(
        Column("name", message("Item"), primary=True, sort=(Item.name_key, Item.id), link=TO_ITEM),
        Column("sku", message("Code"), sort=(Item.sku_key,)),
        Column("category", message("Category")),
        Column(
            "on_hand",
            message("On hand"),
            "quantity",
            meta="unit",
            permission="inventory.stock.view",
            absent=blind.BEING_COUNTED,
        ),
        Column("unit", message("Unit"), shown=False),
        Column("abc", message("Class")),
        Column("status", message("Status"), "pill", labels=STATUSES, tone=STATUS_TONES),
    ),
    default_sort="name",
    filters=ItemFilters,
    search=Item,
    withheld=Withheld(
        rows=lambda actor: blind.hidden_anywhere(actor, Item),
        columns=("on_hand",),
        notice=blind.notice,
    ),
    bulk=(
        BulkAction(
            label=message("Set category"),
            endpoint="inventory.set_category_of_items",
            permission="inventory.item.edit",
            icon="category",
        ),
        BulkAction(
            label=message("Set status"),
            endpoint="inventory.set_status_of_items",
            permission="inventory.item.edit",
            icon="circle-check",
        ),
        BulkAction(
            label=message("Print labels"),
            endpoint="inventory.labels_of_items",
            permission="inventory.stock.view",
            icon="printer",
        ),
    ),
    views=(
        View(key="active", title=STATUSES["active"], criteria={"status": "active"}),
        View(key="use_up", title=message("Use up"), criteria={"status": "use_up"}),
    ),
    empty=Empty(
        title=message("No items yet"),
        text=message("Add the first one, or import the list you have."),
        actions=(
            Action(
                label=message("Add an item"),
                endpoint="inventory.new_item",
                permission="inventory.item.edit",
            ),
            Action(
                label=message("Import a list"),
                endpoint="inventory.import_items",
                permission="inventory.item.import",
                icon="file-import",
            ),
        ),
    ),
)


def _stock(*more: Column) -> Table:  # long: one declaration
    """Return the stock list, with columns for those who may do more than look."""
    return Table(
        "stock",
        "inventory.stock.view",
        lists.stock,
        columns=(
            Column(
                "name",
                message("Item"),
                primary=True,
                sort=(Balance.item_key, Balance.id),
                link=("inventory.item", {"public_id": "item"}),
            ),
            Column("sku", message("Code")),
            Column("place", message("Place")),
            Column(
                "quantity",
                message("On hand"),
                "quantity",
                sort=(Balance.quantity, Balance.id),
                meta="unit",
                absent=blind.BEING_COUNTED,
            ),
            Column("unit", message("Unit"), shown=False),
            Column("reserved", message("Put aside"), "quantity"),
            Column("minimum", message("Minimum"), "quantity"),
            Column("maximum", message("Maximum"), "quantity", shown=False),
            Column("value", message("Value"), "money", permission="inventory.cost.view"),
            Column(
                "state",
                message("State"),
                "pill",
                labels=STATES | {None: blind.BEING_COUNTED},
                tone=STATE_TONES | {None: "mute"},
            ),
            Column("moved_at", message("Last moved"), "datetime", shown=False),
            Column("counted_at", message("Last counted"), "datetime", shown=False),
            *more,
        ),
        default_sort="name",
        filters=StockFilters,
        search=Item,
        ids="id",
        withheld=Withheld(
            rows=lambda actor: blind.hidden(actor, Balance),
            columns=("quantity", "reserved", "value", "state"),
            filters=("state",),
            notice=blind.notice,
        ),
        bulk=(
            BulkAction(
                label=message("Print shelf cards"),
                endpoint="inventory.cards_of_shelves",
                permission="inventory.stock.view",
                icon="printer",
            ),
            BulkAction(
                label=message("Let Kantor work out the limits"),
                endpoint="inventory.compute_levels",
                permission="inventory.stock.set_rule",
                icon="ruler-measure",
            ),
        ),
        views=(
            View(key="below", title=STATES["low"], criteria={"state": "below"}),
            View(key="out", title=STATES["out"], criteria={"state": "out"}),
            View(key="too-much", title=STATES["too_much"], criteria={"state": "too_much"}),
        ),
        empty=Empty(
            title=message("No stock here yet"),
            text=message("Receive goods, or import a list with what is there."),
        ),
    )


STOCK = _stock()
STOCK_TO_ASK_FOR = _stock(
    Column(
        "ask",
        message("Ask"),
        labels={"ask": message("Ask for this")},
        link=("inventory.ask", {"place_id": "ask_place", "item": "item"}),
        export=False,
    )
)

MOVEMENTS = Table(
    "movements",
    "inventory.stock.view",
    lists.movements,
    columns=(
        Column("id", message("Number"), "number", sort=(Movement.id,)),
        Column(
            "posted_at",
            message("When"),
            "datetime",
            primary=True,
            link=("inventory.movement", {"public_id": "public_id"}),
        ),
        Column("occurred_on", message("Day"), "date", shown=False),
        Column("type", message("What"), "pill", labels=TYPES, tone=TYPE_TONES),
        Column("quantity", message("Quantity"), "quantity", meta="unit"),
        Column("unit", message("Unit"), shown=False),
        Column("source", message("From")),
        Column("left_from", message("Left there"), "quantity"),
        Column("target", message("To")),
        Column("left_to", message("Held there"), "quantity"),
        Column("for_person", message("For"), "person"),
        Column("for_department", message("Department"), shown=False),
        Column("for_place", message("For the place"), shown=False),
        Column("supplier", message("Supplier"), shown=False),
        Column("value", message("Value"), "money", permission="inventory.cost.view", shown=False),
        Column("actor", message("By"), "person", meta="behalf", meta_said=message("for {value}")),
        Column("behalf", message("In whose right"), "person", shown=False),
        Column("note", message("Note"), shown=False),
    ),
    default_sort="-id",
    ledger=True,
    withheld=Withheld(
        rows=lambda actor: blind.hidden_movement(actor, Movement), notice=blind.notice
    ),
    empty=Empty(title=message("Nothing has moved yet")),
)

SUPPLIERS = Table(
    "suppliers",
    "inventory.supplier.view",
    lists.supplier_rows,
    columns=(
        Column(
            "name",
            message("Supplier"),
            primary=True,
            sort=(Contact.name_key, Contact.id),
            link=("inventory.supplier", {"public_id": "public_id"}),
        ),
        Column("customer_number", message("Our customer number")),
        Column("order_by", message("Orders go by"), labels=ORDER_BY),
        Column("lead_days", message("Days"), "number"),
        Column("order_every", message("Ordered every"), "number", shown=False),
        Column("active", message("In use")),
    ),
    default_sort="name",
    empty=Empty(
        title=message("No suppliers yet"),
        text=message("A supplier is a contact from the address book with the terms you buy on."),
        actions=(
            Action(
                label=message("Add a supplier"),
                endpoint="inventory.new_supplier",
                permission="inventory.supplier.edit",
            ),
        ),
    ),
)
