"""What the pages about working hours share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from portal.messages import message

blueprint = Blueprint("worktime", __name__, url_prefix="/calendars")


def calendar_crumbs(row: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a calendar."""
    return ((row.name, url_for("worktime.calendar", public_id=row.public_id)), *more)


def holiday_crumbs(row: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a holiday list."""
    here = url_for("worktime.holiday_list", public_id=row.public_id)
    return ((message("Holidays"), url_for("worktime.holiday_lists")), (row.name, here), *more)
