"""An alert lasts from the moment a place has too little or too much until it has not."""

import pytest
from sqlalchemy import select, update

from kantor_inventory.models import Balance, Item
from kantor_inventory.services import bulk, ledger, selfcheck, stock
from kantor_inventory.services import items as services
from kantor_inventory.watching.models import Alert
from portal.api import Place, Shortfall
from portal.testing import counting_statements, together


def alerts(shop, item=None, *, closed=False):
    """Return (item, place, what it says) of what is open, or was."""
    with shop.work(None) as tx:
        rows = tx.session.scalars(select(Alert).order_by(Alert.id)).all()
        return [
            (row.item.name, row.point.place.code, row.grade, row.quantity)
            for row in rows
            if (row.closed_at is not None) == closed
            and (item is None or row.item.public_id == item)
        ]


def limit(shop, minimum, maximum=None, *, item=None, place=None, version=None):
    with shop.work(None) as tx:
        stock.set_rule(
            tx,
            stock.SetRule(
                item=item or shop.pen,
                place=place or shop.shelf,
                minimum=minimum,
                maximum=maximum,
                version=version,
            ),
        )


def receive(shop, quantity, **more):
    with shop.work() as tx:
        command = {"item": shop.pen, "to_place": shop.shelf, "quantity": quantity} | more
        return stock.receive(tx, stock.Receive(**command)).public_id


def issue(shop, quantity, **more):
    with shop.work() as tx:
        given = {"item": shop.pen, "from_place": shop.shelf, "for_department": shop.office}
        command = given | {"quantity": quantity} | more
        return stock.issue(tx, stock.Issue(**command)).public_id


def edit(shop, **more):
    with shop.work(None) as tx:
        item = tx.one(select(Item), public_id=shop.pen)
        given = {"item": shop.pen, "version": item.version, "name": item.name, "sku": item.sku}
        given |= {"category": None, "mode": item.mode, "status": item.status, "note": ""}
        services.edit_item(tx, services.EditItem(**(given | more)))


@pytest.fixture
def stocked(shop):
    """Ten pens on a shelf that should hold between three and twenty."""
    receive(shop, 10_000)
    limit(shop, 3_000, 20_000)
    return shop


def test_a_place_with_enough_has_no_alert(stocked):
    assert alerts(stocked) == []


def test_the_issue_that_goes_below_the_minimum_opens_an_alert(stocked):
    issue(stocked, 8_000)
    assert alerts(stocked) == [("Blue pen", "A1", 1, 2_000)]


def test_exactly_the_minimum_is_enough_and_exactly_the_maximum_not_too_much(stocked):
    issue(stocked, 7_000)
    assert alerts(stocked) == []
    receive(stocked, 17_000)
    assert alerts(stocked) == []
    receive(stocked, 1)
    assert alerts(stocked) == [("Blue pen", "A1", 2, 20_001)]


def test_it_stays_one_alert_while_more_goes_out_and_says_when_nothing_is_left(stocked):
    for quantity in (8_000, 1_000, 1_000):
        issue(stocked, quantity)
    assert alerts(stocked) == [("Blue pen", "A1", 0, 2_000)]


def test_a_delivery_closes_it_and_the_next_shortage_is_another_one(stocked):
    issue(stocked, 8_000)
    receive(stocked, 5_000)
    assert alerts(stocked) == []
    issue(stocked, 6_000)
    assert alerts(stocked) == [("Blue pen", "A1", 1, 1_000)]
    assert alerts(stocked, closed=True) == [("Blue pen", "A1", 1, 2_000)]


def test_a_large_delivery_ends_too_little_and_begins_too_much(stocked):
    issue(stocked, 8_000)
    receive(stocked, 30_000)
    assert alerts(stocked) == [("Blue pen", "A1", 2, 32_000)]
    assert len(alerts(stocked, closed=True)) == 1


def test_taking_a_movement_back_closes_what_it_had_opened(stocked):
    wrong = issue(stocked, 8_000)
    with stocked.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=wrong, note="Wrong shelf"))
    assert alerts(stocked) == []


def test_a_transfer_may_open_one_alert_and_close_another(stocked):
    limit(stocked, 5_000, place=stocked.other_shelf)
    assert alerts(stocked) == [("Blue pen", "A2", 0, 0)]
    with stocked.work() as tx:
        stock.transfer(
            tx,
            stock.Transfer(
                item=stocked.pen,
                quantity=8_000,
                from_place=stocked.shelf,
                to_place=stocked.other_shelf,
            ),
        )
    assert alerts(stocked) == [("Blue pen", "A1", 1, 2_000)]


def test_a_new_limit_opens_an_alert_and_a_lower_one_closes_it(shop):
    receive(shop, 4_000)
    limit(shop, 5_000)
    assert alerts(shop) == [("Blue pen", "A1", 1, 4_000)]
    limit(shop, 4_000, version=1)
    assert alerts(shop) == []
    limit(shop, None, 3_000, version=2)
    assert alerts(shop) == [("Blue pen", "A1", 2, 4_000)]


@pytest.mark.parametrize(
    "quiet", [{"status": "use_up"}, {"status": "discontinued"}, {"mode": "non_stock"}]
)
def test_what_is_not_bought_again_is_quiet_and_speaks_up_again_when_it_is(stocked, quiet):
    issue(stocked, 8_000)
    edit(stocked, **quiet)
    assert alerts(stocked) == []
    edit(stocked, status="active", mode="perpetual")
    assert alerts(stocked) == [("Blue pen", "A1", 1, 2_000)]


