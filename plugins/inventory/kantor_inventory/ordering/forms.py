"""The forms of ordering."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork, message
from portal.web import (
    ChoiceField,
    DateField,
    Form,
    HiddenField,
    MoneyField,
    QuantityField,
    RadioField,
    TextField,
    VersionField,
    WholeField,
    longest,
    optional,
    required,
)

from ..forms import ORDER_BY
from ..services import choices

STATES = {
    "draft": message("Order list"),
    "placed": message("On the way"),
    "late": message("Late"),
    "received": message("Received"),
    "closed_short": message("Closed short"),
    "cancelled": message("Cancelled"),
}
LINE_STATES = {
    "draft": message("On the list"),
    "open": message("On the way"),
    "received": message("Received"),
    "short": message("Closed short"),
    "cancelled": message("Cancelled"),
}


class SheetFilters(Form):
    """Which rows of the par sheet one looks at."""

    item = ChoiceField(message("Item"), [optional()], blank=message("Any"))
    place = ChoiceField(message("Place"), [optional()], blank=message("Any"))
    category = ChoiceField(message("Category"), [optional()], blank=message("Any"))
    supplier = ChoiceField(message("Supplier"), [optional()], blank=message("Any"))

    def offer(self, tx: UnitOfWork, suppliers: dict[int, Any]) -> None:
        """Offer the places, categories and suppliers there are, and the item that was asked for."""
        found = choices.to_narrow_by(tx, "inventory.order.edit", item=self.item.data)
        for name, offered in found.items():
            self[name].choices = offered
        self.supplier.choices = [(one.public_id, one.name or "") for one in suppliers.values()]


class OrderFilters(Form):
    supplier = ChoiceField(message("Supplier"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the suppliers one still buys from."""
        self.supplier.choices = choices.suppliers_to_look_for(tx, self.supplier.data)


class AddForm(Form):
    """A line of one's own for the order list."""

    offer = ChoiceField(message("From"), [required()], coerce=int)
    packs = WholeField(message("How many"), [required()], minimum=1, maximum=100_000)
    place = ChoiceField(message("For"), [required()])


class LineForm(AddForm):
    price = MoneyField(message("Price for one"), [optional()])
    version = VersionField()


class PutOffForm(Form):
    until_on = DateField(message("Not before"), [required()])
    reason = TextField(message("Why"), [optional(), longest(500)], empty="", default="")


class PlaceForm(Form):
    """How an order goes out."""

    placed_by = RadioField(message("It goes by"), [required()], choices=ORDER_BY.items())
    placed_with = TextField(
        message("Who took it"),
        [optional(), longest(200)],
        empty="",
        default="",
        description=message("The name of whoever confirmed it, or the address it was sent to."),
    )
    expected_on = DateField(message("Expected on"), [optional()])
    note = TextField(
        message("Note for the supplier"), [optional(), longest(500)], empty="", default=""
    )
    version = VersionField()


class EndForm(Form):
    """Why an order is given up, or what is missing of it."""

    reason = TextField(message("Why"), [required(message("Say why.")), longest(500)])
    version = VersionField()


class ReceiveForm(Form):
    """What came; each line adds a quantity and a unit of its own."""

    delivery_note = TextField(
        message("Delivery note"),
        [optional(), longest(60)],
        empty="",
        default="",
        description=message(
            "The number on the supplier's paper. A number that was booked before is asked about."
        ),
    )
    occurred_on = DateField(message("Day"), [optional()])
    note = TextField(message("Note"), [optional(), longest(500)], empty="", default="")
    seen = HiddenField()
    version = VersionField()


def receive_form(lines: list[Any]) -> type[ReceiveForm]:
    """Return a form with a quantity and a unit for each of these lines."""
    fields: dict[str, Any] = {}
    for line in lines:
        key = line.public_id
        fields[f"quantity-{key}"] = QuantityField(line.item)
        fields[f"unit-{key}"] = ChoiceField(message("Unit of {item}", item=line.item))
    return type("ReceiveLinesForm", (ReceiveForm,), fields)


def sheet_form(rows: dict[str, str]) -> type[Form]:
    """Return a form with a number of packs for each row, by its key and its item's name."""
    fields: dict[str, Any] = {
        f"packs-{key}": WholeField(name, [optional()], maximum=100_000)
        for key, name in rows.items()
    }
    return type("SheetForm", (Form,), fields)
