"""The forms of inventory, one for each thing a person wants to do."""

from __future__ import annotations

from portal.api import UnitOfWork, message
from portal.web import (
    AreaField,
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    HiddenField,
    MoneyField,
    PickField,
    QuantityField,
    RadioField,
    TextField,
    VersionField,
    WholeField,
    longest,
    optional,
    required,
)

from .amount_form import AmountForm
from .services import choices

MODES = {
    "perpetual": message("Every movement is written down"),
    "periodic": message("Counted now and then"),
    "non_stock": message("Not kept in stock"),
}
METHODS = {
    "manual": message("We set it"),
    "auto": message("Kantor works it out"),
    "off": message("No limits here"),
}
STATUSES = {
    "active": message("In use"),
    "use_up": message("Use up, do not order again"),
    "discontinued": message("Discontinued"),
}
PLACE_KINDS = {
    "store": message("Store"),
    "point_of_use": message("Point of use"),
}
ORDER_BY = {
    "email": message("E-mail"),
    "phone": message("Phone"),
    "fax": message("Fax"),
    "shop": message("In the shop"),
}
TYPES = {
    "receive": message("Received"),
    "issue": message("Issued"),
    "transfer": message("Moved"),
    "scrap": message("Scrapped"),
    "opening": message("Opening stock"),
    "reversal": message("Reversed"),
    "usage": message("Used up"),
    "variance": message("Counted differently"),
}
STATES = {
    "out": message("None left"),
    "low": message("Below minimum"),
    "enough": message("Enough"),
    "too_much": message("More than enough"),
}


class MoveForm(AmountForm):
    """What every movement asks besides: when, and why."""

    occurred_on = DateField(message("Day"), [optional()])
    note = TextField(message("Note"), [optional(), longest(500)], empty="", default="")


class ReceiveForm(MoveForm):
    to_place = ChoiceField(message("To"), [required()])
    supplier = ChoiceField(message("From"), [optional()], blank=message("No supplier"))
    price = MoneyField(message("Price for one unit"), [optional()])


class IssueForm(MoveForm):
    from_place = ChoiceField(message("From"), [required()])
    for_person = PickField(message("For a person"), [optional()])
    for_department = ChoiceField(
        message("For a department"), [optional()], blank=message("No department")
    )
    for_place = ChoiceField(message("For a place"), [optional()], blank=message("No place"))


class TransferForm(MoveForm):
    from_place = ChoiceField(message("From"), [required()])
    to_place = ChoiceField(message("To"), [required()])


class ScrapForm(MoveForm):
    from_place = ChoiceField(message("From"), [required()])
    note = TextField(
        message("Why"), [required(message("Say why this is thrown away.")), longest(500)]
    )


class ReverseForm(Form):
    note = TextField(
        message("Why"), [required(message("Say why this is taken back.")), longest(500)]
    )


class RuleForm(Form):
    """What a place should hold of an item."""

    minimum = QuantityField(message("Minimum"), [optional()])
    maximum = QuantityField(message("Maximum"), [optional()])
    mode = ChoiceField(
        message("How it is kept"),
        [optional()],
        choices=MODES.items(),
        blank=message("As the item says"),
    )
    method = RadioField(
        message("Who says how much"), [required()], choices=METHODS.items(), default="manual"
    )
    service_percent = WholeField(
        message("Enough in so many of 100 orders"),
        [required()],
        default=98,
        minimum=50,
        maximum=99,
        description=message("98 means to run out at most once in 50 orders. 99 keeps more."),
    )
    review_days = WholeField(
        message("Ordered every so many days"),
        [optional()],
        minimum=1,
        maximum=365,
        description=message("Empty: as the supplier's page says."),
    )
    hard_cap = QuantityField(
        message("Never more than"),
        [optional()],
        description=message("What fits on the shelf. No computed level passes it."),
    )
    version = VersionField()


class NewRuleForm(RuleForm):
    place = ChoiceField(message("Place"), [required()])


class PlaceForm(Form):
    """What a place is to the stock; ``was`` is what it was when the form was shown."""

    kind = RadioField(
        message("This place is a"),
        [required()],
        choices=PLACE_KINDS.items(),
        description=message(
            "A store keeps things to hand out. At a point of use they are used up, as paper is"
            " beside a copier."
        ),
    )
    was = HiddenField()


class ItemForm(Form):
    """What is said about an item, new or known."""

    name = TextField(message("Name"), [required(), longest(200)])
    sku = TextField(
        message("Code"),
        [required(), longest(40)],
        description=message("What is written on the shelf. It names one item only."),
    )
    category = ChoiceField(message("Category"), [optional()], blank=message("No category"))
    mode = RadioField(message("How it is kept"), choices=MODES.items(), default="perpetual")
    note = AreaField(message("Note"), [optional(), longest(2000)], empty="", default="")


