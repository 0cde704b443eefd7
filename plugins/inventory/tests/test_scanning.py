"""A scanned code leads to what it is on, for those who may look, however many are scanned."""

from __future__ import annotations

import re

import pytest

from kantor_inventory import rules
from kantor_inventory.services import items, scanning
from portal.api import link_codes, retire_link
from portal.testing import add_person, counting_statements, working_as

EAN = "4006381333931"
CARTON = "04006381333931"


@pytest.fixture
def packets(shop):
    with shop.work() as tx:
        items.add_code(tx, items.AddCode(unit=shop.box, code=EAN))
    return shop


def seen(shop, *codes):
    with shop.work() as tx:
        return [(code, item.name, str(meta)) for code, item, meta in scanning.look_up(tx, codes)]


@pytest.mark.parametrize(
    "scanned",
    [EAN, f" {EAN}\r", CARTON, f"01{CARTON}", f"]C101{CARTON}10LOT7", f"(01){CARTON}(17)270101"],
)
def test_every_way_of_writing_a_gtin_finds_the_box(packets, scanned):
    assert seen(packets, scanned) == [(scanned, "Blue pen", "box of 12 piece")]


def test_the_code_on_a_shelf_finds_the_item_however_it_is_written(packets):
    assert seen(packets, "wri-001") == [("wri-001", "Blue pen", "Code WRI-001")]


@pytest.mark.parametrize("code", ["4006381333930", "", "nothing", "'; DROP TABLE", "3.01043E+13"])
def test_an_unknown_or_damaged_code_is_nothing(packets, code):
    assert seen(packets, code) == []


def test_sixty_codes_need_as_many_statements_as_one(packets):
    def statements(*codes):
        with packets.work() as tx, counting_statements(packets.app) as told:
            list(scanning.look_up(tx, codes))
        return len(told)

    assert statements(EAN) == statements(*[f"CODE-{n}" for n in range(60)]) == 2


def test_a_gtin_inside_a_longer_code_needs_its_right_check_digit():
    assert rules.scanned_key(f"01{CARTON}") == CARTON
    assert rules.scanned_key(f"01{CARTON[:-1]}0") != f"{CARTON[:-1]}0"


def test_one_hit_opens_at_once_and_an_unknown_code_is_said(packets, as_role):
    page = as_role("office_manager")
    answer = page.get(f"/scan?code={EAN}")
    assert answer.status_code == 303
    assert re.search(r"/inventory/items/\w+$", answer.location)
    page_text = page.get("/scan?code=NOBODY").text
    assert "Nobody knows the code NOBODY" in page_text


def test_a_list_counts_what_is_scanned_twice(packets, as_role):
    text = as_role("office_manager").get(f"/scan?many=1&seen={EAN}&seen=X&code={EAN}").text
    assert "2 codes" in text
    assert "2 times" in text
    assert text.count('name="seen"') == 3


@pytest.mark.parametrize(
    "written", ["HTTPS://OLD.EXAMPLE/E/{code}", "http://localhost/e/{code}", "{code}", "{typed}"]
)
def test_a_label_leads_to_its_page_however_it_is_given(packets, as_role, shop, written):
    with shop.work(None) as tx:
        code = link_codes(tx, "inventory.item", [shop.pen])[shop.pen]
    text = written.format(code=code, typed=f"{code[:4]}-{code[4:]}".lower())
    answer = as_role("office_manager").get("/scan", query_string={"code": text})
    assert answer.location == f"/inventory/items/{shop.pen}"


def test_a_label_has_the_name_of_its_thing_in_the_list_and_a_retired_one_says_so(
    packets, as_role, shop
):
    with shop.work(None) as tx:
        old = link_codes(tx, "inventory.item", [shop.pen])[shop.pen]
        retire_link(tx, "inventory.item", shop.pen)
        new = link_codes(tx, "inventory.item", [shop.ream])[shop.ream]
    text = as_role("office_manager").get(f"/scan?many=1&seen=/e/{old}&code=/e/{new}").text
    assert "Copy paper" in text
    assert "A label" in text
    assert "Retired label" in text
    assert f'href="/e/{old}"' in text
    answer = as_role("office_manager").get("/scan?code=/e/22222222")
    assert "Nobody knows the code" in answer.text


def test_only_this_page_may_run_web_assembly(packets, as_role):
    page = as_role("office_manager")
    assert "'wasm-unsafe-eval'" in page.get("/scan").headers["Content-Security-Policy"]
    assert "wasm" not in page.get("/").headers["Content-Security-Policy"]


def test_who_may_not_see_items_is_told_nothing(packets, portal_app, world, as_person):
    with working_as(portal_app) as tx:
        guest = add_person(tx, "Guest", department_id=world.departments["office"])
    answer = as_person(guest).get("/scan?code=WRI-001")
    assert answer.status_code in (200, 403)
    assert "Blue pen" not in answer.text
