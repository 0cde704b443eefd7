"""The pages about working hours and holidays."""

from . import calendars, days, holidays, lists
from .common import blueprint

__all__ = ["blueprint", "calendars", "days", "holidays", "lists"]
