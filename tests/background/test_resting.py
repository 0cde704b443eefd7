"""While a plugin rests its work waits; it is done, and not failed, once its tables are made."""

from sqlalchemy import select, update

from portal import migrate
from portal.commands.doctor import examine
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.jobs import sweep
from portal.jobs.models import Outbox
from portal.jobs.outbox import deliver
from portal.jobs.worker import run_waiting
from portal.plugins.models import InstalledPlugin
from portal.testing import sign_in

from . import shelf

installed = InstalledPlugin.__table__


def rest(app, **values):
    with app.app_context(), unscoped(reason="test") as tx:
        migrate.put_to_rest(tx, "shelf")
        if values:
            kernel_execute(tx.session, update(installed).values(values))


def wake(app):
    with app.app_context():
        assert migrate.upgrade(app.extensions["kantor"]) == []


def ask(app):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue("shelf.add", args={"code": "ladder"})
        tx.publish(shelf.ThingsCame(count=3))


def events(app):
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, select(Outbox.__table__.c.attempts)).all()


def test_jobs_and_events_of_a_plugin_that_rests_wait_and_are_done_after_it(app, jobs, things):
    ask(app)
    rest(app)
    assert run_waiting(app) == 0
    assert [(job.state, job.attempts) for job in jobs()] == [("waiting", 0)]
    assert events(app) == [(0,)]
    wake(app)
    assert run_waiting(app) == 1
    assert [job.state for job in jobs()] == ["done"]
    assert list(things()) == ["ladder", "heard-3"]
    assert events(app) == []


def test_a_plugin_whose_tables_are_of_another_version_rests(app, jobs):
    ask(app)
    rest(app, state="ready", revision="shelf0000")
    assert run_waiting(app) == 0
    with app.app_context():
        assert deliver() == 0
    (problem,) = [one for one in examine(app) if "shelf" in str(one.title)]
    assert "which version" in str(problem.title)


def test_nothing_is_put_in_line_for_a_plugin_that_rests(app):
    registry = app.extensions["kantor"]
    with app.app_context():
        assert [plugin.slug for plugin in sweep._working(registry.loaded)] == ["shelf"]
    rest(app)
    with app.app_context():
        assert sweep._working(registry.loaded) == []


def test_its_pages_are_there_for_nobody_while_it_rests(app, world):
    browser = sign_in(app, world.people["assistant"])
    assert browser.get("/shelf/things").status_code == 200
    rest(app)
    assert browser.get("/shelf/things").status_code == 404
    wake(app)
    assert browser.get("/shelf/things").status_code == 200
