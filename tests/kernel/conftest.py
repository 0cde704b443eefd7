"""A portal with three small plugins and the people of small_world.py in it."""

import pytest
from sqlalchemy import text

from portal.db import db, new_session, unscoped
from portal.guard import LIMITED
from portal.reach import EVERYTHING
from portal.testing import principal_of as compiled
from portal.testing import sign_in

from .small import orders
from .small_world import PLUGINS, fill


@pytest.fixture(scope="session")
def portal_plugins():
    return PLUGINS


@pytest.fixture
def app(portal_app):
    """Return the portal with everybody in it; no context is open."""
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        fill(tx)
    orders.heard.clear()
    return portal_app


@pytest.fixture
def as_user(app):
    """Return a function: person id -> a browser with that person signed in; None for nobody."""
    return lambda person_id=None: (
        app.test_client() if person_id is None else sign_in(app, person_id)
    )


@pytest.fixture
def principal_of(app):
    """Return a function: person id -> that person's compiled rights."""

    def principal(person_id):
        with app.app_context():
            return compiled(app, person_id)

    return principal


@pytest.fixture
def session_of(app, principal_of):
    """Return a function: person id -> a guarded session of that person."""
    opened = []

    def session(person_id):
        opened.append(new_session())
        opened[-1].act_as(principal_of(person_id))
        return opened[-1]

    with app.app_context():
        yield session
        for each in opened:
            each.rollback()
            each.close()


@pytest.fixture
def truth(app):
    """Return a function: SQL -> the scalar the database really has."""

    def look(sql):
        options = {LIMITED: EVERYTHING}
        with app.app_context(), db.engine.connect().execution_options(**options) as connection:
            return connection.execute(text(sql)).scalar()

    return look
