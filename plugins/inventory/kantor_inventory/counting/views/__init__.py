"""The pages of counting."""

from . import lines, planning, reviewing, sheets

__all__ = ["lines", "planning", "reviewing", "sheets"]
