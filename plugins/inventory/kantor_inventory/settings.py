"""What an organisation, or a department of it, decides about its stock."""

from __future__ import annotations

from portal.api import message
from portal.web import ChoiceField, Form, MoneyField, WholeField, optional

from .asking.rules import ALWAYS, BOUGHT, NEVER
from .counting.rules import DEFAULT_LIMITS
from .watching.rules import DAYS


class InventorySettings(Form):
    """Which requests want an approval, how often to count what, and what a large difference is."""

    request_approval = ChoiceField(
        message("Requests for supplies need an approval"),
        [optional()],
        choices=[
            (BOUGHT, message("When something has to be bought")),
            (ALWAYS, message("Always")),
            (NEVER, message("Never")),
        ],
        default=BOUGHT,
        description=message(
            "Something has to be bought if it is not kept in stock, or if more is asked for than"
            " the stock room has."
        ),
    )
    order_cost = MoneyField(
        message("What one order costs"),
        [optional()],
        description=message(
            "The work and the delivery, whatever is ordered. With the next field it lets the page"
            " of an item's limits say how much to order at once would cost least."
        ),
    )
    holding_percent = WholeField(
        message("What keeping stock costs in a year, in percent of its value"),
        [optional()],
        minimum=1,
        maximum=100,
    )
    count_value = MoneyField(
        message("A difference is large above"),
        [optional()],
        default=DEFAULT_LIMITS.value,
        description=message(
            "A large difference wants a reason, and is decided by somebody else than who counted."
        ),
    )
    count_percent = WholeField(
        message("or above this part of the books, in percent"),
        [optional()],
        default=DEFAULT_LIMITS.percent,
        minimum=0,
        maximum=100,
    )
    count_tolerance = WholeField(
        message("The books count as right up to, in percent"),
        [optional()],
        default=0,
        minimum=0,
        maximum=100,
    )
    count_a_days = WholeField(
        message("Days between two counts of class A"),
        [optional()],
        default=DAYS["A"],
        minimum=1,
        maximum=3650,
        description=message(
            "A are the items that make up 80 % of what is used in a year, B the next up to 95 %,"
            " C all others."
        ),
    )
    count_b_days = WholeField(
        message("Days between two counts of class B"),
        [optional()],
        default=DAYS["B"],
        minimum=1,
        maximum=3650,
    )
    count_c_days = WholeField(
        message("Days between two counts of class C"),
        [optional()],
        default=DAYS["C"],
        minimum=1,
        maximum=3650,
    )
