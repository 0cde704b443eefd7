"""What a place should hold of an item, and the flag that says it holds too little."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from kantor_inventory.models import Balance, Point, StockRule
from kantor_inventory.services import stock
from portal.api import EditConflict, NotFound, ValidationFailed

from .test_stock import do, issue, receive


def set_rule(shop, minimum, maximum=None, version=None, role="office_manager"):
    with shop.work(role) as tx:
        command = stock.SetRule(
            item=shop.pen, place=shop.shelf, minimum=minimum, maximum=maximum, version=version
        )
        return stock.set_rule(tx, command).version


def below(shop):
    with shop.work(None) as tx:
        return tx.session.scalar(
            select(Balance.below).join(Balance.point).where(Point.place_id.is_not(None))
        )


def test_below_follows_every_movement_and_every_rule(shop):
    receive(shop, 10_000)
    assert below(shop) is False
    version = set_rule(shop, 10_000)
    assert below(shop) is False
    issue(shop, 1)
    assert below(shop) is True
    set_rule(shop, 9_000, version=version)
    assert below(shop) is False
    receive(shop, 1)
    set_rule(shop, None, version=version + 1)
    assert below(shop) is False


def test_a_rule_for_a_place_without_stock_is_below_at_once(shop):
    set_rule(shop, 5_000, 9_000)
    assert below(shop) is True
    assert shop.balance(shop.pen, shop.shelf) == (0, 0)


def test_a_rule_edited_from_an_old_page_is_a_conflict(shop):
    version = set_rule(shop, 5_000)
    set_rule(shop, 6_000, version=version)
    with pytest.raises(EditConflict) as refused:
        set_rule(shop, 7_000, version=version)
    assert refused.value.theirs["minimum"] == 6_000
    with pytest.raises(EditConflict):
        set_rule(shop, 7_000)


@pytest.mark.parametrize(
    ("minimum", "maximum", "field"),
    [(-1, None, "minimum"), (None, 0, "maximum"), (5_000, 4_000, "maximum")],
)
def test_a_rule_makes_sense(shop, minimum, maximum, field):
    with pytest.raises(ValidationFailed) as refused:
        set_rule(shop, minimum, maximum)
    assert list(refused.value.fields) == [field]


def test_the_database_itself_refuses_a_wrong_flag(shop):
    set_rule(shop, 5_000)
    with pytest.raises(DBAPIError), shop.work(None) as tx:
        tx.session.execute(update(Balance).where(Balance.below).values(below=False))


def test_rules_are_not_there_for_people_out_of_reach(shop):
    set_rule(shop, 5_000)
    with shop.work_in_lab() as tx:
        seen = tx.session.scalars(select(StockRule)).all()
    assert len(seen) == 1  # The shelf serves the laboratory.
    rule = stock.SetRule(item=shop.pen, place=shop.shelf, minimum=1, maximum=None, version=1)
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.set_rule, rule)
