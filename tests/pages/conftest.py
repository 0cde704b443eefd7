"""The offices of this folder: one for each kind of database, made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.pages.office import Office, empty_office, office


@pytest.fixture(scope="session")
def _offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Office]]:
    with ExitStack() as stack:
        yield _Offices(stack, tmp_path_factory)


class _Offices(dict[str, Office]):
    def __init__(self, stack: ExitStack, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stack, self._folders = stack, folders

    def __missing__(self, kind: str) -> Office:
        folder = self._folders.mktemp("pages")
        make = empty_office if kind == "empty" else office
        made = make("sqlite" if kind == "empty" else kind, folder)
        self[kind] = self._stack.enter_context(made)
        return self[kind]


@pytest.fixture
def clinic(_offices: dict[str, Office], portal_database_kind: str) -> Office:
    """Return the demo on each database."""
    return _offices[portal_database_kind]


@pytest.fixture
def served_clinic(_offices: dict[str, Office]) -> Office:
    """Return the demo for the browser."""
    return _offices["sqlite"]


@pytest.fixture
def new_office(_offices: dict[str, Office]) -> Office:
    """Return a portal without any data."""
    return _offices["empty"]
