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
from sqlalchemy import func, select

from kantor_inventory.counting import services
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.services.posting import CannotPost
from kantor_inventory.models import Balance, Movement
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
        self.taken: dict[str, int] = {}  # issues that may be reversed, and how much
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
        self.do(stock.receive, command)
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
        self.taken[self.do(stock.issue, command)] = quantity
        self.move(-quantity, really=quantity <= self.shelf)

    @rule(quantity=some)
    def lose(self, quantity):
        """Somebody takes something and writes nothing down."""
        self.shelf = max(0, self.shelf - quantity)

    @rule()
    def reverse(self):
        if self.taken:
            public_id, quantity = self.taken.popitem()
            self.do(stock.reverse, stock.Reverse(movement=public_id, note="Never left"))
            self.move(quantity)

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
        self.books += counted - book
        assert self.books == counted + self.since  # Only what came later stands beside the figure.
        with self.shop.work(None) as tx, pytest.raises(Conflict):
            services.post(tx, command)
        self.forget()

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
            moved = select(func.count(Movement.id)).where(Movement.item_id == self.item_id)
            assert tx.session.scalar(moved) is not None

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
