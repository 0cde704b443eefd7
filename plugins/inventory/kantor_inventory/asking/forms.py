"""The forms of asking: a basket of lines, and an answer to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from portal.api import message
from portal.web import (
    AreaField,
    ChoiceField,
    DateField,
    Form,
    MoneyField,
    PickField,
    QuantityField,
    RadioField,
    TextField,
    VersionField,
    longest,
    optional,
    required,
)

from ..amount_form import AmountForm
from .rules import ACTIONS, ANSWER, possible

LATER = message("Later")


class LineForm(AmountForm):
    """One line of a basket: how much of which unit."""


class WishForm(Form):
    """One line of a basket in words: what, how many of what, what one of these may cost."""

    text = TextField(message("What do you need?"), [required(), longest(200)], empty="", default="")
    quantity = QuantityField(message("How many"), [required()])
    unit = TextField(
        message("Of what: pieces, boxes, hours"), [optional(), longest(40)], empty="", default=""
    )
    price = MoneyField(message("About how much each"), [optional()])
    found_at = TextField(
        message("Where it can be found, or a note"),
        [optional(), longest(500)],
        empty="",
        default="",
    )


class BasketForm(Form):
    """What is asked of a stock room, besides its lines."""

    beneficiary = ChoiceField(message("For whom"), [optional()], blank=message("Myself"))
    version = VersionField()
    item = PickField(message("Add something"), [optional()])
    department = ChoiceField(message("For which department"), [optional()])
    needed_on = DateField(message("Needed by"), [optional()])
    note = AreaField(message("Note"), [optional(), longest(500)], empty="", default="")


class AnswerForm(AmountForm):
    """What becomes of one line; its units are those of the item and of what serves as well."""

    action = RadioField(
        message("Answer"),
        [required()],
        choices=[(name, ACTIONS[name]) for name in possible("asked", ANSWER)] + [("later", LATER)],
    )
    quantity = QuantityField(message("Quantity"))
    unit = ChoiceField(message("What is handed out"), [required()])
    note = TextField(
        message("Word to the person"), [optional(), longest(500)], empty="", default=""
    )


class WordsForm(Form):
    """What answers to a line in words, which no stock room holds: a reason, or later."""

    action = RadioField(
        message("Answer"),
        [required()],
        choices=[("decline", ACTIONS["decline"]), ("later", LATER)],
    )
    note = TextField(
        message("Word to the person"), [optional(), longest(500)], empty="", default=""
    )


class BecomesForm(Form):
    """Which item a line in words is, and how many of what it is counted in."""

    other = PickField(message("Item"), [required()])
    quantity = QuantityField(message("How many, in what it is counted in"), [required()])


class BoughtForm(Form):
    """What something cost that was bought otherwise than by an order."""

    paid = MoneyField(message("What it cost in all"), [required()])
    note = TextField(
        message("Where, and with which receipt"), [optional(), longest(500)], empty="", default=""
    )


class WithdrawForm(Form):
    version = VersionField()


class SubstituteForm(Form):
    other = PickField(message("Item that serves as well"), [required()])


class Together:
    """Several forms as one, for the summary of what is wrong above them."""

    def __init__(self, forms: Iterable[Form], *more: Any) -> None:
        self.forms = list(forms)
        self.form_errors: list[Any] = [*more]
        for form in self.forms:
            self.form_errors += form.form_errors

    @property
    def errors(self) -> dict[str, Any]:
        return {field.name: field.errors for field in self if field.errors}

    def __iter__(self) -> Iterator[Any]:
        for form in self.forms:
            yield from form
