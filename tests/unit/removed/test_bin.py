"""The bin: what one has removed from records lies there for a month, for oneself alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.attachments.models import Attachment
from portal.comments.models import Comment
from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.removed.services import SHOWN
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.talking import contact, rows, say


@pytest.fixture
def assistant(portal_app, world):
    """Return a browser of somebody of the office who may change its contacts."""
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def firm(portal_app, world):
    return contact(portal_app, "Toko Kertas", world.departments["office"])


def main(browser, address="/bin"):
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.text.partition("</header>")[2].partition("</main>")[0]


def remove_comment(app, browser, firm, text, **more):
    assert say(browser, firm, text, **more).status_code == 303
    said = rows(app, Comment)[-1].public_id
    assert browser.post(f"/records/comments/{said}/remove").status_code == 303
    return said


def remove_file(app, browser, firm, name):
    assert say(browser, firm, "Look", files={name: b"text"}).status_code == 303
    file = rows(app, Attachment)[-1].public_id
    assert browser.post(f"/attachments/{file}/remove").status_code == 303
    return file


def test_an_empty_bin_says_so(assistant):
    assert "The bin is empty" in main(assistant)


def test_what_was_removed_is_put_back_from_the_bin(portal_app, assistant, firm):
    said = remove_comment(portal_app, assistant, firm, "Ask for <b>white</b> paper")
    file = remove_file(portal_app, assistant, firm, "prices.txt")
    page = main(assistant)
    assert page.index("prices.txt") < page.index("Ask for &lt;b&gt;white&lt;/b&gt; paper")
    assert page.count("Toko Kertas") == 2
    for part, public_id, told in (
        ("comment", said, "The comment is back."),
        ("file", file, "prices.txt is back."),
    ):
        answer = assistant.post(f"/bin/{part}/{public_id}")
        assert (answer.status_code, answer.location) == (303, "/bin")
        assert told in assistant.get("/bin").text
    assert "The bin is empty" in main(assistant)
    shown = assistant.get(f"/contacts/{firm}").text
    assert "prices.txt" in shown
    assert "white" in shown


def test_what_is_back_already_is_not_in_the_bin(portal_app, assistant, firm):
    said = remove_comment(portal_app, assistant, firm, "Once")
    assert assistant.post(f"/bin/comment/{said}").status_code == 303
    assert assistant.post(f"/bin/comment/{said}").status_code == 404
    assert rows(portal_app, Comment)[-1].removed_at is None


@pytest.mark.parametrize("address", ["/bin/person/x", "/bin/comment", "/bin/x/y/z"])
def test_what_is_no_part_of_a_record_is_not_found(assistant, address):
    assert assistant.post(address).status_code == 404


def test_nobody_finds_what_somebody_else_removed(portal_app, world, assistant, firm):
    said = remove_comment(portal_app, assistant, firm, "Mine alone")
    manager = sign_in(portal_app, world.people["office_manager"])
    assert "Mine alone" not in main(manager)
    assert manager.post(f"/bin/comment/{said}").status_code == 404
    assert rows(portal_app, Comment)[-1].removed_at is not None


def test_what_lay_with_a_record_out_of_reach_is_not_shown_and_not_put_back(
    portal_app, world, assistant, firm
):
    said = remove_comment(portal_app, assistant, firm, "Of the office")
    with working_as(portal_app) as tx:
        kernel_execute(
            tx.session,
            update(Contact.__table__).values(department_id=world.departments["lab"]),
        )
    assert "Of the office" not in main(assistant)
    assert assistant.post(f"/bin/comment/{said}").status_code == 404
    assert rows(portal_app, Comment)[-1].removed_at is not None


def test_an_internal_note_is_shown_only_as_long_as_one_handles_the_record(
    portal_app, world, assistant, firm
):
    remove_comment(portal_app, assistant, firm, "Among us", internal="y")
    assert "Among us" in main(assistant)
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        looker = add_person(tx, "Eka Looker", department_id=office, role="employee")
        table = Comment.__table__
        kernel_execute(tx.session, update(table).values(removed_by_id=looker))
    browser = sign_in(portal_app, looker)
    assert browser.get(f"/contacts/{firm}").status_code == 200
    assert "Among us" not in main(browser)


def test_after_a_month_it_is_gone(portal_app, assistant, firm):
    said = remove_comment(portal_app, assistant, firm, "Long ago")
    with working_as(portal_app) as tx:
        then = tx.now - timedelta(days=31)
        kernel_execute(tx.session, update(Comment.__table__).values(removed_at=then))
    assert "The bin is empty" in main(assistant)
    assert assistant.post(f"/bin/comment/{said}").status_code == 404


@pytest.mark.parametrize("before", ["x", "", "-1", "9" * 30, "0"])
def test_an_address_of_nonsense_is_an_empty_or_a_first_page(assistant, before):
    assert assistant.get(f"/bin?before={before}").status_code == 200


def test_a_long_bin_has_pages_and_asks_the_database_little(portal_app, assistant, firm):
    for number in range(3):
        remove_comment(portal_app, assistant, firm, f"Words {number}")
    known, table = rows(portal_app, Comment)[-1]._asdict(), Comment.__table__
    with working_as(portal_app) as tx:
        more = [
            known
            | {"id": 1_000 + n, "public_id": f"more{n}", "text": f"More {n}."}
            | {"removed_at": known["removed_at"] - timedelta(minutes=n + 1)}
            for n in range(SHOWN)
        ]
        kernel_execute(tx.session, table.insert(), more)
    first = main(assistant)
    older = re.search(r'href="(/bin\?before=\d+)"', first)[1]
    with counting_statements(portal_app) as seen:
        second = main(assistant, older)
    assert len(seen) <= 6, "\n".join(seen)
    shown = [re.findall(r"(?:Words|More) \d+", each) for each in (first, second)]
    assert [len(each) for each in shown] == [SHOWN, 3]
    assert not set(shown[0]) & set(shown[1])
