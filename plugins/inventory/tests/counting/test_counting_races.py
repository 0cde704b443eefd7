"""Counting, planning and posting at the same time as somebody else."""

from portal.testing import together


def at_once(*acts):
    """Do several things at the same moment; return what each came to."""
    came = together(*acts)
    return sorted(type(one).__name__ if isinstance(one, Exception) else "done" for one in came)


def test_two_plans_at_once_take_each_line_once(counting, shop):
    counting.receive(40_000)
    assert at_once(counting.plan, counting.plan) == ["CountedElsewhere", "done"]


def test_two_who_post_at_once_post_once(counting):
    counting.receive(40_000)
    count = counting.sent_in(39_000)
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
