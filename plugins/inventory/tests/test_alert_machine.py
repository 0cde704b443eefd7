"""Alerts against a plain model: whatever is done in whatever order, what is open is what is wrong.

The model keeps three numbers for each place and counts how often it went wrong; it knows nothing of
how alerts are opened.
"""

import os
from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from kantor_inventory.models import Item
from kantor_inventory.services import items, selfcheck, stock
from kantor_inventory.watching.models import GRADES, Alert
from portal.api import Shortfall

EXAMPLES = int(os.environ.get("KANTOR_TEST_EXAMPLES", "50"))
PLACES = ("shelf", "other_shelf", "lab")
numbers = count(1)

places = st.sampled_from(PLACES)
quantities = st.sampled_from([1, 500, 1_000, 2_000, 5_000])
limits = st.one_of(st.none(), st.integers(0, 6).map(lambda n: n * 1_000))


class Alarm(RuleBasedStateMachine):
    """People at work on one item of their own, in three places."""

    shop = None

    def __init__(self):
        super().__init__()
        self.item, self.item_id, _ = self.shop.new_item(f"ALARM-{next(numbers)}")
        self.quantity = dict.fromkeys(PLACES, 0)
        self.rules = dict.fromkeys(PLACES, (None, None, None))
        self.status, self.mode = "active", "perpetual"
        self.said = dict.fromkeys(PLACES)
        self.episodes = Counter()
        self.lines = []

    def wrong(self, place):
        """Return what is wrong at a place, in the words of the kind and of the grade."""
        minimum, maximum, _ = self.rules[place]
        if self.status != "active" or self.mode == "non_stock":
            return None
        if minimum is not None and self.quantity[place] < minimum:
            return ("low", "out" if self.quantity[place] == 0 else "low")
        if maximum is not None and self.quantity[place] > maximum:
            return ("too_much", "too_much")
        return None

    def look(self):
        """Count an episode for each place at which something else is wrong than before."""
        for place in PLACES:
            now = self.wrong(place)
            if now is not None and (self.said[place] is None or self.said[place][0] != now[0]):
                self.episodes[place] += 1
            self.said[place] = now

    def send(self, service, command):
        with self.shop.work(None) as tx:
            return service(tx, command).public_id

    def move(self, service, command, source, target, quantity):
        if self.mode == "non_stock" or (self.status == "discontinued" and service is stock.receive):
            return
        if source in PLACES and quantity > self.quantity[source]:
            with pytest.raises(Shortfall):
                self.send(service, command)
            return
        self.lines.append((self.send(service, command), source, target, quantity))
        self.shift(source, target, quantity)

    def shift(self, source, target, quantity):
        for place, change in ((source, -quantity), (target, quantity)):
            if place in PLACES:
                self.quantity[place] += change
        self.look()

    @rule(place=places, quantity=quantities)
    def receive(self, place, quantity):
        to_place = getattr(self.shop, place)
        command = stock.Receive(item=self.item, quantity=quantity, to_place=to_place)
        self.move(stock.receive, command, None, place, quantity)

    @rule(place=places, quantity=quantities)
    def issue(self, place, quantity):
        command = stock.Issue(
            item=self.item,
            quantity=quantity,
            from_place=getattr(self.shop, place),
            for_department=self.shop.office,
        )
        self.move(stock.issue, command, place, None, quantity)

    @rule(source=places, goal=places, quantity=quantities)
    def transfer(self, source, goal, quantity):
        if source == goal:
            return
        command = stock.Transfer(
            item=self.item,
            quantity=quantity,
            from_place=getattr(self.shop, source),
            to_place=getattr(self.shop, goal),
        )
        self.move(stock.transfer, command, source, goal, quantity)

    @rule(data=st.data())
    def reverse(self, data):
        if not self.lines:
            return
        line = data.draw(st.sampled_from(self.lines))
        movement, target, source, quantity = line
        command = stock.Reverse(movement=movement, note="A mistake")
        if source in PLACES and quantity > self.quantity[source]:
            with pytest.raises(Shortfall):
                self.send(stock.reverse, command)
            return
        self.send(stock.reverse, command)
        self.lines.remove(line)
        self.shift(source, target, quantity)

    @rule(place=places, minimum=limits, more=limits)
    def set_rule(self, place, minimum, more):
        maximum = None if more is None else (minimum or 0) + more
        if maximum == 0:
            maximum = None
        version = self.rules[place][2]
        command = stock.SetRule(
            item=self.item,
            place=getattr(self.shop, place),
            minimum=minimum,
            maximum=maximum,
            version=version,
        )
        with self.shop.work(None) as tx:
            version = stock.set_rule(tx, command).version
        self.rules[place] = (minimum, maximum, version)
        self.look()

    @rule(
        status=st.sampled_from(["active", "active", "use_up", "discontinued"]),
        mode=st.sampled_from(["perpetual", "perpetual", "periodic", "non_stock"]),
    )
    def edit(self, status, mode):
        with self.shop.work(None) as tx:
            item = tx.one(select(Item), public_id=self.item)
            given = {"version": item.version, "name": item.name, "sku": item.sku}
            command = items.EditItem(
                item=self.item, **given, category=None, mode=mode, status=status, note=""
            )
            items.edit_item(tx, command)
        self.status, self.mode = status, mode
        self.look()

    @invariant()
    def what_is_open_is_what_is_wrong(self):
        with self.shop.work(None) as tx:
            rows = tx.session.scalars(select(Alert).filter_by(item_id=self.item_id)).all()
            by_place = {getattr(self.shop, place): place for place in PLACES}
            found = [(by_place[r.point.place.public_id], r) for r in rows]
            is_open = [(p, r.kind, GRADES[r.grade]) for p, r in found if r.closed_at is None]
            assert sorted(is_open) == sorted((p, *said) for p, said in self.said.items() if said)
            assert Counter(p for p, _ in found) == +self.episodes
            assert [f for f in selfcheck.findings(tx) if f.kind == "alert"] == []


def test_alerts_are_what_a_plain_model_says(shop):
    Alarm.shop = shop
    run_state_machine_as_test(
        Alarm,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
