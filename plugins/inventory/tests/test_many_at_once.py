"""Many balances and limits at once: exactly what one by one gives, in a few statements."""

import os
import time
from itertools import count
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from kantor_inventory.models import Balance, Movement, StockRule
from kantor_inventory.services import balances, ledger, limits, selfcheck, stock
from kantor_inventory.services import items as services
from kantor_inventory.services.balances import Limits
from kantor_inventory.services.ledger import Entry
from kantor_inventory.watching import episodes
from kantor_inventory.watching.models import Alert
from portal.api import OutOfReach, Place
from portal.testing import counting_statements

from .conftest import add_item

EXAMPLES = int(os.environ.get("KANTOR_TEST_EXAMPLES", "50")) // 5
numbers = count(1)
figures = st.none() | st.integers(0, 6).map(lambda n: n * 1_000)


def ordered(pair):
    low, high = pair
    return (low, max(low or 1_000, high or 1_000) if high is not None else None)


pairs_of_limits = st.tuples(figures, figures).map(ordered)
quantities = st.integers(0, 6).map(lambda n: n * 1_000)


@st.composite
def shelves(draw):
    """Return what each of some items has: on hand, on order, limits before, limits wanted."""
    one = st.tuples(quantities, quantities, st.none() | pairs_of_limits, pairs_of_limits)
    return draw(st.lists(one, min_size=1, max_size=6))


given_often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def unexpected(tx):
    """Return what the check of the ledger finds, but for what is expected here without an order."""
    return [found for found in selfcheck.findings(tx) if found.kind != "on_order"]


class Shelf:
    """One shelf, and items nobody else uses."""

    def __init__(self, tx, shop):
        self.tx = tx
        self.place = tx.one(select(Place), public_id=shop.shelf)
        self.point = stock.point_at(tx, self.place)
        self.other = stock.point_at(tx, tx.one(select(Place), public_id=shop.other_shelf))
        self.opening, self.used = (stock.outside(tx, kind) for kind in ("opening", "consumption"))

    def item(self):
        number = next(numbers)
        return add_item(self.tx, f"Many {number}", f"MANY-{number}")

    def entry(self, item, kind, source, target, quantity, **more):
        return Entry(
            type=kind,
            item_id=item.id,
            from_point=source,
            to_point=target,
            quantity=quantity,
            entered=quantity,
            item_unit_id=item.units[0].id,
            occurred_on=self.tx.today,
            **more,
        )

    def opened(self, item, quantity, value=700):
        entry = self.entry(item, "opening", self.opening, self.point, quantity, value=value)
        return ledger.post(self.tx, [entry])[0][0]

    def pair(self, item):
        return (item.id, self.point.id)

    def set_rule(self, item, low, high):
        found = select(StockRule).filter_by(item_id=item.id, point_id=self.point.id)
        rule = self.tx.session.scalars(found).one_or_none()
        command = limits.SetRule(
            item=item.public_id,
            place=self.place.public_id,
            minimum=low,
            maximum=high,
            version=rule.version if rule is not None else None,
        )
        limits.set_rule(self.tx, command)

    def prepared(self, on_hand, on_order, before):
        item = self.item()
        if on_hand:
            self.opened(item, on_hand)
        if before is not None:
            self.set_rule(item, *before)
        if on_order:
            balances.expect(self.tx, {self.pair(item): on_order})
        return item

    def state(self, item):
        """Return all that is said of an item, but for numbers of rows and times."""
        run = self.tx.session.execute
        self.tx.session.expire_all()
        kept = (Balance.point_id, Balance.quantity, Balance.value, Balance.minimum)
        kept += (Balance.maximum, Balance.below, Balance.on_order, Balance.to_order)
        moved = Balance.moved_at.is_not(None)
        held = select(*kept, moved).where(Balance.item_id == item.id).order_by(Balance.point_id)
        rule = select(StockRule.point_id, StockRule.minimum, StockRule.maximum, StockRule.version)
        said = (Alert.point_id, Alert.kind, Alert.grade, Alert.quantity, Alert.closed_at.is_(None))
        lines = (Movement.type, Movement.quantity, Movement.value)
        lines += (Movement.left_from, Movement.left_to, Movement.reverses_id.is_not(None))
        return [
            [tuple(row) for row in run(asked)]
            for asked in (
                held,
                rule.where(StockRule.item_id == item.id),
                select(*said).where(Alert.item_id == item.id).order_by(Alert.id),
                select(*lines).where(Movement.item_id == item.id).order_by(Movement.id),
            )
        ]


