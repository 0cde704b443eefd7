"""The import road as a person walks it, on every database."""

import html
import io
import re

import pytest

from portal.audit.models import AuditEntry
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs.worker import run_waiting
from portal.testing import give_role, sign_in
from tests.unit.imports.files import bomb, hostile_csv, stock_rows, workbook

from .shelf import Thing

START = "/shelf/import/things"
PLANTED = {
    (5, 0): ("3.01043E+13", "A6", "lost digits"),
    (20, 0): ("ATK-0010", "A21", "already in row 11"),
    (30, 0): ("LAMA-01", "A31", "is there already: Lama"),
    (40, 1): ("", "B41", "must not be empty"),
    (50, 1): ("x" * 81, "B51", "81 characters; 80 are allowed"),
    (60, 2): ("lusin", "C61", "There is no unit “lusin”"),
    (70, 4): ("Bulan", "E71", "There is no place “Bulan”"),
    (80, 5): ("-4", "F81", "negative"),
    (90, 5): ("1,2345", "F91", "more than 3 decimals"),
    (100, 6): ("1.000", "G101", "more than one meaning"),
    (110, 7): ("12.5OO,00", "H111", "not a number"),
    (120, 5): ("sepuluh", "F121", "not a number"),
}


def planted_rows():
    rows = stock_rows(300)
    for (number, column), (text, _, _) in PLANTED.items():
        rows[number - 1][column] = text
    rows[199][1] = "=cmd|' /C calc'!A0"
    return rows


@pytest.fixture
def assistant(app, world):
    return sign_in(app, world.people["assistant"])


def send(client, data, name="stok.csv"):
    answer = client.post(START, data={"file": (io.BytesIO(data), name)})
    answer.request.environ["wsgi.input"].close()  # A large one is a file of the test client's.
    return answer


def fields(page):
    """Return what the columns form would send: each select's choice, each ticked radio."""
    found = {}
    for name, inner in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option selected value="(\d+)"', inner)
        if chosen:
            found[name] = chosen.group(1)
    for tag in re.findall(r"<input[^>]*type=\"radio\"[^>]*>", page):
        if " checked" in tag:
            found[re.search(r'name="(\w+)"', tag).group(1)] = re.search(
                r'value="(\w+)"', tag
            ).group(1)
    return found


def columns_of(client, data, name="stok.csv"):
    answer = send(client, data, name)
    assert answer.status_code == 303, answer.text
    url = answer.location
    return url, fields(client.get(url).text)


def run_checked(app, client, url, chosen):
    answer = client.post(f"{url}/run", data=chosen)
    assert answer.status_code == 303
    run_waiting(app)
    return client.get(answer.location)


def figures(page):
    """Return the four counts above the problems."""
    return re.findall(r'<b class="num[^"]*">(\d+)</b>', page)


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_the_first_page_says_which_columns_there_may_be(assistant):
    page = assistant.get(START).text
    assert "Kode, SKU" in page
    assert assistant.get(f"{START}?format=csv").text.lstrip("\ufeff").startswith("Code,Name,Unit")


def test_a_hostile_list_is_imported_exactly(app, assistant, things):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(300)))
    assert chosen == {
        "c_code": "0",
        "c_name": "1",
        "c_unit": "2",
        "c_place": "4",
        "c_quantity": "5",
        "c_minimum": "6",
        "c_price": "7",
        "number_format": "comma",
        "mode": "add",
    }
    page = text_of(assistant.get(f"{url}/check", query_string=chosen).text)
    assert "300 rows will be written" in page
    done = run_checked(app, assistant, url, chosen)
    assert "300 new, 0 changed, 0 as they were" in text_of(done.text)
    lying = things()
    assert len(lying) == 301  # and the one that the event put there
    assert lying["atk-0003"] == ("Barang nomor 3", 3_750, 1_250_000)


def test_twelve_planted_errors_are_shown_at_once_and_nothing_is_imported(app, assistant, things):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.add(Thing(code="lama-01", name="Lama", quantity=0, price=0))
    url, chosen = columns_of(assistant, hostile_csv(planted_rows()))
    page = assistant.get(f"{url}/check", query_string=chosen).text
    assert "12 problems: nothing is imported yet" in text_of(page)
    assert figures(page) == ["288", "0", "0", "12"]
    rows = [text_of(row) for row in re.findall(r"<tr role=.row.>(.*?)</tr>", page, re.DOTALL)]
    for text, cell, words in PLANTED.values():
        (row,) = [row for row in rows if f" {cell} " in row]
        assert words in row
        assert text[:39] in row
    answer = run_checked(app, assistant, url, chosen)
    assert "Nothing was imported" in text_of(answer.text)
    assert set(things()) == {"lama-01"}


def test_the_preview_shows_values_as_they_are_understood(assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(50)))
    page = text_of(assistant.get(url, query_string=chosen).text)
    assert "3.75" in page
    assert "Rp" in page
    other = text_of(assistant.get(url, query_string=chosen | {"number_format": "point"}).text)
    assert "not written like 1,234.5" in other


def test_numbers_are_not_read_before_their_format_is_said(assistant):
    rows = [["A1", "Pena", "pcs", "1.000"]]
    url, chosen = columns_of(
        assistant, hostile_csv(rows, ["Kode", "Nama barang", "Satuan", "Jumlah"])
    )
    assert "number_format" not in chosen
    answer = assistant.get(f"{url}/check", query_string=chosen)
    assert answer.status_code == 422
    assert "Say how numbers are written" in text_of(answer.text)


