"""The arithmetic of counting, and what may follow what; no database, no clock, no request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.api import Conflict, Message, message

from ..rules import half_even, value_at_average

VIEW = "inventory.count.view"
PLAN = "inventory.count.plan"
ENTER = "inventory.count.enter"
REVIEW = "inventory.count.review"


class WrongState(Conflict):
    """The count is not in a state that allows this."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What leads from one state of a count to the next, and the permission for it."""

    action: str
    before: str
    after: str
    permission: str


STEPS = (
    Step(action="enter", before="planned", after="counting", permission=ENTER),
    Step(action="enter", before="counting", after="counting", permission=ENTER),
    Step(action="enter", before="recount", after="recount", permission=ENTER),
    Step(action="submit", before="counting", after="submitted", permission=ENTER),
    Step(action="submit", before="recount", after="submitted", permission=ENTER),
    Step(action="decide", before="submitted", after="submitted", permission=REVIEW),
    Step(action="send_back", before="submitted", after="recount", permission=REVIEW),
    Step(action="post", before="submitted", after="posted", permission=REVIEW),
    Step(action="cancel", before="planned", after="cancelled", permission=PLAN),
    Step(action="cancel", before="counting", after="cancelled", permission=PLAN),
    Step(action="cancel", before="submitted", after="cancelled", permission=REVIEW),
    Step(action="cancel", before="recount", after="cancelled", permission=REVIEW),
)

_REFUSED: dict[str, Message] = {
    "planned": message("Nothing is counted yet."),
    "counting": message("This count has not been sent in yet."),
    "submitted": message("This count was sent in: it is being reviewed now."),
    "recount": message("A part of this count is being counted again."),
    "posted": message("This count is posted."),
    "cancelled": message("This count was cancelled."),
}


def next_state(status: str, action: str) -> str:
    """Return what a count becomes by ``action``, or raise WrongState saying what it is."""
    for step in STEPS:
        if (step.before, step.action) == (status, action):
            return step.after
    raise WrongState(_REFUSED[status])


def refusal(status: str) -> Message:
    """Return why nothing more is entered into a count in this state."""
    return _REFUSED[status]


def allowed(status: str, action: str) -> bool:
    """Return whether ``action`` is possible in this state."""
    return any((step.before, step.action) == (status, action) for step in STEPS)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on a difference wants a reason and somebody else to decide.

    ``value`` is in minor units, None for no limit; ``percent`` is of what the books said.
    """

    value: int | None = None
    percent: int | None = None
    tolerance: int = 0  # percent up to which a line counts as right


DEFAULT_LIMITS = Limits(value=250_000_00, percent=10)


def usage_from_counts(
    *,
    opening: int,
    closing: int,
    receipts: int = 0,
    transfers_in: int = 0,
    transfers_out: int = 0,
    scrapped: int = 0,
) -> int:
    """Return what was used between two counts of a place where nobody writes down what is taken.

    The periodic inventory identity of any bookkeeping course (opening stock + purchases - closing
    stock = consumption), with what was carried in and out and thrown away as flows of their own:
    ``U = opening + receipts + transfers_in - transfers_out - scrapped - closing``. It holds exactly
    and adds up over intermediate counts. Below zero more was found than the books can explain:
    something came that nobody wrote down.
    """
    return opening + receipts + transfers_in - transfers_out - scrapped - closing


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one line of a count makes of the books.

    ``included`` is what later movements changed that were in the count already: the figure is then
    compared with the books after them. ``cost`` is a quantity of the item and what it last cost.
    """

    counted: int
    book: int
    book_value: int
    included: int = 0
    cost: tuple[int, int] = (0, 0)

    @property
    def quantity(self) -> int:
        """What the books are wrong by: less than zero is what was used and not written down.

        The books hold the count before and every flow since, ``included`` the later ones.
        """
        return -usage_from_counts(opening=self.book, receipts=self.included, closing=self.counted)

    @property
    def value(self) -> int:
        """What the difference is worth, and a surplus is posted at: the average when counted.

        Where the books held nothing, what the item last cost.
        """
        if self.book <= 0:
            on_hand, value = self.cost
            return value_at_average(on_hand=on_hand, value=value, quantity=self.quantity)
        if self.counted == 0 and not self.included:
            return -self.book_value
        return half_even(self.book_value * self.quantity, self.book)

    def is_large(self, limits: Limits) -> bool:
        """Return whether the difference is above a limit."""
        if self.quantity == 0:
            return False
        if limits.value is not None and abs(self.value) > limits.value:
            return True
        return limits.percent is not None and self._above(limits.percent)

    def is_right(self, limits: Limits) -> bool:
        """Return whether the books were right within the tolerance."""
        return self.quantity == 0 or not self._above(limits.tolerance)

    def _above(self, percent: int) -> bool:
        return abs(self.quantity) * 100 > percent * max(self.book, 0)


def accuracy(right: int, counted: int) -> int | None:
    """Return in how many of a hundred lines the books were right; None where none was counted."""
    return right * 100 // counted if counted else None


def numbers(found: Iterable[str]) -> str:
    """Return document numbers as a list in a sentence."""
    return ", ".join(sorted(set(found)))