@pytest.fixture
def together(monkeypatch):
    """Let two be as many as fifty."""
    monkeypatch.setattr(balances, "MANY", 1)


@given_often
@given(shelved=shelves())
def test_limits_of_many_are_put_as_one_by_one(shop, together, shelved):
    with shop.work(None) as tx:
        shelf = Shelf(tx, shop)
        one_by_one = [shelf.prepared(*before) for *before, _ in shelved]
        at_once = [shelf.prepared(*before) for *before, _ in shelved]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(balances, "MANY", 50)
            for item, (*_, wanted) in zip(one_by_one, shelved, strict=True):
                shelf.set_rule(item, *wanted)
        wanted = {
            shelf.pair(item): Limits(*after)
            for item, (*_, after) in zip(at_once, shelved, strict=True)
        }
        limits.put_rules(tx, wanted, limits.held_rules(tx, list(wanted)))
        for single, many in zip(one_by_one, at_once, strict=True):
            assert shelf.state(single) == shelf.state(many)
        assert unexpected(tx) == []


@given_often
@given(shelved=shelves())
def test_limits_of_many_are_taken_away_with_their_alerts(shop, together, shelved):
    with shop.work(None) as tx:
        shelf = Shelf(tx, shop)
        items = [
            shelf.prepared(on_hand, on_order, wanted) for on_hand, on_order, _, wanted in shelved
        ]
        pairs = [shelf.pair(item) for item in items]
        limits.put_rules(tx, dict.fromkeys(pairs), limits.held_rules(tx, pairs))
        for item in items:
            held, rules, alerts, _ = shelf.state(item)
            assert rules == []
            assert {row[3:6] for row in held} <= {(None, None, False)}
            assert not any(is_open for *_, is_open in alerts)
        assert unexpected(tx) == []


MOVES = ("receive", "issue", "transfer", "reversal")


