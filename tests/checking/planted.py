"""Mistakes of plugin authors, each planted into a copy of a good plugin in one of many forms."""

from . import (
    planted_alive,
    planted_code,
    planted_moves,
    planted_pages,
    planted_sent,
    planted_words,
)
from .garden import KINDS

FILES = (
    planted_code,
    planted_pages,
    planted_words,
    planted_sent,
    planted_alive,
    planted_moves,
)

__all__ = ["FILES", "KINDS"]
