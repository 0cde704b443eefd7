"""Plugins are switched on by department, by whoever may do so there, as the page showed it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.errors import EditConflict, Forbidden
from portal.migrate import put_to_rest
from portal.plugins import services
from portal.plugins.models import InstalledPlugin, PluginActivation
from portal.plugins.services import ChangeActivation
from portal.runtime import Failure
from portal.testing import add_person, principal_of, sign_in, working_as
from tests.unit.granting import department, give, make_role


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


def seen_in(page):
    return re.search(r'name="seen" value="([^"]*)"', page.text)[1]


def active(app, person_id):
    with app.app_context():
        return principal_of(app, person_id).active


def test_the_grid_switches_a_plugin_on_and_off(portal_app, admin, world):
    who = world.people["employee"]
    assert active(portal_app, who) == {"bells"}
    page = admin.get("/plugins")
    off = admin.post("/plugins/activation", data={"seen": seen_in(page)})
    assert off.status_code == 303
    assert active(portal_app, who) == frozenset()
    page = admin.get("/plugins")
    assert "Nowhere" in page.text
    with working_as(portal_app) as tx:
        office, lab = (department(tx, world, name).public_id for name in ("office", "lab"))
    for place, expected in ((lab, frozenset()), (office, {"bells"})):
        seen = seen_in(admin.get("/plugins"))
        admin.post("/plugins/activation", data={"seen": seen, "on": f"bells:{place}"})
        assert active(portal_app, who) == expected
    with working_as(portal_app) as tx:
        acts = tx.session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.startswith("core.plugin_"))
        ).all()
        assert sorted(acts) == [
            "core.plugin_switched_off",
            "core.plugin_switched_off",
            "core.plugin_switched_on",
            "core.plugin_switched_on",
        ]


def test_a_grid_that_somebody_else_changed_is_not_saved(admin):
    old = seen_in(admin.get("/plugins"))
    assert admin.post("/plugins/activation", data={"seen": old}).status_code == 303
    answer = admin.post("/plugins/activation", data={"seen": old, "on": "bells:*"})
    assert answer.status_code == 409
    assert "Nowhere" in admin.get("/plugins").text


def test_an_unknown_department_is_not_there(admin):
    seen = seen_in(admin.get("/plugins"))
    answer = admin.post("/plugins/activation", data={"seen": seen, "on": "bells:zzzzzzzzzzzz"})
    assert answer.status_code == 404


def test_who_decides_for_a_department_leaves_the_others_alone(portal_app, world):
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Head", department_id=office)
        rights = {"core__plugin__manage": "department", "core__plugin__view": "all"}
        give(tx, who, make_role(tx, "switcher", **rights), office)
        here, lab = (department(tx, world, name).public_id for name in ("office", "lab"))
    browser = sign_in(portal_app, who)
    page = browser.get("/plugins")
    boxes = re.findall(r'name="on" value="(bells:[^"]+)"[^>]*?(disabled)?>', page.text)
    assert [value for value, disabled in boxes if not disabled] == [f"bells:{here}"]
    data = {"seen": seen_in(page), "on": f"bells:{here}"}  # The box for everywhere is not sent.
    assert browser.post("/plugins/activation", data=data).status_code == 303
    with working_as(portal_app) as tx:
        kept = set(tx.session.scalars(select(PluginActivation.department_id)))
        assert kept == {None, office}
    data = {"seen": seen_in(browser.get("/plugins")), "on": f"bells:{lab}"}
    assert browser.post("/plugins/activation", data=data).status_code == 403


def test_services_refuse_what_the_page_does_not_offer(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Head", department_id=world.departments["office"])
        role = make_role(tx, "switcher", core__plugin__manage="department")
        give(tx, who, role, world.departments["office"])
    with working_as(portal_app, who) as tx:
        for place in (None, world.departments["lab"]):
            with pytest.raises(Forbidden):
                services.switch_on(tx, "bells", place)
            with pytest.raises(Forbidden):
                services.switch_off(tx, "bells", place)
        with pytest.raises(EditConflict):
            services.change_activation(tx, ChangeActivation(seen="old", offered=frozenset()))


def test_a_plugin_that_failed_says_why(portal_app, admin, monkeypatch):
    registry = portal_app.extensions["kantor"]
    failure = Failure("visitors", "definition", ValueError("page /export has no policy"))
    complaint = Failure("bells", "hook panels", RuntimeError("the rope broke"))
    monkeypatch.setattr(registry, "failures", [failure, complaint])
    page = admin.get("/plugins")
    assert "visitors is set aside" in page.text
    assert "page /export has no policy" in page.text
    assert "A part of Bells failed" in page.text
    assert "Set aside" in admin.get("/plugins/visitors").text
    assert "the rope broke" in admin.get("/plugins/bells").text


def test_a_plugin_that_rests_says_so_and_what_to_run(portal_app, admin):
    with working_as(portal_app) as tx:
        put_to_rest(tx, "bells")
    for page in (admin.get("/plugins").text, admin.get("/plugins/bells").text):
        assert "Rests" in page
        assert "It rests until the next upgrade." in page
        assert 'Run <code class="mono">kantor db upgrade</code>.' in page
    assert "Bells rests" in admin.get("/plugins").text


def test_a_plugin_whose_package_is_gone_is_still_named(portal_app, admin):
    with working_as(portal_app) as tx:
        tx.session.add(
            InstalledPlugin(
                slug="keys", title="Keys", version="0.3", state="ready", upgraded_at=tx.now
            )
        )
    assert "Package is gone" in admin.get("/plugins").text
    assert "kantor plugin purge" in admin.get("/plugins/keys").text


def test_a_plugin_page_shows_what_it_brings(admin):
    page = admin.get("/plugins/bells")
    for shown in (
        "Ring the bells",
        "bells.bell.ring",
        "bells.ring",
        "All departments",
        "/settings/bells",
    ):
        assert shown in page.text
    assert admin.get("/plugins/nothing").status_code == 404


def test_others_do_not_see_the_plugins(portal_app, world):
    browser = sign_in(portal_app, world.people["assistant"])
    assert browser.get("/plugins").status_code == 403
    assert browser.post("/plugins/activation", data={"seen": ""}).status_code == 403
