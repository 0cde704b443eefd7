"""A short run of what `make soak` runs at full length."""

from __future__ import annotations

import pytest

from portal.testing_databases import offered

from .ledger import run


@pytest.mark.parametrize("kind", offered())
def test_people_who_issue_at_the_same_moment_leave_exactly_the_right_stock(kind):
    result = run(kind, clients=4, issues=25)
    print(kind, result)
    assert result.right, result
    assert result.left == 400
    assert result.acknowledged == result.replays == 100


@pytest.mark.parametrize("kind", offered())
def test_a_killed_worker_loses_nothing_that_was_acknowledged(kind):
    result = run(kind, clients=4, issues=40, kills=5)
    print(kind, result)
    assert result.right, result
    assert result.kills == 5
