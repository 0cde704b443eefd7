"""Real worker processes on real queues: killed, started again, stopped, lied to."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings

import pytest
from itsdangerous import BadSignature
from sqlalchemy import update

from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs.models import Job
from portal.jobs.queue import Queue, queue_url
from portal.testing import KEY, sign_in
from tests.unit.imports.files import hostile_csv, stock_rows

from .test_import_pages import columns_of, text_of

PATIENCE = 40  # seconds; a busy machine is no fault of the worker's


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """Yield the address of a Redis server of these tests' own; skip loudly without one."""
    program = shutil.which("redis-server")
    if program is None:
        if "redis" in os.environ.get("KANTOR_TEST_REQUIRE", "").split(","):
            pytest.fail("KANTOR_TEST_REQUIRE names redis, but there is no redis-server")
        warnings.warn("NO REDIS: queues in Redis are not tested", stacklevel=1)
        pytest.skip("no redis-server")
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), True)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _answers(port):
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["beside the database", "redis"])
def queue(app, tmp_path, request):
    """Return a queue as this database would have it, or in Redis; let the portal use it."""
    config = app.extensions["kantor_config"]
    chosen = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    found = Queue(queue_url(chosen, config.database_url, tmp_path), KEY)
    found.engine().storage.flush_all()
    plugins = app.extensions["kantor"]
    before, plugins.send_jobs = plugins.send_jobs, found.send
    yield found
    plugins.send_jobs = before
    found.engine().storage.close()


@pytest.fixture
def start_worker(app, queue):
    """Return a function that starts a worker process; what still runs at the end is killed."""
    config, started = app.extensions["kantor_config"], []

    def start(*more):
        command = [sys.executable, "-m", "tests.background.worker_main", config.database_url]
        worker = subprocess.Popen(
            [*command, str(config.home), queue.url, *more],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(worker)
        assert worker.stdout.readline() == b"ready\n"
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()


def ask(app, name, **args):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue(name, args=args)


def until(look, wanted):
    """Wait until ``look()`` gives what is wanted; return what it gave last."""
    end = time.monotonic() + PATIENCE
    while (found := look()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_worker_does_what_was_asked_for_and_hears_events(app, start_worker, jobs, things):
    worker = start_worker()
    ask(app, "shelf.add", code="ladder")
    assert until(lambda: [job.state for job in jobs()][:1], ["done"]) == ["done"]
    assert "ladder" in things()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_does_it(
    app, start_worker, jobs, things
):
    ask(app, "shelf.add", code="ladder", seconds=4)
    worker = start_worker()
    assert until(lambda: jobs()[0].state, "running") == "running"
    time.sleep(0.5)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert things() == {}
    assert jobs()[0].state == "running"
    start_worker()
    assert until(lambda: jobs()[0].state, "done") == "done"
    assert jobs()[0].attempts == 2
    assert list(things()) == ["ladder"]


def test_an_import_whose_worker_is_killed_is_done_once_by_the_next_one(
    app, world, start_worker, jobs, things
):
    client = sign_in(app, world.people["assistant"])
    rows = [*stock_rows(40), ["Z-1", "Tunggu 9", "pcs", "", "Gudang", "1", "1", "1"]]
    url, chosen = columns_of(client, hostile_csv(rows))
    worker = start_worker()
    result = client.post(f"{url}/run", data=chosen).location
    assert until(lambda: jobs()[0].state, "running") == "running"
    time.sleep(1.5)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert things() == {}
    assert "0 new" not in client.get(result).text
    start_worker()
    assert until(lambda: jobs()[0].state, "done") == "done"
    assert jobs()[0].attempts == 2
    assert "41 new, 0 changed" in text_of(client.get(result).text)
    found = until(lambda: len(things()), 42)  # and the one that the event puts there
    assert found == 42
    assert client.get("/shelf/import/things/past").text.count("stok.csv") == 1


def test_sigterm_lets_a_running_job_end(app, start_worker, jobs, things):
    ask(app, "shelf.add", code="ladder", seconds=2)
    worker = start_worker()
    assert until(lambda: jobs()[0].state, "running") == "running"
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert jobs()[0].state == "done"


def test_a_lost_message_is_found_by_the_sweep(app, queue, start_worker, jobs):
    ask(app, "shelf.add", code="ladder")
    queue.engine().storage.flush_all()
    with app.app_context(), unscoped(reason="test") as tx:
        long_ago = tx.now.replace(year=2020)
        kernel_execute(tx.session, update(Job.__table__).values(sent_at=long_ago))
    start_worker()
    assert until(lambda: jobs()[0].state, "done") == "done"


def test_a_queue_that_is_away_is_no_failure(caplog):
    broken = Queue("sqlite:////nonexistent/jobs.db", KEY)
    broken.send([1], events=True)
    assert "the sweep will send them" in caplog.text


def test_what_was_not_signed_by_the_portal_is_not_even_read(queue):
    engine, stranger = queue.engine(), Queue(queue.url, "another secret" * 4).engine()
    stranger.enqueue(stranger.kantor_run.s(1))
    with pytest.raises(BadSignature):
        engine.dequeue()
    engine.storage.enqueue(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(BadSignature):
        engine.dequeue()
    stranger.storage.close()


def test_only_the_number_of_the_job_travels(queue):
    queue.send([42])
    (envelope,) = queue.engine().storage.enqueued_items()
    assert b"[42]" in envelope
    assert queue.engine().dequeue().args == [42]


def test_a_process_that_was_forked_opens_its_own_connection(queue):
    here = queue.engine()
    child = os.fork()
    if child == 0:
        os._exit(0 if queue.engine() is not here else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
