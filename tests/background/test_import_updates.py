"""Adding and updating, remembered columns, the file of wrong rows, past imports and undoing one."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.imports import history
from portal.imports.reading import read_table
from portal.jobs.worker import run_waiting
from portal.testing import give_role, sign_in
from tests.unit.imports.files import hostile_csv, workbook

from .shelf import Thing
from .test_import_pages import START, columns_of, figures, run_checked, text_of

HEAD = ["Kode", "Nama barang", "Satuan", "Jumlah", "Harga"]
NUMBERS = {"number_format": "comma"}
BOTH = NUMBERS | {"mode": "both", "by": "code"}
UPDATE = NUMBERS | {"mode": "update", "by": "code"}


def stock(count, **changed):
    """Return rows of a list; ``changed`` gives some of them another name."""
    return [
        [f"A{n}", changed.get(f"A{n}", f"Barang {n}"), "pcs", "1,5", "12.500,00"]
        for n in range(1, count + 1)
    ]


def listed(rows, header=HEAD):
    return hostile_csv(rows, header)


@pytest.fixture
def assistant(app, world):
    return sign_in(app, world.people["assistant"])


@pytest.fixture
def imported(app, assistant):
    """Return a function that imports rows and returns the page of the result."""

    def work(rows, header=HEAD, **more):
        url, chosen = columns_of(assistant, listed(rows, header))
        return run_checked(app, assistant, url, chosen | NUMBERS | more)

    return work


def checked(client, rows, chosen, header=HEAD):
    url, guessed = columns_of(client, listed(rows, header))
    page = client.get(f"{url}/check", query_string=guessed | chosen)
    return url, guessed | chosen, page.text


def touch(app, code, **values):
    """Change a thing as somebody else does."""
    with app.app_context(), unscoped(reason="test") as tx:
        thing = tx.one(select(Thing), code=code)
        for name, value in values.items():
            setattr(thing, name, value)


def of_import(found):
    return {code: row for code, row in found.items() if not code.startswith("heard")}


def test_the_page_says_what_would_be_added_and_changed(app, assistant, imported, things):
    imported(stock(20))
    rows = [*stock(21, A2="Baru", A3="Baru juga"), ["A99", "", "pcs", "1", "1"]]
    url, chosen, page = checked(assistant, rows, BOTH)
    assert figures(page) == ["1", "2", "18", "1"]
    assert "Barang 2" in text_of(page)
    assert "What is new needs" not in text_of(page) or "Name" in text_of(page)
    url, chosen, page = checked(assistant, rows[:-1], BOTH)
    assert figures(page) == ["1", "2", "18", "0"]
    done = run_checked(app, assistant, url, chosen)
    assert "1 new, 2 changed, 18 as they were" in text_of(done.text)
    assert things()["a2"] == ("Baru", 1_500, 1_250_000)


def test_an_empty_cell_leaves_the_value_alone(app, assistant, imported, things):
    imported(stock(2))
    imported([["A1", "", "", "", "99,00"]], **UPDATE)
    assert things()["a1"] == ("Barang 1", 1_500, 9_900)


def test_updating_alone_needs_no_other_column(app, assistant, imported, things):
    imported(stock(2))
    page = imported([["a2", "7,00"]], header=["Kode", "Harga"], **UPDATE)
    assert "0 new, 1 changed, 0 as they were" in text_of(page.text)
    assert things()["a2"] == ("Barang 2", 1_500, 700)


def test_what_is_not_there_cannot_be_updated(assistant, imported):
    imported(stock(2))
    _, _, page = checked(assistant, stock(3), UPDATE)
    assert "“A3” is not there, so it cannot be updated" in text_of(page)


def test_adding_alone_never_changes_what_is_there(app, assistant, imported, things):
    imported(stock(2))
    url, chosen, page = checked(assistant, stock(3, A1="Anders"), NUMBERS)
    assert "“A1” is there already: Barang 1. To change it, choose to update" in text_of(page)
    assert "Nothing was imported" in text_of(run_checked(app, assistant, url, chosen).text)
    assert things()["a1"][0] == "Barang 1"


def test_rows_may_be_recognised_by_another_field(app, assistant, imported, things):
    imported(stock(2))
    by_name = BOTH | {"by": "name"}
    page = imported([["A1", "Barang 1", "pcs", "9", "12.500,00"]], **by_name)
    assert "0 new, 1 changed" in text_of(page.text)
    assert things()["a1"][1] == 9_000


def test_a_value_that_fits_more_than_one_is_ambiguous(assistant, imported):
    imported(stock(3, A1="Sama", A2="Sama"))
    _, _, page = checked(assistant, [["A9", "Sama", "pcs", "1", "1"]], BOTH | {"by": "name"})
    assert "“Sama” fits more than one: Sama, Sama" in text_of(page)


@pytest.mark.parametrize("chosen", [NUMBERS, BOTH, UPDATE])
def test_the_same_file_again_changes_nothing(app, assistant, imported, things, chosen):
    imported(stock(5))
    before = things()
    page = imported(stock(5), **chosen)
    assert "0 new, 0 changed, 5 as they were" in text_of(page.text)
    assert things() == before


@pytest.mark.parametrize("value", ["", "x", "add both", "9" * 400, "<b>", "\u202e"])
def test_hostile_ways_are_answered_with_a_page(assistant, value):
    url, chosen = columns_of(assistant, listed(stock(2)))
    for name in ("mode", "by", "leave_out"):
        for answer in (
            assistant.get(f"{url}/check", query_string=chosen | BOTH | {name: value}),
            assistant.post(f"{url}/run", data=chosen | BOTH | {name: value}),
        ):
            assert answer.status_code in {200, 303, 422}


def test_columns_are_remembered_for_the_person_and_then_for_everybody(app, world, assistant):
    head = ["Nomor", "Apa", "Hitungan", "Sisa", "Uang"]
    match = {f"c_{k}": n for n, k in enumerate(("code", "name", "unit", "quantity", "price"))}
    url, chosen = columns_of(assistant, listed(stock(2), head))
    assert "c_code" not in chosen
    run_checked(app, assistant, url, match | NUMBERS | {"mode": "both", "by": "name"})
    url, chosen = columns_of(assistant, listed(stock(3), [h.upper() for h in head]))
    assert chosen["c_code"] == "0"
    assert chosen["mode"] == "both"
    assert "Matched as you did last time" in text_of(assistant.get(url).text)
    with app.app_context(), unscoped(reason="test") as tx:
        give_role(tx, world.people["administrator"], "assistant", department_id=None)
    other = sign_in(app, world.people["administrator"])
    url, chosen = columns_of(other, listed(stock(3), head))
    assert chosen["c_price"] == "4"
    assert "Matched as a colleague did last time" in text_of(other.get(url).text)
    url, chosen = columns_of(other, listed(stock(3), [*head[:4], "Lain"]))
    assert "c_price" not in chosen


WRONG = [
    ["A3", "", "pcs", "1,5", "1,00"],
    ["A4", "=cmd|' /C calc'!A0", "lusin", "x", "1,00"],
]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_wrong_rows_are_a_file_that_can_be_corrected_and_sent(app, assistant, things, kind):
    typed = workbook([HEAD, *[[*r[:3], 1.125, 12.5] for r in stock(2)], *WRONG])
    url, chosen = columns_of(assistant, typed, "stok.xlsx")
    chosen |= NUMBERS
    answer = assistant.get(f"{url}/check", query_string=chosen | {"format": kind})
    grid = read_table(io.BytesIO(answer.data))
    assert grid.header == (*HEAD, "What is wrong")
    assert [row.cells[0] for row in grid.rows] == ["A3", "A4"]
    assert "must not be empty" in grid.rows[0].cells[-1]
    assert "no unit “lusin”" in grid.rows[1].cells[-1]
    assert b"<f>" not in answer.data
    page = run_checked(app, assistant, url, chosen | {"leave_out": "2"})
    assert "2 new" in text_of(page.text)
    assert "2 wrong rows were left out" in text_of(page.text)
    rows = [list(row.cells) for row in grid.rows]
    rows[0][1], rows[1][1], rows[1][2], rows[1][3] = "Tiga", "Empat", "box", "4"
    again, found = columns_of(assistant, listed(rows, list(grid.header)))
    assert found["c_code"] == "0"
    assert "What is wrong" not in text_of(assistant.get(again).text)
    assert "2 new" in text_of(run_checked(app, assistant, again, found | NUMBERS).text)
    assert set(of_import(things())) == {"a1", "a2", "a3", "a4"}


def test_numbers_of_a_workbook_survive_the_way_through_a_csv(assistant):
    rows = [["A1", "", "pcs", 1.125, 1250.5], ["A2", "Map", "pcs", 2, 3]]
    url, chosen = columns_of(assistant, workbook([HEAD, *rows]), "stok.xlsx")
    query = chosen | NUMBERS | {"format": "csv"}
    text = assistant.get(f"{url}/check", query_string=query).data.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1][3:5] == ["1,1250", "1250,5"]


def test_the_file_of_wrong_rows_speaks_the_language_of_its_reader(app, world, assistant):
    assistant.post("/account/preferences", data={"language": "id", "theme": "light"})
    url, chosen = columns_of(assistant, listed([*stock(1), *WRONG]))
    query = chosen | NUMBERS | {"format": "csv"}
    text = assistant.get(f"{url}/check", query_string=query).data.decode("utf-8-sig")
    assert text.splitlines()[0].endswith("Apa yang salah")


def test_a_row_that_went_wrong_meanwhile_is_not_left_out_silently(app, assistant, things):
    url, chosen = columns_of(assistant, listed([*stock(2), *WRONG]))
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.add(Thing(code="a1", name="Lain", quantity=0, price=0))
    page = run_checked(app, assistant, url, chosen | NUMBERS | {"leave_out": "2"})
    assert "Nothing was imported" in text_of(page.text)
    assert set(things()) == {"a1"}


def past_of(client):
    return re.findall(rf'href="({START}/past/\w+)"', client.get(f"{START}/past").text)


def test_an_import_is_undone_once_and_what_was_touched_stays(app, assistant, imported, things):
    imported(stock(3))
    imported(stock(5, A1="Baru", A2="Baru dua"), **BOTH)
    touch(app, "a2", name="Oleh orang lain")
    touch(app, "a5", quantity=7)
    page = past_of(assistant)[0]
    told = text_of(assistant.get(page).text)
    assert "1 row that was new is removed. 1 row that was changed becomes what it was." in told
    assert "2 rows stay as they are." in told
    assert "Somebody has changed it since" in told
    answer = assistant.post(f"{page}/undo")
    assert answer.status_code == 303
    again = assistant.post(f"{page}/undo")
    assert again.status_code == 409
    assert "undone before" in text_of(again.text)
    run_waiting(app)
    told = text_of(assistant.get(page).text)
    assert "1 removed, 1 as before, 2 left as they are" in told
    assert told.count("Somebody has changed it since") == 2
    found = of_import(things())
    assert {code: row[0] for code, row in found.items()} == {
        "a1": "Barang 1",
        "a2": "Oleh orang lain",
        "a3": "Barang 3",
        "a5": "Barang 5",
    }
    assert assistant.post(f"{page}/undo").status_code == 409
    with app.app_context(), looking(reason="test") as tx:
        table = AuditEntry.__table__
        wanted = table.select().where(table.c.action == "core.import_undone")
        assert len(kernel_execute(tx.session, wanted).all()) == 1


def test_of_those_who_ask_to_undo_at_the_same_moment_one_is_heard(
    app, world, assistant, imported, jobs
):
    imported(stock(3))
    page = past_of(assistant)[0]
    clients = [sign_in(app, world.people["assistant"]) for _ in range(4)]
    together = Barrier(len(clients))

    def ask(client):
        together.wait()
        return client.post(f"{page}/undo").status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(ask, clients)) == [303, 409, 409, 409]
    assert len(jobs()) == 2


def test_undoing_is_offered_for_thirty_days(app, assistant, imported):
    imported(stock(2))
    with app.app_context(), unscoped(reason="test") as tx:
        history.forget(tx, tx.now + history.KEPT * 2)
    page = past_of(assistant)[0]
    assert "cannot be undone any more" in text_of(assistant.get(page).text)
    assert assistant.post(f"{page}/undo").status_code == 409


def test_past_imports_are_those_of_oneself_or_of_all_for_who_imports_for_all(
    app, world, assistant, imported
):
    imported(stock(2))
    (page,) = past_of(assistant)
    other = sign_in(app, world.people["administrator"])
    assert other.get(f"{START}/past").status_code == 403
    with app.app_context(), unscoped(reason="test") as tx:
        lab = world.departments["lab"]
        give_role(tx, world.people["administrator"], "assistant", department_id=lab)
    other = sign_in(app, world.people["administrator"])
    assert past_of(other) == []
    assert other.get(page).status_code == 404
    assert other.post(f"{page}/undo").status_code == 404


def test_two_people_who_import_the_same_file_at_once_import_it_once(app, world, things):
    with app.app_context(), unscoped(reason="test") as tx:
        give_role(tx, world.people["administrator"], "assistant", department_id=None)
    pages = []
    for person in ("assistant", "administrator"):
        client = sign_in(app, world.people[person])
        url, chosen = columns_of(client, listed(stock(4)))
        pages.append((client, client.post(f"{url}/run", data=chosen | NUMBERS).location))
    run_waiting(app)
    told = [text_of(client.get(page).text) for client, page in pages]
    assert sum("4 new" in text for text in told) == 1
    assert set(of_import(things())) == {"a1", "a2", "a3", "a4"}


cell = st.tuples(
    st.integers(1, 6), st.sampled_from(["", "Pena", "Map", "Buku"]), st.sampled_from(["", "1", "x"])
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lists=st.lists(st.lists(cell, min_size=1, max_size=5, unique_by=lambda c: c[0]), max_size=3),
    mode=st.sampled_from(["add", "both", "update"]),
)
def test_what_the_page_counts_is_what_is_done_and_undoing_takes_it_back(
    app, assistant, things, lists, mode
):
    with app.app_context(), unscoped(reason="test") as tx:
        kernel_execute(tx.session, Thing.__table__.delete())
    for cells in lists:
        before = of_import(things())
        rows = [[f"A{n}", name, "pcs", quantity, "1"] for n, name, quantity in cells]
        url, chosen, page = checked(assistant, rows, NUMBERS | {"mode": mode, "by": "code"})
        new, changed, same, wrong = map(int, figures(page))
        assert new + changed + same + wrong == len(rows)
        done = run_checked(app, assistant, url, chosen | {"leave_out": str(wrong)})
        told = text_of(done.text)
        assert f"{new} new, {changed} changed, {same} as they were" in told
        after = of_import(things())
        assert len(after) - len(before) == new
        assert sum(after[code] != row for code, row in before.items()) == changed
        if new + changed and new:
            assistant.post(f"{past_of(assistant)[0]}/undo")
            run_waiting(app)
            assert of_import(things()) == before
