import pytest

from .pages import Machine


@pytest.fixture
def machine(tmp_path):
    """Return a machine on which the portal is installed, and nothing else."""
    return Machine(tmp_path)
