"""What a count does to the books, on both databases, each step in a unit of its own."""

import threading

import pytest
from sqlalchemy import select

from kantor_inventory.counting import services
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.rules import WrongState
from kantor_inventory.counting.services.entering import (
    CountedBefore,
    EnteredMeanwhile,
    StillMissing,
)
from kantor_inventory.counting.services.planning import CountedElsewhere
from kantor_inventory.counting.services.posting import AlreadyPosted, CannotPost
from kantor_inventory.counting.services.reviewing import OwnCount, Undecided
from kantor_inventory.models import Balance, Category, Item, Movement
from kantor_inventory.services import selfcheck, stock
from portal.api import (
    Conflict,
    Department,
    EditConflict,
    Forbidden,
    NotFound,
    Place,
    ValidationFailed,
)


def test_a_count_moves_the_difference_and_nothing_else(counting):
    counting.receive(40_000, price=100)
    count = counting.plan()
    counting.enter(count, 37_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 40_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 35_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 37_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 41_000)
    counting.submit(count)
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
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    counting.decide(count)
    counting.post(count)
    assert counting.movements()[-1].type == "variance"


def test_a_large_difference_wants_its_reason(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 20_000)
    counting.submit(count)
    with pytest.raises(ValidationFailed, match="need another look"):
        counting.decide(count)
    counting.decide(count, reason="A carton went to the branch")
    counting.post(count)
    assert counting.movements()[-1].note == "A carton went to the branch"


def test_a_small_difference_of_a_dear_item_is_large(counting):
    counting.receive(100_000, price=1_000_000_00)
    count = counting.plan()
    counting.enter(count, 99_000)
    counting.submit(count)
    with pytest.raises(ValidationFailed):
        counting.decide(count)


def test_nobody_decides_a_large_difference_of_their_own_count(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 20_000, by=counting.as_maya())
    counting.submit(count)
    with pytest.raises(OwnCount):
        counting.decide(count, reason="I know it")
    counting.decide(count, reason="Looked into it", by=counting.shop.work())
    counting.post(count)
    assert counting.status(count) == "posted"


def test_small_differences_may_be_kept_by_who_counted(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000, by=counting.as_maya())
    counting.submit(count)
    with counting.as_maya() as tx:
        assert services.keep_all(tx, count) == 0
        assert services.keep_all(tx, count, small=True) == 1


