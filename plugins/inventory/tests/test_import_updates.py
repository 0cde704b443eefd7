"""A stock list that updates what is there, and taking a stock list back."""

import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from kantor_inventory.models import Balance, Item, ItemUnit, Movement, StockRule
from kantor_inventory.services import items, selfcheck, stock
from portal.testing import run_jobs

from .test_import import START, fields, listed, row, words

BOTH = {"mode": "both", "by": "sku"}


@pytest.fixture
def client(shop, as_role):
    with shop.work(None) as tx:
        for name in ("pcs", "liter"):
            items.unit_named(tx, name)
    return as_role("office_manager")


def sent(client, rows, **chosen):
    """Send rows; return the address, the choices, and the page that checks them."""
    answer = client.post(START, data={"file": (io.BytesIO(listed(rows)), "stok.csv")})
    found = fields(client.get(answer.location).text) | chosen
    checked = client.get(f"{answer.location}/check", query_string=found)
    return answer.location, found, checked


def run(shop, client, rows, **chosen):
    url, found, _ = sent(client, rows, **chosen)
    asked = client.post(f"{url}/run", data=found)
    assert asked.status_code == 303, asked.text
    run_jobs(shop.app)
    return words(client.get(asked.location))


def undo(shop, client):
    """Undo the newest import; return what the page says before and after."""
    page = re.findall(rf'href="({START}/past/\w+)"', client.get(f"{START}/past").text)[0]
    before = words(client.get(page))
    answer = client.post(f"{page}/undo")
    run_jobs(shop.app)
    return before, words(client.get(page)), answer


def item_of(tx, sku):
    return tx.session.scalars(select(Item).filter_by(sku=sku)).one_or_none()


def held(tx):
    """Return what lies inside, as (item, point) -> (quantity, value), but for nothing."""
    rows = tx.session.scalars(select(Balance).where(~Balance.outside, Balance.quantity > 0))
    return {(r.item_id, r.point_id): (r.quantity, r.value) for r in rows}


def test_a_list_updates_name_category_limits_note_pack_and_barcode(shop, client):
    run(shop, client, [row(1), row(2)])
    changes = {"name": "Nama baru", "category": "Baru", "minimum": "7", "pack": "dus", "size": "24"}
    told = run(shop, client, [row(2, **changes, barcode="012345678905"), row(1)], **BOTH)
    assert "0 new, 1 changed, 1 as they were" in told
    with shop.work(None) as tx:
        item = item_of(tx, "ATK-0002")
        assert (item.name, item.category.name) == ("Nama baru", "Baru")
        assert [unit.num for unit in item.units] == [1, 24]
        assert items.by_code(tx, "0012345678905").item.id == item.id
        rule = tx.session.scalars(select(StockRule).filter_by(item_id=item.id)).one()
        balance = tx.session.scalars(
            select(Balance).filter_by(item_id=item.id, outside=False)
        ).one()
        assert rule.minimum == balance.minimum == 7_000
        assert selfcheck.findings(tx) == []


def test_what_is_there_and_only_added_to_is_one_problem_and_not_one_for_each_cell(shop, client):
    run(shop, client, [row(1)])
    _, _, checked = sent(client, [row(1, name="Lain", unit="liter", size="9"), row(2)])
    assert "1 problem: nothing is imported yet" in words(checked)
    assert "“ATK-0001” is there already: Barang nomor 1" in words(checked)


def test_what_is_on_hand_is_not_overwritten_and_the_page_says_why(shop, client):
    run(shop, client, [row(1)])
    _, _, checked = sent(client, [row(1, quantity="99")], **BOTH)
    assert "what is on hand is not overwritten. Count it" in words(checked)
    assert "There is nothing to import" in words(checked)
    with shop.work(None) as tx:
        assert tx.session.scalar(select(func.count()).select_from(Movement)) == 1


def test_an_item_without_movements_is_opened_by_an_update(shop, client):
    cells = row(1, code="PAP-001", name="Copy paper", unit="rim", category="")
    run(shop, client, [cells], **BOTH)
    with shop.work(None) as tx:
        item = item_of(tx, "PAP-001")
        line = tx.session.scalars(select(Movement).filter_by(item_id=item.id)).one()
        assert (line.type, line.quantity) == ("opening", 1_500)
        assert selfcheck.findings(tx) == []


def test_rows_are_recognised_by_barcode(shop, client):
    run(shop, client, [row(1, barcode="012345678905")])
    cells = row(1, code="", unit="", name="Dari kode batang", barcode="012345678905")
    told = run(shop, client, [cells], mode="update", by="barcode")
    assert "0 new, 1 changed" in told
    with shop.work(None) as tx:
        assert item_of(tx, "ATK-0001").name == "Dari kode batang"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": "liter"}, "is counted in ream. That cannot be changed by a list"),
        ({"size": "10"}, "A dus of Barang nomor 1 holds another quantity"),
    ],
)
def test_what_a_list_may_not_change_is_told(shop, client, changes, said):
    run(shop, client, [row(1)])
    _, _, checked = sent(client, [row(1, **changes)], **BOTH)
    assert said in words(checked)


