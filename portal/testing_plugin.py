"""What pytest loads in every environment with kantor: nothing until it has been configured.

``portal.testing`` imports the portal, which must not happen before tools such as coverage listen.
"""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures of ``portal.testing``, unless they were asked for by name."""
    from portal import testing

    if not config.pluginmanager.is_registered(testing):
        config.pluginmanager.register(testing, "portal.testing")
