"""Mail is written with the change it tells of, and sent until it has arrived; a real server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal.db import looking, unscoped
from portal.errors import Conflict, NotFound, ValidationFailed
from portal.files import services as files
from portal.files.models import StoredFile
from portal.guard import kernel_execute
from portal.jobs import sweep
from portal.jobs.worker import run_waiting
from portal.mail import services
from portal.mail.models import MailAttachment, MailRow
from portal.mail.outgoing import mail_ready, outgoing, read_address
from portal.mail.posting import post
from portal.mail.rules import MOST_ATTEMPTS, compose, one_line, pause_after
from portal.mail.services import Mail, send_mail
from portal.messages import current_language, message

table = MailRow.__table__
LONG_NAME = "Persetujuan permintaan pembelian – Klinik Sinar Medika " * 5


@pytest.fixture
def write(app):
    """Return a function: write a mail in a unit of its own; its public id comes back."""

    def written(**more):
        given = {"to": "sari@sinar.example", "subject": "Hello", "text": "Good day", "key": "one"}
        with app.app_context(), unscoped(reason="test") as tx:
            return send_mail(tx, Mail(**(given | more)))

    return written


@pytest.fixture
def mails(app):
    """Return a function: the mails as they stand in the database."""

    def look():
        with app.app_context(), looking(reason="test") as tx:
            return kernel_execute(tx.session, table.select().order_by(table.c.id)).all()

    return look


@pytest.fixture
def later(app):
    """Return a function: post as if it were so much later."""

    def posted(**span):
        with app.app_context():
            return post(datetime.now(UTC) + timedelta(**span))

    return posted


def test_a_mail_arrives_with_the_headers_of_a_machine(app, portal_mail, write, mails):
    write(subject=message("Hello {name}", name="Ayu"), text="Selamat pagi,\nini dari Kantor.\n")
    run_waiting(app)
    (taken,) = portal_mail.taken
    (row,) = mails()
    assert (row.state, row.attempts, row.error) == ("sent", 1, None)
    assert (taken.sender, taken.recipients) == ("kantor@sinar.example", ["sari@sinar.example"])
    assert taken.message["Subject"] == "Hello Ayu"
    assert taken.message["From"] == "Kantor <kantor@sinar.example>"
    assert taken.message["Message-ID"] == row.message_id
    assert taken.message["Message-ID"].endswith("@sinar.example>")
    assert taken.message["Auto-Submitted"] == "auto-generated"
    assert taken.message["Date"].datetime == row.created_at.replace(microsecond=0)
    assert [name for name in taken.message if name.lower().startswith("list-")] == []
    assert taken.body == "Selamat pagi,\nini dari Kantor.\n"


def test_a_mail_of_work_that_fails_is_never_sent(app, portal_mail, mails):
    def fail():
        with unscoped(reason="test") as tx:
            send_mail(tx, Mail(to="sari@sinar.example", subject="No", text="No", key="no"))
            raise RuntimeError("the work failed")

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    run_waiting(app)
    assert (mails(), portal_mail.taken) == ([], [])


def test_writing_with_one_key_twice_is_writing_once(app, portal_mail, write):
    assert write() == write(text="Something else")
    run_waiting(app)
    assert [mail.body for mail in portal_mail.taken] == ["Good day\n"]


def test_without_a_mail_server_no_mail_is_made_and_nothing_breaks(app, write, mails):
    with app.app_context():
        assert not mail_ready()
    assert write() == ""
    run_waiting(app)
    assert mails() == []


def test_what_has_no_transaction_may_ask_whether_mail_can_be_sent(app, portal_mail):
    with app.app_context():
        assert mail_ready()


def test_letters_of_every_language_and_both_forms_of_text_arrive(app, portal_mail, write):
    write(
        subject="Pesanan ✓ – " + LONG_NAME,
        text="Terima kasih – 谢谢\n" + "x" * 2000,
        html="<p>Terima kasih – <b>谢谢</b></p>",
        reply_to="Budi Santoso <budi@sinar.example>",
    )
    run_waiting(app)
    (taken,) = portal_mail.taken
    assert taken.message["Subject"] == one_line("Pesanan ✓ – " + LONG_NAME)
    assert taken.message["Reply-To"] == "Budi Santoso <budi@sinar.example>"
    assert taken.body == "Terima kasih – 谢谢\n" + "x" * 2000 + "\n"
    html = taken.message.get_body(("html",)).get_content()
    assert html.strip() == "<p>Terima kasih – <b>谢谢</b></p>"
    assert max(map(len, taken.content.split(b"\r\n"))) <= 78
    assert taken.content.isascii()


def test_attachments_keep_their_names_and_bytes(app, portal_mail, write):
    order, table_of = bytes(range(256)) * 50, "kode;jumlah\r\n"
    write(
        attachments=(
            ("Pesanan №7 – Toko Jaya.pdf", "application/pdf", order),
            ('../"a"\r\nBcc: x@y.example.csv', "text/csv; charset=utf-8", table_of.encode()),
            ("strange", "message/rfc822", b"From: nobody"),
        )
    )
    run_waiting(app)
    (taken,) = portal_mail.taken
    found = [part for part in taken.message.walk() if part.get_filename()]
    assert [part.get_filename() for part in found] == [
        "Pesanan №7 – Toko Jaya.pdf",
        '"a"Bcc: x@y.example.csv',
        "strange",
    ]
    assert [part.get_content_type() for part in found] == [
        "application/pdf",
        "text/csv",
        "application/octet-stream",
    ]
    assert found[0].get_payload(decode=True) == order
    assert found[1].get_payload(decode=True) == table_of.encode()
    assert b"filename*" in taken.content  # RFC 2231
    assert taken.message["Bcc"] is None


def test_the_content_of_an_attachment_stays_as_long_as_its_mail(app, portal_mail, write):
    write(attachments=(("a.txt", "text/plain", b"kept"),))
    with app.app_context():
        store = app.extensions["kantor_files"]
        sweep.tidy(store, datetime.now(UTC) + timedelta(days=3))
        with unscoped(reason="test") as tx:
            long_ago = tx.now - timedelta(days=9)
            kernel_execute(tx.session, update(StoredFile.__table__).values(created_at=long_ago))
            files.expire(tx)
    run_waiting(app)
    (part,) = [part for part in portal_mail.taken[0].message.walk() if part.get_filename()]
    assert part.get_payload(decode=True) == b"kept"
    with app.app_context():
        sweep.tidy(store, datetime.now(UTC) + timedelta(days=31))
        with unscoped(reason="test") as tx:
            long_ago = tx.now - timedelta(days=9)
            kernel_execute(tx.session, update(StoredFile.__table__).values(created_at=long_ago))
            files.expire(tx)
            assert kernel_execute(tx.session, select(MailAttachment.id)).all() == []
            assert kernel_execute(tx.session, select(StoredFile.id)).all() == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sari",
        "sari@sinar.example\r\nBcc: all@sinar.example",
        "sari@sinar.example\nX: y",
        "sari@sinar.example, budi@sinar.example",
        "sari@sinar.example budi@sinar.example",
        "sari@sin ar.example",
        "säri@sinar.example",
        "<script>@sinar.example",
        "sari@[127.0.0.1]",
        "a" * 65 + "@sinar.example",
        "sari@-sinar..example",
    ],
)
def test_what_is_no_address_is_refused_beside_its_field(app, portal_mail, write, mails, address):
    with pytest.raises(ValidationFailed) as refused:
        write(to=address)
    assert list(refused.value.fields) == ["to"]
    if address:
        with pytest.raises(ValidationFailed) as refused:
            write(reply_to=address)
        assert list(refused.value.fields) == ["reply_to"]
    assert mails() == []


def test_a_domain_of_other_letters_is_written_as_the_net_has_it():
    assert read_address("sari@klinik-süd.example").addr_spec == "sari@xn--klinik-sd-x9a.example"


def test_attachments_that_are_too_large_together_are_refused(app, portal_mail, write, mails):
    half = bytes(11 * 1024 * 1024)
    with pytest.raises(ValidationFailed):
        write(attachments=[("a", "text/plain", half), ("b", "text/plain", half)])
    assert mails() == []


@given(subject=st.text(), name=st.text(), text=st.text())
def test_no_text_ever_becomes_a_header(subject, name, text):
    class Row:
        message_id, sender = "<abc.def@sinar.example>", "kantor@sinar.example"
        recipient, reply_to, html = "sari@sinar.example", None, None
        created_at = datetime(2026, 3, 1, tzinfo=UTC)

    row = Row()
    row.subject, row.text = subject, text.encode("utf-8", "replace").decode()
    row.subject = subject.encode("utf-8", "replace").decode()
    plain = files.clean_name(name.encode("utf-8", "replace").decode())
    once = compose(row, [(plain, "text/plain", b"x")])
    assert once == compose(row, [(plain, "text/plain", b"x")])
    assert list(message_from_bytes(once)) == [
        "Date",
        "Message-ID",
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ]


def test_a_mail_that_was_not_taken_is_sent_again_with_the_same_bytes(
    app, portal_mail, write, mails, later
):
    write(html="<p>x</p>", attachments=(("a.txt", "text/plain", b"x"),))
    portal_mail.after_data = lambda mail: "451 the line broke"
    run_waiting(app)
    assert mails()[0].state == "failed"
    portal_mail.after_data = None
    assert later(minutes=5) == 1
    first, second = portal_mail.taken
    assert first.content == second.content
    assert mails()[0].state == "sent"


def test_the_pauses_grow_and_after_twelve_attempts_it_is_given_up(app, portal_mail, write, mails):
    write()
    portal_mail.refusals["*"] = "451 try later"
    moment, pauses = datetime.now(UTC) + timedelta(seconds=1), []
    with app.app_context():
        while mails()[0].state != "dead":
            post(moment)
            pauses.append(pause_after(mails()[0].attempts))
            moment = mails()[0].due_at
    assert len(pauses) == MOST_ATTEMPTS
    assert pauses == sorted(pauses)
    assert mails()[0].error == "451 try later"
    assert portal_mail.taken == []


def test_nobody_waits_for_an_address_that_does_not_exist(app, portal_mail, write, mails):
    write(to="gone@sinar.example", key="gone")
    write(to="sari@sinar.example", key="sari")
    portal_mail.refusals["gone@sinar.example"] = "550 no such user"
    run_waiting(app)
    assert [(row.state, row.error) for row in mails()] == [
        ("dead", "550 no such user"),
        ("sent", None),
    ]


def test_a_server_that_is_away_costs_no_attempt_and_every_mail_keeps_its_turn(
    app, portal_mail, write, mails, later
):
    write(key="one")
    write(key="two")
    with app.app_context():
        outgoing.set(replace(outgoing.get(), port=1))
        assert post() == 0
    assert [(row.state, row.attempts) for row in mails()] == [("failed", 0), ("waiting", 0)]
    assert later(minutes=5) == 2
    assert [row.state for row in mails()] == ["sent", "sent"]


def test_a_server_that_is_away_for_days_is_waited_for_three_days(app, portal_mail, write, mails):
    write()
    with app.app_context():
        with unscoped(reason="test") as tx:
            long_ago = tx.now - timedelta(days=3, minutes=1)
            kernel_execute(tx.session, update(table).values(created_at=long_ago))
        outgoing.set(replace(outgoing.get(), port=1))
        post()
    assert mails()[0].state == "dead"
    assert "refused" in mails()[0].error


def test_a_mail_that_kills_its_workers_is_given_up(app, portal_mail, write, mails):
    write()
    moment = datetime.now(UTC) + timedelta(seconds=1)
    with app.app_context():
        for _ in range(MOST_ATTEMPTS):
            with unscoped(reason="test") as tx:
                assert services.claim(tx, mails()[0].id, moment) is not None
            moment += timedelta(minutes=6)
        assert post(moment) == 0
    assert (mails()[0].state, mails()[0].error) == ("dead", "interrupted again and again")


def test_a_mail_belongs_to_one_worker_while_it_is_being_sent(app, portal_mail, write, mails):
    write()
    moment = datetime.now(UTC) + timedelta(seconds=1)
    with app.app_context(), unscoped(reason="test") as tx:
        mine = services.claim(tx, mails()[0].id, moment)
    with app.app_context():
        assert post(moment) == 0
        assert post(moment + timedelta(minutes=6)) == 1
        with unscoped(reason="test") as tx:  # The first one comes back too late.
            services.put_off(tx, mine, "I was away")
    assert mails()[0].state == "sent"


def test_a_mail_may_be_held_back_until_morning(app, portal_mail, write, later):
    write(not_before=datetime.now(UTC) + timedelta(hours=8))
    run_waiting(app)
    assert portal_mail.taken == []
    assert later(hours=9) == 1


def test_a_mail_that_was_given_up_is_tried_again_or_dropped_and_no_other(
    app, portal_mail, write, mails
):
    first, second = write(key="one"), write(key="two")
    portal_mail.refusals["*"] = "550 no such user"
    run_waiting(app)
    portal_mail.refusals.clear()
    with app.app_context():
        with unscoped(reason="test") as tx:
            services.drop(tx, second)
            services.try_again(tx, first)
        run_waiting(app)
        for act in (services.try_again, services.drop):
            with pytest.raises(Conflict), unscoped(reason="test") as tx:
                act(tx, first)
            with pytest.raises(NotFound), unscoped(reason="test") as tx:
                act(tx, second)
    assert [row.state for row in mails()] == ["sent"]
    assert len(portal_mail.taken) == 1


def test_a_mail_speaks_the_language_in_force_when_it_is_written(app, portal_mail, write):
    token = current_language.set("id")
    write(subject=message("Waiting"))
    current_language.reset(token)
    run_waiting(app)
    assert portal_mail.taken[0].message["Subject"] == "Menunggu"