def test_undoing_takes_new_items_and_their_stock_back(shop, client):
    with shop.work(None) as tx:
        before = held(tx)
    run(shop, client, [row(n) for n in range(1, 6)] + [row(9, quantity="", place="", minimum="")])
    told, done, answer = undo(shop, client)
    assert "6 rows that were new are removed. What somebody" in told
    assert "6 removed, 0 as before, 0 left" in done
    assert answer.status_code == 303
    with shop.work(None) as tx:
        assert held(tx) == before
        assert item_of(tx, "ATK-0001") is None
        assert item_of(tx, "ATK-0009") is None
        assert tx.session.scalar(select(func.count()).select_from(StockRule)) == 0
        lines = tx.session.scalars(select(Movement).order_by(Movement.id)).all()
        assert [line.type for line in lines] == ["opening"] * 5 + ["reversal"] * 5
        assert selfcheck.findings(tx) == []
    told = run(shop, client, [row(n) for n in range(1, 6)])
    assert "5 new" in told


def test_undoing_puts_old_values_back_and_leaves_what_somebody_changed(shop, client):
    run(shop, client, [row(1), row(2)])
    run(shop, client, [row(1, name="Satu", minimum="9"), row(2, name="Dua")], **BOTH)
    with shop.work(None) as tx:
        item_of(tx, "ATK-0002").name = "Oleh orang lain"
    told, done, _ = undo(shop, client)
    assert "Somebody has changed it since" in told
    assert "0 removed, 1 as before, 1 left" in done
    assert "What stays" in done
    assert "Somebody has changed it since" in done
    with shop.work(None) as tx:
        assert item_of(tx, "ATK-0001").name == "Barang nomor 1"
        assert item_of(tx, "ATK-0002").name == "Oleh orang lain"
        rule = select(StockRule).filter_by(item_id=item_of(tx, "ATK-0001").id)
        assert tx.session.scalars(rule).one().minimum == 5_000
        assert selfcheck.findings(tx) == []


def test_limits_are_not_put_back_by_somebody_who_may_not_set_them(shop, client):
    run(shop, client, [row(1)])
    run(shop, client, [row(1, name="Satu", minimum="9")], **BOTH)
    with shop.work(None) as tx:
        tx.session.execute(
            text("DELETE FROM role_permission WHERE permission = 'inventory.stock.set_rule'")
        )
    _, done, _ = undo(shop, client)
    assert "You may not set the limits of that place." in done
    with shop.work(None) as tx:
        assert item_of(tx, "ATK-0001").name == "Barang nomor 1"
        assert tx.session.scalars(select(StockRule)).one().minimum == 9_000


TOUCHES = ("nothing", "issue", "rename", "barcode")


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(touched=st.lists(st.sampled_from(TOUCHES), min_size=1, max_size=5), seed=st.integers(1, 99))
def test_whatever_is_touched_stays_and_the_rest_goes(shop, client, touched, seed):
    # A number of its own for each example, so that no example meets the items of another.
    first = 1_000 + shop.__dict__.setdefault("rows", 0)
    shop.__dict__["rows"] += 10
    numbers = [first + n for n in range(len(touched))]
    run(shop, client, [row(n, quantity="5") for n in numbers])
    with shop.work("office_manager") as tx:
        for number, how in zip(numbers, touched, strict=True):
            touch(tx, shop, item_of(tx, f"ATK-{number:04d}"), how)
    undo(shop, client)
    with shop.work(None) as tx:
        for number, how in zip(numbers, touched, strict=True):
            left = item_of(tx, f"ATK-{number:04d}")
            assert (left is None) == (how == "nothing"), how
            if left is not None:
                there = select(Balance.quantity).filter_by(item_id=left.id, outside=False)
                assert tx.session.scalars(there).one() == (4_000 if how == "issue" else 5_000)
        assert selfcheck.findings(tx) == []


def touch(tx, shop, item, how):
    """Use or change an item as somebody does in the meantime."""
    if how == "issue":
        point = select(Balance).filter_by(item_id=item.id, outside=False)
        place = tx.session.scalars(point).one().point.place
        stock.issue(
            tx,
            stock.Issue(
                item=item.public_id,
                quantity=1_000,
                from_place=place.public_id,
                for_department=shop.office,
            ),
        )
    elif how == "rename":
        item.name = "Oleh orang lain"
    elif how == "barcode":
        unit = tx.session.scalars(select(ItemUnit).filter_by(item_id=item.id)).first()
        items.add_code(tx, items.AddCode(unit=unit.public_id, code=f"X{item.id}"))
