"""Orders: what is wanted, what went out, what was changed, what has come."""

from .arrived import Delivery, DeliveryLine, Receipt
from .orders import LANGUAGES, LINE_STATES, STATUSES, OrderLine, PurchaseOrder, Snooze
from .sent import Amendment, Confirmation, Sending
from .shares import OrderShare

__all__ = [
    "LANGUAGES",
    "LINE_STATES",
    "STATUSES",
    "Amendment",
    "Confirmation",
    "Delivery",
    "DeliveryLine",
    "OrderLine",
    "OrderShare",
    "PurchaseOrder",
    "Receipt",
    "Sending",
    "Snooze",
]