def test_small_differences_after_which_something_moved_are_looked_at(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.issue(1_000)
    counting.submit(count)
    with counting.as_maya() as tx:
        assert services.keep_all(tx, count, small=True) == 0


def test_somebody_else_counts_again(counting):
    counting.receive(40_000)
    counting.receive(9_000, item=counting.shop.ream)
    count = counting.plan()
    counting.enter(count, 20_000)
    counting.enter(count, 9_000, item=counting.shop.ream)
    counting.submit(count)
    counting.decide(count, "recount")
    with counting.as_maya() as tx:
        services.keep_all(tx, count)
    with pytest.raises(Undecided):
        counting.post(count)
    with counting.as_maya() as tx:
        services.send_back(tx, services.SendBack(count=count))
    assert counting.status(count) == "recount"
    with pytest.raises(CountedBefore):
        counting.enter(count, 40_000)
    with pytest.raises(WrongState, match="not counted again"):
        counting.enter(count, 9_000, item=counting.shop.ream, by=counting.as_joko())
    counting.enter(count, 40_000, by=counting.as_joko())
    counting.submit(count)
    counting.decide(count)
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 40_000
    assert [e.round for e in counting.entries(count)] == [1, 1, 2]


def test_what_was_not_counted_can_be_sent_back_to_anybody(counting):
    counting.receive(40_000)
    counting.receive(9_000, item=counting.shop.ream)
    count = counting.plan()
    counting.enter(count, 40_000)
    counting.submit(count, missing=1)
    with pytest.raises(Conflict, match="was not counted"):
        counting.decide(count, "keep", item=counting.shop.ream)
    counting.decide(count, "recount", item=counting.shop.ream)
    with counting.as_maya() as tx:
        services.send_back(tx, services.SendBack(count=count))
    counting.enter(count, 9_000, item=counting.shop.ream)
    counting.submit(count)


def test_a_line_that_is_left_out_changes_nothing(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 1_000)
    counting.submit(count)
    counting.decide(count, "leave_out")
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 40_000
    assert last_counted(counting) is None
    assert kpi(counting, count) == (0, 0)


def test_an_older_count_does_not_undo_a_later_one(counting):
    counting.receive(40_000)
    older = counting.plan()
    counting.enter(older, 38_000)
    counting.submit(older)
    counting.decide(older)
    line = counting.line(older)
    with counting.shop.work(None) as tx:  # However the line came free again.
        tx.one(select(CountLine), public_id=line).open = False
    later = counting.plan()
    counting.enter(later, 38_000, by=counting.as_joko())
    counting.submit(later)
    counting.decide(later)
    counting.post(later)
    with pytest.raises(CannotPost) as refused:
        counting.post(older)
    assert "counted again later" in str(next(iter(refused.value.problems.values())))
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 38_000


def test_an_item_at_a_place_is_in_one_open_count(counting):
    counting.receive(40_000)
    counting.receive(5_000, place=counting.shop.other_shelf)
    first = counting.plan(places=[counting.shop.shelf])
    with counting.shop.work(None) as tx:
        number = tx.one(select(Count), public_id=first).number
    with pytest.raises(CountedElsewhere) as told:
        counting.plan()
    assert number in str(told.value.fields["places"])
    rest = counting.plan(skip_taken=True)
    assert len(counting.rows(CountLine.id, count=rest)) == 1


def test_two_plans_at_once_take_each_line_once(counting, shop):
    counting.receive(40_000)
    told = []

    def plan():
        try:
            counting.plan()
            told.append("planned")
        except CountedElsewhere:
            told.append("taken")

    threads = [threading.Thread(target=plan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["planned", "taken"]


def test_a_sheet_lists_what_lies_there_and_what_should(counting):
    shop = counting.shop
    with shop.work(None) as tx:
        for item, status in ((shop.pen, "discontinued"), (shop.ream, "active")):
            tx.one(select(Item), public_id=item).status = status
    with pytest.raises(ValidationFailed):
        counting.plan()
    with shop.work() as tx:
        stock.set_rule(
            tx, stock.SetRule(item=shop.ream, place=shop.shelf, minimum=1_000, maximum=None)
        )
        stock.set_rule(
            tx, stock.SetRule(item=shop.pen, place=shop.shelf, minimum=1_000, maximum=None)
        )
    count = counting.plan()
    assert names(counting, count) == ["Copy paper"]


def names(counting, count):
    return [row[0] for row in counting.rows(item_name(), count=count)]


def item_name():
    return select(Item.name).where(Item.id == CountLine.item_id).scalar_subquery()


def test_a_sheet_follows_the_way_one_walks(counting):
    shop = counting.shop
    for place in (shop.shelf, shop.other_shelf):
        counting.receive(1_000, place=place)
        counting.receive(1_000, item=shop.ream, place=place)
    with shop.work(None) as tx:
        tx.one(select(Place), public_id=shop.shelf).walk_order = 5
        tx.one(select(Place), public_id=shop.other_shelf).walk_order = 2
    count = counting.plan()
    assert names(counting, count) == ["Blue pen", "Copy paper", "Blue pen", "Copy paper"]
    assert counting.line(count, place=shop.other_shelf) == first_line(counting, count)


def first_line(counting, count):
    return counting.rows(CountLine.public_id, count=count)[0][0]


def test_a_sheet_can_be_limited_to_places_categories_and_what_is_due(counting):
    shop = counting.shop
    counting.receive(1_000)
    counting.receive(1_000, item=shop.ream)
    with shop.work(None) as tx:
        pens = Category(name="Pens")
        tx.session.add(pens)
        tx.session.flush()
        pen = tx.one(select(Item), public_id=shop.pen)
        pen.category_id, category = pens.id, pens.public_id
        ream = tx.one(select(Item), public_id=shop.ream)
        due = [
            tuple(r)
            for r in tx.session.execute(
                select(Balance.item_id, Balance.point_id).where(
                    Balance.item_id == ream.id, ~Balance.outside
                )
            )
        ]
    count = counting.plan(categories=[category])
    assert names(counting, count) == ["Blue pen"]
    assert names(counting, counting.plan(only=due)) == ["Copy paper"]


def test_a_place_of_another_department_is_on_no_sheet(counting):
    with pytest.raises(NotFound):
        counting.plan(places=[counting.shop.lab])
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.plan_count(tx, services.PlanCount(department=counting.department))


def test_something_found_gets_a_line_with_nothing_in_the_books(counting):
    counting.receive(40_000)
    count, shop = counting.plan(places=[counting.shop.shelf]), counting.shop
    with counting.as_dewi() as tx:
        line = services.add_found(
            tx, services.AddFound(count=count, item=shop.ream, place=shop.shelf)
        ).public_id
    with counting.as_joko() as tx:
        again = services.add_found(
            tx, services.AddFound(count=count, item=shop.ream, place=shop.shelf)
        )
        assert again.public_id == line
    counting.enter(count, 40_000)
    counting.enter(count, 5_000, item=shop.ream)
    counting.submit(count)
    counting.decide(count, "keep", item=shop.ream, reason="Came with the lamp")
    with counting.as_maya() as tx:
        services.keep_all(tx, count)
    counting.post(count)
    assert shop.balance(shop.ream, shop.shelf) == (5_000, 0)
    assert counting.entries(count)[1].book == 0


def test_what_another_count_has_is_not_added(counting):
    counting.receive(40_000)
    counting.receive(1_000, place=counting.shop.other_shelf)
    other = counting.plan(places=[counting.shop.other_shelf])
    count, shop = counting.plan(places=[counting.shop.shelf]), counting.shop
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.add_found(
            tx, services.AddFound(count=count, item=shop.pen, place=shop.other_shelf)
        )
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.ream).mode = "non_stock"
    with counting.as_dewi() as tx, pytest.raises(Conflict, match="not kept in stock"):
        services.add_found(
            tx, services.AddFound(count=other, item=shop.ream, place=shop.other_shelf)
        )


def test_a_place_is_counted_now_by_who_stands_there(counting):
    counting.receive(40_000)
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf))
        assert (count.title, count.blind, count.assigned_to_id) == ("Shelf A1", True, counting.dewi)
    with counting.as_dewi() as tx, pytest.raises(CountedElsewhere):
        services.count_now(tx, services.CountNow(place=counting.shop.shelf))
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.count_now(tx, services.CountNow(place=counting.shop.lab))


