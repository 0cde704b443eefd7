"""The order list on paper and as a file: the same rows as on the page, for the same people."""

import csv
import html
import io
import re
from zipfile import ZipFile

import pytest

from kantor_inventory.ordering.services import statements
from kantor_inventory.services import stock
from portal.testing import pdf_pages, require_pdf

PAPER, FILE = "/inventory/order-list/print", "/inventory/order-list/file"


def words(answer):
    assert answer.status_code == 200, answer.text[-2000:]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def table(answer):
    """Return the rows of a CSV file by the titles of its columns."""
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.fixture
def keeper(as_role):
    return as_role("office_manager")


def test_paper_shows_the_rows_of_the_list_with_room_for_another_number(office, keeper):
    page = keeper.get(PAPER)
    told = words(page)
    for part in ("Toko Kertas", "Blue pen", "WRI-001, Shelf A1", "5 piece", "20–60", "4 box"):
        assert part in told, told
    assert "Together Rp 96,000" in told
    assert page.text.count('class="box"') == 1


def test_the_pdf_says_the_same(office, keeper):
    require_pdf()
    answer = keeper.get(f"{PAPER}?format=pdf")
    assert answer.mimetype == "application/pdf"
    (page,) = pdf_pages(answer.data)
    assert "Blue pen" in page
    assert "96,000" in page


def test_what_is_on_a_list_already_is_marked(office, keeper):
    office.want(3)
    told = words(keeper.get(f"{PAPER}?view=all"))
    assert "3 box on the order list" in told
    assert "Together Rp 72,000" in told


def test_the_file_has_the_same_numbers_as_the_page(office, keeper):
    (row,) = table(keeper.get(f"{FILE}?format=csv"))
    assert row["Supplier"] == "Toko Kertas"
    assert (row["Item"], row["On hand"], row["Unit"]) == ("Blue pen", "5", "piece")
    assert (row["How many to order"], row["Pack"]) == ("4", "box")
    assert float(row["Cost (IDR)"]) == 96_000
    answer = keeper.get(f"{FILE}?format=xlsx")
    with ZipFile(io.BytesIO(answer.data)) as book:
        sheet = b"".join(book.read(name) for name in book.namelist())
    assert b"Blue pen" in sheet
    assert b"96000" in sheet


def test_prices_go_along_only_with_who_may_see_costs(office, as_role):
    assistant = as_role("assistant")
    for address in (PAPER, f"{FILE}?format=csv", f"{FILE}?format=xlsx"):
        answer = assistant.get(address)
        content = answer.data
        if content[:2] == b"PK":
            with ZipFile(io.BytesIO(content)) as book:
                content = b"".join(book.read(name) for name in book.namelist())
        assert b"Blue pen" in content
        for figure in (b"96,000", b"96000", b"24,000", b"24000", b"Cost", b"Price"):
            assert figure not in content, (address, figure)


def test_paper_and_file_are_as_narrow_as_the_page(office, keeper):
    assert "Blue pen" in words(keeper.get(f"{PAPER}?supplier={office.supplier}"))
    assert "Nothing matches these filters" in words(keeper.get(f"{PAPER}?supplier={office.other}"))
    assert table(keeper.get(f"{FILE}?supplier={office.other}")) == []
    page = keeper.get(f"/inventory/order-list?supplier={office.supplier}").text
    assert f"order-list/print?supplier={office.supplier}&amp;view=to_order" in page


def test_all_pages_of_the_list_are_one_on_paper(office, keeper, monkeypatch):
    with office.shop.work() as tx:
        limits = {"minimum": 20_000, "maximum": 60_000}
        for place in (office.shop.other_shelf, office.shop.shelf):
            stock.set_rule(tx, stock.SetRule(item=office.shop.ream, place=place, **limits))
    monkeypatch.setattr(statements, "SHOWN", 1)
    assert len(table(keeper.get(FILE))) == 3
    monkeypatch.setattr("kantor_inventory.ordering.views.taken.MOST", 2)
    assert "Only the first 2 rows are here." in words(keeper.get(PAPER))
    assert len(table(keeper.get(FILE))) == 2


def test_who_may_not_order_takes_nothing_along(office, as_role):
    for address in (PAPER, f"{PAPER}?format=pdf", FILE):
        assert as_role("employee").get(address).status_code == 403
