"""The pages of inventory."""

from . import items, ledger, moves, places, stock, suppliers, words
from .shared import blueprint

__all__ = ["blueprint", "items", "ledger", "moves", "places", "stock", "suppliers", "words"]
