"""What people can do with keys."""

import re

import pytest
from sqlalchemy import select

from kantor_keys.models import Key
from kantor_keys.services import KeyAlreadyLent, save
from portal.testing import working_as


@pytest.fixture
def key(portal_app, world):
    """Return the public id of key A1, which hangs in the cabinet."""
    with working_as(portal_app) as tx:
        row = Key(code="A1", room="101")
        tx.session.add(row)
        tx.session.flush()
        return row.public_id


def stored(portal_app, code="A1"):
    with working_as(portal_app) as tx:
        row = tx.session.scalars(select(Key).where(Key.code == code)).one()
        return row.room, row.holder_id, row.lent_at is not None


def test_a_lent_key_cannot_be_lent_again(tx, world):
    key = Key()
    save(tx, key, code="A1", room="101", holder_id=world.people["employee"])
    with pytest.raises(KeyAlreadyLent, match="Employee has A1"):
        save(tx, key, code="A1", room="101", holder_id=world.people["executive"])
    save(tx, key, code="A1", room="101", holder_id=None)
    save(tx, key, code="A1", room="101", holder_id=world.people["executive"])


def test_only_assistants_add_and_lend(as_role, key):
    assert as_role("employee").get("/keys/").status_code == 200
    assert as_role("employee").get("/keys/new").status_code == 403
    assert as_role("employee").post(f"/keys/{key}", data={}).status_code == 403
    assert as_role("assistant").get(f"/keys/{key}").status_code == 200
    assert as_role("executive").get("/keys/").status_code == 403


def test_an_assistant_adds_a_key_and_lends_it(portal_app, world, as_role):
    assistant, holder = as_role("assistant"), world.people["employee"]
    assert assistant.post("/keys/new", data={"code": "B2", "room": "201"}).status_code == 303
    assert stored(portal_app, "B2") == ("201", None, False)
    page = assistant.get("/keys/").text
    address = re.search(r'href="/keys/([0-9a-z]{12})"', page)[1]
    form = {"code": "B2", "room": "202", "holder_id": holder}
    assert assistant.post(f"/keys/{address}", data=form).status_code == 303
    assert stored(portal_app, "B2") == ("202", holder, True)
    assert "Employee" in assistant.get("/keys/").text


def test_a_key_that_somebody_has_is_a_conflict(portal_app, world, as_role, key):
    form = {"code": "A1", "room": "101", "holder_id": world.people["employee"]}
    assistant = as_role("assistant")
    assert assistant.post(f"/keys/{key}", data=form).status_code == 303
    form["holder_id"] = world.people["executive"]
    answer = assistant.post(f"/keys/{key}", data=form)
    assert answer.status_code == 409
    assert "Employee has A1" in answer.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"code": "", "room": "101"}, "Fill this in."),
        ({"code": "A1", "room": "101"}, "There is a key with this code already."),
        ({"code": "B2", "room": "101", "holder_id": "999999"}, "Choose one of the list."),
        ({"code": "B" * 21, "room": "101"}, "20"),
    ],
)
def test_a_form_with_faults_comes_back_with_words(as_role, key, form, words):
    answer = as_role("assistant").post("/keys/new", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_missing_key_is_not_found(as_role, world):
    assert as_role("assistant").get("/keys/nowhere").status_code == 404
    assert as_role("assistant").post("/keys/nowhere", data={}).status_code == 404


def test_a_form_without_token_or_key_is_refused(as_role, world):
    data = {"code": "B2", "room": "201"}
    assert as_role("assistant").post("/keys/new", data=data, raw=True).status_code == 400


def test_the_list_comes_as_a_sheet_too(as_role, key):
    rows = as_role("employee").get("/keys/?format=csv").text.splitlines()
    assert "A1" in rows[1]
