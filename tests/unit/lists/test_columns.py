"""Which columns a list shows, in which order, and how high its rows are: as somebody likes it."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.contacts.models import Contact
from portal.testing import counting_statements, sign_in, working_as

LIST = "/contacts"
HIDDEN = re.compile(r'<input type="hidden" name="(place|query)" value="([^"]*)"')


@pytest.fixture
def browser(portal_app, world):
    with working_as(portal_app) as tx:
        tx.session.add_all([Contact(name="Budi", kind="person"), Contact(name="Toko")])
    return sign_in(portal_app, world.people["administrator"])


def heads(page):
    """Return the heads of the table of a page."""
    found = re.findall(r"<th [^>]*>(.*?)</th>", page.text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", head).strip() for head in found]


def offered(page):
    """Return the keys in the menu of columns, in order."""
    return re.findall(r'name="order" value="([^"]+)"', page.text)


def sent(page, **more):
    """Return what the menu of columns of a page sends."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page.text)} | more


def choose(browser, address, *keys, act="keep"):
    """Choose columns in the menu of the list at an address; return the answer."""
    page = browser.get(address)
    rest = [key for key in offered(page) if key not in keys]
    form = sent(page, order=[*keys, *rest], shown=list(keys), act=act)
    return browser.post("/lists/core.contacts/columns", data=form)


def test_columns_are_shown_as_chosen_in_their_order_from_then_on(browser):
    before = heads(browser.get(LIST))
    answer = choose(browser, LIST, "department", "name")
    assert (answer.status_code, answer.location) == (303, LIST)
    assert heads(browser.get(LIST)) == ["Private to", "Name"]
    choose(browser, LIST, act="reset")
    assert heads(browser.get(LIST)) == before


def test_what_the_list_was_asked_is_kept_when_columns_change(browser):
    asked = f"{LIST}?kind=person&q=bu&sort=-name"
    answer = choose(browser, asked, "name")
    split = urlsplit(answer.location)
    assert split.path == LIST
    assert parse_qs(split.query) == {"kind": ["person"], "q": ["bu"], "sort": ["-name"]}
    page = browser.get(answer.location)
    assert heads(page) == ["Name"]
    assert "Who it is is Person" in page.text
    assert "Budi" in page.text
    assert "Toko" not in page.text


def test_the_choice_is_of_one_person_and_one_list(browser, portal_app, world):
    choose(browser, LIST, "name")
    other = sign_in(portal_app, world.people["assistant"])
    assert len(heads(other.get(LIST))) > 1
    assert len(heads(browser.get("/people"))) > 1


def test_the_column_that_names_a_row_stays(browser):
    choose(browser, LIST, "department")
    assert "Name" in heads(browser.get(LIST))


def test_a_column_is_moved_without_script(browser):
    page = browser.get(LIST)
    keys = offered(page)
    form = sent(page, order=keys, shown=keys[:3], act=f"down:{keys[0]}")
    answer = browser.post("/lists/core.contacts/columns", data=form)
    assert answer.location.endswith("#columns-menu")
    assert offered(browser.get(LIST))[:2] == [keys[1], keys[0]]


def test_columns_in_the_address_come_before_those_chosen(browser):
    choose(browser, LIST, "name", "kind")
    assert heads(browser.get(f"{LIST}?columns=department,name")) == ["Private to", "Name"]
    answer = choose(browser, f"{LIST}?columns=department,name&kind=person", "name")
    assert answer.location == f"{LIST}?kind=person"


@pytest.mark.parametrize("said", ["nothing", ",,", "password_hash,note;drop", "name,name", "%22"])
def test_columns_nobody_offers_are_left_out(browser, said):
    answer = browser.get(f"{LIST}?columns={said}")
    assert answer.status_code == 200
    assert "Name" in heads(answer)
    assert len(set(heads(answer))) == len(heads(answer))


def test_a_hidden_column_never_appears(portal_app, world):
    browser = sign_in(portal_app, world.people["assistant"])
    listed = browser.get("/people")
    names = offered(listed)
    page = browser.get("/people?columns=name,account,username,password_hash")
    assert set(offered(page)) == set(names)


def test_the_file_follows_the_columns_shown_or_has_them_all(browser):
    def keys(address):
        return list(json.loads(browser.get(address).text)[0])

    every = keys(f"{LIST}?format=json")
    choose(browser, LIST, "department", "name")
    links = re.findall(r'href="([^"]+format=json[^"]*)"', browser.get(LIST).text)
    shown, complete = (unescape(link) for link in links)
    assert keys(shown) == ["department", "name"]
    assert keys(complete) == every


def test_rows_are_compact_as_long_as_somebody_likes_it(browser):
    assert 'class="k compact"' not in browser.get(LIST).text
    page = browser.get(f"{LIST}?q=bu")
    answer = browser.post("/lists/core.contacts/height", data=sent(page, height="compact"))
    assert answer.location == f"{LIST}?q=bu"
    assert 'class="k compact"' in browser.get(LIST).text
    assert 'class="k compact"' not in browser.get(f"{LIST}?height=normal").text


def test_a_list_one_may_not_see_is_not_there(portal_app, world):
    browser = sign_in(portal_app, world.people["employee"])
    for name in ("core.roles", "core.nothing", "nothing", "core.audit"):
        form = {"order": ["name"], "shown": ["name"], "act": "keep"}
        assert browser.post(f"/lists/{name}/columns", data=form).status_code == 404
        assert browser.post(f"/lists/{name}/height", data={"height": "compact"}).status_code == 404


def test_a_forged_place_leads_home(browser):
    for place in ("", "x", "https://evil.example/"):
        form = {"order": ["name"], "shown": ["name"], "act": "keep", "place": place}
        answer = browser.post("/lists/core.contacts/columns", data=form | {"query": "q=bu"})
        assert answer.location == "/?q=bu"


def test_a_choice_costs_no_statement(browser, portal_app):
    def counted():
        browser.get(LIST)
        with counting_statements(portal_app) as seen:
            assert browser.get(LIST).status_code == 200
        return len(seen)

    before = counted()
    choose(browser, LIST, "department", "name")
    assert counted() == before
