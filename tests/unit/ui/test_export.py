"""Lists as CSV and JSON: typed, inert, complete, and over when the reader goes away."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.contacts.models import Contact
from portal.db import db, unscoped
from portal.guard import kernel_execute
from portal.ui import export
from portal.ui.export import inert
from portal.ui.table.typed import decimal
from tests.unit.ui.lists import add, asking, exported, make

TABLE = make()
DANGEROUS = "=+-@＝＋－＠\t\r"


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "\u00a0=1", "＝1", "\u200b=1", "\n=1", "' -"[1:]],
)
def test_text_that_looks_like_a_formula_gets_an_apostrophe(text):
    assert inert(text).startswith("'")


@pytest.mark.parametrize("text", ["", "a=1", "x-1", "'=1", "1,2", "Rp 5", "n/a", "#1", "(=1)"])
def test_other_text_is_left_alone(text):
    assert inert(text) == text


@given(
    st.text(alphabet=st.one_of(st.sampled_from(DANGEROUS + " '\"\u200b\n\x00"), st.characters()))
)
def test_no_text_at_all_becomes_a_formula(text):
    shown = inert(text)
    assert not re.sub(r"^[\s\u200b\ufeff\x00-\x1f]+", "", shown).startswith(tuple("=+-@＝＋－＠"))
    assert not shown.startswith(("\t", "\r"))


@given(st.text())
def test_no_text_leaves_its_cell(text):
    line = io.StringIO()
    csv.writer(line).writerow([inert(text), "next"])
    cells = next(csv.reader(io.StringIO(line.getvalue(), newline="")), [])
    assert cells == [inert(text), "next"]


@given(st.integers(-(10**15), 10**15), st.sampled_from([0, 2, 3]))
def test_decimals_are_exact(value, digits):
    from decimal import Decimal

    assert Decimal(decimal(value, digits)) == Decimal(value).scaleb(-digits)


def test_numbers_stay_numbers_and_text_stays_text_in_csv(portal_app, world):
    add(portal_app, {"name": "-5 degrees", "version": -1500}, {"name": "a, b", "version": 2000})
    content = exported(portal_app, TABLE, "csv")
    assert content.startswith(b"\xef\xbb\xbfName,Kind,")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line[:4] for line in lines[1:]] == [
        ["'-5 degrees", "Person", "-1.5", "Yes"],
        ["a, b", "Person", "2", "Yes"],
    ]


def test_json_is_typed_and_keyed_by_column(portal_app, world):
    add(portal_app, {"name": 'q"\\', "version": 1250, "active": False})
    found = json.loads(exported(portal_app, TABLE, "json"))
    del found[0]["public_id"]
    assert found == [
        {
            "name": 'q"\\',
            "kind": "person",
            "amount": 1.25,
            "active": False,
            "department": None,
            "works_for": None,
        }
    ]


def test_a_file_has_the_order_and_the_filters_of_the_page(portal_app, world):
    add(portal_app, {"name": "a"}, {"name": "b"}, {"name": "c", "kind": "organisation"})
    found = json.loads(exported(portal_app, TABLE, "json", "?sort=-name&kind=person"))
    assert [row["name"] for row in found] == ["b", "a"]
    found = json.loads(exported(portal_app, TABLE, "json", "?q=c&after=anything"))
    assert [row["name"] for row in found] == ["c"]


def test_a_long_list_is_read_in_chunks_without_losing_or_doubling_a_row(
    portal_app, world, monkeypatch
):
    monkeypatch.setattr(export, "FIRST_CHUNK", 7)
    monkeypatch.setattr(export, "CHUNK", 10)
    add(portal_app, *({"name": f"same {i % 3}", "version": i} for i in range(95)))
    found = json.loads(exported(portal_app, TABLE, "json"))
    assert sorted(row["amount"] * 1000 for row in found) == list(range(95))
    assert [row["name"] for row in found] == sorted(row["name"] for row in found)


def test_a_file_is_named_after_the_list_and_the_day(portal_app, world):
    with asking(portal_app, "?format=csv") as tx:
        answer = TABLE.respond(tx, "no-template.html")
        answer.close()
        expected = f"attachment; filename=test-contacts-{tx.today.isoformat()}.csv"
    assert answer.headers["Content-Disposition"] == expected
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_an_export_holds_no_transaction_between_chunks_and_ends_with_the_response(
    portal_app, world, monkeypatch
):
    monkeypatch.setattr(export, "FIRST_CHUNK", 5)
    monkeypatch.setattr(export, "CHUNK", 5)
    add(portal_app, *({"name": f"n{i}"} for i in range(30)))
    with asking(portal_app, "?format=json") as tx:
        answer = TABLE.respond(tx, "no-template.html")
        tx.session.rollback()
        pool = db.engine.pool
        stream = iter(answer.response)
        next(stream), next(stream)
        assert pool.checkedout() == 0
        answer.close()
        assert pool.checkedout() == 0


def test_rows_that_go_while_a_file_is_read_do_not_disturb_the_rest(portal_app, world, monkeypatch):
    monkeypatch.setattr(export, "FIRST_CHUNK", 5)
    monkeypatch.setattr(export, "CHUNK", 5)
    add(portal_app, *({"name": f"n{i:02}"} for i in range(20)))
    with asking(portal_app, "?format=json") as tx:
        answer = TABLE.respond(tx, "no-template.html")
        stream = iter(answer.response)
        begun = next(stream)
        tx.session.rollback()
        with unscoped(reason="test data") as writing:
            table = Contact.__table__
            kernel_execute(writing.session, delete(table).where(table.c.name == "n12"))
        found = json.loads(begun + b"".join(stream))
        answer.close()
    assert [row["name"] for row in found] == [f"n{i:02}" for i in range(20) if i != 12]


def test_a_ledger_ends_at_the_rows_there_were_when_it_was_asked_for(portal_app, world, monkeypatch):
    monkeypatch.setattr(export, "FIRST_CHUNK", 5)
    add(portal_app, *({"name": f"n{i}"} for i in range(9)))
    for ledger, expected in ((True, 9), (False, 10)):
        with asking(portal_app, "?format=json") as tx:
            answer = make(ledger=ledger).respond(tx, "no-template.html")
            stream = iter(answer.response)
            begun = next(stream)
            tx.session.rollback()
            add(portal_app, {"name": f"z{ledger}"})
            found = json.loads(begun + b"".join(stream))
            answer.close()
        assert len(found) == expected + (not ledger)


def test_a_list_longer_than_an_export_may_be_is_refused_before_the_first_byte(
    portal_app, world, monkeypatch
):
    monkeypatch.setattr(export, "MOST_ROWS", 3)
    add(portal_app, *({"name": f"n{i}"} for i in range(3)))
    assert len(json.loads(exported(portal_app, TABLE, "json"))) == 3
    add(portal_app, {"name": "one too many"})
    with pytest.raises(export.TooManyRows):
        exported(portal_app, TABLE, "csv")


@pytest.mark.parametrize("wanted", ["csv", "xlsx", "json"])
def test_a_list_without_rows_is_a_file_without_rows(portal_app, world, wanted):
    content = exported(portal_app, TABLE, wanted)
    if wanted == "json":
        assert json.loads(content) == []
    elif wanted == "csv":
        assert content.decode("utf-8-sig").count("\n") == 1
    else:
        assert content.startswith(b"PK")
