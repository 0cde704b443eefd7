"""What people say about a record: shown as typed, to whoever sees the record and nobody else."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.api import Contact, Forbidden, past_comment, visible
from portal.attachments.models import Attachment
from portal.audit.models import AuditEntry
from portal.comments.models import Comment
from portal.notices.models import Notice
from portal.testing import add_person, counting_statements, run_jobs, sign_in, working_as
from tests.unit.talking import contact, rows, say

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a hx-get="/account" hx-trigger="load">x</a>',
    "{{7*7}} ${7*7} {% raw %}",
    'x" onmouseover="alert(1)',
    "javascript:alert(1)",
    "Printer on = yes & \u0627\u0644\u0639 5 < 6",
    "C++ a@b.org #12 \U0001f469\u200d\U0001f52c",
]


@pytest.fixture
def assistant(portal_app, world):
    """Return a browser of somebody of the office who may change its contacts."""
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def employee(portal_app, world):
    """Return a browser of somebody of the office who only looks at contacts."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Eka Looker", department_id=office, role="employee")
    return sign_in(portal_app, who)


@pytest.fixture
def stranger(portal_app, world):
    """Return a browser of somebody of the lab."""
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        who = add_person(tx, "Lala Lab", department_id=lab, role="assistant")
    return sign_in(portal_app, who)


def page(browser, public_id):
    answer = browser.get(f"/contacts/{public_id}")
    assert answer.status_code == 200
    return answer.text


def comment_id(text):
    return re.search(r'id="c-(\w+)"', text)[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_shown_as_they_were_typed(portal_app, assistant, world, text):
    firm = contact(portal_app, "Jaya", world.departments["office"])
    answer = say(assistant, firm, text)
    assert (answer.status_code, answer.location) == (303, f"/contacts/{firm}#talk")
    shown = page(assistant, firm)
    said = re.search(r'<div class="words">(.*?)</div>', shown, re.DOTALL)[1]
    assert html.unescape(re.sub("<[^>]*>", "", said)) == rows(portal_app, Comment)[0].text
    assert "<script>alert" not in shown
    assert "onerror" not in re.sub("&[^;]*;", "", said) or "<img" not in said


def test_an_address_of_the_web_becomes_a_link_and_stays_readable(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "see https://example.org/a?b=1&c=2.")
    link = 'href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow"'
    assert link in page(assistant, firm)


def test_nobody_talks_about_what_they_do_not_see(portal_app, assistant, stranger, world):
    firm = contact(portal_app, "Jaya", world.departments["office"])
    say(assistant, firm, "Secret words")
    said = comment_id(page(assistant, firm))
    for method, address in (
        ("get", f"/records/core.contact/{firm}/story"),
        ("post", f"/records/core.contact/{firm}/comments"),
        ("post", f"/records/core.contact/{firm}/watch"),
        ("get", f"/records/core.contact/{firm}/link"),
        ("post", f"/records/comments/{said}/remove"),
        ("get", f"/records/comments/{said}/edit"),
        ("post", f"/records/comments/{said}/edit"),
    ):
        answer = getattr(stranger, method)(
            address, **({"data": {"text": "x"}} if method == "post" else {})
        )
        assert answer.status_code == 404, address
        assert "Secret" not in answer.text
    assert [row.text for row in rows(portal_app, Comment)] == ["Secret words"]


@pytest.mark.parametrize("kind", ["core.person", "core.nothing", "inventory.item", "x", "core"])
def test_what_is_no_kind_to_talk_about_is_not_there(portal_app, assistant, kind):
    for address in ("story", "comments"):
        method = assistant.get if address == "story" else assistant.post
        assert method(f"/records/{kind}/234567892345/{address}").status_code == 404


def test_internal_notes_are_for_those_who_handle_the_record(portal_app, assistant, employee):
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "Between us", internal="y")
    assert "Between us" in page(assistant, firm)
    assert "Internal note" in page(assistant, firm)
    assert "Between us" not in page(employee, firm)
    assert "Internal note" not in page(employee, firm)
    refused = say(employee, firm, "Me too", internal="y")
    assert refused.status_code == 422
    assert "for those who handle this" in refused.text
    assert "Me too" in refused.text
    for address in (f"/records/core.contact/{firm}/story", "/notices"):
        assert "Between us" not in employee.get(address).text


