"""What a reviewer makes of a count: kept, counted again, left out, and by whom."""

import pytest

from kantor_inventory.counting import services
from kantor_inventory.counting.rules import WrongState
from kantor_inventory.counting.services.entering import (
    CountedBefore,
)
from kantor_inventory.counting.services.reviewing import OwnCount, Undecided
from portal.api import (
    Conflict,
    EditConflict,
    NotFound,
    ValidationFailed,
)

from .test_counting import kpi, last_counted


def test_a_large_difference_wants_its_reason(counting):
    counting.receive(40_000)
    count = counting.sent_in(20_000)
    with pytest.raises(ValidationFailed, match="need another look"):
        counting.decide(count)
    counting.decide(count, reason="A carton went to the branch")
    counting.post(count)
    assert counting.movements()[-1].note == "A carton went to the branch"


def test_a_small_difference_of_a_dear_item_is_large(counting):
    counting.receive(100_000, price=1_000_000_00)
    count = counting.sent_in(99_000)
    with pytest.raises(ValidationFailed):
        counting.decide(count)


def test_nobody_decides_a_large_difference_of_their_own_count(counting):
    counting.receive(40_000)
    count = counting.sent_in(20_000, by=counting.as_maya())
    with pytest.raises(OwnCount):
        counting.decide(count, reason="I know it")
    counting.decide(count, reason="Looked into it", by=counting.shop.work())
    counting.post(count)
    assert counting.status(count) == "posted"


def test_small_differences_may_be_kept_by_who_counted(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000, by=counting.as_maya())
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
    count = counting.sent_in(20_000, reams=9_000)
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


@pytest.mark.parametrize("act", [services.clear, services.missed])
def test_who_counted_first_says_nothing_else_of_it_either(counting, act):
    counting.receive(40_000)
    count = counting.sent_in(20_000)
    counting.decide(count, "recount")
    with counting.as_maya() as tx:
        services.send_back(tx, services.SendBack(count=count))
    seen = counting.enter(count, 40_000, by=counting.as_joko())
    asked = {services.clear: services.Clear, services.missed: services.Missed}[act]
    command = asked(line=counting.line(count), seen=seen)
    with pytest.raises(CountedBefore), counting.as_dewi() as tx:
        act(tx, command)
    counting.submit(count, by=counting.as_joko())
    counting.decide(count)
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 40_000


def test_what_was_not_counted_can_be_sent_back_to_anybody(counting):
    counting.receive(40_000)
    counting.receive(9_000, item=counting.shop.ream)
    count = counting.sent_in(40_000, missing=1)
    with pytest.raises(Conflict, match="was not counted"):
        counting.decide(count, "keep", item=counting.shop.ream)
    counting.decide(count, "recount", item=counting.shop.ream)
    with counting.as_maya() as tx:
        services.send_back(tx, services.SendBack(count=count))
    counting.enter(count, 9_000, item=counting.shop.ream)
    counting.submit(count)


def test_a_line_that_is_left_out_changes_nothing(counting):
    counting.receive(40_000)
    count = counting.sent_in(1_000)
    counting.decide(count, "leave_out")
    counting.post(count)
    assert counting.shop.balance(counting.shop.pen, counting.shop.shelf)[0] == 40_000
    assert last_counted(counting) is None
    assert kpi(counting, count) == (0, 0)


def test_two_reviewers_do_not_write_over_each_other(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    line = counting.line(count)
    counting.decide(count, "leave_out")
    with counting.as_maya() as tx, pytest.raises(EditConflict):
        services.decide(tx, services.Decide(line=line, version=1, decision="keep"))


def test_who_may_not_review_does_not(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
    with pytest.raises(NotFound):
        counting.decide(count, by=counting.as_joko())
    with pytest.raises(NotFound):
        counting.post(count, by=counting.as_joko())
    with counting.as_joko() as tx, pytest.raises(NotFound):
        services.keep_all(tx, count)
