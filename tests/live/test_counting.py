"""Counting over HTTP on both databases, while others issue and everybody sends everything twice."""

from __future__ import annotations

import pytest

from portal.testing_databases import offered

from .counting import ITEMS, START, run

DONE, TOLD = [303, 303], [409, 409]


@pytest.fixture(scope="module", params=offered())
def found(request):
    return run(request.param)


def test_of_two_who_count_a_line_one_is_told_of_the_other(found):
    for answers in found.entered.values():
        assert sorted(answers) == [DONE, TOLD]
    assert [line.entries for line in found.lines] == [1] * ITEMS


def test_nobody_is_kept_from_issuing_while_it_is_counted(found):
    assert len(found.issued) == 24
    assert all(answers == DONE for answers in found.issued)
    assert sum(line.issues for line in found.lines) == 24


def test_a_figure_knows_exactly_what_was_issued_before_it(found):
    for line in found.lines:
        assert line.book == START * 1000 - line.issued_before


def test_it_is_sent_in_decided_and_posted_once(found):
    assert sorted(found.sent_in) == [DONE, TOLD]
    for answers in found.decided.values():
        assert sorted(answers) == [DONE, TOLD]
    assert sorted(found.posted) == [DONE, TOLD]
    assert found.status == "posted"


def test_only_the_difference_moves_and_what_was_issued_stays_issued(found):
    assert any(line.variance for line in found.lines)
    for line in found.lines:
        assert line.variance == line.counted - line.book
        assert line.left_there == START * 1000 - line.issues * 1000 + line.variance
    assert found.findings == 0
