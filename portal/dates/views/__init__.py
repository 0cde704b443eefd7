"""The calendar as a page, and the addresses under which it is followed elsewhere."""

from . import feeds
from .calendar import blueprint

__all__ = ["blueprint", "feeds"]
