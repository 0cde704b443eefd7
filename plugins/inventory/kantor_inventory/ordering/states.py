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

TRANSITIONS = (
    Transition(
        source="draft",
        action="place",
        target="placed",
        permission="inventory.order.place",
        guard=lambda order: order.lines > 0,
        refusal=message("There is nothing on the list. Add a line first."),
    ),
    Transition(
        source="draft",
        action="cancel",
        target="cancelled",
        permission="inventory.order.edit",
        guard=lambda order: True,
        refusal=NOT_NOW,
    ),
    Transition(
        source="placed",
        action="cancel",
        target="cancelled",
        permission="inventory.order.place",
        guard=lambda order: not order.received,
        refusal=message("Something has come in already. Close the order short instead."),
    ),
    Transition(
        source="placed",
        action="close_short",
        target="closed_short",
        permission="inventory.order.place",
        guard=lambda order: order.received,
        refusal=message("Nothing has come in yet. Cancel the order instead."),
    ),
    Transition(
        source="placed",
        action="receive",
        target="placed",
        permission="inventory.order.receive",
        guard=lambda order: order.outstanding,
        refusal=NOT_NOW,
    ),
    Transition(
        source="placed",
        action="receive",
        target="received",
        permission="inventory.order.receive",
        guard=lambda order: not order.outstanding,
        refusal=NOT_NOW,
    ),
    Transition(
        source="received",
        action="take_back",
        target="placed",
        permission="inventory.stock.reverse",
        guard=lambda order: order.outstanding,
        refusal=NOT_NOW,
    ),
    Transition(
        source="placed",
        action="take_back",
        target="placed",
        permission="inventory.stock.reverse",
        guard=lambda order: order.outstanding,
        refusal=NOT_NOW,
    ),
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
