"""The pages of inventory."""

from . import bulk, items, ledger, moves, places, stock, suppliers, words
from .shared import blueprint

__all__ = ["blueprint", "bulk", "items", "ledger", "moves", "places", "stock", "suppliers", "words"]
