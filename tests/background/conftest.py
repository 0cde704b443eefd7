"""A portal with one small plugin that imports, has jobs and hears events."""

import pytest

from portal.db import looking
from portal.guard import kernel_execute
from portal.jobs.models import Job
from portal.jobs.poster import Poster
from portal.jobs.queue import Queue, queue_url
from portal.jobs.worker import bind
from portal.testing import KEY

from . import shelf
from .queues import RedisServer, worker_processes


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


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """Yield the address of a Redis server of these tests' own; skip loudly without one."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def redis(tmp_path):
    """Yield a Redis server that a test may stop and start as it likes."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def use_queue(app, tmp_path):
    """Return a function: let the portal use the queue at this address, or beside its database."""
    config, plugins, made = app.extensions["kantor_config"], app.extensions["kantor"], []
    before = plugins.send_jobs

    def use(url=""):
        made.append(Queue(queue_url(url, config.database_url, tmp_path), KEY))
        plugins.send_jobs = made[-1].send
        return made[-1]

    yield use
    plugins.send_jobs = before
    for queue in made:
        queue.close()


@pytest.fixture(params=["beside the database", "redis"])
def queue(use_queue, request):
    """Return a queue as this database would have it, or in Redis; the portal uses it."""
    found = use_queue(request.getfixturevalue("redis_url") if request.param == "redis" else "")
    found.engine().storage.flush_all()
    return found


@pytest.fixture
def work(app, queue):
    """Return a function: do what a worker does with all that lies in the queue, as it does it;
    return how many jobs it was told to run. ``once()`` does one message.
    """
    ran, runner = [], bind(app, queue, Poster(app, every=60))
    queue.run = lambda job_id: (ran.append(job_id), runner(job_id))
    ((worker, _thread),) = queue.engine().create_consumer(periodic=False).worker_threads

    def worked():
        ran.clear()
        while queue.engine().storage.queue_size():
            worker.loop()
        return len(ran)

    worked.once = worker.loop
    return worked


@pytest.fixture
def start_worker(app, queue):
    """Return a function that starts a worker process; what still runs at the end is killed."""
    with worker_processes(app, queue) as start:
        yield start
