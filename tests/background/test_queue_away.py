"""Redis stops, hangs, comes back: pages answer at once, and what was asked for is done."""

import time

import pytest
from sqlalchemy import update

from portal.commands.doctor import examine
from portal.config import Config, ConfigError, load
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs.core import JOBS
from portal.jobs.models import Job
from portal.jobs.queue import Queue
from portal.jobs.running import Runner
from portal.jobs.sweep import Sweeper
from portal.testing import KEY, sign_in
from tests.unit.imports.files import hostile_csv, stock_rows

from .queues import until, worker_processes
from .shelf import ThingsCame
from .test_import_pages import columns_of, text_of

AT_ONCE = 1.5  # seconds; a busy machine is no fault of the portal's


@pytest.fixture
def queue(redis, use_queue):
    """Return the portal's queue, in a Redis of this test's own."""
    return use_queue(redis.url)


@pytest.fixture
def sweeper(app, queue):
    return Sweeper(app, Runner(app, JOBS), queue)


@pytest.fixture
def long_ago(app):
    """Return a function: let it be long ago that the jobs were sent."""

    def sent():
        with app.app_context(), unscoped(reason="test") as tx:
            values = {"sent_at": tx.now.replace(year=2020)}
            kernel_execute(tx.session, update(Job.__table__).values(values))

    return sent


def ask(app, name, **args):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue(name, args=args)


def named(jobs, name):
    return [job for job in jobs() if job.name == name]


def sweep(app, sweeper):
    with app.app_context():
        sweeper.sweep()


def test_an_import_is_taken_at_once_without_redis_and_done_when_it_is_back(
    app, world, redis, queue, sweeper, jobs, things, long_ago, work
):
    client = sign_in(app, world.people["assistant"])
    url, chosen = columns_of(client, hostile_csv(stock_rows(3)))
    redis.stop()
    began = time.monotonic()
    result = client.post(f"{url}/run", data=chosen).location
    assert client.get(result).status_code == 200
    assert time.monotonic() - began < AT_ONCE
    assert [job.state for job in named(jobs, "core.import")] == ["waiting"]
    long_ago()
    sweep(app, sweeper)
    redis.start()
    assert queue.engine().storage.queue_size() == 0
    sweep(app, sweeper)
    assert work() >= 1
    assert [job.state for job in named(jobs, "core.import")] == ["done"]
    assert "3 new, 0 changed" in text_of(client.get(result).text)


def test_nobody_waits_twice_for_a_redis_that_hangs(
    app, redis, queue, sweeper, jobs, long_ago, work
):
    redis.freeze()
    began = time.monotonic()
    ask(app, "shelf.add", code="first")
    assert time.monotonic() - began < 2 + AT_ONCE
    began = time.monotonic()
    ask(app, "shelf.add", code="second")
    assert time.monotonic() - began < AT_ONCE
    redis.thaw()
    queue.engine().storage.flush_all()
    long_ago()
    sweep(app, sweeper)  # It knows that the queue answers again, and so does whoever asks next.
    ask(app, "shelf.add", code="third")
    work()
    assert [job.state for job in named(jobs, "shelf.add")] == ["done"] * 3


def test_the_sweep_notes_no_job_as_sent_that_was_not(app, redis, sweeper, jobs, long_ago, caplog):
    redis.stop()
    ask(app, "shelf.add", code="ladder")
    long_ago()
    sweep(app, sweeper)
    sweep(app, sweeper)
    assert named(jobs, "shelf.add")[0].sent_at.year == 2020
    assert caplog.text.count("the queue does not answer") == 1
    redis.start()
    sweep(app, sweeper)
    assert named(jobs, "shelf.add")[0].sent_at.year > 2020
    assert "the queue answers again" in caplog.text


def test_a_worker_outlives_the_loss_of_redis_and_goes_on_by_itself(
    app, redis, queue, jobs, things, long_ago
):
    with worker_processes(app, queue) as start:
        worker = start()
        ask(app, "shelf.add", code="before")
        assert until(lambda: "before" in things(), True)
        redis.stop()
        ask(app, "shelf.add", code="meanwhile")
        with app.app_context(), unscoped(reason="test") as tx:
            tx.publish(ThingsCame(count=7))
        # Events need no queue.
        assert until(lambda: "heard-7" in things(), True)
        assert worker.wait(0) is None
        redis.start()
        assert until(lambda: ask_and_look(app, things), True)
        assert "meanwhile" not in things()
        long_ago()
        assert until(lambda: "meanwhile" in things(), True)
        assert worker.wait(0) is None
        assert {job.attempts for job in named(jobs, "shelf.add")} == {1}


def ask_and_look(app, things):
    """Ask for one job after the other until one is done: the worker hears of it by the queue."""
    ask(app, "shelf.add", code=f"after {time.monotonic()}")
    time.sleep(0.5)
    return any(code.startswith("after") for code in things())


def test_a_worker_may_start_before_redis(app, redis, queue, jobs):
    redis.stop()
    with worker_processes(app, queue) as start:
        worker = start()
        time.sleep(1)
        redis.start()
        ask(app, "shelf.add", code="ladder")
        assert until(lambda: {job.state for job in named(jobs, "shelf.add")}, {"done"}) == {"done"}
        assert worker.wait(0) is None


def test_doctor_says_whether_the_queue_answers(app, redis, queue):
    before, app.extensions["kantor_queue"] = app.extensions["kantor_queue"], queue
    try:
        assert not [p for p in examine(app) if "queue" in str(p.title)]
        redis.stop()
        (found,) = (p for p in examine(app) if "queue" in str(p.title))
        assert found.severe
        assert "refused" in str(found.title)
        assert "jobs_url" in str(found.remedy)
    finally:
        app.extensions["kantor_queue"] = before


def test_doctor_makes_no_file_for_a_queue_that_has_none_yet(app, tmp_path):
    file = tmp_path / "jobs.db"
    before = app.extensions["kantor_queue"]
    app.extensions["kantor_queue"] = Queue(f"sqlite:///{file}", KEY)
    try:
        assert not [p for p in examine(app) if "queue" in str(p.title)]
        assert not file.exists()
    finally:
        app.extensions["kantor_queue"] = before


@pytest.mark.parametrize("url", ["reddis://localhost", "localhost:6379", "amqp://localhost"])
def test_an_address_of_no_queue_is_refused_at_the_start(tmp_path, url):
    with pytest.raises(ConfigError, match=r"jobs_url: .*redis://host:6379/0"):
        load(tmp_path, secret_key=KEY, jobs_url=url)


@pytest.mark.parametrize("url", ["", "rediss://:secret@redis.example.org:6380/1", "unix:///run/r"])
def test_an_address_of_a_queue_is_taken(tmp_path, url):
    assert isinstance(load(tmp_path, secret_key=KEY, jobs_url=url), Config)
