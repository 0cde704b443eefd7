"""An office's own stock list, in a hostile format, with planted errors; then ten thousand rows."""

import html
import io
import re

import pytest
from sqlalchemy import func, select

from kantor_inventory.models import Balance, Barcode, Item, ItemUnit, Movement, StockRule
from kantor_inventory.services import items, selfcheck
from portal.testing import run_jobs

START = "/inventory/import/items"
HEAD = "Kode Barang;Nama Barang;Satuan;Jumlah;Lokasi;Kategori;Harga;Kemasan;Isi;Min;Barcode"


def row(number, **changes):
    """Return a good row, with some of its cells changed."""
    cells = {
        "code": f"ATK-{number:04d}",
        "name": f"Barang nomor {number}",
        "unit": ("pcs", "rim", "liter")[number % 3],
        "quantity": f"{number % 40},5",
        "place": ("A1", "Shelf A2")[number % 2],
        "category": ("Kertas", "Alat tulis")[number % 2],
        "price": "12.500,50",
        "pack": "dus" if number % 2 else "",
        "size": "12" if number % 2 else "",
        "minimum": "5",
        "barcode": "",
    }
    return ";".join((cells | changes).values())


def listed(rows):
    """Return the file as an old spreadsheet writes it: BOM, semicolons, Windows line ends."""
    return "\ufeff".encode() + "\r\n".join([HEAD, *rows, ""]).encode()


def words(answer):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def fields(page):
    """Return what the columns form would send as it stands."""
    found = {}
    for name, inner in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        if chosen := re.search(r'<option selected value="(\d+)"', inner):
            found[name] = chosen.group(1)
    return found | {"number_format": "comma"}


@pytest.fixture
def client(shop, as_role):
    with shop.work(None) as tx:
        for name in ("pcs", "liter"):
            items.unit_named(tx, name)
    return as_role("office_manager")


def check(client, rows):
    sent = client.post(START, data={"file": (io.BytesIO(listed(rows)), "stok.csv")})
    assert sent.status_code == 303, sent.text
    chosen = fields(client.get(sent.location).text)
    return sent.location, chosen, client.get(f"{sent.location}/check", query_string=chosen)


def run(shop, client, rows):
    url, chosen, checked = check(client, rows)
    assert "need another look" not in words(checked), words(checked)[:3000]
    asked = client.post(f"{url}/run", data=chosen)
    assert asked.status_code == 303, asked.text
    run_jobs(shop.app)
    return client.get(asked.location)


def test_a_hostile_list_is_read_exactly(shop, client):
    run(shop, client, [row(n) for n in range(1, 301)])
    with shop.work(None) as tx:
        assert tx.session.scalar(select(func.count()).select_from(Item)) == 302
        item = tx.one(select(Item), sku="ATK-0007")
        assert (item.name, item.base_unit.name, item.category.name) == (
            "Barang nomor 7",
            "ream",
            "Alat tulis",
        )
        assert [(u.unit.name, u.num) for u in item.units] == [("ream", 1), ("carton", 12)]
        held = tx.session.scalars(select(Balance).filter_by(item_id=item.id, outside=False)).one()
        assert (held.quantity, held.value, held.minimum) == (7_500, 9_375_375, 5_000)
        assert held.point.place.name == "Shelf A2"
        line = tx.session.scalars(select(Movement).filter_by(item_id=item.id)).one()
        assert (line.type, line.left_from, line.left_to) == ("opening", -7_500, 7_500)
        low = tx.one(select(Item), sku="ATK-0003")
        below = select(Balance.below).filter_by(item_id=low.id, outside=False)
        assert tx.session.scalars(below).one() is True
        assert tx.session.scalar(select(func.count()).select_from(StockRule)) == 300
        assert selfcheck.findings(tx) == []


PLANTED = {
    "a damaged code": ({"code": "3.01043E+13"}, "lost digits"),
    "a code twice": ({"code": "atk-0001"}, "already in row 2"),
    "a known code": ({"code": "WRI-001"}, "“WRI-001” is there already: Blue pen"),
    "an unknown unit": ({"unit": "bakul"}, "There is no unit “bakul”"),
    "an unknown place": ({"place": "Bulan"}, "There is no place “Bulan”"),
    "a negative quantity": ({"quantity": "-4"}, "negative"),
    "four decimals": ({"quantity": "1,2345"}, "more than 3 decimals"),
    "an ambiguous quantity": ({"quantity": "1.000"}, "more than one meaning"),
    "no name": ({"name": ""}, "must not be empty"),
    "no place": ({"place": ""}, "Say where this is kept"),
    "a pack without size": ({"pack": "box", "size": ""}, "Say how many are in a box"),
    "a wrong barcode": ({"barcode": "4006381333932"}, "check digit"),
    "a place of others": ({"place": "L1"}, "You may not receive stock at “L1”"),
    "a price in words": ({"price": "mahal"}, "not a number"),
}


def test_every_planted_error_is_told_at_once_and_nothing_is_imported(shop, client):
    rows = [row(1), row(2)]
    rows += [row(10 + n, **changes) for n, (changes, _) in enumerate(PLANTED.values())]
    _, _, checked = check(client, rows)
    told = words(checked)
    for what, (_, said) in PLANTED.items():
        assert said in told, what
    with shop.work(None) as tx:
        assert tx.session.scalar(select(func.count()).select_from(Item)) == 2


def test_the_same_list_again_changes_nothing(shop, client):
    rows = [row(n) for n in range(1, 4)]
    run(shop, client, rows)
    again = words(run(shop, client, rows))
    assert "0 new" in again
    with shop.work(None) as tx:
        assert tx.session.scalar(select(func.count()).select_from(Movement)) == 3


def test_what_looks_like_a_formula_is_a_name(shop, client):
    run(shop, client, [row(1, name="=cmd|' /C calc'!A0")])
    with shop.work(None) as tx:
        assert tx.one(select(Item), sku="ATK-0001").name == "=cmd|' /C calc'!A0"
    exported = client.get("/inventory/items?format=csv").data.decode()
    assert not re.search(r"(^|[;,\t\"])=cmd", exported, re.MULTILINE)


def test_a_price_that_the_ledger_could_not_add_up_is_told_beside_its_cell(shop, client):
    rows = [row(1, quantity="900000000", price="9.000.000.000.000,00")]
    _, _, checked = check(client, rows)
    assert "G2" in words(checked)
    assert "This price for this quantity is too large to be right." in words(checked)


def test_a_barcode_comes_with_the_list(shop, client):
    run(shop, client, [row(1, barcode="012345678905")])
    with shop.work(None) as tx:
        assert items.by_code(tx, "0012345678905").item.sku == "ATK-0001"
        assert tx.session.scalar(select(func.count()).select_from(Barcode)) == 1
        assert tx.session.scalar(select(func.count()).select_from(ItemUnit)) == 4 + 2


def test_an_assistant_imports_nothing(shop, as_role):
    assert as_role("assistant").get(START).status_code == 403
