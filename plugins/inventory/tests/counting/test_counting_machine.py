"""Counting against a plain model of it, while others issue, receive and reverse.

The model is two numbers: what really lies on the shelf, and what the books say. People see the
shelf, never the books. Whatever happens in whatever order, a count that is posted moves the books
by what it found at its moment, and never by what a later movement explains.
"""

import os
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import case, func, select

from kantor_inventory.counting import services
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.services.posting import CannotPost
from kantor_inventory.models import Balance, Movement, Point
from kantor_inventory.services import selfcheck, stock
from portal.api import Conflict, Department, Shortfall

EXAMPLES = int(os.environ.get("KANTOR_TEST_EXAMPLES", "50")) // 3
numbers = count(1)
some = st.integers(1, 6).map(lambda n: n * 1000)


class Counted(RuleBasedStateMachine):
    """One item on one shelf: ``shelf`` is what lies there, ``books`` what is written."""

    shop = None

    def __init__(self):
        super().__init__()
        self.item, self.item_id, self.units = self.shop.new_item(f"COUNTED-{next(numbers)}")
        with self.shop.work(None) as tx:
            office = tx.session.get(Department, self.shop.world.departments["office"])
            self.department = office.public_id
        self.shelf = self.books = 0
        self.posted: dict[str, int] = {}  # what may be reversed, and how it changed the books
        self.count = self.line = None
        self.figure = None  # (counted, what the books said then)
        self.since = 0  # what the books have gained since the figure

    def do(self, service, command):
        with self.shop.work(None) as tx:
            return service(tx, command).public_id

    def move(self, change, *, really=True):
        self.books += change
        self.since += change
        if really:
            self.shelf += change

    @rule(quantity=some)
    def receive(self, quantity):
        command = stock.Receive(item=self.item, quantity=quantity, to_place=self.shop.shelf)
        self.posted[self.do(stock.receive, command)] = quantity
        self.move(quantity)

    @rule(quantity=some)
    def issue(self, quantity):
        command = stock.Issue(
            item=self.item,
            quantity=quantity,
            from_place=self.shop.shelf,
            for_department=self.department,
        )
        if quantity > self.books:
            with pytest.raises(Shortfall):
                self.do(stock.issue, command)
            return
        self.posted[self.do(stock.issue, command)] = -quantity
        self.move(-quantity, really=quantity <= self.shelf)

    @rule(quantity=some)
    def lose(self, quantity):
        """Somebody takes something and writes nothing down."""
        self.shelf = max(0, self.shelf - quantity)

    @rule(newest=st.booleans())
    def reverse(self, newest):
        """Take back the first or the last receipt, issue or posted difference."""
        if not self.posted:
            return
        public_id = list(self.posted)[-1 if newest else 0]
        change = self.posted[public_id]
        command = stock.Reverse(movement=public_id, note="Written by mistake")
        if self.books < change:
            with pytest.raises(Shortfall):
                self.do(stock.reverse, command)
            return
        del self.posted[public_id]
        self.do(stock.reverse, command)
        self.move(-change, really=False)

    @rule()
    def plan(self):
        if self.count is not None:
            return
        with self.shop.work(None) as tx:
            made = (
                services.plan_count(
                    tx,
                    services.PlanCount(
                        department=self.department, only=self.pairs(tx), places=[self.shop.shelf]
                    ),
                )
                if self.pairs(tx)
                else None
            )
            if made is None:
                return
            self.count = made.public_id
            chosen = select(CountLine.public_id).where(CountLine.count_id == made.id)
            self.line = tx.session.scalar(chosen)

    def pairs(self, tx):
        rows = tx.session.execute(
            select(Balance.item_id, Balance.point_id).where(
                Balance.item_id == self.item_id, ~Balance.outside
            )
        )
        return [tuple(row) for row in rows]

    @rule()
    def enter(self):
        if self.line is None or self.status() not in ("planned", "counting"):
            return
        command = services.Enter(line=self.line, amounts=[(self.units["piece"], self.shelf)])
        with self.shop.work(None) as tx:
            services.enter(tx, command)
        self.figure, self.since = (self.shelf, self.books), 0

    @rule()
    def submit(self):
        if self.figure is not None and self.status() == "counting":
            with self.shop.work(None) as tx:
                services.submit(tx, services.Submit(count=self.count, missing=0))

    @rule()
    def post(self):
        if self.count is None or self.status() != "submitted":
            return
        counted, book = self.figure
        with self.shop.work(None) as tx:
            version = tx.one(select(CountLine), public_id=self.line).version
        with self.shop.work() as tx:
            services.decide(
                tx,
                services.Decide(
                    line=self.line, version=version, decision="keep", reason="So it is"
                ),
            )
        command = services.Post(count=self.count, missing=0)
        if self.books + counted - book < 0:
            with self.shop.work(None) as tx, pytest.raises(CannotPost):
                services.post(tx, command)
            self.give_up()
            return
        with self.shop.work(None) as tx:
            services.post(tx, command)
        if difference := self.difference():
            assert difference[1] == counted - book
            self.posted.update([difference])
        self.books += counted - book
        assert self.books == counted + self.since  # Only what came later stands beside the figure.
        with self.shop.work(None) as tx, pytest.raises(Conflict):
            services.post(tx, command)
        self.forget()

    def difference(self):
        """Return the movement that the count wrote, with how it changed the books."""
        here = select(Point.id).where(Point.id == CountLine.point_id).scalar_subquery()
        with self.shop.work(None) as tx:
            row = tx.session.execute(
                select(Movement.public_id, Movement.quantity, Movement.to_point_id == here)
                .join(CountLine, CountLine.movement_id == Movement.id)
                .where(CountLine.public_id == self.line)
            ).one_or_none()
            return row and (row[0], row[1] if row[2] else -row[1])

    @rule()
    def give_up(self):
        if self.count is None or self.status() in ("posted", "cancelled"):
            return
        with self.shop.work(None) as tx:
            version = tx.one(select(Count), public_id=self.count).version
            services.cancel(
                tx, services.Cancel(count=self.count, version=version, reason="No time")
            )
        self.forget()

    def forget(self):
        self.count = self.line = self.figure = None

    def status(self):
        with self.shop.work(None) as tx:
            return tx.session.scalar(select(Count.status).where(Count.public_id == self.count))

    @invariant()
    def the_books_are_as_the_model_has_them(self):
        with self.shop.work(None) as tx:
            held = tx.session.scalar(
                select(Balance.quantity).where(Balance.item_id == self.item_id, ~Balance.outside)
            )
            assert (held or 0) == self.books
            incoming = Movement.to_point_id.in_(select(Point.id).where(Point.place_id.is_not(None)))
            change = case((incoming, Movement.quantity), else_=-Movement.quantity)
            written = select(func.sum(change)).where(Movement.item_id == self.item_id)
            assert (tx.session.scalar(written) or 0) == self.books

    def teardown(self):
        if self.count is not None:
            self.give_up()
        with self.shop.work(None) as tx:
            assert selfcheck.findings(tx) == []


def test_counting_and_moving_in_any_order_keeps_the_books(shop):
    class Here(Counted):
        pass

    Here.shop = shop
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
