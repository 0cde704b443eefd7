"""A job is done once, or not at all and says why; whatever happens to the worker."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from portal.auth.models import Account
from portal.db import looking, unscoped
from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.jobs import services, sweep
from portal.jobs.core import CoreJob, recurring
from portal.jobs.models import Job
from portal.jobs.running import Overtaken, Runner, claim
from portal.jobs.sentences import packed, unpacked
from portal.messages import message, translate
from portal.people.models import Person
from portal.testing import acting_as, sign_in
from portal.work import UnitOfWork, unit_of_work
from tests.unit.imports.files import hostile_csv, stock_rows

from . import shelf
from .shelf import Thing
from .test_import_pages import columns_of

LATER = timedelta(minutes=5)
table = Job.__table__


@pytest.fixture
def ask(app):
    """Return a function: ask for a job of the small plugin; its public id comes back."""

    def asked(name, *, key=None, **args):
        with app.app_context(), unscoped(reason="test") as tx:
            return tx.enqueue(name, args=args, key=key)

    return asked


@pytest.fixture
def change(app):
    """Return a function: put values into the rows of all jobs."""

    def changed(**values):
        with app.app_context(), unscoped(reason="test") as tx:
            kernel_execute(tx.session, update(table).values(values))

    return changed


def test_a_job_is_done_and_says_what_came_of_it(app, ask, jobs, things, work):
    ask("shelf.add", code="ladder")
    assert work() == 1
    (job,) = jobs()
    assert (job.state, job.result, job.attempts) == ("done", {"code": "ladder"}, 1)
    assert job.started_at <= job.finished_at
    assert "ladder" in things()


def test_a_job_that_looks_first_holds_nobody_up_meanwhile(app, ask, jobs, things, work):
    ask("shelf.add", code="ladder")
    work()
    ask("shelf.tell")
    shelf.meanwhile.append(lambda: ask("shelf.add", code="rope"))
    work()
    assert [job.state for job in jobs()] == ["done"] * 3
    assert jobs()[1].result == {"found": ["ladder"]}
    assert things().keys() == {"ladder", "rope"}


def test_others_write_between_the_pieces_of_a_job(app, ask, jobs, things, work):
    ask("shelf.add", code="ladder")
    ask("shelf.add", code="rope")
    work()
    ask("shelf.double")
    shelf.meanwhile.append(lambda: ask("shelf.add", code="saw"))
    work()
    assert {job.state for job in jobs()} == {"done"}
    assert things().keys() == {"ladder", "rope", "ladder 2", "rope 2", "saw"}


def test_the_pieces_of_a_job_that_fails_stay_written(app, ask, jobs, things, work):
    ask("shelf.add", code="ladder")
    work()
    ask("shelf.double")
    work()
    assert jobs()[-1].state == "failed"
    assert things().keys() == {"ladder", "ladder 2"}


def test_a_job_that_looks_first_can_write_nothing_then(app, ask, jobs, things, work):
    ask("shelf.spoil")
    work()
    assert jobs()[0].state == "failed"
    assert things() == {}


def test_a_job_of_a_unit_that_fails_was_never_asked_for(app, jobs, queue):
    def fail():
        with unscoped(reason="test") as tx:
            tx.enqueue("shelf.add", args={"code": "ladder"})
            raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert jobs() == []
    assert queue.engine().storage.queue_size() == 0


def test_asking_twice_with_one_key_is_asking_once(app, ask, jobs, things, work):
    assert ask("shelf.add", key="k", code="a") == ask("shelf.add", key="k", code="b")
    work()
    assert len(jobs()) == 1
    assert list(things()) == ["a"]


def test_a_refused_job_leaves_nothing_and_keeps_its_sentence(app, ask, jobs, things, work):
    ask("shelf.fail", kind="conflict")
    work()
    (job,) = jobs()
    assert job.state == "failed"
    assert translate(unpacked(job.error)) == "The ladder is not there."
    assert things() == {}


def test_a_bug_in_a_job_is_logged_and_not_shown(app, ask, jobs, things, caplog, work):
    ask("shelf.fail", kind="the secret of the ladder")
    ask("shelf.add", code="next")
    work()
    failed, done = jobs()
    assert (failed.state, done.state) == ("failed", "done")
    assert "secret" not in failed.error
    assert "the secret of the ladder" in caplog.text
    assert list(things()) == ["next"]


def test_a_job_that_meets_a_unique_key_says_that_somebody_was_faster(app, ask, jobs, things, work):
    ask("shelf.fail", kind="twice")
    work()
    assert "was faster" in translate(unpacked(jobs()[0].error))
    assert things() == {}


def test_a_job_nobody_knows_says_so(app, ask, jobs, work):
    ask("shelf.forgotten")
    work()
    (job,) = jobs()
    assert "not installed" in translate(unpacked(job.error))


def test_a_job_that_the_queue_gives_to_four_workers_is_done_once(
    app, ask, jobs, things, queue, work
):
    ask("shelf.add", code="ladder", seconds=0.3)
    queue.send([jobs()[0].id] * 3)
    threads = [threading.Thread(target=work.once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue.engine().storage.queue_size() == 0
    (job,) = jobs()
    assert (job.state, job.attempts) == ("done", 1)
    assert list(things()) == ["ladder"]


def test_a_message_that_comes_again_later_does_nothing(app, ask, jobs, things, queue, work):
    ask("shelf.add", code="ladder")
    assert work() == 1
    (before,) = jobs()
    queue.send([before.id, before.id])
    assert work() == 2
    assert jobs() == [before]
    assert list(things()) == ["ladder"]


def test_a_message_of_a_job_that_is_not_there_does_nothing(app, ask, jobs, queue, work, caplog):
    queue.send([987_654])
    ask("shelf.add", code="ladder")
    assert work() == 2
    assert [job.state for job in jobs()] == ["done"]
    assert caplog.text == ""


def test_the_job_of_a_dead_worker_is_taken_back_and_done(
    app, ask, jobs, change, things, queue, work
):
    ask("shelf.add", code="ladder")
    (job,) = jobs()
    assert queue.engine().dequeue().args == [job.id]
    with app.app_context():
        claim(job.id)
        assert sweep.take_back() == 0
        change(beat_at=datetime.now(UTC) - LATER)
        assert sweep.take_back() == 1
        assert work() == 0
        queue.send(sweep.overdue())
        assert sweep.overdue() == []
    assert work() == 1
    (job,) = jobs()
    assert (job.state, job.attempts) == ("done", 2)
    assert list(things()) == ["ladder"]


def test_a_job_that_kills_its_workers_is_given_up(app, ask, jobs, change):
    ask("shelf.add", code="ladder")
    with app.app_context():
        for _ in range(3):
            assert claim(jobs()[0].id) is not None
            change(beat_at=datetime.now(UTC) - LATER)
            sweep.take_back()
        assert claim(jobs()[0].id) is None
    (job,) = jobs()
    assert job.state == "failed"
    assert "given up" in translate(unpacked(job.error))


def test_a_worker_that_was_thought_dead_commits_nothing(app, ask, jobs, change, things):
    ask("shelf.add", code="ladder")
    with app.app_context():
        slow = claim(jobs()[0].id)
        change(beat_at=datetime.now(UTC) - LATER)
        sweep.take_back()
        assert claim(jobs()[0].id).attempt == 2

        def wake_up():
            with slow.of_plugin("shelf") as tx:
                tx.session.add(Thing(code="late", name="late", quantity=0, price=0))
                slow.finish(tx)

        with pytest.raises(Overtaken):
            wake_up()
    assert things() == {}


def test_a_living_worker_keeps_its_job(app, ask, jobs, change):
    ask("shelf.add", code="ladder")
    with app.app_context():
        claim(jobs()[0].id)
        change(beat_at=datetime.now(UTC) - LATER)
        sweep.beat([jobs()[0].id])
        assert sweep.take_back() == 0


def test_a_job_that_was_not_started_in_a_minute_is_sent_again(app, ask, jobs, change, queue, work):
    ask("shelf.add", code="ladder")
    queue.engine().storage.flush_all()
    with app.app_context():
        assert sweep.overdue() == []
        change(sent_at=datetime.now(UTC) - timedelta(seconds=61))
        queue.send(sweep.overdue())
    assert work() == 1
    assert jobs()[0].state == "done"


def test_a_recurring_job_is_asked_for_once_in_its_time(app, jobs, work):
    found = [job for plugin in app.extensions["kantor"].loaded.values() for job in plugin.jobs]
    with app.app_context():
        for moment in (0, 10, 3599, 3600, 3700):
            sweep.enqueue_recurring([job for job in found if job.every], now=moment)
    assert [job.key for job in jobs()] == ["shelf.clean 0", "shelf.clean 1"]
    work()
    assert [job.result for job in jobs()] == [{"cleaned": True}] * 2


def test_the_portals_own_recurring_jobs_stand_beside_those_of_the_plugins(app):
    names = [job.name for job in recurring(app.extensions["kantor"].loaded.values())]
    assert names[-1] == "shelf.clean"
    assert all(name.startswith("core.") for name in names[:-1])


def test_a_recurring_job_of_the_portal_is_one_unit_of_its_own(app, jobs):
    seen = []

    def tidy(tx):
        seen.append((tx.actor.realm, tx.actor.person_id))
        return {"removed": 3}

    job = CoreJob(name="core.tidying", title=message("Tidying"), run=tidy, every=60)
    with app.app_context():
        for moment in (0, 59, 60):
            sweep.enqueue_recurring([job], now=moment)
    for row in jobs():
        Runner(app, {"core.tidying": job})(row.id)
    assert [(row.key, row.state, row.result) for row in jobs()] == [
        ("core.tidying 0", "done", {"removed": 3}),
        ("core.tidying 1", "done", {"removed": 3}),
    ]
    assert seen == [("core", None)] * 2


def test_a_recurring_job_that_fails_leaves_nothing_and_comes_again(app, jobs, things):
    def break_down(tx):
        tx.audit("core.tidied")
        raise RuntimeError("a bug")

    job = CoreJob(name="core.tidying", title=message("Tidying"), run=break_down, every=60)
    with app.app_context():
        sweep.enqueue_recurring([job], now=0)
        Runner(app, {"core.tidying": job})(jobs()[0].id)
        sweep.enqueue_recurring([job], now=60)
    assert [row.state for row in jobs()] == ["failed", "waiting"]


def test_the_page_says_when_a_recurring_job_ran_and_runs_again(app, world, work):
    client = sign_in(app, world.people["administrator"])
    page = client.get("/jobs").text
    assert "Comes back by itself" in page
    assert "Last done: never" in page
    with app.app_context():
        found = recurring(app.extensions["kantor"].loaded.values())
        sweep.enqueue_recurring(found)
    work()
    assert "Last done: never" not in client.get("/jobs").text
    with app.app_context(), looking(reason="test", realm="core") as tx:
        ran = services.schedules(tx, found)[-1]
    assert ran.last_at <= tx.now < ran.next_at
    assert (ran.next_at.timestamp() % 3600, ran.every) == (0, 3600)


def test_progress_is_seen_while_the_job_runs(app, ask, jobs):
    ask("shelf.add", code="ladder")
    with app.app_context():
        work = claim(jobs()[0].id)
        work.progress(3, 10)
        assert (jobs()[0].done, jobs()[0].total) == (3, 10)


def test_a_job_is_shown_to_the_person_who_asked_alone(app, world):
    with app.app_context():
        with acting_as(app, world.people["assistant"]) as session:
            with unit_of_work(session) as tx:
                public_id = tx.enqueue("shelf.add", args={"code": "x"})
            mine = UnitOfWork(session, session.principal, False)
            assert services.of_owner(mine, public_id, name="shelf.add").state == "waiting"
            with pytest.raises(NotFound):
                services.of_owner(mine, public_id, name="other.job")
        with acting_as(app, world.people["administrator"]) as session:
            other = UnitOfWork(session, session.principal, False)
            with pytest.raises(NotFound):
                services.of_owner(other, public_id, name="shelf.add")


@pytest.mark.parametrize("ended", ["disabled", "left"])
def test_an_import_of_somebody_who_may_no_longer_sign_in_is_not_run(
    app, world, things, jobs, ended, work
):
    assistant = sign_in(app, world.people["assistant"])
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(3)))
    assistant.post(f"{url}/run", data=chosen)
    with app.app_context(), unscoped(reason="test") as tx:
        if ended == "disabled":
            kernel_execute(tx.session, update(Account.__table__).values(active=False))
        else:
            yesterday = tx.today - timedelta(days=1)
            kernel_execute(tx.session, update(Person.__table__).values(active_until=yesterday))
    work()
    (job,) = jobs()
    assert job.state == "failed"
    assert "may no longer use the portal" in translate(unpacked(job.error))
    assert things() == {}


def test_a_failed_job_can_be_tried_again_and_no_other(app, ask, jobs, work):
    ask("shelf.fail", kind="conflict")
    work()
    with app.app_context():
        with unscoped(reason="test") as tx:
            services.try_again(tx, tx.session.get(Job, jobs()[0].id))
        assert jobs()[0].state == "waiting"
        with unscoped(reason="test") as tx, pytest.raises(Conflict):
            services.try_again(tx, tx.session.get(Job, jobs()[0].id))
    assert work() == 1


def test_sentences_are_stored_with_their_gaps():
    inner = message("row {row}", row=3)
    text = message("{where}: {count} left", where=inner, count=2)
    assert translate(unpacked(packed(text))) == "row 3: 2 left"
    assert json.loads(packed(text))["params"]["where"]["msgid"] == "row {row}"
    assert unpacked(None) == ""


def test_old_traces_are_removed(app, ask, jobs, change, work):
    ask("shelf.add", code="old")
    work()
    ask("shelf.add", code="waiting")
    with app.app_context():
        sweep.tidy(app.extensions["kantor_files"], now=datetime.now(UTC) + timedelta(days=31))
    assert [job.args["code"] for job in jobs()] == ["waiting"]
