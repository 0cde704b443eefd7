"""Whatever is put into the fields of an import, the answer is a page with a reason."""

import io

import pytest
from werkzeug.datastructures import MultiDict

from portal.jobs.worker import run_waiting
from portal.testing import sign_in
from tests.unit.imports.files import hostile_csv, stock_rows

from .test_import_pages import START, columns_of

HOSTILE = [
    "",
    " ",
    "-1",
    "0",
    "99",
    "9" * 30,
    "1e3",
    "0x1",
    "٣",
    "1.0",
    "None",
    "true",
    "comma,point",
    "COMMA",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../etc/passwd",
    "%00",
    "\u202e",
    "\U0001f600",
    "é" * 3_000,
    "x" * 20_000,
]


@pytest.fixture
def assistant(app, world):
    return sign_in(app, world.people["assistant"])


def test_hostile_choices_are_answered_with_a_page(app, assistant, things, jobs):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(3)))
    asked = 0
    for name in ("c_code", "c_quantity", "c_unknown", "number_format", "grouped", "format"):
        for value in HOSTILE:
            for answer in (
                assistant.get(url, query_string=chosen | {name: value[:4_000]}),
                assistant.get(f"{url}/check", query_string=chosen | {name: value[:4_000]}),
                assistant.post(f"{url}/run", data=chosen | {name: value}),
            ):
                asked += 1
                assert answer.status_code in {200, 303, 400, 422}, (name, value, answer.status)
    assert asked > 400
    run_waiting(app)
    assert {job.state for job in jobs()} <= {"done", "failed"}
    assert len(things()) <= 4


def test_a_field_sent_twice_counts_once(assistant):
    url, chosen = columns_of(assistant, hostile_csv(stock_rows(3)))
    twice = MultiDict([*chosen.items(), ("c_code", "5"), ("number_format", "point")])
    assert assistant.get(f"{url}/check", query_string=twice).status_code == 200


@pytest.mark.parametrize("value", HOSTILE)
def test_text_where_a_file_should_be_is_no_file(assistant, value):
    assert assistant.post(START, data={"file": value}).status_code in {400, 422}


@pytest.mark.parametrize(
    "name", ["a" * 5_000 + ".csv", "../../x.csv", "a\tX: y.csv", "<b>.csv", "\u202ecsv.exe"]
)
def test_a_hostile_file_name_does_no_harm(assistant, name):
    data = hostile_csv(stock_rows(3))
    answer = assistant.post(START, data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 303
    page = assistant.get(answer.location)
    assert page.status_code == 200
    assert "<b>" not in page.text.split("<h1>")[1].split("</div>")[0]


@pytest.mark.parametrize("part", ["x", "..", "%00", "a" * 300, "result", "../run"])
def test_a_file_that_does_not_exist_is_missing(assistant, part):
    for path in (part, f"{part}/check", f"result/{part}"):
        assert assistant.get(f"{START}/{path}").status_code in {400, 404, 405}
    assert assistant.post(f"{START}/{part}/run", data={}).status_code in {400, 404}
