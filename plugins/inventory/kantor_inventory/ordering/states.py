"""What may become of an order, in one table that drives the buttons and the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.api import Conflict, Message, message


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a guard is told of an order."""

    lines: int
    received: bool  # anything at all
    outstanding: bool  # anything still to come


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One step: from where, by which act, to where, who may, and when."""

    source: str
    action: str
    target: str
    permission: str
    guard: Callable[[Facts], bool]
    refusal: Message


NOT_NOW = message("This cannot be done with the order any more. Reload the page and look.")
GONE_ON = message("This cannot be done with the order any more.")

PLACE, EDIT = "inventory.order.place", "inventory.order.edit"
RECEIVE, REVERSE = "inventory.order.receive", "inventory.stock.reverse"
EMPTIED = message("Nothing would be left of the order. Cancel it instead.")


def _always(order: Facts) -> bool:
    return True


def _waits(order: Facts) -> bool:
    return order.outstanding


def _has_come(order: Facts) -> bool:
    return order.received and not order.outstanding


def _never_came(order: Facts) -> bool:
    return not order.received and not order.outstanding


def _step(
    source: str,
    action: str,
    target: str,
    permission: str,
    guard: Callable[[Facts], bool],
    refusal: Message = NOT_NOW,
) -> Transition:
    return Transition(
        source=source,
        action=action,
        target=target,
        permission=permission,
        guard=guard,
        refusal=refusal,
    )


TRANSITIONS = (
    _step(
        "draft",
        "place",
        "placed",
        PLACE,
        lambda order: order.lines > 0,
        message("There is nothing on the list. Add a line first."),
    ),
    _step("draft", "cancel", "cancelled", EDIT, _always),
    _step("placed", "send", "placed", PLACE, _waits),
    _step("placed", "confirm", "placed", EDIT, _waits),
    _step("placed", "amend", "placed", PLACE, _waits, EMPTIED),
    _step("placed", "amend", "received", PLACE, _has_come, EMPTIED),
    _step(
        "placed",
        "cancel",
        "cancelled",
        PLACE,
        lambda order: not order.received,
        message("Something has come in already. Close the order short instead."),
    ),
    _step(
        "placed",
        "close_short",
        "closed_short",
        PLACE,
        lambda order: order.received,
        message("Nothing has come in yet. Cancel the order instead."),
    ),
    _step("placed", "receive", "placed", RECEIVE, _waits),
    _step("placed", "receive", "received", RECEIVE, _has_come),
    # All that came was damaged, and nobody waits for another.
    _step("placed", "receive", "closed_short", RECEIVE, _never_came),
    _step("received", "take_back", "placed", REVERSE, _waits),
    _step("placed", "take_back", "placed", REVERSE, _waits),
)


class NotNow(Conflict):
    """The order is not in a state for this."""

    default = NOT_NOW


def possible(status: str, action: str) -> list[Transition]:
    """Return the steps by which ``action`` leads on from ``status``."""
    return [step for step in TRANSITIONS if (step.source, step.action) == (status, action)]


def step(status: str, action: str, facts: Facts) -> Transition:
    """Return the one step that ``action`` is now, or raise NotNow with what to do instead."""
    steps = possible(status, action)
    for found in steps:
        if found.guard(facts):
            return found
    raise NotNow(steps[0].refusal if steps else NOT_NOW)
