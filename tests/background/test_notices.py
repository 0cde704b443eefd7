"""People are told once of what waits for them: under the bell, and by mail as each likes it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, update

from portal.auth.models import Account
from portal.db import looking, unscoped
from portal.errors import NotFound, Refused
from portal.guard import kernel_execute
from portal.jobs import sweep
from portal.jobs.worker import run_waiting
from portal.mail.models import MailRow
from portal.messages import message
from portal.notices import services
from portal.notices.mailing import send_digests
from portal.notices.models import Notice
from portal.notices.rules import NoticeKind
from portal.notices.services import notify
from portal.people.models import Person
from portal.plugin import Plugin, PluginDefinitionError
from portal.testing import acting_as, sign_in
from portal.work import unit_of_work

table, mails = Notice.__table__, MailRow.__table__
WAITING, DEPUTY = "core.approval_waiting", "core.absence_deputy"
# A Monday; the calendar that is assumed begins at eight.
MONDAY = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Jakarta"))


@pytest.fixture
def people(app, world):
    """Return people with an account and an address, one of whom reads Indonesian."""
    for role in ("assistant", "employee", "administrator"):
        sign_in(app, world.people[role])
    with app.app_context(), unscoped(reason="test") as tx:
        for role, language in (("assistant", "en"), ("employee", "id")):
            known = update(Person.__table__).where(Person.__table__.c.id == world.people[role])
            values = {"email": f"{role}@sinar.example", "language": language}
            kernel_execute(tx.session, known.values(values))
    return world.people


@pytest.fixture
def tell(app, people):
    """Return a function: tell people of something in a unit of its own."""

    def told(*roles, kind=WAITING, text="Count C-1 waits", **more):
        more = {"endpoint": "jobs.jobs"} | more
        with app.app_context(), unscoped(reason="test") as tx:
            notify(tx, kind, [people[role] for role in roles], text, **more)

    return told


@pytest.fixture
def notices(app):
    """Return a function: the notices as they stand."""

    def look(*columns):
        with app.app_context(), looking(reason="test") as tx:
            wanted = select(*(columns or table.c)).order_by(table.c.id)
            return kernel_execute(tx.session, wanted).all()

    return look


def letters(app):
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, mails.select().order_by(mails.c.id)).all()


def test_who_is_told_sees_it_at_the_bell_and_others_do_not(app, people, tell):
    tell("assistant")
    assistant = sign_in(app, people["assistant"])
    page = assistant.get("/").text
    assert '<span class="n num">1<' in page
    assert "Count C-1 waits" in assistant.get("/notices").text
    other = sign_in(app, people["administrator"])
    assert '<span class="n num">' not in other.get("/").text
    assert "Count C-1 waits" not in other.get("/notices").text


def test_a_notice_of_somebody_else_is_not_there(app, people, tell, notices):
    tell("assistant")
    (row,) = notices()
    stranger = sign_in(app, people["administrator"])
    assert stranger.get(f"/notices/{row.public_id}").status_code == 404
    assert stranger.post(f"/notices/{row.public_id}/open").status_code == 404
    assert notices()[0].read_at is None


def test_opening_marks_as_read_and_goes_on(app, people, tell, notices):
    tell("administrator", endpoint="people.person", values={"public_id": "abc"})
    (row,) = notices()
    client = sign_in(app, people["administrator"])
    assert "Count C-1 waits" in client.get(f"/notices/{row.public_id}").text
    answer = client.post(f"/notices/{row.public_id}/open")
    assert (answer.status_code, answer.location) == (303, "/people/abc")
    assert notices()[0].read_at is not None
    assert '<span class="n num">' not in client.get("/").text


def test_a_notice_whose_page_is_gone_says_so(app, people, tell, notices):
    tell("assistant", endpoint="gone.page")
    client = sign_in(app, people["assistant"])
    (row,) = notices()
    assert client.get(f"/notices/{row.public_id}").status_code == 200
    answer = client.post(f"/notices/{row.public_id}/open", follow_redirects=True)
    assert "is gone" in answer.text


def test_all_are_marked_as_read_and_only_ones_own(app, people, tell, notices):
    tell("assistant", "employee")
    tell("assistant", kind=DEPUTY)
    sign_in(app, people["assistant"]).post("/notices/read")
    read = {(row.owner_id, row.read_at is not None) for row in notices()}
    assert read == {(people["assistant"], True), (people["employee"], False)}


def test_a_unit_that_fails_tells_nobody(app, people, notices):
    def fail():
        with unscoped(reason="test") as tx:
            notify(tx, WAITING, [people["assistant"]], "No", endpoint="jobs.jobs")
            raise RuntimeError("it failed")

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert notices() == []


def test_nobody_is_told_of_their_own_acts(app, people, notices):
    both = [people["assistant"], people["employee"], people["employee"]]
    acting = acting_as(app, people["assistant"])
    with app.app_context(), acting as session, unit_of_work(session) as tx:
        notify(tx, WAITING, both, "Done", endpoint="jobs.jobs")
    assert [row.owner_id for row in notices()] == [people["employee"]]


def test_who_left_or_cannot_sign_in_is_not_told(app, people, tell, notices):
    with app.app_context(), unscoped(reason="test") as tx:
        left = update(Person.__table__).where(Person.__table__.c.id == people["assistant"])
        kernel_execute(tx.session, left.values(active_until=tx.today))
        accounts = Account.__table__
        closed = update(accounts).where(accounts.c.person_id == people["employee"])
        kernel_execute(tx.session, closed.values(active=False))
    tell("assistant", "employee", "executive", "administrator")
    assert [row.owner_id for row in notices()] == [people["administrator"]]


def test_unread_notices_about_one_record_become_one(app, people, tell, notices):
    for number in (1, 2, 3):
        tell("assistant", text=f"Line {number}", record="inventory.order:x")
    tell("assistant", text="Other", record="inventory.order:y")
    tell("assistant", text="Other kind", record="inventory.order:x", kind=DEPUTY)
    found = [(row.text, row.number) for row in notices()]
    assert found == [("Line 3", 3), ("Other", 1), ("Other kind", 1)]
    sign_in(app, people["assistant"]).post("/notices/read")
    tell("assistant", text="Line 4", record="inventory.order:x")
    assert [(row.text, row.number) for row in notices()][-1] == ("Line 4", 1)


def test_notices_without_a_record_stay_apart(tell, notices):
    tell("assistant")
    tell("assistant")
    assert len(notices()) == 2


def test_of_one_episode_each_person_is_told_once(app, people, tell, notices):
    tell("assistant", episode="below 7")
    tell("assistant", "employee", episode="below 7")
    tell("assistant", episode="below 8")
    found = [row.owner_id for row in notices()]
    assert found == [people["assistant"], people["employee"], people["assistant"]]
    sign_in(app, people["assistant"]).post("/notices/read")
    tell("assistant", episode="below 7")
    assert len(notices()) == 3


def test_the_text_is_spoken_in_the_readers_language(app, people, tell):
    tell("employee", "assistant", text=message("Waiting"))
    assert "Menunggu" in sign_in(app, people["employee"]).get("/notices").text
    assert "Waiting" in sign_in(app, people["assistant"]).get("/notices").text


def test_unread_ones_come_first(app, people, tell):
    tell("assistant", text="Old news")
    client = sign_in(app, people["assistant"])
    client.post("/notices/read")
    tell("assistant", text="Fresh news")
    page = client.get("/notices").text
    assert page.index("Fresh news") < page.index("Old news")
    assert "Old news" not in client.get("/notices?view=unread").text


def test_a_kind_that_nobody_declared_is_refused(app, people):
    with app.app_context(), pytest.raises(Refused), unscoped(reason="test") as tx:
        notify(tx, "shelf.invented", [people["assistant"]], "x", endpoint="jobs.jobs")


def test_a_plugins_kinds_are_its_own_and_have_a_title():
    wrong = (
        NoticeKind(name="other.thing_done", title=message("Done")),
        NoticeKind(name="shelf.thing_done", title=message(""), mail="sometimes"),
        NoticeKind(name="shelf.thing_done", title=message("Twice")),
    )
    with pytest.raises(PluginDefinitionError) as refused:
        Plugin(slug="shelf", title=message("Shelf"), package=__name__, notices=wrong)
    assert len(refused.value.problems) == 4


def test_an_at_once_kind_is_mailed_in_the_language_of_its_reader(app, people, tell, portal_mail):
    with time_machine.travel(MONDAY.replace(hour=9), tick=False):
        tell("assistant", "employee", text=message("Waiting"), record="r:1")
        run_waiting(app)
    assert sorted(taken.message["Subject"] for taken in portal_mail.taken) == [
        "Menunggu",
        "Waiting",
    ]
    assert "http://localhost/notices/" in portal_mail.taken[0].body


def test_at_night_a_mail_waits_until_work_begins(app, people, tell, portal_mail):
    with time_machine.travel(MONDAY.replace(hour=22), tick=False):
        tell("assistant")
        run_waiting(app)
    (letter,) = letters(app)
    assert portal_mail.taken == []
    assert letter.due_at == (MONDAY + timedelta(days=1)).replace(hour=8)


def test_who_wants_it_so_gets_mail_at_any_time(app, people, tell, portal_mail):
    client = sign_in(app, people["assistant"])
    answer = client.post("/notices/preferences", data=choices(hours="never"))
    assert answer.status_code == 303
    with time_machine.travel(MONDAY.replace(hour=22), tick=False):
        tell("assistant")
    assert letters(app)[0].due_at == MONDAY.replace(hour=22)


def choices(**more):
    given = dict.fromkeys(
        ("core__approval_waiting", "core__approval_decided", "core__job_failed"), "at_once"
    )
    given |= {"core__absence_deputy": "digest", "core__approval_decided_for": "digest"}
    return given | {"hours": "calendar"} | more


def test_what_was_read_under_the_bell_is_not_mailed_any_more(app, people, tell, portal_mail):
    with time_machine.travel(MONDAY.replace(hour=22), tick=False):
        tell("assistant", record="r:1")
        tell("assistant", record="r:1", text="Newer")
    (letter,) = letters(app)
    assert letter.subject == "Newer"  # the older one gave way
    sign_in(app, people["assistant"]).post("/notices/read")
    assert letters(app) == []


def test_who_wants_no_mail_gets_none(app, people, tell, portal_mail):
    client = sign_in(app, people["assistant"])
    client.post("/notices/preferences", data=choices(core__approval_waiting="never"))
    assert "Saved." in client.get("/notices/preferences").text
    tell("assistant")
    assert letters(app) == []


def test_a_choice_that_is_none_is_said_beside_its_field(app, people):
    client = sign_in(app, people["assistant"])
    answer = client.post("/notices/preferences", data=choices(core__job_failed="by pigeon"))
    assert answer.status_code == 422
    with app.app_context(), pytest.raises(NotFound), unscoped(reason="test") as tx:
        services.choose(tx, {"core.job_failed": "by pigeon"})


def digest(app, moment):
    unit = unscoped(reason="test", realm="core")
    with time_machine.travel(moment, tick=False), app.app_context(), unit as tx:
        return send_digests(tx)["digests"]


def test_one_digest_a_morning_holds_what_came_since_grouped_and_in_ones_language(
    app, people, tell, portal_mail
):
    with time_machine.travel(MONDAY.replace(hour=15), tick=False):
        for _ in (1, 2):
            tell("employee", kind=DEPUTY, text=message("Waiting"), record="r:1")
        tell("employee", kind=DEPUTY, text="Something else", record="r:2")
    tuesday = MONDAY + timedelta(days=1)
    assert digest(app, MONDAY.replace(hour=16)) == 0  # today's morning is over
    assert digest(app, tuesday.replace(hour=7, minute=0)) == 0
    assert digest(app, tuesday.replace(hour=7, minute=45)) == 1
    assert digest(app, tuesday.replace(hour=8)) == 0
    run_waiting(app)
    (taken,) = letters(app)
    assert taken.recipient == "employee@sinar.example"
    assert "Menunggu (2×)" in taken.text
    assert "Something else" in taken.text
    assert taken.key == f"digest {people['employee']} 2026-03-03"


def test_nothing_empty_is_sent_and_nothing_on_a_day_off(app, people, tell, portal_mail):
    saturday = MONDAY - timedelta(days=2)
    with time_machine.travel(saturday - timedelta(hours=10), tick=False):
        tell("assistant", kind=DEPUTY)
    assert digest(app, saturday.replace(hour=9)) == 0
    sign_in(app, people["assistant"]).post("/notices/read")
    assert digest(app, MONDAY.replace(hour=9)) == 0


def test_a_confidential_kind_says_nothing_by_mail(app, people, tell, portal_mail, monkeypatch):
    kinds = {
        name: NoticeKind(name=name, title=message("Secret"), mail=how, confidential=True)
        for name, how in ((WAITING, "at_once"), (DEPUTY, "digest"))
    }
    monkeypatch.setattr(app.extensions["kantor"], "notices", lambda: kinds)
    with time_machine.travel(MONDAY.replace(hour=9), tick=False):
        tell("assistant", text="Warning to Budi")
        tell("assistant", text="Warning to Budi", kind=DEPUTY)
    digest(app, MONDAY.replace(hour=9) + timedelta(days=1))
    assert len(letters(app)) == 2
    for letter in letters(app):
        assert "Budi" not in letter.subject + letter.text
        assert "Something new waits for you in Kantor" in letter.text


def test_without_a_mail_server_there_is_the_bell_alone(app, people, tell, notices):
    tell("assistant")
    tell("assistant", kind=DEPUTY)
    assert digest(app, datetime.now(UTC) + timedelta(days=1)) == 0
    assert (len(notices()), letters(app)) == (2, [])
    page = sign_in(app, people["assistant"]).get("/notices/preferences").text
    assert "No mail server is set up" in page


def test_what_was_read_long_ago_is_forgotten_and_what_was_not_stays(app, people, tell, notices):
    tell("assistant", "employee")
    sign_in(app, people["assistant"]).post("/notices/read")
    with app.app_context():
        sweep.tidy(app.extensions["kantor_files"], datetime.now(UTC) + timedelta(days=89))
        assert len(notices()) == 2
        sweep.tidy(app.extensions["kantor_files"], datetime.now(UTC) + timedelta(days=91))
    assert [row.owner_id for row in notices()] == [people["employee"]]
