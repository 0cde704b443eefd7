"""What pages of orders say about the budgets that pay."""

from __future__ import annotations

from portal.api import Message, UnitOfWork, message
from portal.web import toast

from ..services import budgeting


def tell(tx: UnitOfWork, order_id: int, text: Message) -> None:
    """Say what was done, and that it has overdrawn a budget which only warns, if it has."""
    warnings = budgeting.overdrawn(tx, order_id)
    for warning in warnings[:1]:
        text = message("{done} {warning}", done=text, warning=warning)
    toast(text)