def test_a_thousand_is_asked_for_and_never_guessed(app, assistant, things):
    header = ["Kode", "Nama barang", "Satuan", "Jumlah", "Harga"]
    rows = [["A1", "Pena", "pcs", "1.000", "12.500"], ["A2", "Map", "pcs", "1,5", "500"]]
    url, chosen = columns_of(assistant, hostile_csv(rows, header))
    assert (chosen["number_format"], chosen["grouped"]) == ("comma", "no")
    page = text_of(assistant.get(f"{url}/check", query_string=chosen).text)
    assert "2 problems" in page
    page = run_checked(app, assistant, url, chosen | {"grouped": "yes"})
    assert "2 new" in text_of(page.text)
    assert things()["a1"] == ("Pena", 1_000_000, 1_250_000)


def test_one_column_cannot_be_two_things(assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(3)))
    answer = assistant.get(f"{url}/check", query_string=chosen | {"c_name": "0"})
    assert answer.status_code == 422
    assert "already used for “Code”" in text_of(answer.text)


def test_a_workbook_takes_the_same_road(app, assistant, things):
    rows = [["A1", "Pena", "pcs", 12.5], ["A2", "=cmd", "box", 3]]
    data = workbook([["Kode", "Nama barang", "Satuan", "Jumlah"], *rows])
    url, chosen = columns_of(assistant, data, "stok.xlsx")
    chosen |= {"number_format": "comma"}
    run_checked(app, assistant, url, chosen)
    assert things()["a1"] == ("Pena", 12_500, 0)
    assert things()["a2"][0] == "=cmd"


def test_sending_the_same_file_again_changes_nothing(app, assistant, things):
    data = hostile_csv(stock_rows(20))
    url, chosen = columns_of(assistant, data)
    run_checked(app, assistant, url, chosen)
    before = things()
    url, chosen = columns_of(assistant, data)
    page = text_of(assistant.get(f"{url}/check", query_string=chosen).text)
    assert "There is nothing to import" in page
    done = run_checked(app, assistant, url, chosen)
    assert "0 new, 0 changed, 20 as they were" in text_of(done.text)
    assert things() == before


def test_a_form_sent_twice_imports_once(app, assistant, things, jobs):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(5)))
    form = chosen | {"_key": assistant.form_key()}
    first = assistant.post(f"{url}/run", data=form)
    again = assistant.post(f"{url}/run", data=form)
    assert first.location == again.location
    run_waiting(app)
    assert [job.state for job in jobs()] == ["done"]


def test_what_somebody_imported_in_between_stops_the_whole_list(app, assistant, things):
    first, chosen = columns_of(assistant, hostile_csv(stock_rows(5)))
    second, _ = columns_of(
        assistant, hostile_csv([[*r[:1], "anders", *r[2:]] for r in stock_rows(9)])
    )
    for url in (first, second):
        assert assistant.post(f"{url}/run", data=chosen).status_code == 303
    run_waiting(app)
    assert len(things()) == 6


def test_the_result_page_looks_again_by_itself_until_the_work_is_done(app, assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(5)))
    answer = assistant.post(f"{url}/run", data=chosen)
    waiting = assistant.get(answer.location).text
    assert 'http-equiv="refresh"' in waiting
    assert 'hx-trigger="every 1s"' in waiting
    part = assistant.get(
        answer.location, headers={"HX-Request": "true", "HX-Target": "div#progress"}
    ).text
    assert "<html" not in part
    assert 'id="progress"' in part
    run_waiting(app)
    done = assistant.get(answer.location).text
    assert "hx-trigger" not in done
    assert "http-equiv" not in done


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "leer.csv", "The file is empty"),
        (bomb(), "bombe.xlsx", "too large when unpacked"),
        (b"%PDF-1.7", "stok.pdf", "not a list"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "stok.xls", "damaged"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_once(assistant, data, name, words):
    answer = send(assistant, data, name)
    assert answer.status_code == 422
    assert words in text_of(answer.text)


def test_no_file_is_said_beside_the_field(assistant):
    answer = assistant.post(START, data={})
    assert answer.status_code == 422
    assert "Choose a file" in text_of(answer.text)


def test_files_and_results_of_others_look_as_if_missing(app, world, assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(3)))
    result = assistant.post(f"{url}/run", data=chosen).location
    other = sign_in(app, world.people["administrator"])
    with app.app_context(), unscoped(reason="test") as tx:
        give_role(tx, world.people["administrator"], "assistant", department_id=None)
    for address in (url, f"{url}/check?{'&'.join(f'{k}={v}' for k, v in chosen.items())}", result):
        assert assistant.get(address).status_code == 200
        assert other.get(address).status_code == 404
    assert other.post(f"{url}/run", data=chosen).status_code == 404


def test_the_road_is_closed_without_the_permission(app, world, anonymous):
    employee = sign_in(app, world.people["employee"])
    assert employee.get(START).status_code == 403
    assert send(employee, b"a,b\n1,2\n").status_code == 403
    assert anonymous.get(START, headers={"Accept": "application/json"}).status_code == 401


def test_headings_and_names_cannot_run_anything(assistant):
    evil = "<script>alert(1)</script>"
    data = hostile_csv([["A1", evil, "pcs", evil]], ["Kode", "Nama barang", "Satuan", f"{evil}"])
    url, chosen = columns_of(assistant, data, f"{evil}.csv")
    for page in (
        assistant.get(url).text,
        assistant.get(f"{url}/check", query_string=chosen).text,
    ):
        assert evil not in page


def test_one_import_is_one_line_in_the_audit(app, assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(30)))
    run_checked(app, assistant, url, chosen)
    with app.app_context(), unscoped(reason="test") as tx:
        table = AuditEntry.__table__
        rows = kernel_execute(
            tx.session, table.select().where(table.c.action == "core.list_imported")
        ).all()
    assert len(rows) == 1
    assert rows[0].detail["new"] == 30
    assert rows[0].actor_name == "Assistant"
