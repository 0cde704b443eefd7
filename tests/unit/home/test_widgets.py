"""Saved views on the home page: put there, moved, taken away, each at its own risk."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import delete

from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.home import widgets
from portal.lists.models import SavedView
from portal.roles.models import Assignment
from portal.roles.principals import raise_epoch
from portal.testing import counting_statements, sign_in, working_as

VIEWS = "/lists/core.contacts/views"
OWN = re.compile(r'<section class="c own-w".*?</section>', re.DOTALL)
UNDO = re.compile(r'action="(/undo/\w+)"')


@pytest.fixture
def clerk(portal_app, world):
    with working_as(portal_app) as tx:
        tx.session.add_all([Contact(name=f"Budi {number}") for number in range(8)])
        tx.session.add_all([Contact(name="Anton"), Contact(name="Citra")])
    return world.people["assistant"]


@pytest.fixture
def browser(portal_app, clerk):
    return sign_in(portal_app, clerk)


def hidden(page, name):
    field = next(f for f in re.findall(r"<input [^>]*>", page) if f'name="{name}"' in f)
    return unescape(re.search(r'value="([^"]*)"', field)[1])


@pytest.fixture
def put(browser):
    """Return a function: a name, what is searched for and a shape -> it is on the home page."""

    def add(name, words, shape="list"):
        page = browser.get(f"/contacts?q={words}").text
        form = {"name": name, "place": hidden(page, "place"), "query": hidden(page, "query")}
        address = browser.post(VIEWS, data=form).headers["Location"]
        page = browser.get(address).text
        add = re.search(r'action="(/home/widgets/\w+/add)"', page)[1]
        answer = browser.post(add, data={"shape": shape, "place": hidden(page, "place")})
        assert answer.headers["Location"] == "/#own"
        return add

    return add


@pytest.fixture
def own(browser):
    """Return a function: what stands on the home page of one's own, in order."""
    return lambda: OWN.findall(browser.get("/").text)


def titles(found):
    return [re.sub("<.*?>", "", re.search(r"<h2.*?</h2>", one)[0]) for one in found]


def test_a_view_is_there_with_its_first_rows_and_leads_to_the_list(put, own):
    put("With B", "budi")
    (one,) = own()
    assert one.count("Budi") == 5
    assert "8 in all" in one
    assert "/contacts?view=" in one
    assert "Anton" not in one


def test_a_view_is_there_as_a_number(put, own):
    put("With B", "budi", "count")
    (one,) = own()
    assert '<p class="own-n num">8</p>' in one


def test_the_other_shape_takes_its_place(put, own, browser):
    add = put("With B", "budi", "count")
    browser.post(add, data={"shape": "list", "place": ""})
    (one,) = own()
    assert "own-t" in one


def test_what_is_empty_says_so(put, own):
    put("Nobody", "nobody")
    assert "Nothing in it now." in own()[0]


def test_they_are_moved_and_removed_and_put_back(put, own, browser):
    put("One", "anton")
    put("Two", "citra")
    assert titles(own()) == ["One", "Two"]
    move = re.search(r'action="(/home/widgets/\w+/move)"', own()[1])[1]
    browser.post(move, data={"by": "up"})
    assert titles(own()) == ["Two", "One"]
    remove = re.search(r'action="(/home/widgets/\w+/remove)"', own()[0])[1]
    browser.post(remove)
    page = browser.get("/").text
    assert titles(OWN.findall(page)) == ["One"]
    browser.post(UNDO.search(page)[1])
    assert titles(own()) == ["Two", "One"]


def at(own, name):
    """Return the public id of a part of the home page."""
    one = next(one for one in own() if name in titles([one])[0])
    return re.search(r'action="/home/widgets/(\w+)/', one)[1]


def test_the_button_that_moves_has_the_focus_afterwards(put, own, browser):
    for name in ("One", "Two", "Three"):
        put(name, "anton")
    one = at(own, "One")
    down = browser.post(f"/home/widgets/{one}/move", data={"by": "down"}).headers["Location"]
    assert down == f"/#own-down-{one}"
    page = browser.get("/").text
    assert "One is number 2 of 3 now." in page
    assert f'id="own-down-{one}"' in page
    last = browser.post(f"/home/widgets/{one}/move", data={"by": "down"}).headers["Location"]
    assert last == f"/#own-up-{one}", "it goes no further down"
    assert titles(own()) == ["Two", "Three", "One"]
    assert f'id="own-up-{one}"' in own()[2]
    assert f'id="own-down-{one}"' not in own()[2]


