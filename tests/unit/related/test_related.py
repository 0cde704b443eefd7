"""Records that have to do with one another."""

from __future__ import annotations

import re

import pytest

from portal.places.models import Place
from portal.related.models import RecordLink
from portal.related.rules import in_order
from portal.testing import add_person, sign_in, together, working_as
from tests.unit.talking import contact, rows


@pytest.fixture
def assistant(portal_app, world):
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def stranger(portal_app, world):
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        who = add_person(tx, "Lala Lab", department_id=lab, role="assistant")
    return sign_in(portal_app, who)


@pytest.fixture
def shelf(portal_app):
    with working_as(portal_app) as tx:
        row = Place(code="SH-1", name="Shelf one", kind="shelf")
        tx.session.add(row)
        tx.session.flush()
        return row.public_id


def link(browser, firm, words, note=""):
    address = f"/records/core.contact/{firm}/link"
    return browser.post(address, data={"record": words, "note": note})


@pytest.mark.parametrize("words", ["SH-1", "sh-1", "Shelf one", "shelf ONE", "{address}"])
def test_a_record_is_named_by_its_number_name_or_address(portal_app, assistant, shelf, words):
    firm = contact(portal_app, "Jaya")
    address = f"http://localhost/places/{shelf}?x=1#talk"
    answer = link(assistant, firm, words.format(address=address), "stands there")
    assert answer.status_code == 303, answer.text
    here = assistant.get(f"/contacts/{firm}").text
    assert "Shelf one" in here
    assert "stands there" in here
    there = assistant.get(f"/places/{shelf}").text
    assert "Jaya" in re.search(r'id="related".*', there, re.DOTALL)[0]


def test_a_pair_is_linked_once_whoever_begins(portal_app, assistant, shelf):
    firm = contact(portal_app, "Jaya")
    link(assistant, firm, "SH-1")
    back = f"/records/core.place/{shelf}/link"
    assert assistant.post(back, data={"record": "Jaya"}).status_code == 303
    together(*[lambda: link(assistant, firm, "SH-1")] * 3)
    assert len(rows(portal_app, RecordLink)) == 1


@pytest.mark.parametrize("words", ["Nothing", "Hidden", "/contacts/{hidden}", "%", "_", "' OR 1=1"])
def test_what_one_may_not_see_is_as_if_it_were_not_there(portal_app, stranger, world, words):
    firm = contact(portal_app, "Jaya")
    hidden = contact(portal_app, "Hidden", world.departments["office"])
    answer = link(stranger, firm, words.format(hidden=hidden))
    assert answer.status_code == 422
    assert "Nothing like that is here" in answer.text
    assert f'value="{words.format(hidden=hidden)}"'.replace("'", "&#39;") in answer.text


def test_a_name_of_two_asks_for_the_address(portal_app, assistant):
    firm = contact(portal_app, "Jaya")
    contact(portal_app, "Twin")
    contact(portal_app, "Twin")
    assert "fits several" in link(assistant, firm, "Twin").text
    assert "Nothing like that" in link(assistant, firm, "Jaya").text  # not with itself


def test_a_link_to_what_one_may_not_see_is_not_shown(portal_app, assistant, stranger, world):
    firm = contact(portal_app, "Jaya")
    contact(portal_app, "Hidden", world.departments["office"])
    link(assistant, firm, "Hidden", "zqxwhy")
    assert "Hidden" in assistant.get(f"/contacts/{firm}").text
    shown = stranger.get(f"/contacts/{firm}").text
    assert "Hidden" not in shown
    assert "zqxwhy" not in shown
    made = rows(portal_app, RecordLink)[0].public_id
    assert stranger.post(f"/records/core.contact/{firm}/link/{made}/remove").status_code == 404


def test_a_link_is_taken_away_at_either_end(portal_app, assistant, shelf):
    firm = contact(portal_app, "Jaya")
    link(assistant, firm, "SH-1")
    made = rows(portal_app, RecordLink)[0].public_id
    elsewhere = contact(portal_app, "Other")
    assert (
        assistant.post(f"/records/core.contact/{elsewhere}/link/{made}/remove").status_code == 404
    )
    assert assistant.post(f"/records/core.place/{shelf}/link/{made}/remove").status_code == 303
    assert rows(portal_app, RecordLink) == []


def test_a_pair_has_one_order():
    assert in_order(("b", 1), ("a", 2)) == (("a", 2), ("b", 1))
    assert in_order(("a", 2), ("a", 1)) == (("a", 1), ("a", 2))