def test_what_is_to_be_used_up_opens_no_alert_on_its_way_to_nothing(stocked):
    edit(stocked, status="use_up")
    issue(stocked, 10_000)
    assert alerts(stocked) == []


def test_somebody_who_may_change_items_closes_alerts_where_they_may_not_look(shop):
    limit(shop, 5_000, place=shop.lab)
    with shop.work("office_manager") as tx:
        given = {"version": 1, "name": "Blue pen", "sku": "WRI-001", "category": None}
        given |= {"mode": "perpetual", "status": "discontinued", "note": ""}
        services.edit_item(tx, services.EditItem(item=shop.pen, **given))
    assert alerts(shop) == []


def test_a_status_given_to_many_items_closes_their_alerts_and_undoing_it_opens_them(stocked):
    issue(stocked, 8_000)
    with stocked.work("office_manager") as tx:
        bulk.set_status(tx, bulk.SetStatus(items=[stocked.pen, stocked.ream], status="use_up"))
    assert alerts(stocked) == []
    with stocked.work("office_manager") as tx:
        version = tx.one(select(Item), public_id=stocked.pen).version
        back = [[stocked.pen, "active", version]]
        bulk.restore(tx, column="status", value="use_up", items=back)
    assert alerts(stocked) == [("Blue pen", "A1", 1, 2_000)]


def test_a_refused_issue_leaves_no_alert(stocked):
    with pytest.raises(Shortfall):
        issue(stocked, 11_000)
    assert alerts(stocked) == []


def test_alerts_are_told_to_whoever_subscribes(stocked):
    with stocked.work() as tx:
        given = {"item": stocked.pen, "from_place": stocked.shelf, "quantity": 9_000}
        stock.issue(tx, stock.Issue(**given, for_department=stocked.office))
        stock.receive(tx, stock.Receive(item=stocked.pen, to_place=stocked.shelf, quantity=9_000))
        told = [(event.name, getattr(event, "quantity", None)) for event in tx.events]
    assert told == [
        ("inventory.alert_opened", 1_000),
        ("inventory.stock_issued", 9_000),
        ("inventory.alert_closed", 10_000),
        ("inventory.stock_received", 9_000),
    ]


def test_a_movement_that_crosses_no_limit_asks_nothing_more(stocked):
    def asked(quantity):
        with stocked.work() as tx, counting_statements(stocked.app) as sent:
            given = {"item": stocked.pen, "from_place": stocked.shelf, "quantity": quantity}
            stock.issue(tx, stock.Issue(**given, for_department=stocked.office))
        return [sql for sql in sent if "inventory_alert" in sql]

    assert asked(1_000) == []
    assert 0 < len(asked(7_000)) <= 4


def test_two_people_who_cross_the_limit_at_once_make_one_alert(stocked):
    came = together(*[lambda: issue(stocked, 5_000)] * 2)
    assert [type(one) for one in came] == [str, str]
    assert alerts(stocked) == [("Blue pen", "A1", 0, 0)]
    assert alerts(stocked, closed=True) == []


def test_who_stops_watching_an_item_while_it_runs_out_leaves_no_alert(stocked):
    came = together(lambda: issue(stocked, 8_000), lambda: edit(stocked, status="use_up"))
    assert [type(one) for one in came] == [str, type(None)]
    assert stocked.balance(stocked.pen, stocked.shelf)[0] == 2_000
    assert alerts(stocked) == []


def test_many_lines_at_once_open_many_alerts_in_a_few_statements(shop):
    with shop.work(None) as tx:
        shelf = stock.point_at(tx, tx.one(select(Place), public_id=shop.shelf))
        outside, made = stock.outside(tx, "consumption"), []
        for number in range(60):
            item = services.add_item(
                tx, services.AddItem(name=f"Folder {number}", sku=f"F-{number}", unit="piece")
            )
            made.append((item.id, item.units[0].id))
            opened = stock.Open(item=item.public_id, quantity=9_000, to_place=shop.shelf)
            stock.open_balance(tx, opened)
            stock.set_rule(
                tx,
                stock.SetRule(item=item.public_id, place=shop.shelf, minimum=5_000, maximum=None),
            )
        entries = [
            ledger.Entry(
                type="issue",
                item_id=item_id,
                from_point=shelf,
                to_point=outside,
                quantity=6_000,
                entered=6_000,
                item_unit_id=unit_id,
                occurred_on=tx.today,
            )
            for item_id, unit_id in made
        ]
        with counting_statements(shop.app) as sent:
            ledger.post(tx, entries)
        assert len([sql for sql in sent if "inventory_alert" in sql]) <= 5
    assert len(alerts(shop)) == 60


def test_the_ledger_check_finds_an_alert_that_does_not_say_what_the_balance_says(stocked):
    issue(stocked, 8_000)
    with stocked.work(None) as tx:
        assert selfcheck.findings(tx) == []
        tx.session.execute(update(Alert).values(closed_at=tx.now))
        found = selfcheck.findings(tx)
        item_id = tx.session.scalars(select(Balance.item_id).where(Balance.below)).one()
    assert [(f.kind, f.item_id) for f in found] == [("alert", item_id)]
