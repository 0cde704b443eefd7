"""Who looks after the portal sees what was given up, why, and mends it; others see none of it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.commands.doctor import examine
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.jobs.models import Job, Outbox
from portal.jobs.worker import run_waiting
from portal.mail.models import MailRow
from portal.mail.services import Mail, send_mail
from portal.testing import sign_in

from . import shelf

jobs, events, mails = Job.__table__, Outbox.__table__, MailRow.__table__


@pytest.fixture
def troubled(app, world, portal_mail):
    """Return the portal with a failed job, an event nobody takes and a mail to nobody."""
    shelf.troubles.append("broken")
    portal_mail.refusals["gone@sinar.example"] = "550 no such user"
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue("shelf.fail", args={"code": "ladder"})
        tx.publish(shelf.LetterWished(to="no address"))
        gone = Mail(to="gone@sinar.example", subject="Secret", text="Secret", key="gone")
        send_mail(tx, gone)
    run_waiting(app)
    with app.app_context(), unscoped(reason="test") as tx:
        later = {"attempts": 3, "due_at": tx.now + timedelta(hours=1)}
        kernel_execute(tx.session, update(events).values(later))
    return app


@pytest.fixture
def administrator(troubled, world):
    return sign_in(troubled, world.people["administrator"])


def rows(app, table):
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, table.select()).all()


def test_all_of_it_is_shown_with_its_reason_and_never_what_a_mail_says(administrator):
    page = administrator.get("/jobs/given-up").text
    assert "shelf.fail" in page
    assert "gone@sinar.example" in page
    assert "550 no such user" in page
    assert "shelf.letter_wished" in page
    assert "Secret" not in page
    assert "Some mails were given up" in administrator.get("/jobs").text


def test_a_mail_is_tried_again_and_arrives(troubled, administrator, portal_mail):
    (mail,) = rows(troubled, mails)
    portal_mail.refusals.clear()
    answer = administrator.post(f"/jobs/mails/{mail.public_id}/retry", follow_redirects=True)
    assert "The mail is in line again." in answer.text
    assert "gone@sinar.example" not in answer.text
    run_waiting(troubled)
    assert [row.state for row in rows(troubled, mails)] == ["sent"]


def test_an_event_is_handed_over_again_at_once(troubled, administrator):
    (event,) = rows(troubled, events)
    with troubled.app_context(), unscoped(reason="test") as tx:
        mended = {"payload": {"to": "sari@sinar.example"}}
        kernel_execute(tx.session, update(events).values(mended))
    administrator.post(f"/jobs/events/{event.id}/retry")
    run_waiting(troubled)
    assert rows(troubled, events) == []
    assert {row.recipient for row in rows(troubled, mails)} == {
        "gone@sinar.example",
        "sari@sinar.example",
    }


def test_a_job_is_tried_again(troubled, administrator):
    (job,) = rows(troubled, jobs)
    administrator.post(f"/jobs/{job.public_id}/retry")
    run_waiting(troubled)
    assert [row.attempts for row in rows(troubled, jobs)] == [1]


def test_what_nobody_needs_is_dropped_and_that_is_in_the_audit(troubled, administrator):
    (mail,), (event,), (job,) = (rows(troubled, table) for table in (mails, events, jobs))
    administrator.post(f"/jobs/mails/{mail.public_id}/drop")
    administrator.post(f"/jobs/events/{event.id}/drop")
    answer = administrator.post(f"/jobs/{job.public_id}/drop", follow_redirects=True)
    assert [rows(troubled, table) for table in (mails, events, jobs)] == [[], [], []]
    assert "Nothing was given up" in answer.text
    audit = administrator.get("/audit").text
    for act in ("Dropped a mail", "Dropped an event", "Dropped background work"):
        assert act in audit
    for address in (f"mails/{mail.public_id}", f"events/{event.id}", job.public_id):
        assert administrator.post(f"/jobs/{address}/drop").status_code == 404


def test_what_was_not_given_up_is_not_dropped(troubled, administrator):
    with troubled.app_context(), unscoped(reason="test") as tx:
        kernel_execute(tx.session, update(jobs).values(state="done"))
        kernel_execute(tx.session, update(events).values(attempts=1))
        kernel_execute(tx.session, update(mails).values(state="sent"))
    (mail,), (event,), (job,) = (rows(troubled, table) for table in (mails, events, jobs))
    assert administrator.post(f"/jobs/mails/{mail.public_id}/drop").status_code == 409
    assert administrator.post(f"/jobs/{job.public_id}/drop").status_code == 409
    assert administrator.post(f"/jobs/events/{event.id}/drop").status_code == 404
    assert [len(rows(troubled, table)) for table in (mails, events, jobs)] == [1, 1, 1]


def test_others_see_none_of_it(troubled, world):
    client = sign_in(troubled, world.people["employee"])
    (mail,) = rows(troubled, mails)
    assert client.get("/jobs/given-up").status_code == 403
    assert client.post(f"/jobs/mails/{mail.public_id}/drop").status_code == 403


def test_doctor_says_that_mails_were_given_up(troubled):
    assert any("given up" in str(problem.title) for problem in examine(troubled))


def test_doctor_and_the_page_say_that_there_is_no_mail_server(app, world):
    (found,) = (p for p in examine(app) if "No mail server" in str(p.title))
    assert not found.severe
    page = sign_in(app, world.people["administrator"]).get("/jobs").text
    assert "No mail server is set up" in page
