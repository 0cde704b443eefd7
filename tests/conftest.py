"""Tests of the portal itself; most fixtures come with it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.gallery.browse import browser, chromium

# A machine may be slow: tests are about what comes out, never about how long it took.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

FIGURES: list[str] = []
OF_A_WORKER = "kantor_figures"


@pytest.fixture(scope="session")
def opened() -> Iterator[Any]:
    """Yield the browser, one for all tests; say loudly when there is none."""
    if chromium() is None:
        if "browser" in os.environ.get("KANTOR_TEST_REQUIRE", "").split(","):
            pytest.fail("KANTOR_TEST_REQUIRE names browser, but there is no Chromium")
        warnings.warn("NO CHROMIUM: what only a browser shows was not tested", stacklevel=1)
        pytest.skip("there is no Chromium")
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Return the lines that are printed at the end of the run."""
    return FIGURES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give what a worker of pytest-xdist found out to the run that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[OF_A_WORKER] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    FIGURES.extend(getattr(node, "workeroutput", {}).get(OF_A_WORKER, []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in sorted(FIGURES):
        terminalreporter.write_line(line)
