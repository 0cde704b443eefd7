"""An office with an inventory, so that records of two plugins are found."""

import pytest

from kantor_inventory import plugin


@pytest.fixture(scope="session")
def portal_plugins():
    return [plugin]
