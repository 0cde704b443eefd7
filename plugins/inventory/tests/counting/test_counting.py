"""What a count does to the books, on both databases, each step in a unit of its own."""

import pytest
from sqlalchemy import select

from kantor_inventory.counting import services
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.rules import WrongState
from kantor_inventory.counting.services.entering import (
    EnteredMeanwhile,
    StillMissing,
)
from kantor_inventory.counting.services.posting import AlreadyPosted, CannotPost
from kantor_inventory.models import Balance, Item, Movement
from kantor_inventory.services import selfcheck, stock
from portal.api import (
    Conflict,
    Department,
    NotFound,
    Place,
    ValidationFailed,
)


def test_a_count_moves_the_difference_and_nothing_else(counting):
    counting.receive(40_000, price=100)
    count = counting.sent_in(37_000)
    counting.decide(count)
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf) == (37_000, 3700)
    assert counting.movements()[-1] == ("variance", 3_000, "")
    assert counting.status(count) == "posted"
    with counting.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []


def test_none_there_is_not_the_same_as_not_counted(counting):
    counting.receive(40_000)
    counting.receive(9_000, item=counting.shop.ream)
    count = counting.plan()
    counting.enter(count, 0)
    with pytest.raises(StillMissing):
        counting.submit(count, missing=0)
    counting.submit(count, missing=1)
    counting.decide(count, reason="The shelf was cleared")
    with pytest.raises(StillMissing):
        counting.post(count, missing=0)
    counting.post(count, missing=1)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 0
    assert counting.shop.balance(counting.shop.ream, counting.shop.shelf)[0] == 9_000
    assert last_counted(counting, counting.shop.ream) is None


def last_counted(counting, item=None, place=None):
    with counting.shop.work(None) as tx:
        return tx.session.scalar(
            select(Balance.counted_at)
            .join(Balance.item)
            .join(Balance.point)
            .join(Place, Place.code == (place or "A1"))
            .where(Item.public_id == (item or counting.shop.pen), Balance.point_id.is_not(None))
            .where(~Balance.outside)
        )


def test_a_count_that_is_right_moves_nothing_and_is_remembered(counting):
    counting.receive(40_000)
    count = counting.sent_in(40_000)
    with counting.as_maya() as tx:
        assert services.keep_all(tx, count) == 1
    counting.post(count)
    assert [row.type for row in counting.movements()] == ["receive"]
    assert last_counted(counting) is not None
    assert kpi(counting, count) == (1, 1)


def kpi(counting, count):
    with counting.shop.work(None) as tx:
        row = tx.one(select(Count), public_id=count)
        return row.lines_counted, row.lines_right


def test_what_is_issued_after_the_figure_stays_issued(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 38_000)
    counting.issue(5_000)
    counting.submit(count)
    counting.decide(count)
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 33_000


def test_an_issue_written_down_late_was_already_in_the_count(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 35_000)
    late = counting.issue(5_000)
    counting.submit(count)
    counting.decide(count, "included", movements=[late])
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 35_000
    assert [row.type for row in counting.movements()] == ["receive", "issue"]
    assert kpi(counting, count) == (1, 1)


def test_only_movements_since_the_count_can_have_been_in_it(counting):
    first = counting.receive(40_000)
    count = counting.sent_in(35_000)
    with pytest.raises(Conflict, match="Reload the page"):
        counting.decide(count, "included", movements=[first])


def test_an_included_movement_that_was_reversed_wants_another_look(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 35_000)
    late = counting.issue(5_000)
    counting.submit(count)
    counting.decide(count, "included", movements=[late])
    with counting.shop.work(None) as tx:
        wrong = tx.one(select(Movement), id=late).public_id
    with counting.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=wrong, note="Never happened"))
    with pytest.raises(CannotPost) as refused:
        counting.post(count)
    assert "has been reversed" in str(next(iter(refused.value.problems.values())))


def test_a_shortfall_is_told_and_nothing_is_half_posted(counting):
    counting.receive(10_000)
    counting.receive(20_000, item=counting.shop.ream)
    count = counting.plan()
    counting.enter(count, 4_000)
    counting.enter(count, 19_000, item=counting.shop.ream)
    counting.issue(8_000)
    counting.submit(count)
    counting.decide(count, reason="Counted twice")
    counting.decide(count, item=counting.shop.ream)
    with pytest.raises(CannotPost) as refused:
        counting.post(count)
    assert "Only 2 piece of Blue pen left in the books at Shelf A1" in str(
        next(iter(refused.value.problems.values()))
    )
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 2_000
    assert counting.shop.balance(counting.shop.ream, counting.shop.shelf)[0] == 20_000
    assert counting.status(count) == "submitted"


