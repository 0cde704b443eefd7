"""The ledger against a plain model of it: whatever people do in whatever order, both agree.

The model knows nothing of the code under test: numbers in dictionaries, fractions for money.
The invariants are those of the design: I1 and I2 balances are the sums of their movements, I3
the ledger is append-only, I4 nothing below zero, I5 a key posts once, I6 a reversal is exact and
happens once, I9 a transfer is one line, I10 an edit needs the version it was read at, I11 all
points add up to nothing.
"""

import os
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from kantor_inventory.models import Balance, Item, Movement, StockRule
from kantor_inventory.services import ledger, stock
from portal.api import Conflict, EditConflict, Place, Shortfall, ValidationFailed

EXAMPLES = int(os.environ.get("KANTOR_TEST_EXAMPLES", "50"))
PLACES = ("shelf", "other_shelf", "lab")
SIZES = {"piece": Fraction(1), "box": Fraction(12), "third": Fraction(1, 3)}
numbers = count(1)

quantities = st.one_of(
    st.integers(1, 5).map(lambda n: n * 1000), st.sampled_from([1, 250, 500, 333, 12_000, 40_001])
)
prices = st.one_of(st.none(), st.integers(0, 7), st.integers(0, 10**8))
places = st.sampled_from(PLACES)
units = st.sampled_from(sorted(SIZES))


@dataclass
class Line:
    """What the model remembers of one movement."""

    public_id: str
    kind: str
    source: str
    target: str
    quantity: int
    value: int
    left: tuple[int, int]
    reverses: str | None = None
    taken_back: bool = False


def base(entered, unit):
    """Return the quantity in base thousandths, or None where it is not a whole number of them."""
    exact = entered * SIZES[unit]
    return exact.numerator if exact.denominator == 1 else None


class Ledger(RuleBasedStateMachine):
    """People at work on one item of their own, in three places."""

    shop = None

    def __init__(self):
        super().__init__()
        number = next(numbers)
        self.quantity, self.value = Counter(), Counter()
        self.lines: list[Line] = []
        self.sent: list[tuple] = []
        self.rules: dict[str, tuple[int | None, int]] = {}
        self.item, self.item_id, self.units = self.shop.new_item(f"MACHINE-{number}")

    def place(self, name):
        return getattr(self.shop, name)

    def send(self, service, command):
        """Run one service in a unit of its own; return what identifies its result."""
        with self.shop.work(None) as tx:
            done = service(tx, command)
            return done.public_id if isinstance(done, Movement) else done

    def write(self, kind, source, target, quantity, value, public_id, **more):
        """Move in the model, and remember what each end then held."""
        self.quantity[source] -= quantity
        self.quantity[target] += quantity
        self.value[source] -= value
        self.value[target] += value
        left = (self.quantity[source], self.quantity[target])
        line = Line(public_id, kind, source, target, quantity, value, left, **more)
        self.lines.append(line)

    def share(self, place, quantity):
        """Return what ``quantity`` of a place is worth: its share, the last unit takes the rest."""
        if quantity == self.quantity[place]:
            return self.value[place]
        return round(Fraction(self.value[place] * quantity, self.quantity[place]))

    def take(self, kind, service, command, source, target, unit, entered):
        """Let something leave a place, or see it refused."""
        quantity = base(entered, unit)
        if quantity is None or quantity > self.quantity[source]:
            with pytest.raises(ValidationFailed if quantity is None else Shortfall):
                self.send(service, command)
            return
        value = self.share(source, quantity)
        public_id = self.send(service, command)
        self.sent.append((service, command))
        self.write(kind, source, target, quantity, value, public_id)

    @rule(entered=quantities, unit=units, place=places, price=prices)
    def receive(self, entered, unit, place, price):
        command = stock.Receive(
            item=self.item,
            unit=self.units[unit],
            quantity=entered,
            to_place=self.place(place),
            price=price,
            key=f"machine-{next(numbers)}",
        )
        quantity = base(entered, unit)
        if quantity is None:
            with pytest.raises(ValidationFailed):
                self.send(stock.receive, command)
            return
        if price is not None:
            value = round(Fraction(entered * price, 1000))
        elif self.quantity[place]:
            value = round(Fraction(self.value[place] * quantity, self.quantity[place]))
        else:
            last = next((line for line in reversed(self.lines) if line.value), None)
            value = round(Fraction(last.value * quantity, last.quantity)) if last else 0
        public_id = self.send(stock.receive, command)
        self.sent.append((stock.receive, command))
        self.write("receive", "supplier", place, quantity, value, public_id)

    @rule(entered=quantities, unit=units, place=places)
    def issue(self, entered, unit, place):
        command = stock.Issue(
            item=self.item,
            unit=self.units[unit],
            quantity=entered,
            from_place=self.place(place),
            for_department=self.shop.office,
            key=f"machine-{next(numbers)}",
        )
        self.take("issue", stock.issue, command, place, "consumption", unit, entered)

    @rule(entered=quantities, unit=units, place=places)
    def scrap(self, entered, unit, place):
        command = stock.Scrap(
            item=self.item,
            unit=self.units[unit],
            quantity=entered,
            from_place=self.place(place),
            note="Broken",
            key=f"machine-{next(numbers)}",
        )
        self.take("scrap", stock.scrap, command, place, "scrap", unit, entered)

    @rule(entered=quantities, source=places, goal=places)
    def transfer(self, entered, source, goal):
        command = stock.Transfer(
            item=self.item,
            quantity=entered,
            from_place=self.place(source),
            to_place=self.place(goal),
            key=f"machine-{next(numbers)}",
        )
        if source == goal:
            with pytest.raises(ValidationFailed):
                self.send(stock.transfer, command)
            return
        self.take("transfer", stock.transfer, command, source, goal, "piece", entered)

    @rule(data=st.data())
    def send_again(self, data):
        if self.sent:
            service, command = data.draw(st.sampled_from(self.sent))
            self.send(service, command)

    @rule(data=st.data())
    def reverse(self, data):
        if not self.lines:
            return
        wrong = data.draw(st.sampled_from(self.lines))
        command = stock.Reverse(movement=wrong.public_id, note="A mistake")
        source, target, quantity = wrong.target, wrong.source, wrong.quantity
        real = source in PLACES
        if wrong.reverses or wrong.taken_back:
            with pytest.raises(Conflict):
                self.send(stock.reverse, command)
            return
        if real and quantity > self.quantity[source]:
            with pytest.raises(Shortfall):
                self.send(stock.reverse, command)
            return
        value = wrong.value
        if real:
            whole = quantity == self.quantity[source]
            value = self.value[source] if whole else min(value, self.value[source])
        public_id = self.send(stock.reverse, command)
        wrong.taken_back = True
        self.write("reversal", source, target, quantity, value, public_id, reverses=wrong.public_id)

    @rule(steps=st.lists(st.tuples(places, st.integers(1, 3)), min_size=2, max_size=4))
    def issue_a_basket(self, steps):
        """Several lines at once: all of them or none."""
        wanted = Counter()
        for place, pieces in steps:
            wanted[place] += pieces * 1000

        def basket(tx, _command):
            item = tx.one(select(Item), id=self.item_id)
            points = {
                name: stock.point_at(tx, tx.one(select(Place), public_id=self.place(name)))
                for name in wanted
            }
            entries = [
                ledger.Entry(
                    type="issue",
                    item_id=item.id,
                    from_point=points[place],
                    to_point=stock.outside(tx, "consumption"),
                    quantity=pieces * 1000,
                    entered=pieces * 1000,
                    item_unit_id=item.units[0].id,
                    occurred_on=tx.today,
                )
                for place, pieces in steps
            ]
            ids, _ = ledger.post(tx, entries)
            return [tx.one(select(Movement), id=row).public_id for row in ids]

        if any(self.quantity[place] < quantity for place, quantity in wanted.items()):
            with pytest.raises(Shortfall):
                self.send(basket, None)
            return
        made = self.send(basket, None)
        for (place, pieces), public_id in zip(steps, made, strict=True):
            value = self.share(place, pieces * 1000)
            self.write("issue", place, "consumption", pieces * 1000, value, public_id)

    @rule(place=places, minimum=st.one_of(st.none(), st.integers(0, 30_000)), old=st.booleans())
    def set_rule(self, place, minimum, old):
        known = self.rules.get(place)
        version = known[1] if known else None
        stale = old and known is not None
        command = stock.SetRule(
            item=self.item,
            place=self.place(place),
            minimum=minimum,
            maximum=None,
            version=version - 1 if stale else version,
        )
        if stale:
            with pytest.raises(EditConflict):
                self.send(stock.set_rule, command)
            return

        def version_of(tx, command):
            return stock.set_rule(tx, command).version

        self.rules[place] = (minimum, self.send(version_of, command))

    @rule(change=st.sampled_from([update(Movement).values(quantity=1), delete(Movement)]))
    def tamper(self, change):
        if self.lines:
            mine = change.where(Movement.item_id == self.item_id)
            with pytest.raises(DBAPIError, match="append-only"):
                self.send(lambda tx, _: tx.session.execute(mine), None)

    @invariant()
    def balances_are_what_the_model_says(self):
        with self.shop.work(None) as tx:
            rows = tx.session.scalars(select(Balance).filter_by(item_id=self.item_id)).all()
            held = {self.name_of(row.point): row for row in rows}
            for name, row in held.items():
                assert (row.quantity, row.value) == (self.quantity[name], self.value[name]), name
                if name in PLACES:
                    minimum = self.rules.get(name, (None,))[0]
                    assert row.below == (minimum is not None and row.quantity < minimum)
                    assert row.quantity >= 0
                    assert row.value >= 0
            assert set(held) >= {name for name, quantity in self.quantity.items() if quantity}
            assert sum(row.quantity for row in rows) == 0
            assert sum(row.value for row in rows) == 0

    @invariant()
    def the_ledger_is_what_the_model_remembers(self):
        with self.shop.work(None) as tx:
            query = select(Movement).filter_by(item_id=self.item_id).order_by(Movement.id)
            rows = tx.session.scalars(query).all()
            found = [
                (
                    row.public_id,
                    row.type,
                    self.name_of(row.from_point),
                    self.name_of(row.to_point),
                    row.quantity,
                    row.value,
                    (row.left_from, row.left_to),
                )
                for row in rows
            ]
        assert found == [
            (n.public_id, n.kind, n.source, n.target, n.quantity, n.value, n.left)
            for n in self.lines
        ]

    @invariant()
    def the_rules_are_the_last_ones(self):
        with self.shop.work(None) as tx:
            rows = tx.session.scalars(select(StockRule).filter_by(item_id=self.item_id)).all()
            found = {self.name_of(row.point): (row.minimum, row.version) for row in rows}
        assert found == self.rules

    def name_of(self, point):
        if point.place is None:
            return point.kind
        return next(name for name in PLACES if self.place(name) == point.place.public_id)


def test_the_ledger_does_what_a_plain_model_does(shop):
    Ledger.shop = shop
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
