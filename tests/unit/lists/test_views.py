"""Views that people save: what is shown, under a name, for oneself, a role or everybody."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, select, update

from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.lists.models import SavedView
from portal.roles.models import Role
from portal.testing import add_person, counting_statements, sign_in, working_as

LIST = "/contacts"
VIEWS = "/lists/core.contacts/views"
UNDO = re.compile(r'action="(/undo/\w+)"')
TABS = re.compile(r'<nav class="tabs in-card".*?</nav>', re.DOTALL)


@pytest.fixture
def people(portal_app, world):
    """Return browsers by name: two managers of the office, an assistant, somebody of the lab."""
    with working_as(portal_app) as tx:
        tx.session.add_all(
            [
                Contact(name="Budi", kind="person"),
                Contact(name="Toko Budi"),
                Contact(name="Old", kind="person", active=False),
            ]
        )
        lab = add_person(tx, "Lab", department_id=world.departments["lab"], role="employee")
    found = {n: sign_in(portal_app, world.people[n]) for n in ("office_manager", "assistant")}
    found["executive"] = sign_in(portal_app, world.people["executive"])
    return found | {"lab": sign_in(portal_app, lab)}


def hidden(page, name):
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)
    return unescape(found[1])


def save(browser, address=LIST, name="Mine", **more):
    """Save what is shown at an address; return the answer."""
    page = browser.get(address)
    form = {"name": name, "place": hidden(page, "place"), "query": hidden(page, "query")}
    return browser.post(VIEWS, data=form | more)


def tabs(page):
    found = TABS.search(page.text)
    return re.findall(r"<a [^>]*>(.*?)</a>", found[0]) if found else []


def current(page):
    return re.findall(r'aria-current="page">(.*?)</a>', TABS.search(page.text)[0])


def rows(page):
    return re.findall(r'<td role="cell" class="pri"[^>]*><a [^>]*>(.*?)</a>', page.text)


def public_id(answer):
    return parse_qs(urlsplit(answer.location).query)["view"][0]


def test_a_view_shows_again_what_was_shown(people):
    me = people["assistant"]
    asked = f"{LIST}?kind=person&q=bu&sort=-name&columns=phone,name&height=compact"
    answer = save(me, asked)
    assert answer.status_code == 303
    page = me.get(answer.location)
    assert rows(page) == ["Budi"]
    assert current(page) == ["Mine"]
    assert "Who it is is Person" in page.text
    assert 'class="k compact"' in page.text
    assert re.findall(r"<th [^>]*>", page.text).__len__() == 2
    assert 'value="bu"' in page.text


def test_the_view_of_a_view_keeps_the_declared_one_below_it(people):
    me = people["assistant"]
    answer = save(me, f"{LIST}?view=closed")
    page = me.get(answer.location)
    assert rows(page) == ["Old"]
    again = me.get(save(me, answer.location, name="Twice").location)
    assert rows(again) == ["Old"]


def test_a_filter_of_a_view_is_taken_away_by_its_chip_and_nothing_else(people):
    me = people["assistant"]
    view = save(me, f"{LIST}?kind=person&q=bu").location
    chip = re.search(r'class="chip">.*?href="([^"]+)"', me.get(view).text, re.DOTALL)[1]
    page = me.get(unescape(chip))
    assert rows(page) == ["Budi", "Toko Budi"]
    assert current(page) == ["Mine"]
    assert "Let this view show what is shown now" in page.text
    emptied = me.get(f"{view}&q=")
    assert rows(emptied) == ["Budi", "Old"]


def test_a_view_is_overwritten_with_what_is_shown(people):
    me = people["assistant"]
    view = save(me, f"{LIST}?kind=person").location
    page = me.get(f"{view}&q=toko&kind=")
    form = {name: hidden(page, name) for name in ("place", "query")} | {"version": "1"}
    address = f"/lists/views/{view.partition('=')[2]}/overwrite"
    assert me.post(address, data=form).status_code == 303
    assert rows(me.get(view)) == ["Toko Budi"]
    assert me.post(address, data=form | {"_key": "another-key"}).status_code == 409


def test_nobody_sees_a_view_that_is_not_theirs(people):
    mine = save(people["assistant"], f"{LIST}?q=bu", name="Quite private")
    address = f"/lists/views/{public_id(mine)}"
    for name in ("office_manager", "executive", "lab"):
        other = people[name]
        page = other.get(mine.location)
        assert page.status_code == 200
        assert "This view is gone, or it is not shared with you." in page.text
        assert "Quite private" not in page.text
        assert len(rows(page)) == 3
        assert other.get(f"{mine.location}&format=json").status_code == 404
        assert other.get(f"{address}/edit").status_code == 404
        for act in ("edit", "overwrite", "delete"):
            form = {"name": "Taken", "version": "1"}
            assert other.post(f"{address}/{act}", data=form).status_code == 404
    audit = people["assistant"]
    assert "Quite private" in audit.get(LIST).text


def test_a_view_for_everybody_is_everybodys_tab(people):
    answer = save(people["office_manager"], f"{LIST}?q=bu", "For all", audience="everybody")
    for name in ("assistant", "lab"):
        assert "For all" in tabs(people[name].get(LIST))
        assert rows(people[name].get(answer.location)) == ["Budi", "Toko Budi"]
    people["lab"].post(f"/lists/views/{public_id(answer)}/delete", data={"version": "1"})
    assert "For all" in tabs(people["lab"].get(LIST))


def test_a_view_for_a_role_is_for_those_who_hold_it(people, portal_app):
    with working_as(portal_app) as tx:
        role = tx.session.scalars(select(Role.public_id).where(Role.slug == "assistant")).one()
    save(people["office_manager"], f"{LIST}?q=bu", "For them", audience="role", role=role)
    assert "For them" in tabs(people["office_manager"].get(LIST))
    assert "For them" in tabs(people["assistant"].get(LIST))
    assert "For them" not in tabs(people["lab"].get(LIST))
    assert "For them" not in tabs(people["executive"].get(LIST))


def test_sharing_needs_a_right_of_its_own(people):
    answer = save(people["assistant"], LIST, "Loud", audience="everybody")
    assert answer.status_code == 422
    assert "Loud" not in tabs(people["executive"].get(LIST))
    own = public_id(save(people["assistant"], LIST, "Own"))
    form = {"name": "Own", "audience": "everybody", "version": "1"}
    assert people["assistant"].post(f"/lists/views/{own}/edit", data=form).status_code == 422


def test_a_shared_view_is_changed_by_others_who_may_share(people):
    view = public_id(save(people["office_manager"], LIST, "Shared", audience="everybody"))
    form = {"name": "Better", "audience": "everybody", "version": "1"}
    assert people["executive"].post(f"/lists/views/{view}/edit", data=form).status_code == 303
    assert "Better" in tabs(people["assistant"].get(LIST))
    again = people["office_manager"].post(f"/lists/views/{view}/edit", data=form)
    assert again.status_code == 409
    refused = people["assistant"].post(f"/lists/views/{view}/edit", data=form | {"version": "2"})
    assert refused.status_code == 404


def test_names_are_taken_once(people):
    me = people["assistant"]
    assert save(me, LIST, "Ours").status_code == 303
    twice = save(me, LIST, "OURS")
    assert twice.status_code == 422
    assert "You have a view of this name already." in twice.text
    assert save(people["executive"], LIST, "Ours").status_code == 303
    other = public_id(save(me, LIST, "Other"))
    form = {"name": "ours", "audience": "me", "version": "1"}
    assert me.post(f"/lists/views/{other}/edit", data=form).status_code == 422
    assert save(me, LIST, " ").status_code == 422


def test_a_deleted_view_comes_back_under_its_address(people):
    me = people["assistant"]
    view = save(me, f"{LIST}?q=toko")
    address = f"/lists/views/{public_id(view)}/delete"
    place = hidden(me.get(LIST), "place")
    answer = me.post(address, data={"version": "1", "place": place})
    assert answer.location == LIST
    page = me.get(answer.location)
    assert "The view Mine is deleted." in page.text
    assert "Mine" not in tabs(page)
    me.post(UNDO.search(page.text)[1])
    assert rows(me.get(view.location)) == ["Toko Budi"]


def test_a_view_is_not_brought_back_over_another_of_its_name(people):
    me = people["assistant"]
    view = public_id(save(me))
    place = hidden(me.get(LIST), "place")
    answer = me.post(f"/lists/views/{view}/delete", data={"version": "1", "place": place})
    undo = UNDO.search(me.get(answer.location).text)[1]
    save(me)
    assert me.post(undo).status_code == 409


def test_a_list_opens_with_the_view_somebody_chose(people):
    me = people["assistant"]
    view = save(me, f"{LIST}?q=toko").location
    page = me.get(view)
    form = {"view": view.partition("=")[2], "place": hidden(page, "place"), "query": ""}
    me.post("/lists/core.contacts/opening", data=form)
    assert me.get(LIST).location == view
    assert rows(me.get(f"{LIST}?view=all")) == ["Budi", "Old", "Toko Budi"]
    assert len(rows(me.get(f"{LIST}?q=old"))) == 1
    assert people["executive"].get(LIST).status_code == 200
    me.post(f"/lists/views/{form['view']}/delete", data={"version": "1"})
    assert me.get(LIST).status_code == 200


def test_columns_of_a_view_are_changed_for_this_look_alone(people):
    me = people["assistant"]
    view = save(me, f"{LIST}?columns=name,phone&q=bu").location
    page = me.get(view)
    form = {"order": ["name", "kind"], "shown": ["name", "kind"], "act": "keep"}
    form |= {name: hidden(page, name) for name in ("place", "query")}
    answer = me.post("/lists/core.contacts/columns", data=form)
    assert parse_qs(urlsplit(answer.location).query) == {
        "view": [view.partition("=")[2]],
        "columns": ["name,kind"],
    }
    assert rows(me.get(answer.location)) == ["Budi", "Toko Budi"]
    assert len(re.findall("<th ", me.get(LIST).text)) > 2


@pytest.mark.parametrize(
    "asked",
    [
        [["kind", "person"], ["gone", "x"], ["sort", "gone"], ["columns", "gone,secret"]],
        [["kind", "robot"]],
        [["view", "gone"]],
        [["sort", "--name"], ["q", ""]],
        [["height", "tall"], ["columns", ""], ["format", "csv"], ["after", "x"]],
        [["password_hash", "x"], ["department_id", "1"], ["name_key", "x"]],
        {"not": "a list"},
        [["q"], [1, 2], "q", None],
    ],
)
def test_a_view_that_names_what_is_gone_still_opens(people, portal_app, asked):
    me = people["assistant"]
    view = save(me, LIST).location
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, update(SavedView.__table__).values(asked=asked))
    fresh = sign_in(portal_app, me_id(portal_app))
    assert fresh.get(view).status_code == 200
    assert fresh.get(f"{view}&format=json").status_code == 200


def me_id(app):
    """Return the owner of the only view, whose rights are read anew."""
    with working_as(app) as tx:
        from portal.roles.principals import raise_epoch

        owner = kernel_execute(tx.session, select(SavedView.__table__.c.owner_id)).scalar_one()
        raise_epoch(tx.session, person_id=owner)
        return owner


def test_a_view_never_widens_what_one_sees(people, portal_app, world):
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        tx.session.add(Contact(name="Office only", department_id=office))
    view = save(people["office_manager"], f"{LIST}?q=only", "For all", audience="everybody")
    assert rows(people["office_manager"].get(view.location)) == ["Office only"]
    assert rows(people["lab"].get(view.location)) == []
    assert json.loads(people["lab"].get(f"{view.location}&format=json").text) == []


def test_a_role_that_is_gone_leaves_the_view_to_its_owner(people, portal_app):
    with working_as(portal_app) as tx:
        tx.session.add(Role(slug="x", name="Helpers"))
        tx.session.flush()
        role = tx.session.scalars(select(Role.public_id).where(Role.slug == "x")).one()
    save(people["office_manager"], LIST, "Theirs", audience="role", role=role)
    with working_as(portal_app) as tx:
        table = Role.__table__
        kernel_execute(tx.session, delete(table).where(table.c.slug == "x"))
    assert "Theirs" in tabs(people["office_manager"].get(LIST))


def test_views_cost_no_statement(people, portal_app):
    me = people["assistant"]

    def counted(address):
        me.get(address)
        with counting_statements(portal_app) as seen:
            assert me.get(address).status_code == 200
        return len(seen)

    before = counted(f"{LIST}?q=toko")
    view = save(me, f"{LIST}?q=toko").location
    assert counted(view) <= before