def test_a_count_is_posted_once(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    counting.decide(count)
    counting.post(count)
    with pytest.raises(AlreadyPosted, match="Maya has posted this count already"):
        counting.post(count, by=counting.shop.work())
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 39_000


def test_the_second_of_two_counters_is_told_of_the_first(counting):
    counting.receive(40_000)
    count = counting.plan()
    first = counting.enter(count, 12_000)
    with pytest.raises(EnteredMeanwhile, match="Dewi has entered a figure here") as told:
        counting.enter(count, 14_000, by=counting.as_joko())
    assert (told.value.entry_id, told.value.counted) == (first, 12_000)
    counting.enter(count, 14_000, by=counting.as_joko(), seen=first)
    assert [(e.counted, e.current) for e in counting.entries(count)] == [
        (12_000, False),
        (14_000, True),
    ]


def test_who_corrects_a_figure_leaves_the_old_one(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 12_000)
    counting.issue(1_000)
    counting.enter(count, 13_000)
    assert [tuple(entry) for entry in counting.entries(count)] == [
        (12_000, 40_000, 1, False),
        (13_000, 39_000, 1, True),
    ]


def test_a_figure_can_be_taken_back_and_something_not_be_found(counting):
    counting.receive(40_000)
    count = counting.plan()
    first = counting.enter(count, 12_000)
    line = counting.line(count)
    with counting.as_joko() as tx, pytest.raises(EnteredMeanwhile):
        services.clear(tx, services.Clear(line=line))
    with counting.as_dewi() as tx:
        services.clear(tx, services.Clear(line=line, seen=first))
    with counting.as_joko() as tx:
        services.missed(tx, services.Missed(line=line))
    assert counting.rows(CountLine.missed_by_id, count=count) == [(counting.joko,)]
    with pytest.raises(WrongState, match="Nothing is counted yet"):
        counting.submit(count, missing=1)
    counting.enter(count, 3_000)
    assert counting.rows(CountLine.missed_by_id, count=count) == [(None,)]


def test_boxes_and_singles_are_counted_together(counting):
    counting.receive(40_000)
    count = counting.plan()
    line, amounts = counting.line(count), [(counting.shop.box, 3_000), (counting.piece(), 4_000)]
    with counting.as_dewi() as tx:
        services.enter(tx, services.Enter(line=line, amounts=amounts))
    assert counting.entries(count)[0].counted == 40_000


@pytest.mark.parametrize("amount", [-1_000, 10**13])
def test_what_cannot_lie_on_a_shelf_is_refused(counting, amount):
    counting.receive(40_000)
    count = counting.plan()
    with pytest.raises(ValidationFailed):
        counting.enter(count, amount)
    assert counting.entries(count) == []


def test_a_third_of_a_piece_does_not_come_out_even(counting):
    counting.receive(40_000)
    count = counting.plan()
    with pytest.raises(ValidationFailed):
        counting.enter(count, 1_000, unit=counting.shop.third)
    with pytest.raises(NotFound):
        counting.enter(
            count, 1_000, item=counting.shop.pen, unit=counting.piece(counting.shop.ream)
        )


def test_what_is_counted_now_and_then_is_used_up_by_its_department(counting):
    periodic(counting, "periodic")
    counting.receive(40_000)
    count = counting.sent_in(37_000)
    counting.decide(count)
    counting.post(count)
    with counting.shop.work(None) as tx:
        used = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
        assert (used.type, used.quantity, used.to_point.kind) == ("usage", 3_000, "consumption")
        assert used.for_department.public_id == counting.department


def periodic(counting, mode, rule=None):
    with counting.shop.work(None) as tx:
        tx.one(select(Item), public_id=counting.shop.pen).mode = mode
    if rule:
        with counting.shop.work() as tx:
            stock.set_rule(
                tx,
                stock.SetRule(
                    item=counting.shop.pen,
                    place=counting.shop.shelf,
                    minimum=None,
                    maximum=None,
                    mode=rule,
                ),
            )


def test_more_than_the_books_of_what_is_counted_now_and_then_is_a_variance(counting):
    periodic(counting, "perpetual", rule="periodic")
    counting.receive(40_000, price=10)
    count = counting.sent_in(41_000)
    counting.decide(count)
    counting.post(count)
    assert counting.movements()[-1] == (
        "variance",
        1_000,
        "Found by counting: an unbooked receipt or return?",
    )
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf) == (41_000, 410)


def test_the_rule_of_a_place_says_how_it_is_kept(counting):
    periodic(counting, "periodic", rule="perpetual")
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    counting.decide(count)
    counting.post(count)
    assert counting.movements()[-1].type == "variance"


def test_an_older_count_does_not_undo_a_later_one(counting):
    counting.receive(40_000)
    older = counting.sent_in(38_000)
    counting.decide(older)
    line = counting.line(older)
    with counting.shop.work(None) as tx:  # However the line came free again.
        tx.one(select(CountLine), public_id=line).open = False
    later = counting.sent_in(38_000, by=counting.as_joko())
    counting.decide(later)
    counting.post(later)
    with pytest.raises(CannotPost) as refused:
        counting.post(older)
    assert "counted again later" in str(next(iter(refused.value.problems.values())))
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 38_000


def test_figures_are_entered_only_while_it_is_counted(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    with pytest.raises(WrongState, match="being reviewed"):
        counting.enter(count, 38_000)
    with pytest.raises(WrongState):
        counting.submit(count)


def test_a_place_that_goes_to_another_department_is_not_posted_to(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    counting.decide(count)
    with counting.shop.work(None) as tx:
        lab = tx.one(select(Department), id=counting.shop.world.departments["lab"])
        tx.one(select(Place), public_id=counting.shop.shelf).department_id = lab.id
    with pytest.raises(CannotPost) as refused:
        counting.post(count)
    assert "belongs to another department" in str(next(iter(refused.value.problems.values())))


def test_a_place_that_moves_in_the_tree_is_counted_on(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    with counting.shop.work(None) as tx:
        other = tx.one(select(Place), public_id=counting.shop.other_shelf)
        tx.one(select(Place), public_id=counting.shop.shelf).parent_id = other.id
    counting.enter(count, 38_000)
    counting.submit(count)
    counting.decide(count)
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 38_000


def test_people_of_another_department_count_nothing_here(counting):
    counting.receive(40_000)
    count = counting.plan()
    with pytest.raises(NotFound):
        counting.enter(count, 39_000, by=counting.shop.work_in_lab())


def test_a_posted_difference_can_be_reversed_like_any_movement(counting):
    counting.receive(40_000, price=100)
    count = counting.sent_in(39_000)
    counting.decide(count)
    counting.post(count)
    with counting.shop.work(None) as tx:
        wrong = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first().public_id
    with counting.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=wrong, note="Miscounted"))
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf) == (40_000, 4000)
    with counting.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []
