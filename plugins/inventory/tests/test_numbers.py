"""Documents are numbered one after the other: no number twice, none left out."""

from __future__ import annotations

import pytest

from portal.api import next_number
from portal.testing import together, working_as


def taken(app):
    with working_as(app) as tx:
        return next_number(tx, "inventory.order"), tx.today.year


def test_numbers_follow_each_other_in_a_year(portal_app, world):
    (first, year), (second, _) = taken(portal_app), taken(portal_app)
    assert [first, second] == [f"PO-{year}-0001", f"PO-{year}-0002"]


def test_a_unit_that_is_rolled_back_leaves_no_gap(portal_app, world):
    def break_off():
        with working_as(portal_app) as tx:
            next_number(tx, "inventory.order")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert taken(portal_app)[0].endswith("-0001")


def test_eight_at_once_get_eight_numbers_in_a_row(portal_app, world):
    numbers = together(*[lambda: taken(portal_app)[0][-4:]] * 8)
    assert sorted(numbers) == [f"{n:04d}" for n in range(1, 9)]


def test_a_series_nobody_declares_is_refused(portal_app, world):
    with pytest.raises(LookupError), working_as(portal_app) as tx:
        next_number(tx, "inventory.nothing")
