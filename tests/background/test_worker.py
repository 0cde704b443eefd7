"""Real worker processes on real queues: killed, started again, stopped, lied to."""

import os
import signal
import time

import pytest
from itsdangerous import BadSignature
from sqlalchemy import update

from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs.models import Job
from portal.jobs.queue import Queue
from portal.testing import KEY, sign_in
from tests.unit.imports.files import hostile_csv, stock_rows

from .queues import until
from .test_import_pages import columns_of, text_of


def ask(app, name, **args):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue(name, args=args)


def test_a_worker_does_what_was_asked_for_and_hears_events(app, start_worker, jobs, things):
    worker = start_worker()
    ask(app, "shelf.add", code="ladder")
    assert until(lambda: [job.state for job in jobs()][:1], ["done"]) == ["done"]
    assert "ladder" in things()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait() == 0


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_does_it(
    app, start_worker, jobs, things
):
    ask(app, "shelf.add", code="ladder", seconds=4)
    worker = start_worker()
    assert until(lambda: jobs()[0].state, "running") == "running"
    time.sleep(0.5)
    worker.kill()
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

    def imported():
        return next(job for job in jobs() if job.name == "core.import")

    worker = start_worker()
    result = client.post(f"{url}/run", data=chosen).location
    assert until(lambda: imported().state, "running") == "running"
    time.sleep(1.5)
    worker.kill()
    assert things() == {}
    assert "0 new" not in client.get(result).text
    start_worker()
    assert until(lambda: imported().state, "done") == "done"
    assert imported().attempts == 2
    assert "41 new, 0 changed" in text_of(client.get(result).text)
    found = until(lambda: len(things()), 42)  # and the one that the event puts there
    assert found == 42
    assert client.get("/shelf/import/things/past").text.count("stok.csv") == 1


def test_sigterm_lets_a_running_job_end(app, start_worker, jobs, things):
    ask(app, "shelf.add", code="ladder", seconds=2)
    worker = start_worker()
    assert until(lambda: jobs()[0].state, "running") == "running"
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait() == 0
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
