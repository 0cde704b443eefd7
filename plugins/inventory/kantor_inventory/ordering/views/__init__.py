"""The pages of ordering."""

from . import lines, orders, receiving, sheet

__all__ = ["lines", "orders", "receiving", "sheet"]
