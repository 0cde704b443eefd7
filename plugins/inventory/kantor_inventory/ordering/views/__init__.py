"""The pages of ordering."""

from . import amending, deliveries, lines, orders, paper, receiving, sending, sheet, taken

__all__ = [
    "amending",
    "deliveries",
    "lines",
    "orders",
    "paper",
    "receiving",
    "sending",
    "sheet",
    "taken",
]
