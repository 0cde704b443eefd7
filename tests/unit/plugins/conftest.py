"""Tests with one plugin beside the portal."""

from __future__ import annotations

import pytest

from tests.unit.bells import bells


@pytest.fixture(scope="session")
def portal_plugins():
    return [bells]
