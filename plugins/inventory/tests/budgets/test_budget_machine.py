"""Bookings by lot against a model of a few lines, and the arithmetic by itself."""

from datetime import date
from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from kantor_inventory.budgets import services as budgets
from kantor_inventory.budgets.rules import change_by, months, used
from kantor_inventory.budgets.services import BudgetExhausted
from kantor_inventory.ordering.models import OrderLine
from kantor_inventory.ordering.services.budgeting import Part, worth
from kantor_inventory.services import selfcheck

SOURCES = ("order line 1", "order line 2", "request line 1")
STEP = some.tuples(
    some.sampled_from(("commit", "release", "spend", "refund")),
    some.sampled_from(SOURCES),
    some.integers(1, 60),
    some.integers(0, 60),
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


class Naive:
    """A budget as one would do the sums by hand."""

    def __init__(self, amount, *, stops):
        self.amount, self.stops = amount, stops
        self.held = dict.fromkeys(SOURCES, 0)
        self.spent = dict.fromkeys(SOURCES, 0)

    @property
    def left(self):
        return self.amount - sum(self.held.values()) - sum(self.spent.values())

    def do(self, kind, source, amount, again):
        """Return whether it may be done, and do it."""
        before = (dict(self.held), dict(self.spent))
        if kind == "commit":
            self.held[source] += amount
        elif kind == "release":
            self.held[source] -= amount
        elif kind == "spend":
            self.held[source] -= min(amount, self.held[source])
            self.spent[source] += amount
        else:
            self.held[source] += min(again, amount)
            self.spent[source] -= amount
        wrong = min(*self.held.values(), *self.spent.values()) < 0
        if wrong or (self.stops and self.left < 0):
            self.held, self.spent = before
            return False
        return True


def carry_out(purse, payer, number, kind, source, amount, again):
    """Do it to the portal; return whether it was done."""
    more = {"refund": {"again": again}, "spend": {"payer": payer}}.get(kind, {})
    first = (payer, amount, source) if kind == "commit" else (source, amount)
    try:
        purse.do(getattr(budgets, kind), *first, number=number, **more)
    except (BudgetExhausted, ValueError):
        return False
    return True


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(steps=some.lists(STEP, min_size=4, max_size=14), stops=some.booleans())
def test_whatever_is_booked_the_figures_are_those_of_the_model(purse, steps, stops):
    year = purse.years = getattr(purse, "years", 2030) + 1
    period = {"from_on": date(year, 1, 1), "last_on": date(year, 12, 31)}
    budget = purse.set_up(100, mode="stop" if stops else "warn", **period)
    booked = set()
    payer, model = purse.payer(on=date(year, 6, 1)), Naive(100, stops=stops)
    for number, (kind, source, amount, again) in enumerate(steps, 1):
        named = f"{source} in {year}"
        did = carry_out(purse, payer, number, kind, named, amount, again)
        if source in booked or kind in ("commit", "spend"):  # Others change nothing.
            assert did == model.do(kind, source, amount, again)
            booked |= {source} if did else set()
        figures = sum(model.held.values()), sum(model.spent.values()), model.left
        assert purse.figures(budget) == figures
    with purse.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []


@given(
    some.lists(some.integers(1, 10**6), min_size=1, max_size=6),
    some.integers(0, 10**9),
    some.integers(0, 2 * 10**6),
    some.integers(0, 2 * 10**6),
)
def test_what_parts_of_a_line_pay_is_what_it_costs_to_the_unit(sizes, price, came, more):
    ordered = sum(sizes)
    line = OrderLine(price=price, packs=3, ordered=ordered)
    ends = list(accumulate(sizes))
    begins = [0, *ends[:-1]]
    its = [
        Part(source="", department_id=1, category_id=None, begins=b, ends=e, target=0, about="")
        for b, e in zip(begins, ends, strict=True)
    ]
    came = min(came, ordered)
    until = min(came + more, ordered)
    paid = [part.cost(line, came, until) for part in its]
    assert sum(paid) == worth(line, until) - worth(line, came)
    assert all(one >= 0 for one in paid)


def test_entries_add_up_to_what_they_change():
    entries = [("commit", 100, 0), ("spend", 60, 50), ("refund", 20, 5), ("release", 10, 0)]
    by = change_by(entries)
    assert (by.committed, by.spent, by.available) == (45, 40, -85)


def test_the_months_run_from_the_first_to_today_beside_an_even_spending():
    spent = {date(2026, 1, 5): 100, date(2026, 2, 20): 50, date(2026, 3, 1): -30}
    found = months(date(2026, 1, 1), date(2027, 1, 1), 3650, spent, date(2026, 3, 15))
    assert [(m.month, m.spent, m.evenly) for m in found] == [
        (date(2026, 1, 1), 100, 310),
        (date(2026, 2, 1), 150, 590),
        (date(2026, 3, 1), 120, 900),
    ]


def test_a_budget_of_nothing_is_used_up_by_anything():
    assert (used(0, 0, 0), used(0, 1, 0), used(200, 50, 51)) == (0, 100, 50)
