"""The stands of this session: one for each kind of database, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from kantor_inventory import plugin
from tests.policy import oracle, tables, world
from tests.policy.stand import PASSWORD, Stand


@pytest.fixture(scope="session")
def portal_plugins():
    return [plugin]


@pytest.fixture(scope="session")
def _stands(tmp_path_factory) -> Iterator[dict]:
    with ExitStack() as stack:
        yield _Stands(stack, tmp_path_factory)


class _Stands(dict):
    def __init__(self, stack, folders):
        super().__init__()
        self._stack, self._folders = stack, folders
        self._failed = {}

    def __missing__(self, kind):
        if kind in self._failed:  # Not again for every test.
            raise self._failed[kind]
        try:
            made = self._stack.enter_context(Stand(kind, self._folders.mktemp("policy"), [plugin]))
            self[kind] = (made, world.build(made))
        except BaseException as error:
            self._failed[kind] = error
            raise
        return self[kind]


@pytest.fixture
def stand(_stands, portal_database_kind) -> Stand:
    """Return a portal with the world in it, as it was made."""
    made, _ = _stands[portal_database_kind]
    made.restore()
    return made


@pytest.fixture
def made_world(_stands, portal_database_kind) -> world.World:
    """Return what is in the portal of ``stand``."""
    return _stands[portal_database_kind][1]


__all__ = ["PASSWORD", "oracle", "tables"]
