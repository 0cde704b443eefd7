"""Two worker processes on one queue: everything is done, and nothing twice."""

from collections import Counter

from portal.db import unscoped

from .queues import until

JOBS = 200


def test_two_workers_run_each_of_two_hundred_jobs_once(app, start_worker, jobs, tmp_path, figures):
    lines = tmp_path / "lines"
    workers = [start_worker(waits=True) for _ in range(2)]
    with app.app_context():
        for number in range(JOBS):
            with unscoped(reason="test") as tx:
                tx.enqueue("shelf.note", args={"file": str(lines), "line": str(number)})
    for worker in workers:
        worker.go()

    def states():
        return Counter(job.state for job in jobs() if job.name == "shelf.note")

    assert until(states, {"done": JOBS}) == {"done": JOBS}
    assert sorted(map(int, lines.read_text().split())) == list(range(JOBS))
    mine = [job for job in jobs() if job.name == "shelf.note"]
    assert {job.attempts for job in mine} == {1}
    shares = Counter(job.result["process"] for job in mine)
    assert shares.keys() == {worker.pid for worker in workers}
    figures.append(f"two workers shared {JOBS} jobs: {sorted(shares.values())}")


def test_two_workers_that_look_at_one_moment_ask_for_a_recurring_job_once(
    start_worker, jobs, capfd
):
    workers = [start_worker(ticking=True, waits=True) for _ in range(2)]
    for worker in workers:
        worker.go()

    def done():
        return [job for job in jobs() if job.name == "shelf.tick" and job.state == "done"]

    assert until(lambda: len(done()) >= 8, True)
    assert all(worker.wait(0) is None for worker in workers)
    found = [job for job in jobs() if job.key]
    assert max(Counter(job.key for job in found).values()) == 1
    assert {job.attempts for job in done()} == {1}
    assert "core.approvals.expire" in {job.name for job in found}
    assert "the sweep failed" not in capfd.readouterr().err
