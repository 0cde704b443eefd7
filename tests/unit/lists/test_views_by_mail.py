"""Views that are sent by mail: set up by their reader, seen with their rights, each time once."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select, update

from portal import migrate
from portal.contacts.models import Contact
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs.core import JOBS
from portal.jobs.models import Job
from portal.jobs.running import Runner
from portal.lists.mailing import SEND, put_in_line
from portal.lists.models import SavedView, ViewMail
from portal.mail.models import MailAttachment, MailRow
from portal.notices.models import Notice
from portal.roles.models import Assignment
from portal.roles.principals import raise_epoch
from portal.testing import add_person, sign_in, together, working_as
from tests.unit.bells import bells
from tests.unit.granting import person

VIEWS = "/lists/core.contacts/views"
FORM = {"every": "week", "weekday": "0", "day": "1", "hour": "7", "format": "csv"}
mails = ViewMail.__table__


@pytest.fixture(scope="session")
def portal_plugins():
    return [bells]


@pytest.fixture
def clerk(portal_app, world, portal_mail):
    """Return somebody of the office with an address, and three contacts."""
    with working_as(portal_app) as tx:
        tx.session.add_all([Contact(name=name) for name in ("Anton", "Budi", "Citra")])
        person(tx, world.people["assistant"]).email = "clerk@sinar.example"
    return world.people["assistant"]


@pytest.fixture
def browser(portal_app, clerk):
    return sign_in(portal_app, clerk)


def hidden(page, name):
    field = next(f for f in re.findall(r"<input [^>]*>", page) if f'name="{name}"' in f)
    return unescape(re.search(r'value="([^"]*)"', field)[1])


@pytest.fixture
def view(browser):
    """Return the public id of a saved view of the contacts whose name has a B."""
    page = browser.get("/contacts?q=budi").text
    form = {"name": "With B", "place": hidden(page, "place"), "query": hidden(page, "query")}
    return browser.post(VIEWS, data=form).headers["Location"].partition("view=")[2]


@pytest.fixture
def sent(portal_app, browser, view):
    """Return a function: the form -> the view is sent by mail from now on."""

    def ask(**more):
        page = browser.get(f"/contacts?view={view}").text
        address = unescape(re.search(r'href="(/lists/views/\w+/mail[^"]*)"', page)[1])
        form = FORM | {"place": hidden(browser.get(address).text, "place")} | more
        answer = browser.post(f"/lists/views/{view}/mail", data=form)
        assert answer.status_code == 303
        return answer

    return ask


def come_due(app):
    with working_as(app) as tx:
        kernel_execute(tx.session, update(mails).values(next_at=tx.now - timedelta(minutes=1)))


def in_line(app):
    with app.app_context(), unscoped(reason="test", realm="core") as tx:
        return put_in_line(tx)["sent"]


def run(app):
    """Do what waits of views by mail."""
    with working_as(app) as tx:
        waiting = select(Job.__table__.c.id).where(Job.__table__.c.name == SEND)
        found = kernel_execute(tx.session, waiting).scalars().all()
    for job_id in found:
        Runner(app, JOBS)(job_id)


def rows_of(app, model):
    with working_as(app) as tx:
        return kernel_execute(tx.session, select(model.__table__)).all()


def deliver(app):
    come_due(app)
    in_line(app)
    run(app)
    return [mail for mail in rows_of(app, MailRow) if mail.key.startswith(SEND)]


def test_a_view_comes_with_its_rows_and_as_a_file(portal_app, sent):
    sent()
    (mail,) = deliver(portal_app)
    assert mail.recipient == "clerk@sinar.example"
    assert mail.subject == "With B, rows: 1"
    assert "Budi" in mail.text
    assert "Anton" not in mail.text
    assert "http://localhost/contacts?view=" in mail.text
    (attached,) = rows_of(portal_app, MailAttachment)
    assert attached.name.endswith(".csv")
    (row,) = rows_of(portal_app, ViewMail)
    with working_as(portal_app) as tx:
        assert row.next_at > tx.now
        assert row.sent_at is not None


def test_the_file_is_a_workbook_if_wanted(portal_app, sent):
    sent(format="xlsx")
    deliver(portal_app)
    (attached,) = rows_of(portal_app, MailAttachment)
    store = portal_app.extensions["kantor_files"]
    with working_as(portal_app) as tx:
        from portal.files.models import StoredFile

        digest = tx.session.get(StoredFile, attached.file_id).sha256
    with store.open(digest) as file:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.read()))
    cells = [c for row in book.get_sheet_by_index(0).to_python() for c in row]
    assert "Budi" in cells


def test_what_is_empty_is_not_sent_if_nobody_wants_it(portal_app, sent):
    sent(only_some="y")
    with working_as(portal_app) as tx:
        tx.session.execute(update(Contact).values(name="Zul", name_key="zul"))
    assert deliver(portal_app) == []
    (row,) = rows_of(portal_app, ViewMail)
    assert row.state == "active"


def test_each_time_comes_once_whoever_looks(portal_app, sent):
    sent()
    come_due(portal_app)
    together(lambda: in_line(portal_app), lambda: in_line(portal_app))
    found = [job for job in rows_of(portal_app, Job) if job.name == SEND]
    assert len(found) == 1
    together(lambda: run(portal_app), lambda: run(portal_app))
    assert len(rows_of(portal_app, MailRow)) == 1


def test_a_worker_that_was_killed_sends_no_second_mail(portal_app, sent):
    sent()
    deliver(portal_app)
    with working_as(portal_app) as tx:
        again = update(Job.__table__).where(Job.__table__.c.name == SEND)
        kernel_execute(tx.session, again.values(state="waiting", finished_at=None))
    run(portal_app)
    assert len(rows_of(portal_app, MailRow)) == 1


def test_the_next_time_is_another_mail(portal_app, sent):
    sent()
    deliver(portal_app)
    assert len(deliver(portal_app)) == 2


def test_a_view_of_an_app_that_rests_waits_and_is_not_paused(portal_app, sent):
    sent()
    come_due(portal_app)
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, update(SavedView.__table__).values(list="bells.bells"))
        migrate.put_to_rest(tx, "bells")
    assert in_line(portal_app) == 0
    assert [row.state for row in rows_of(portal_app, ViewMail)] == ["active"]
    with portal_app.app_context():
        migrate.upgrade(portal_app.extensions["kantor"])
    assert in_line(portal_app) == 1
    with working_as(portal_app) as tx:
        migrate.put_to_rest(tx, "bells")
    run(portal_app)
    assert [row.state for row in rows_of(portal_app, ViewMail)] == ["active"]
    assert rows_of(portal_app, Notice) == []


def lose_the_right(tx, who):
    gone = Assignment.__table__
    kernel_execute(tx.session, gone.delete().where(gone.c.person_id == who))
    raise_epoch(tx.session, person_id=who)


def lose_the_address(tx, who):
    person(tx, who).email = None


@pytest.mark.parametrize(
    ("lose", "why"),
    [
        (lose_the_address, "Your e-mail address cannot be written to."),
        (lose_the_right, "You may no longer see it."),
    ],
)
def test_what_cannot_be_sent_is_paused_and_told(portal_app, sent, clerk, lose, why):
    sent()
    with working_as(portal_app) as tx:
        lose(tx, clerk)
    assert deliver(portal_app) == []
    (row,) = rows_of(portal_app, ViewMail)
    assert row.state == "paused"
    (notice,) = [one for one in rows_of(portal_app, Notice) if one.owner_id == clerk]
    assert str(notice.text) == f"With B is no longer sent to you: {why}"
    assert in_line(portal_app) == 0


def test_a_shared_view_that_is_taken_back_is_paused(portal_app, sent, view, world, clerk):
    sent()
    with working_as(portal_app) as tx:
        other = update(SavedView.__table__).values(owner_id=world.people["executive"])
        kernel_execute(tx.session, other)
        raise_epoch(tx.session, person_id=clerk)
    assert deliver(portal_app) == []
    assert rows_of(portal_app, ViewMail)[0].state == "paused"


def test_a_paused_one_goes_on_when_it_is_saved_again(portal_app, sent, browser):
    sent()
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, update(mails).values(state="paused"))
    assert "paused" in browser.get("/lists/mails").text
    sent()
    assert rows_of(portal_app, ViewMail)[0].state == "active"


def test_ones_own_are_listed_and_ended(portal_app, sent, browser, world):
    sent(every="month", day="31")
    page = browser.get("/lists/mails").text
    assert "Every month on day 31 at 07:00" in page
    end = re.search(r'action="(/lists/mails/\w+/end)"', page)[1]
    assert sign_in(portal_app, world.people["executive"]).post(end).status_code == 404
    assert browser.post(end).status_code == 303
    assert rows_of(portal_app, ViewMail) == []


def test_a_view_that_is_deleted_is_not_sent(portal_app, sent):
    sent()
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, delete(SavedView.__table__))
    assert rows_of(portal_app, ViewMail) == []


def test_nobody_has_sent_what_they_may_not_use(portal_app, view, world):
    other = sign_in(portal_app, world.people["executive"])
    assert other.get(f"/lists/views/{view}/mail").status_code == 404
    assert other.post(f"/lists/views/{view}/mail", data=FORM).status_code == 404


def test_without_an_address_nothing_can_be_asked_for(portal_app, view, browser, clerk):
    with working_as(portal_app) as tx:
        person(tx, clerk).email = None
    page = browser.post(f"/lists/views/{view}/mail", data=FORM | {"hour": "9"})
    assert page.status_code == 422
    assert "You have no e-mail address here." in page.text


def test_the_mail_speaks_the_language_of_its_reader(portal_app, sent, clerk):
    sent()
    with working_as(portal_app) as tx:
        person(tx, clerk).language = "id"
    (mail,) = deliver(portal_app)
    assert mail.subject == "With B, jumlah baris: 1"


def test_only_rows_the_reader_sees_are_in_it(portal_app, sent, world):
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        tx.session.add(Contact(name="Budi of the lab", department_id=lab))
        add_person(tx, "Lab", department_id=lab, role="employee")
    sent()
    (mail,) = deliver(portal_app)
    assert "of the lab" not in mail.text
