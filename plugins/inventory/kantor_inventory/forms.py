"""The forms of inventory, one for each thing a person wants to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.api import Message, UnitOfWork, ValidationFailed, message
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

from . import rules
from .models import Item
from .services import choices, guarding
from .services.guarding import Unusual

MODES = {
    "perpetual": message("Every movement is written down"),
    "periodic": message("Counted now and then"),
    "non_stock": message("Not kept in stock"),
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


def like(unit: Any, units: Iterable[Any]) -> Any:
    """Return which of these units is called the same as one of another item and holds as much."""
    wanted = (unit.unit_id, unit.num, unit.den)
    return next((one for one in units if (one.unit_id, one.num, one.den) == wanted), None)


class AmountForm(Form):
    """How much, in which unit; asked about until it is understood, and meant if it is unusual."""

    quantity = QuantityField(message("Quantity"), [required()])
    unit = ChoiceField(message("Unit"), [required()])
    understood = HiddenField()
    sure = HiddenField()  # the unusual quantity that somebody has said is meant
    asked = HiddenField()  # what stood in the form when it was asked about

    def offer(self, units: Iterable[tuple[Any, str, Any]], base: str) -> None:
        """Offer the units an item comes in, each with what one of it holds."""
        self.factors: dict[str, rules.Factor] = {}
        self.units = {}
        self.base = base
        choices = []
        for unit, name, _ in units:
            self.units[unit.public_id] = unit
            self.factors[unit.public_id] = rules.Factor(unit.num, unit.den)
            choices.append((unit.public_id, unit_title(unit, name, base)))
        self.unit.choices = choices
        if self.unit.data is None and choices:
            self.unit.data = self.base_unit

    @property
    def base_unit(self) -> str:
        """The public id of the unit the item is counted in."""
        same = [key for key, factor in self.factors.items() if factor == rules.BASE]
        return same[0] if same else next(iter(self.factors))

    def in_base_units(self) -> int | None:
        """Return the quantity in base units, or None with the fault beside its field."""
        if self.quantity.data is None or self.unit.data not in self.factors:
            return None
        try:
            quantity = rules.to_base(self.quantity.data, self.factors[self.unit.data])
            return rules.checked(quantity)
        except ValidationFailed as refused:
            self.add_errors(refused.fields)
            return None

    def carry_to(self, other: AmountForm) -> None:
        """Let the form of another item ask for as much: in the same unit, else in base units.

        What is counted in something else starts empty; what was typed there already stays.
        """
        chosen = self.units.get(self.unit.data or "")
        if other.quantity.typed is not None or chosen is None or not self.quantity.typed:
            return
        if (same := like(chosen, other.units.values())) is not None:
            other.unit.data = same.public_id
            other.quantity.typed, other.quantity.data = self.quantity.typed, self.quantity.data
        elif self.base == other.base and (meant := self.in_base_units()) is not None:
            other.unit.data, other.quantity.data = other.base_unit, meant

    def is_understood(self) -> bool:
        """Return whether the person has seen what the quantity means, in base units.

        A plain whole number of what the item is counted in cannot mean anything else.
        """
        typed = (self.quantity.typed or "").strip()
        if typed.isdecimal() and self.factors.get(self.unit.data or "") == rules.BASE:
            return True
        seen, meant = self.understood.data, str(self.in_base_units())
        self.understood.data = meant
        return bool(seen == meant)

    def doubt(self, tx: UnitOfWork, item: Item, kind: str, answer: str) -> Unusual | None:
        """Return what is unusual in the quantity of a valid form, unless it was said to be meant.

        ``answer`` is the unit that somebody chose when asked; it counts as long as nothing else
        was typed since.
        """
        if self.asked.data == self._entered() and answer in self.factors:
            self.unit.data = answer
            self.understood.data = self.sure.data = str(self.in_base_units())
        if self.sure.data == str(self.in_base_units()):
            return None
        unit = self.units[self.unit.data]
        found = guarding.unusual(tx, item, kind, self.quantity.data or 0, unit)
        self.asked.data = self._entered() if found is not None else ""
        return found

    def _entered(self) -> str:
        return f"{self.quantity.data} {self.unit.data}"


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
        message("Their order number"), [optional(), longest(60)], empty="", default=""
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


def unit_title(unit: Any, name: str, base: str) -> Message | str:
    """Return how a unit is offered: with what one of it, or several, hold."""
    if unit.num == unit.den:
        return name
    held = rules.Amount(unit.num * rules.ONE, base)
    if unit.den == 1:
        return message("{unit} of {held}", unit=name, held=held)
    return message("{unit}, {count} of them hold {held}", unit=name, count=unit.den, held=held)