@given_often
@given(moved=st.lists(st.tuples(st.sampled_from(MOVES), pairs_of_limits, quantities), max_size=8))
def test_movements_of_many_items_are_posted_as_one_by_one(shop, together, moved):
    with shop.work(None) as tx:
        shelf = Shelf(tx, shop)
        twins = [[moving(shelf, *one) for one in moved] for _ in range(2)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(balances, "MANY", 50)
            for _, entry in twins[0]:
                ledger.post(tx, [entry])
        ledger.post(tx, [entry for _, entry in twins[1]])
        for (single, _), (many, _) in zip(*twins, strict=True):
            assert shelf.state(single) == shelf.state(many)
        assert unexpected(tx) == []


def moving(shelf, kind, wanted, quantity):
    """Return an item with limits and something of it, and what moves it next."""
    item = shelf.item()
    first = shelf.opened(item, quantity + 1_000, value=333)
    if wanted != (None, None):
        shelf.set_rule(item, *wanted)
    ends = {
        "receive": (shelf.opening, shelf.point),
        "issue": (shelf.point, shelf.used),
        "transfer": (shelf.point, shelf.other),
        "reversal": (shelf.point, shelf.opening),
    }[kind]
    if kind == "reversal":
        line = shelf.tx.one(select(Movement), id=first)
        return item, shelf.entry(item, kind, *ends, line.quantity, reverses=line)
    value = {"value": 123} if kind == "receive" else {}
    return item, shelf.entry(item, kind, *ends, quantity or 500, **value)


def test_what_is_out_of_reach_is_refused_for_many_as_for_one(shop, together):
    with shop.work(None) as tx:
        shelf = Shelf(tx, shop)
        items = [shelf.prepared(1_000, 0, (500, None)) for _ in range(3)]
        pairs = [shelf.pair(item) for item in items]
        rules = limits.held_rules(tx, pairs)
    with pytest.raises(OutOfReach), shop.work_in_lab() as tx:
        limits.put_rules(tx, dict.fromkeys(pairs, Limits(1, None)), rules)
    with pytest.raises(OutOfReach), shop.work_in_lab() as tx:
        limits.put_rules(tx, dict.fromkeys(pairs), rules)
    with shop.work(None) as tx:
        held = tx.session.scalars(select(StockRule.minimum).order_by(StockRule.id)).all()
        assert held == [500] * 3


@pytest.mark.parametrize("what", ["limits", "movements"])
def test_a_hundred_more_take_no_more_statements(shop, what):
    def asked(rows):
        with shop.work(None) as tx:
            shelf = Shelf(tx, shop)
            items = [shelf.item() for _ in range(rows)]
            opened = [
                shelf.entry(item, "opening", shelf.opening, shelf.point, 5_000, value=100)
                for item in items
            ]
            ids, _ = ledger.post(tx, opened)
            pairs = [shelf.pair(item) for item in items]
            wanted = {pair: Limits(n * 100, 20_000) for n, pair in enumerate(pairs)}
            limits.put_rules(tx, wanted, {})
            lines = tx.session.scalars(select(Movement).where(Movement.id.in_(ids))).all()
            points = (shelf.point, shelf.opening)
            back = [
                shelf.entry(item, "reversal", *points, line.quantity, reverses=line)
                for item, line in zip(items, lines, strict=True)
            ]
            wanted = {pair: Limits(n * 90, 19_000 + n) for n, pair in enumerate(pairs)}
            tx.session.flush()
            with counting_statements(shop.app) as sent:
                if what == "movements":
                    ledger.post(tx, back)
                else:
                    limits.put_rules(tx, wanted, limits.held_rules(tx, pairs))
        return len(sent)

    few, many = asked(100), asked(200)
    assert many <= few + 2, (few, many)
    assert few <= 40


def beside(act):
    """Begin something in a thread; return what waits for its end and gives what went wrong."""
    troubles = []

    def run():
        try:
            act()
        except Exception as error:
            troubles.append(error)

    thread = Thread(target=run)
    thread.start()

    def ended():
        thread.join()
        return troubles

    return ended


@pytest.mark.parametrize("what", ["a new name", "a limit", "a long list of limits"])
def test_who_moves_stock_and_who_changes_the_item_do_not_wait_for_each_other(shop, what):
    with shop.work(None) as tx:
        shelf = Shelf(tx, shop)
        item = shelf.prepared(9_000, 0, (1_000, None))
        pair, place, version = shelf.pair(item), shelf.place.public_id, item.version
        rule = tx.session.scalars(select(StockRule.version).filter_by(item_id=item.id)).one()
        said = {"item": item.public_id, "version": version, "name": "New name", "sku": item.sku}
        said |= {"category": None, "mode": "perpetual", "status": "active", "note": ""}
        limit = {"item": item.public_id, "place": place, "minimum": 9_500, "maximum": None}

    def change():
        with shop.work(None) as tx:
            if what == "a new name":
                services.edit_item(tx, services.EditItem(**said))
            elif what == "a limit":
                limits.set_rule(tx, limits.SetRule(**limit, version=rule))
            else:
                balances.hold_items(tx, [pair[0]])
                wanted = {pair: Limits(9_500, None)}
                limits.put_rules(tx, wanted, limits.held_rules(tx, [pair]))

    with shop.work(None) as tx:
        points = balances.points_of(tx, {pair[1]})
        balances.hold(tx, [pair], points, limited=False)  # as a movement begins
        ended = beside(change)
        time.sleep(1)
        episodes.settle(tx, [pair])  # as it ends
    assert ended() == []
    with shop.work(None) as tx:
        assert unexpected(tx) == []
