"""A portal with one small plugin that imports, has jobs and hears events."""

import pytest

from portal.db import looking
from portal.guard import kernel_execute
from portal.jobs.models import Job

from . import shelf


@pytest.fixture(scope="session")
def portal_plugins():
    return [shelf.plugin]


@pytest.fixture
def app(portal_app, world):
    """Return the portal with its people; no context is open."""
    shelf.heard.clear()
    shelf.troubles.clear()
    return portal_app


@pytest.fixture
def things(app):
    """Return a function: what lies on the shelf, as code -> (name, quantity, price)."""

    def look():
        with app.app_context(), looking(reason="test") as tx:
            table = shelf.Thing.__table__
            rows = kernel_execute(tx.session, table.select().order_by(table.c.id)).all()
            return {row.code: (row.name, row.quantity, row.price) for row in rows}

    return look


@pytest.fixture
def jobs(app):
    """Return a function: all jobs as they stand in the database."""

    def look():
        with app.app_context(), looking(reason="test") as tx:
            table = Job.__table__
            return kernel_execute(tx.session, table.select().order_by(table.c.id)).all()

    return look