class NewItemForm(ItemForm):
    unit = TextField(
        message("Counted in"),
        [required(), longest(60)],
        description=message("The smallest thing anybody counts: pen, ream, bottle."),
    )
    code = TextField(
        message("Barcode"),
        [optional(), longest(80)],
        empty="",
        default="",
        render_kw={"autocomplete": "off"},
    )


class EditItemForm(ItemForm):
    status = RadioField(message("Status"), choices=STATUSES.items())
    version = VersionField()


class PackForm(Form):
    """A further unit: ``den`` of it hold ``num`` base units."""

    unit = TextField(
        message("Unit"), [required(), longest(60)], description=message("For example: box")
    )
    num = WholeField(message("Holds"), [required()], minimum=1, maximum=1_000_000)
    den = WholeField(
        message("How many of them"),
        [required()],
        default=1,
        minimum=1,
        maximum=1_000_000,
        description=message("1 box holds 12 pens; 50 sachets hold 1 kg."),
    )
    code = TextField(
        message("Barcode"),
        [optional(), longest(80)],
        empty="",
        default="",
        render_kw={"autocomplete": "off"},
    )


class CodeForm(Form):
    code = TextField(
        message("Barcode"), [required(), longest(80)], render_kw={"autocomplete": "off"}
    )


class WordForm(Form):
    """The name of a category or a unit."""

    name = TextField(message("Name"), [required(), longest(200)])
    version = VersionField()


class SupplierForm(Form):
    """The terms of buying from a contact."""

    customer_number = TextField(
        message("Our customer number"), [optional(), longest(60)], empty="", default=""
    )
    order_by = RadioField(message("Orders go by"), choices=ORDER_BY.items(), default="email")
    lead_days = WholeField(
        message("Days until it arrives"), [required()], default=0, minimum=0, maximum=365
    )
    order_every = WholeField(
        message("We order every so many days"), [required()], default=14, minimum=1, maximum=365
    )
    minimum_order = MoneyField(message("They deliver from"), [optional()])
    free_delivery_from = MoneyField(message("Delivery is free from"), [optional()])
    note = AreaField(message("Note"), [optional(), longest(2000)], empty="", default="")


class NewSupplierForm(SupplierForm):
    contact = PickField(
        message("Contact"),
        [required()],
        description=message("A firm from the address book."),
    )


class EditSupplierForm(SupplierForm):
    active = BooleanField(message("We still buy there"))
    version = VersionField()


class PriceForm(Form):
    supplier = ChoiceField(message("Supplier"), [required()])
    unit = ChoiceField(message("Unit"), [required()])
    price = MoneyField(message("Price for one unit"), [required()])
    supplier_sku = TextField(
        message("Their item number"), [optional(), longest(60)], empty="", default=""
    )
    least = WholeField(message("At least"), [required()], default=1, minimum=1, maximum=100_000)
    multiple = WholeField(
        message("In multiples of"), [required()], default=1, minimum=1, maximum=100_000
    )
    rank = WholeField(
        message("Asked as number"),
        [required()],
        default=1,
        minimum=1,
        maximum=99,
        description=message("Of several suppliers the one with the lowest number comes first."),
    )


class BreakForm(Form):
    """A price by quantity."""

    packs = WholeField(message("From so many on"), [required()], minimum=2, maximum=100_000)
    price = MoneyField(message("Price for one unit"), [required()])
    valid_from = DateField(message("From"), [required()])
    valid_to = DateField(
        message("Until before"), [optional()], description=message("Empty: until further notice.")
    )


class BreakEndForm(Form):
    """Until when a price by quantity holds."""

    valid_to = DateField(
        message("Until before"), [optional()], description=message("Empty: until further notice.")
    )
    was = HiddenField()


class StatusOfItemsForm(Form):
    status = RadioField(message("Status"), [required()], choices=STATUSES.items())


class CategoryOfItemsForm(Form):
    category = ChoiceField(message("Category"), [optional()], blank=message("No category"))


class ItemFilters(Form):
    category = ChoiceField(message("Category"), [optional()], blank=message("Any"))
    status = ChoiceField(
        message("Status"), [optional()], choices=STATUSES.items(), blank=message("Any")
    )
    abc = ChoiceField(
        message("Class"),
        [optional()],
        choices=(("A", "A"), ("B", "B"), ("C", "C")),
        blank=message("Any"),
    )

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the categories there are."""
        self.category.choices = choices.categories(tx)


class StockFilters(Form):
    place = ChoiceField(message("Place"), [optional()], blank=message("Any"))
    state = ChoiceField(
        message("State"),
        [optional()],
        choices=(
            ("below", message("Below minimum")),
            ("out", message("None left")),
            ("too_much", message("More than enough")),
        ),
        blank=message("Any"),
    )

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the places whose stock one may see."""
        self.place.choices = choices.stocked_places(tx)
