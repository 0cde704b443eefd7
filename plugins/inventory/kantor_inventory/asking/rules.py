"""What may become of what was asked for, and which quantities are unusual: no database here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

from portal.api import Conflict, Message, message

ASK = "inventory.requisition.ask"
ANSWER = "inventory.requisition.answer"
BUY = "inventory.order.edit"
DECIDE = "core.portal.use"  # and the rules of approval say who
KIND = "inventory.requisition"  # of approval
LINES_AT_MOST = 20
DEAREST = 10**13  # minor units one of something may cost
OPEN = ("asked", "to_buy")
NEVER, BOUGHT, ALWAYS = "never", "bought", "always"  # when requests want an approval


class NotPossible(Conflict):
    """The line is not in a state that allows this."""


@dataclass(frozen=True)
class Step:
    """From which state an action leads to which, and who may do it."""

    state: str
    action: str
    to: str
    permission: str


STEPS = (
    Step("asked", "hand_out", "handed_out", ANSWER),
    Step("asked", "decline", "declined", ANSWER),
    Step("asked", "order", "to_buy", ANSWER),
    Step("asked", "put_aside", "asked", ANSWER),
    Step("asked", "withdraw", "withdrawn", ASK),
    Step("asked", "refuse", "refused", DECIDE),
    Step("to_buy", "hand_out", "handed_out", ANSWER),
    Step("to_buy", "decline", "declined", ANSWER),
    Step("to_buy", "withdraw", "withdrawn", ASK),
    Step("to_buy", "buy", "bought", BUY),
)
ACTIONS = {
    "hand_out": message("Hand out"),
    "put_aside": message("Put it aside"),
    "order": message("Have it bought"),
    "decline": message("Decline"),
    "buy": message("Bought otherwise"),
    "refuse": message("Refuse"),
    "withdraw": message("Withdraw"),
}
LINE_STATES = {
    "asked": message("Waiting"),
    "to_buy": message("To be bought"),
    "handed_out": message("Handed out"),
    "bought": message("Bought"),
    "refused": message("Refused"),
    "declined": message("Declined"),
    "withdrawn": message("Withdrawn"),
}


def step(state: str, action: str) -> Step:
    """Return the step that an action is in a state, or raise NotPossible."""
    for known in STEPS:
        if (known.state, known.action) == (state, action):
            return known
    raise NotPossible(message("This was answered or withdrawn in the meantime."))


def wants_approval(said: str | None, *, buys: bool) -> bool:
    """Return whether a request has to be approved, by the setting, if it must be bought."""
    if said in (NEVER, ALWAYS):
        return said == ALWAYS
    return buys


def possible(state: str, permission: str) -> list[str]:
    """Return what a holder of ``permission`` may do in a state: the buttons of a page."""
    return [one.action for one in STEPS if one.state == state and one.permission == permission]


def status(states: Iterable[str]) -> str:
    """Return the state of the whole from those of its lines."""
    found = set(states)
    if found & set(OPEN):
        return "asked"
    if found <= {"withdrawn", "refused"}:
        return "refused" if "refused" in found else "withdrawn"
    return "answered"


def summary(states: Sequence[str]) -> Message:
    """Return in a few words what has become of all lines."""
    total, handed = len(states), states.count("handed_out") + states.count("bought")
    declined, waiting = states.count("declined"), sum(states.count(one) for one in OPEN)
    if waiting == total:
        return message("Waiting for an answer")
    if handed == total:
        return message("All handed out")
    if states.count("withdrawn") == total:
        return message("Withdrawn")
    if states.count("refused") == total:
        return message("Refused")
    if declined == total:
        return message("Declined")
    return message("{handed} of {total} handed out", handed=handed, total=total)


# Quantities that are unusual

LEAST, MOST = 5, 30  # movements one learns from
MORE, FEWER, SPREADS = 4, 8, 6  # as far from the usual as that is unusual


@dataclass(frozen=True)
class Usual:
    """What was usual: the middle of what was moved, and how far from it the others mostly were."""

    middle: int
    spread: int

    def too_much(self, quantity: int) -> bool:
        """Return whether this is so much more that somebody should look again."""
        more = self.middle + SPREADS * self.spread
        return quantity > MORE * self.middle and quantity > more

    def too_little(self, quantity: int) -> bool:
        """Return whether this is so little that another unit may have been meant."""
        less = self.middle - SPREADS * self.spread
        return quantity * FEWER < self.middle and quantity < less

    def fits(self, quantity: int) -> bool:
        """Return whether nobody would wonder at this."""
        return not self.too_much(quantity) and not self.too_little(quantity)


def usual(past: Sequence[int]) -> Usual | None:
    """Return what was usual among these quantities, the newest first; None for too few of them.

    One slip of the pen among them changes nothing: half of them would have to be wrong.
    """
    known = past[:MOST]
    if len(known) < LEAST:
        return None
    middle = median_low(known)
    return Usual(middle, median_low(abs(quantity - middle) for quantity in known))
