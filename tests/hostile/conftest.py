"""A range for each kind of database, made when it is first asked for; the counts at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kantor_inventory import plugin
from tests.hostile.run import Outcome, Range, told
from tests.policy import world
from tests.policy.stand import Stand


@pytest.fixture(scope="session")
def portal_plugins() -> list[Any]:
    return [plugin]


@pytest.fixture(scope="session")
def _ranges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Range]]:
    with ExitStack() as stack:
        yield _Ranges(stack, tmp_path_factory)


class _Ranges(dict[str, Range]):
    def __init__(self, stack: ExitStack, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stack, self._folders = stack, folders

    def __missing__(self, kind: str) -> Range:
        stand = self._stack.enter_context(Stand(kind, self._folders.mktemp("hostile"), [plugin]))
        self[kind] = Range(stand, world.build(stand))
        return self[kind]


@pytest.fixture
def target(_ranges: dict[str, Range], portal_database_kind: str) -> Range:
    """Return a portal with a world in it, at which forms are thrown."""
    return _ranges[portal_database_kind]


@pytest.fixture(scope="session")
def answered(figures: list[str]) -> Iterator[dict[str, list[Outcome]]]:
    """Yield what was answered so far, by kind of database; its counts are printed at the end."""
    found: dict[str, list[Outcome]] = {}
    yield found
    for kind, outcomes in sorted(found.items()):
        number = Counter(sum(one.counts.values()) for one in outcomes).most_common(1)[0][0]
        figures.append(told(kind, outcomes, number))
