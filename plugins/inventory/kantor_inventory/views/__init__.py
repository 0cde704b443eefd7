"""The pages of inventory."""

from ..asking import views as asking
from . import bulk, items, ledger, moves, places, stock, suppliers, words
from .shared import blueprint

__all__ = [
    "asking",
    "blueprint",
    "bulk",
    "items",
    "ledger",
    "moves",
    "places",
    "stock",
    "suppliers",
    "words",
]