def test_an_empty_place_can_be_counted_for_what_is_found_there(counting):
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf)).public_id
    with counting.as_dewi() as tx:
        services.add_found(
            tx,
            services.AddFound(count=count, item=counting.shop.pen, place=counting.shop.shelf),
        )
    counting.enter(count, 2_000)
    counting.submit(count)


def test_a_count_can_be_cancelled_and_its_lines_counted_elsewhere(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    with counting.shop.work() as tx:
        version = tx.one(select(Count), public_id=count).version
        with pytest.raises(ValidationFailed):
            services.cancel(tx, services.Cancel(count=count, version=version, reason=" "))
        services.cancel(tx, services.Cancel(count=count, version=version, reason="Wrong shelf"))
    with pytest.raises(WrongState, match="was cancelled"):
        counting.enter(count, 38_000)
    with pytest.raises(WrongState):
        counting.post(count)
    counting.plan()


def test_who_counts_may_only_give_up_what_is_empty_and_their_own(counting):
    counting.receive(40_000)
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf))
        mine, version = count.public_id, count.version
    with counting.as_joko() as tx, pytest.raises(Forbidden):
        services.cancel(tx, services.Cancel(count=mine, version=version, reason="No time"))
    with counting.as_dewi() as tx:
        services.cancel(tx, services.Cancel(count=mine, version=version, reason="No time"))
    assert counting.status(mine) == "cancelled"


def test_figures_are_entered_only_while_it_is_counted(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    with pytest.raises(WrongState, match="being reviewed"):
        counting.enter(count, 38_000)
    with pytest.raises(WrongState):
        counting.submit(count)


def test_two_reviewers_do_not_write_over_each_other(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    line = counting.line(count)
    counting.decide(count, "leave_out")
    with counting.as_maya() as tx, pytest.raises(EditConflict):
        services.decide(tx, services.Decide(line=line, version=1, decision="keep"))


def test_a_place_that_goes_to_another_department_is_not_posted_to(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
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


def test_who_may_not_review_does_not(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    with pytest.raises(NotFound):
        counting.decide(count, by=counting.as_joko())
    with pytest.raises(NotFound):
        counting.post(count, by=counting.as_joko())
    with counting.as_joko() as tx, pytest.raises(NotFound):
        services.keep_all(tx, count)


def test_people_of_another_department_count_nothing_here(counting):
    counting.receive(40_000)
    count = counting.plan()
    with pytest.raises(NotFound):
        counting.enter(count, 39_000, by=counting.shop.work_in_lab())


def test_a_posted_difference_can_be_reversed_like_any_movement(counting):
    counting.receive(40_000, price=100)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    counting.decide(count)
    counting.post(count)
    with counting.shop.work(None) as tx:
        wrong = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first().public_id
    with counting.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=wrong, note="Miscounted"))
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf) == (40_000, 4000)
    with counting.shop.work(None) as tx:
        assert selfcheck.findings(tx) == []


def at_once(*acts):
    """Do several things at the same moment; return what each came to."""
    told = [None] * len(acts)

    def run(place, act):
        try:
            act()
            told[place] = "done"
        except Conflict as refused:
            told[place] = type(refused).__name__

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def test_two_who_post_at_once_post_once(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    counting.submit(count)
    counting.decide(count)
    told = at_once(
        lambda: counting.post(count), lambda: counting.post(count, by=counting.shop.work())
    )
    assert told == ["AlreadyPosted", "done"]
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 39_000


def test_two_who_count_one_line_at_once_do_not_write_over_each_other(counting):
    counting.receive(40_000)
    count = counting.plan()
    told = at_once(
        lambda: counting.enter(count, 39_000),
        lambda: counting.enter(count, 38_000, by=counting.as_joko()),
    )
    assert told == ["EnteredMeanwhile", "done"]
    assert len(counting.entries(count)) == 1


def test_what_is_issued_while_somebody_enters_is_before_or_after(counting):
    counting.receive(40_000)
    count = counting.plan()
    acts = [lambda: counting.issue(1_000) for _ in range(4)]
    told = at_once(lambda: counting.enter(count, 30_000), *acts)
    assert told == ["done"] * 5
    counting.submit(count)
    counting.decide(count, reason="Lent")
    counting.post(count)
    ((_counted, book, _round, _current),) = counting.entries(count)
    later = 4_000 - (40_000 - book)  # issued after the figure
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 30_000 - later
