"""Many items at once: ticked, asked about, changed in one go, and put back."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item
from kantor_inventory.services import bulk, items
from portal.api import Conflict
from portal.testing import counting_statements

from .conftest import add_item

LIST, STATUS, CATEGORY = (f"/inventory/items{end}" for end in ("", "/set-status", "/set-category"))
UNDO = re.compile(r'action="(/undo/\w+)"')


@pytest.fixture
def browser(shop, as_role):
    return as_role("office_manager")


def hidden(page, name):
    return [unescape(v) for v in re.findall(rf'name="{name}" value="([^"]*)"', page.text)]


def statuses(shop):
    with shop.work(None) as tx:
        return {row.public_id: row.status for row in tx.session.scalars(select(Item))}


def set_status(browser, *ids, status="use_up", **more):
    """Tick rows, press the button and answer what the page asks; return the next page."""
    shown = browser.get(LIST)
    came = {name: hidden(shown, name)[0] for name in ("place", "query")}
    asked = browser.post(STATUS, data={"id": list(ids)} | came | more)
    assert asked.status_code == 200
    form = {"sure": "1", "id": hidden(asked, "id"), "status": status}
    form |= {name: hidden(asked, name)[0] for name in ("place", "query")}
    answer = browser.post(STATUS, data=form)
    assert answer.status_code == 303
    return browser.get(answer.location)


def test_the_list_has_a_box_for_every_row_and_buttons_for_those_who_may(shop, as_role):
    page = as_role("office_manager").get(LIST)
    assert 'aria-label="Blue pen"' in page.text
    assert page.text.count('name="id"') == 2
    assert f'formaction="{STATUS}"' in page.text
    assert "All 2 in this view" in page.text
    looking = as_role("employee").get(LIST)
    assert f'formaction="{STATUS}"' not in looking.text
    assert as_role("employee").post(STATUS, data={"id": [shop.pen]}).status_code == 403


def test_ticked_items_are_changed_and_no_others(shop, browser):
    page = set_status(browser, shop.pen)
    assert "Blue pen is changed." in page.text
    assert statuses(shop) == {shop.pen: "use_up", shop.ream: "active"}
    assert "Use up" in browser.get(f"/inventory/items/{shop.pen}").text


def test_what_is_to_be_changed_is_named_before(shop, browser):
    asked = browser.post(STATUS, data={"id": [shop.ream, shop.pen]})
    assert asked.status_code == 200
    assert "Blue pen" in asked.text
    assert "Copy paper" in asked.text
    assert "Set status: 2 rows" in asked.text
    assert set(statuses(shop).values()) == {"active"}


def test_undo_puts_back_exactly_what_was(shop, browser):
    set_status(browser, shop.ream, status="discontinued")
    page = set_status(browser, shop.pen, shop.ream)
    assert "2 items are changed." in page.text
    address = UNDO.search(page.text)[1]
    back = {"back": hidden(page, "back")[-1]}
    answer = browser.post(address, data=back)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "Undone." in browser.get(answer.location).text
    assert statuses(shop) == {shop.pen: "active", shop.ream: "discontinued"}
    assert browser.post(address, data=back).status_code == 409


def test_undo_leaves_alone_what_somebody_changed_since(shop, browser):
    page = set_status(browser, shop.pen, shop.ream)
    with shop.work(None) as tx:
        tx.session.scalars(select(Item).filter_by(public_id=shop.pen)).one().note = "look"
    answer = browser.post(UNDO.search(page.text)[1])
    said = browser.get(answer.location).text
    assert "Undone for 1 of 2 items." in said
    assert "Blue pen (changed by somebody since)" in said
    assert statuses(shop) == {shop.pen: "use_up", shop.ream: "active"}


def test_undo_refuses_where_nothing_is_left_to_put_back(shop, browser):
    page = set_status(browser, shop.pen)
    set_status(browser, shop.pen, status="active")
    answer = browser.post(UNDO.search(page.text)[1])
    assert answer.status_code == 409
    assert "all of it was changed since" in answer.text


def test_nobody_undoes_what_somebody_else_did(shop, browser, as_role):
    page = set_status(browser, shop.pen)
    address = UNDO.search(page.text)[1]
    assert as_role("executive").post(address).status_code == 404
    assert statuses(shop)[shop.pen] == "use_up"


def test_all_of_a_view_are_those_its_filter_gives(shop, browser):
    with shop.work() as tx:
        items.edit_item(tx, edited(tx, shop.ream, status="discontinued"))
    page = browser.get(f"{LIST}?status=active")
    sent = {name: hidden(page, name)[0] for name in ("place", "query")}
    shown = set_status(browser, all="1", **sent)
    assert "status=active" in shown.request.url
    assert statuses(shop) == {shop.pen: "use_up", shop.ream: "discontinued"}


def edited(tx, public_id, **changes):
    row = tx.session.scalars(select(Item).filter_by(public_id=public_id)).one()
    said = {"name": row.name, "sku": row.sku, "category": None, "mode": row.mode, "note": ""}
    return items.EditItem(item=public_id, version=row.version, **(said | changes))


def test_a_name_is_shown_for_some_and_the_number_for_all(shop, browser):
    with shop.work(None) as tx:
        made = [add_item(tx, f"Item {n:02}", f"X-{n}").public_id for n in range(28)]
    asked = browser.post(STATUS, data={"id": made})
    assert "These 28 rows are meant:" in asked.text
    assert "and 16 more" in asked.text


def test_the_same_form_sent_twice_is_done_once(shop, browser):
    form = {"sure": "1", "id": [shop.pen], "status": "use_up", "_key": "the-same-key"}
    first, second = (browser.post(STATUS, data=form) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    with shop.work(None) as tx:
        row = tx.session.scalars(select(Item).filter_by(public_id=shop.pen)).one()
        assert row.version == 2


@pytest.mark.parametrize("ids", [[], ["nothing"], ["x" * 5000], ["é", "0", "-1"]])
def test_whoever_ticks_nothing_is_told_so(shop, browser, ids):
    answer = browser.post(STATUS, data={"id": ids})
    assert answer.status_code == 303
    assert "Tick at least one row first." in browser.get(answer.location).text


def test_a_status_that_is_not_offered_is_refused_beside_its_field(shop, browser):
    answer = browser.post(STATUS, data={"sure": "1", "id": [shop.pen], "status": "eaten"})
    assert answer.status_code == 422
    assert "Choose one of the list." in answer.text
    assert hidden(answer, "id") == [shop.pen]


def test_a_category_is_set_and_taken_away_again(shop, browser):
    with shop.work() as tx:
        paper = items.add_category(tx, "Paper").public_id
    form = {"sure": "1", "id": [shop.pen, shop.ream], "category": paper}
    page = browser.get(browser.post(CATEGORY, data=form).location)
    with shop.work(None) as tx:
        assert {row.category.name for row in tx.session.scalars(select(Item))} == {"Paper"}
    browser.post(UNDO.search(page.text)[1])
    with shop.work(None) as tx:
        assert {row.category for row in tx.session.scalars(select(Item))} == {None}
    assert browser.post(CATEGORY, data=form | {"category": "2" * 12}).status_code == 422


def test_ids_that_are_gone_are_told(shop):
    with shop.work() as tx:
        result = bulk.set_status(tx, bulk.SetStatus(items=[shop.pen, "2" * 12], status="use_up"))
    assert "Blue pen is changed. Not changed: 1 items (not there any more)" in str(result.sentence)


def test_who_may_not_change_items_puts_nothing_back(shop):
    with shop.work() as tx:
        bulk.set_status(tx, bulk.SetStatus(items=[shop.pen], status="use_up"))
    before = [[shop.pen, "active", 2]]
    with pytest.raises(Conflict), shop.work("employee") as tx:
        bulk.restore(tx, column="status", value="use_up", items=before)


def test_boxes_cost_no_statement(shop, as_role):
    def counted(browser):
        browser.get(LIST)
        with counting_statements(shop.app) as seen:
            browser.get(LIST)
        return len(seen)

    assert counted(as_role("office_manager")) == counted(as_role("department_manager"))
