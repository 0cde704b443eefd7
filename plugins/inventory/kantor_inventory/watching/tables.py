"""The list of alerts."""

from __future__ import annotations

from portal.api import message
from portal.web import Column, Empty, RowAction, Table, View, Withheld

from ..counting import blind
from ..forms import STATES
from ..models import Item
from ..tables import STATE_TONES
from . import services
from .forms import AlertFilters
from .models import GRADES, Alert

ALERTS = Table(
    "alerts",
    "inventory.stock.view",
    services.alerts,
    columns=(
        Column(
            "name",
            message("Item"),
            primary=True,
            link=("inventory.item", {"public_id": "item"}),
        ),
        Column("sku", message("Code"), shown=False),
        Column("place", message("Place")),
        Column(
            "grade",
            message("What"),
            "pill",
            sort=(Alert.grade, Alert.opened_at, Alert.id),
            labels={grade: STATES[state] for grade, state in GRADES.items()},
            tone={grade: STATE_TONES[state] for grade, state in GRADES.items()},
        ),
        Column("quantity", message("On hand"), "quantity", meta="unit"),
        Column("unit", message("Unit"), shown=False),
        Column("minimum", message("Minimum"), "quantity"),
        Column("maximum", message("Maximum"), "quantity"),
        Column("opened_at", message("Since"), "datetime", sort=(Alert.opened_at, Alert.id)),
        Column("began_with", message("Then on hand"), "quantity", shown=False),
        Column("closed_at", message("Until"), "datetime"),
    ),
    default_sort="grade",
    actions=(
        RowAction(
            label=message("Order this"),
            endpoint="inventory.order_list",
            values={"item": "item", "place": "place_id"},
            permission="inventory.order.edit",
            when="may_order",
        ),
        RowAction(
            label=message("Count this"),
            endpoint="inventory.count_item_now",
            values={"public_id": "item", "place_id": "place_id"},
            permission="inventory.count.enter",
            when="may_count",
            post=True,
        ),
    ),
    filters=AlertFilters,
    search=Item,
    withheld=Withheld(rows=lambda actor: blind.hidden(actor, Alert), notice=blind.notice),
    views=(
        View(key="low", title=message("Too little"), criteria={"state": "low"}),
        View(key="too-much", title=message("Too much"), criteria={"state": "too_much"}),
        View(
            key="closed",
            title=message("Over"),
            criteria={"state": "closed"},
            sort="-opened_at",
        ),
    ),
    empty=Empty(
        title=message("No alerts"),
        text=message(
            "An alert opens when a place has less than its minimum or more than its maximum, and"
            " closes by itself."
        ),
    ),
)
