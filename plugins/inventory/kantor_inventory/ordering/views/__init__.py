"""The pages of ordering."""

from . import lines, orders, receiving, sheet, taken

__all__ = ["lines", "orders", "receiving", "sheet", "taken"]
