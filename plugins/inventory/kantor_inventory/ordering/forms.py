"""The forms of ordering."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork, message
from portal.web import (
    AreaField,
    BooleanField,
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
    "confirmed": message("Confirmed"),
    "part": message("Partly received"),
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


SPOKEN = {"en": message("English"), "id": message("Indonesian")}
OVER = {
    "return": message("goes back"),
    "free": message("is kept for nothing"),
}
ADDED_AT_ONCE = 3


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
    confirmation = TextField(
        message("Their order number"), [optional(), longest(60)], empty="", default=""
    )
    expected_on = DateField(message("Expected on"), [optional()])
    note = TextField(
        message("Note for the supplier"), [optional(), longest(500)], empty="", default=""
    )
    language = RadioField(message("Language of the order"), [optional()], choices=SPOKEN.items())
    version = VersionField()


class EndForm(Form):
    """Why an order is given up, or what is missing of it."""

    reason = TextField(message("Why"), [required(message("Say why.")), longest(500)])
    version = VersionField()


class TakeBackForm(Form):
    """Why a delivery is taken back."""

    reason = TextField(message("Why"), [required(message("Say why.")), longest(500)])


class SendForm(Form):
    """How an order goes to the supplier, and the mail it goes with."""

    channel = RadioField(message("It goes by"), [required()], choices=ORDER_BY.items())
    recipient = TextField(
        message("To"),
        [optional(), longest(254)],
        empty="",
        default="",
        description=message("The e-mail address, or who took it."),
    )
    confirmation = TextField(
        message("Their order number"), [optional(), longest(60)], empty="", default=""
    )
    subject = TextField(message("Subject"), [optional(), longest(200)], empty="", default="")
    text = AreaField(message("Text"), [optional(), longest(4000)], empty="", default="")
    language = RadioField(message("Language of the order"), [required()], choices=SPOKEN.items())
    by_hand = BooleanField(message("I have sent it myself: only note it"))
    amendment = VersionField(message("Amendment"))
    attempt = VersionField(message("Attempt"))


class ConfirmForm(Form):
    """What the supplier said of the order."""

    confirmed_on = DateField(message("Confirmed on"), [required()])
    number = TextField(
        message("Their order number"), [optional(), longest(60)], empty="", default=""
    )
    promised_on = DateField(
        message("Promised for"),
        [optional()],
        description=message("The order is expected on this day from now on."),
    )
    note = TextField(message("Note"), [optional(), longest(500)], empty="", default="")
    version = VersionField()


def amend_form(lines: list[Any], *, priced: bool) -> type[Form]:
    """Return a form with quantity, price and day of each line, and room for new lines."""
    fields: dict[str, Any] = {
        "reason": TextField(message("Why"), [required(message("Say why.")), longest(500)]),
        "version": VersionField(),
    }
    for line in lines:
        key = line.public_id
        fields[f"packs-{key}"] = WholeField(
            message("How many of {item}", item=line.item),
            [required()],
            minimum=1,
            maximum=100_000,
        )
        if priced:
            price = message("Price for one of {item}", item=line.item)
            fields[f"price-{key}"] = MoneyField(price, [optional()])
        day = message("{item} expected on", item=line.item)
        fields[f"expected_on-{key}"] = DateField(day, [optional()])
        rest = message("Cancel what has not come of {item}", item=line.item)
        fields[f"cancel-{key}"] = BooleanField(rest)
    for at in range(ADDED_AT_ONCE):
        fields[f"offer_{at}"] = ChoiceField(
            message("Item"), [optional()], coerce=int, blank=message("None")
        )
        fields[f"packs_{at}"] = WholeField(message("How many"), [optional()], maximum=100_000)
        fields[f"place_{at}"] = ChoiceField(message("For"), [optional()], blank=message("Choose"))
    return type("AmendForm", (Form,), fields)


class ReceiveForm(Form):
    """What came; each line adds fields of its own."""

    delivery_note = TextField(
        message("Delivery note"),
        [optional(), longest(60)],
        empty="",
        default="",
        description=message("The number on the supplier's paper. It is booked once."),
    )
    occurred_on = DateField(message("Day"), [optional()])
    note = TextField(message("Note"), [optional(), longest(500)], empty="", default="")
    again = BooleanField(message("This is another delivery with the same number"))
    seen = HiddenField()
    version = VersionField()


def receive_form(lines: list[Any]) -> type[ReceiveForm]:
    """Return a form in which for each of these lines is written what came of it."""
    fields: dict[str, Any] = {}
    for line in lines:
        key, item = line.public_id, line.item
        fields[f"quantity-{key}"] = QuantityField(item, [optional()])
        fields[f"unit-{key}"] = ChoiceField(message("Unit of {item}", item=item))
        noted = message("{item} on the delivery note", item=item)
        fields[f"noted-{key}"] = QuantityField(noted, [optional()])
        wrong = message("{item} damaged or wrong", item=item)
        fields[f"rejected-{key}"] = QuantityField(wrong, [optional()])
        fields[f"reason-{key}"] = TextField(
            message("What is wrong with it"), [optional(), longest(200)], empty="", default=""
        )
        fields[f"closes-{key}"] = BooleanField(message("We do not wait for another"))
        fields[f"over-{key}"] = ChoiceField(
            message("More than was ordered"),
            [optional()],
            choices=OVER.items(),
            blank=message("is refused"),
        )
    return type("ReceiveLinesForm", (ReceiveForm,), fields)


def sheet_form(rows: dict[str, str]) -> type[Form]:
    """Return a form with a number of packs for each row, by its key and its item's name."""
    fields: dict[str, Any] = {
        f"packs-{key}": WholeField(name, [optional()], maximum=100_000)
        for key, name in rows.items()
    }
    return type("SheetForm", (Form,), fields)
