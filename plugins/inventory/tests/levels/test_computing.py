"""Levels that Kantor computes: every night, at once when somebody asks, never further than said."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kantor_inventory.levels import words
from kantor_inventory.levels.services import ruling
from kantor_inventory.models import Balance, StockRule, SupplierRecord
from kantor_inventory.services import selfcheck, stock
from portal.api import EditConflict, NotFound, ValidationFailed

NINE = [9] * 26


def test_a_night_sets_the_level_and_the_flags_beside_it(desk):
    desk.use(*NINE, keep=22_000)
    desk.set_rule(24_000, 40_000, method="auto")
    rule, balance = desk.rule(), desk.balance()
    assert (rule.minimum, rule.maximum) == (26_000, 44_000)
    assert (balance.minimum, balance.maximum) == (26_000, 44_000)
    assert balance.below
    assert balance.to_order
    assert (rule.last_auto_minimum, rule.last_auto_maximum) == (26_000, 44_000)
    assert "about 9 piece a week" in str(words.explain(rule.last_auto_inputs, "piece"))
    assert desk.night().moved == 0


def test_what_would_move_far_waits_for_somebody(desk):
    desk.use(*NINE)
    desk.set_rule(10_000, 20_000, method="auto")
    rule = desk.rule()
    assert (rule.minimum, rule.maximum) == (13_000, 26_000)
    assert (rule.proposed_minimum, rule.proposed_maximum) == (26_000, 44_000)
    night = desk.night()
    assert (night.moved, night.waiting) == (0, 1)
    assert desk.rule().minimum == 13_000
    command = ruling.Confirm(item=desk.shop.pen, place=desk.shop.shelf, version=desk.rule().version)
    with desk.shop.work() as tx:
        assert ruling.waiting(tx) == 1
        ruling.confirm(tx, command)
    assert desk.balance().minimum == 26_000
    assert desk.rule().proposed_minimum is None


def test_a_proposal_is_confirmed_once_and_by_who_may(desk):
    desk.use(*NINE)
    desk.set_rule(10_000, 20_000, method="auto")
    command = ruling.Confirm(item=desk.shop.pen, place=desk.shop.shelf, version=desk.rule().version)
    with pytest.raises(NotFound), desk.shop.work_in_lab() as tx:
        ruling.confirm(tx, command)
    with desk.shop.work() as tx:
        ruling.confirm(tx, command)
    with pytest.raises(EditConflict), desk.shop.work() as tx:
        ruling.confirm(tx, command)
    again = ruling.Confirm(item=desk.shop.pen, place=desk.shop.shelf, version=desk.rule().version)
    with pytest.raises(NotFound), desk.shop.work() as tx:
        ruling.confirm(tx, again)


def test_with_little_history_the_manual_level_stays_and_says_so(desk):
    desk.use(9, 9, 9, 9)
    desk.set_rule(10_000, 20_000, method="auto")
    rule = desk.rule()
    assert (rule.minimum, rule.maximum) == (10_000, 20_000)
    assert rule.last_auto_inputs["kept"] == "short"


def test_what_nobody_sells_keeps_its_level(desk):
    desk.use(*NINE)
    with desk.shop.work() as tx:
        stock.receive(
            tx, stock.Receive(item=desk.shop.ream, quantity=9_000, to_place=desk.shop.shelf)
        )
        ruling.set_rule(
            tx,
            stock.SetRule(
                item=desk.shop.ream,
                place=desk.shop.shelf,
                minimum=1_000,
                maximum=None,
                method="auto",
            ),
        )
    rule = desk.rule()
    assert (rule.minimum, rule.last_auto_inputs["kept"]) == (1_000, "unsold")


def test_scrap_transfers_and_what_was_taken_back_are_no_usage(desk):
    desk.use(*NINE)
    with desk.shop.work() as tx:
        day = tx.today - timedelta(days=20)
        wrong = desk.issue(tx, 50_000, day)
        stock.reverse(tx, stock.Reverse(movement=wrong.public_id, note="typed twice"))
        stock.scrap(
            tx,
            stock.Scrap(
                item=desk.shop.pen, quantity=20_000, from_place=desk.shop.shelf, note="dried up"
            ),
        )
        stock.transfer(
            tx,
            stock.Transfer(
                item=desk.shop.pen,
                quantity=20_000,
                from_place=desk.shop.shelf,
                to_place=desk.shop.other_shelf,
            ),
        )
    desk.set_rule(24_000, 40_000, method="auto")
    assert desk.rule().last_auto_inputs["weekly"] == 9_000
    assert max(desk.rule().last_auto_inputs["chart"]) == 9_000


def test_a_supplier_who_takes_longer_than_agreed_raises_the_level(desk):
    desk.use(*NINE)
    desk.set_rule(26_000, 44_000, method="auto")
    desk.delivered(*[11, 13] * 5)
    night = desk.night()
    assert night.moved == 1
    rule = desk.rule()
    assert rule.minimum > 26_000
    assert rule.last_auto_inputs["measured"] == 10
    assert rule.last_auto_inputs["lead"] == 12_000


def test_orders_noted_on_the_day_they_came_push_no_lead_time_to_nothing(desk):
    desk.delivered(*[0] * 10)
    desk.night()
    with desk.shop.work(None) as tx:
        record = tx.session.scalars(select(SupplierRecord)).one()
        assert (record.lead_mean, record.lead_sd, record.lead_count) == (6_000, 0, 10)


def test_a_record_says_how_many_deliveries_were_on_time(desk):
    desk.delivered(5, 6, 9, 12, promised=6)
    desk.night()
    desk.night()
    with desk.shop.work(None) as tx:
        record = tx.session.scalars(select(SupplierRecord)).one()
        assert (record.on_time, record.promised, record.lead_count) == (2, 4, 4)
        assert (record.lead_mean, record.closed_lines) == (8_000, 0)


def test_off_means_no_level_at_all(desk):
    desk.use(*NINE)
    desk.set_rule(24_000, 40_000)
    desk.set_rule(24_000, 40_000, method="off", version=desk.rule().version)
    assert desk.rule().minimum is None
    assert desk.balance().minimum is None


def test_the_cap_of_a_rule_is_never_passed(desk):
    desk.use(*NINE)
    desk.set_rule(24_000, 30_000, method="auto", hard_cap=30_000)
    assert (desk.rule().minimum, desk.rule().maximum) == (26_000, 30_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [("method", "guess"), ("service_percent", 100), ("review_days", 0), ("hard_cap", 0)],
)
def test_what_makes_no_sense_is_said_beside_its_field(desk, field, value):
    with pytest.raises(ValidationFailed) as refused:
        desk.set_rule(**{field: value})
    assert list(refused.value.fields) == [field]


def test_lines_of_the_stock_list_are_computed_at_once_after_a_look(desk):
    desk.use(*NINE)
    desk.set_rule(10_000, 20_000)
    ids = [desk.balance().id]
    with desk.shop.work() as tx:
        [shown] = ruling.preview(tx, ids)
        assert shown.now.minimum == 10_000
        assert shown.found.levels.minimum == 26_000
    assert desk.rule().method == "manual"
    with desk.shop.work() as tx:
        ruling.let_compute(tx, ids)
    rule = desk.rule()
    assert (rule.method, rule.minimum, rule.maximum) == ("auto", 26_000, 44_000)
    assert rule.proposed_minimum is None


def test_a_line_without_a_limit_gets_a_rule(desk):
    desk.use(*NINE)
    ids = [desk.balance().id]
    with desk.shop.work() as tx:
        ruling.let_compute(tx, ids)
    assert desk.rule().minimum == 26_000


def test_lines_out_of_reach_stay_as_they_are(desk):
    desk.use(*NINE)
    ids = [desk.balance().id]
    with desk.shop.work_in_lab() as tx:
        assert ruling.preview(tx, ids) == []
        assert ruling.let_compute(tx, ids).refused
    with desk.shop.work(None) as tx:
        assert tx.session.scalars(select(StockRule)).all() == []


def test_the_ledger_check_finds_nothing_after_a_night(desk):
    desk.use(*NINE)
    desk.set_rule(10_000, 20_000, method="auto")
    desk.night()
    with desk.shop.work(None) as tx:
        assert list(selfcheck.findings(tx)) == []
        assert tx.session.scalar(select(Balance.below).where(Balance.minimum.is_not(None))) is False
