"""Workers are killed while they hand over events and mails: nothing is lost, nothing is invented.

KANTOR_TEST_KILLS says how often, 5 times unless it is set. There are ten events for each time, and
as many mails that are written without one.
"""

import os
import random
import signal
import time
from collections import defaultdict

from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.jobs.models import Outbox
from portal.mail.models import MailRow
from portal.mail.services import Mail, send_mail
from portal.testing import mail_server
from portal.testing_smtp import sending_to

from .queues import until
from .shelf import LetterWished

KILLS = int(os.environ.get("KANTOR_TEST_KILLS", "5"))
UNITS = KILLS * 13  # each writes one mail itself and one by an event; a fifth is rolled back
mails, events = MailRow.__table__, Outbox.__table__


class RolledBack(Exception):
    pass


class Killer:
    """Kills the worker the server talks to: after it took a mail and before it says so."""

    def __init__(self):
        self.worker, self.waits_for = None, 0

    def __call__(self, mail):
        time.sleep(0.005)
        self.waits_for -= 1
        if self.worker is not None and self.waits_for <= 0:
            os.kill(self.worker.pid, signal.SIGKILL)
            self.worker = None


def write(app, number):
    """Write a mail and wish for another; every fifth unit fails after it."""
    with unscoped(reason="test") as tx:
        to = f"person{number}@sinar.example"
        send_mail(tx, Mail(to=to, subject="Direct", text=f"For {to}", key=f"direct {to}"))
        tx.publish(LetterWished(to=to))
        if number % 5 == 4:
            raise RolledBack


def left(app):
    """Return how many events and mails are still on their way."""
    with app.app_context(), looking(reason="test") as tx:
        unsent = kernel_execute(tx.session, mails.select().where(mails.c.state != "sent")).all()
        return len(unsent) + len(kernel_execute(tx.session, events.select()).all())


def all_arrive(app):
    """Wait as long as something arrives, however many there are."""
    while before := left(app):
        if not until(lambda: left(app) < before, True):
            return False
    return True


def test_every_event_and_mail_arrives_though_workers_are_killed(
    app, start_worker, figures, request
):
    draw, killer, failed = random.Random(7), Killer(), set()
    with mail_server() as server, sending_to(app, server):
        server.after_data = killer
        with app.app_context():
            for number in range(UNITS):
                try:
                    write(app, number)
                except RolledBack:
                    failed.add(f"person{number}@sinar.example")
        killed = 0
        while killed < KILLS and left(app):
            worker = start_worker(server.url)
            killer.waits_for, killer.worker = draw.randint(1, 6), worker
            if killed % 2:  # These are killed at any moment, whatever they are doing.
                killer.worker = None
                time.sleep(draw.uniform(0.05, 0.6))
                os.kill(worker.pid, signal.SIGKILL)
            assert worker.wait() == -signal.SIGKILL
            killed += 1
        start_worker(server.url)
        assert all_arrive(app)
    assert killed == KILLS
    assert UNITS - len(failed) >= KILLS * 10
    copies = defaultdict(list)
    for taken in server.taken:
        copies[taken.recipients[0], taken.message["Subject"]].append(taken)
    arrived = {f"person{n}@sinar.example" for n in range(UNITS)} - failed
    assert set(copies) == {(to, subject) for to in arrived for subject in ("Direct", "Wished")}
    for same in copies.values():
        assert len({taken.message["Message-ID"] for taken in same}) == 1
        assert len({taken.content for taken in same}) == 1
    assert len({same[0].message["Message-ID"] for same in copies.values()}) == len(copies)
    again = len(server.taken) - len(copies)
    events = f"{len(arrived)} events and as many mails without one arrived, {again} once more"
    figures.append(f"{request.node.callspec.id}: {killed} workers killed, {events}")


def test_a_worker_that_is_told_to_stop_ends_the_mail_under_way(app, start_worker):
    with mail_server() as server, sending_to(app, server):
        stopped = []

        def stop(mail):
            if not stopped:
                stopped.append(mail)
                os.kill(worker.pid, signal.SIGTERM)
                time.sleep(0.3)

        server.after_data = stop
        with app.app_context():
            write(app, 0)
            write(app, 1)
        worker = start_worker(server.url)
        assert worker.wait() == 0
    with app.app_context(), looking(reason="test") as tx:
        states = kernel_execute(tx.session, mails.select()).all()
    assert len(server.taken) == sum(row.state == "sent" for row in states) >= 1
    assert {row.state for row in states} <= {"sent", "waiting"}