def test_what_comes_next_has_the_focus_after_one_is_removed(put, own, browser):
    for name in ("One", "Two", "Three"):
        put(name, "anton")
    two, three = at(own, "Two"), at(own, "Three")

    def remove(public_id):
        return browser.post(f"/home/widgets/{public_id}/remove").headers["Location"]

    assert remove(two) == f"/#own-menu-{three}"
    assert f'id="own-menu-{three}"' in own()[1]
    one = at(own, "One")
    assert remove(three) == f"/#own-menu-{one}"
    assert remove(one) == "/"


def test_nobody_moves_or_removes_somebody_elses(put, own, portal_app, world):
    put("One", "anton")
    other = sign_in(portal_app, world.people["executive"])
    for act, form in (("move", {"by": "up"}), ("remove", {})):
        address = re.search(rf'action="(/home/widgets/\w+/{act})"', own()[0]) or [
            None,
            re.search(r'action="(/home/widgets/\w+)/', own()[0])[1] + f"/{act}",
        ]
        assert other.post(address[1], data=form).status_code == 404
    assert OWN.findall(other.get("/").text) == []


def test_a_view_of_somebody_else_is_not_put_there(put, portal_app, world):
    add = put("One", "anton")
    other = sign_in(portal_app, world.people["executive"])
    assert other.post(add, data={"shape": "list"}).status_code == 404


def test_what_cannot_be_asked_is_refused(put, browser):
    add = put("One", "anton")
    assert browser.post(add, data={"shape": "pie"}).status_code == 400


def test_a_right_that_is_lost_costs_its_own_part_alone(put, own, portal_app, clerk):
    put("One", "anton")
    with working_as(portal_app) as tx:
        gone = Assignment.__table__
        kernel_execute(tx.session, gone.delete().where(gone.c.person_id == clerk))
        raise_epoch(tx.session, person_id=clerk)
    (one,) = own()
    assert "You may no longer see this view." in one
    assert "Anton" not in one


def test_a_fault_costs_its_own_part_alone(put, own, portal_app, monkeypatch):
    put("One", "anton")
    put("Two", "citra")
    real = widgets.question_of

    def broken(tx, name, view):
        question = real(tx, name, view)
        if question.asked.opened.view.name == "One":
            raise RuntimeError("broken")
        return question

    monkeypatch.setattr(portal_app.extensions["kantor"], "strict", False)
    monkeypatch.setattr(widgets, "question_of", broken)
    first, second = own()
    assert "This cannot be shown now." in first
    assert "Citra" in second


def test_a_view_that_is_deleted_takes_its_part_along(put, own, portal_app, clerk):
    put("One", "anton")
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, delete(SavedView.__table__))
        raise_epoch(tx.session, person_id=clerk)
    assert own() == []


def test_twelve_fit(put, browser, own):
    for number in range(12):
        put(f"View {number}", "anton")
    page = browser.get("/contacts?q=citra").text
    form = {"name": "More", "place": hidden(page, "place"), "query": hidden(page, "query")}
    address = browser.post(VIEWS, data=form).headers["Location"]
    add = re.search(r'action="(/home/widgets/\w+/add)"', browser.get(address).text)[1]
    assert browser.post(add, data={"shape": "list"}).status_code == 409
    assert len(own()) == 12


def test_each_takes_two_statements_at_most(portal_app, browser, own, clerk):
    page = browser.get("/contacts?sort=-name").text

    def add(name, shape):
        form = {"name": name, "place": hidden(page, "place"), "query": hidden(page, "query")}
        shown = browser.get(browser.post(VIEWS, data=form).headers["Location"]).text
        address = re.search(r'action="(/home/widgets/\w+/add)"', shown)[1]
        browser.post(address, data={"shape": shape, "place": ""})

    own()
    with counting_statements(portal_app) as none:
        own()
    add("A", "list")
    add("B", "count")
    own()
    with counting_statements(portal_app) as two:
        own()
    assert len(two) - len(none) <= 4