def test_a_comment_with_nothing_in_it_is_asked_for_again(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    answer = say(assistant, firm, "   ")
    assert answer.status_code == 422
    assert "Write something, or attach a file." in answer.text
    long = say(assistant, firm, "x" * 10_001)
    assert long.status_code == 422
    assert "x" * 10_001 in long.text


def test_a_comment_sent_twice_stands_there_once(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    key = assistant.form_key()
    for _ in range(2):
        assert say(assistant, firm, "Once", _key=key).status_code == 303
    assert len(rows(portal_app, Comment)) == 1


def test_whoever_is_named_is_told_if_they_may_see_it(portal_app, assistant, world):
    with working_as(portal_app) as tx:
        office, lab = world.departments["office"], world.departments["lab"]
        near = add_person(tx, "Dewi Lestari", department_id=office, role="employee")
        far = add_person(tx, "Budi Jauh", department_id=lab, role="employee")
    for person in (near, far):
        sign_in(portal_app, person)
    firm = contact(portal_app, "Jaya", office)
    answer = say(assistant, firm, "@Dewi Lestari and @Budi Jauh: look")
    shown = assistant.get(answer.location).text
    assert "Budi Jauh cannot see this and was not told." in shown
    told = [(row.owner_id, row.kind) for row in rows(portal_app, Notice)]
    assert told == [(near, "core.comment_mentioned")]
    assert re.search(r'<a class="at" href="/people/\w+">@Dewi Lestari</a>', shown)


def test_an_internal_note_tells_nobody_who_does_not_handle_the_record(portal_app, assistant, world):
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        near = add_person(tx, "Dewi Lestari", department_id=office, role="employee")
    sign_in(portal_app, near)
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "@Dewi Lestari is late again", internal="y")
    assert rows(portal_app, Notice) == []


def test_one_changes_and_removes_what_one_wrote(portal_app, assistant, employee):
    firm = contact(portal_app, "Jaya")
    say(employee, firm, "Frist")
    said = comment_id(page(employee, firm))
    form = employee.get(f"/records/comments/{said}/edit").text
    version = re.search(r'name="version"[^>]*value="(\d+)"', form)[1]
    sent = {"text": "First", "version": version}
    assert employee.post(f"/records/comments/{said}/edit", data=sent).status_code == 303
    assert "First" in page(assistant, firm)
    assert "changed" in page(assistant, firm)
    late = employee.post(f"/records/comments/{said}/edit", data=sent | {"text": "Third"})
    assert late.status_code == 409
    assert "First" in late.text
    assert "Third" in late.text
    assert assistant.post(f"/records/comments/{said}/edit", data=sent).status_code == 404
    removed = employee.post(f"/records/comments/{said}/remove")
    assert removed.status_code == 303
    undo = re.search(r'action="(/undo/\w+)"', employee.get(removed.location).text)[1]
    assert "First" not in page(assistant, firm)
    assert employee.post(undo).status_code == 303
    assert "First" in page(assistant, firm)


def test_only_who_wrote_it_or_handles_the_record_removes_a_comment(portal_app, assistant, employee):
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "Mine")
    said = comment_id(page(assistant, firm))
    assert employee.post(f"/records/comments/{said}/remove").status_code == 404
    say(employee, firm, "Theirs")
    theirs = comment_id(page(employee, firm))
    assert assistant.post(f"/records/comments/{theirs}/remove").status_code == 303
    assert [row.removed_at is None for row in rows(portal_app, Comment)] == [True, False]


def test_files_come_with_a_comment_and_go_with_its_internal_note(portal_app, assistant, employee):
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "Look", files={"offer.pdf": b"%PDF-1.4 offer"})
    say(assistant, firm, "", internal="y", files={"hidden.pdf": b"%PDF-1.4 hidden"})
    assert "offer.pdf" in page(employee, firm)
    assert "hidden.pdf" not in page(employee, firm)
    files = {row.name: row.public_id for row in rows(portal_app, Attachment)}
    assert employee.get(f"/attachments/{files['offer.pdf']}").data == b"%PDF-1.4 offer"
    assert employee.get(f"/attachments/{files['hidden.pdf']}").status_code == 404
    assert assistant.get(f"/attachments/{files['hidden.pdf']}").status_code == 200


def test_every_act_stands_in_the_audit_without_the_words(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    say(assistant, firm, "zqxwords", files={"a.txt": b"a"})
    said = comment_id(page(assistant, firm))
    assistant.post(f"/records/comments/{said}/remove")
    acts = [row for row in rows(portal_app, AuditEntry) if row.subject_kind == "core.contact"]
    named = [row.action for row in acts]
    assert named == ["core.file_attached", "core.comment_written", "core.comment_removed"]
    assert not any("zqxwords" in str(row.detail) for row in acts)


def test_a_page_of_a_record_asks_the_same_however_much_was_said(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    page(assistant, firm)
    with counting_statements(portal_app) as before:
        page(assistant, firm)
    for number in range(15):
        say(assistant, firm, f"Words {number}", files={"a.txt": b"a%d" % number})
    run_jobs(portal_app)
    with counting_statements(portal_app) as after:
        page(assistant, firm)
    assert len(after) <= len(before) + 1  # the files of the comments that are there


def test_a_comment_of_an_earlier_day_is_shown_on_its_day_and_tells_nobody(
    portal_app, world, assistant
):
    firm = contact(portal_app, "Toko Kertas")
    with working_as(portal_app) as tx:
        row = tx.one(select(Contact), public_id=firm)
        who, at = world.people["office_manager"], tx.now - timedelta(days=400)
        past_comment(tx, row, person_id=who, text="Ask for Budi. @Assistant", at=at)
    assert "Ask for Budi." in page(assistant, firm)
    assert rows(portal_app, Comment)[-1].at == at
    assert rows(portal_app, Notice) == []


def test_nobody_writes_in_the_name_of_another(portal_app, world):
    firm = contact(portal_app, "Toko Kertas")
    manager = world.people["office_manager"]
    with working_as(portal_app, world.people["assistant"]) as tx:
        row = tx.one(visible(select(Contact), "core.contact.view", tx.actor), public_id=firm)
        with pytest.raises(Forbidden):
            past_comment(tx, row, person_id=manager, text="No", at=tx.now)
    assert rows(portal_app, Comment) == []
