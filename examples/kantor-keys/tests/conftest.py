import pytest

from kantor_keys import plugin


@pytest.fixture(scope="session")
def portal_plugins():
    return [plugin]
