"""What the organisation decides, and what a department may decide otherwise."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.errors import Forbidden
from portal.settings import services
from portal.testing import add_person, sign_in, working_as
from tests.unit.granting import department, give, make_role

FACTS = {
    "workload": "shown",
    "second_step": "nobody",
    "organisation": "Klinik",
    "time_zone": "Asia/Makassar",
    "currency": "idr",
    "language": "id",
}


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.fixture
def head(portal_app, world):
    """Return a browser of somebody who decides for the office only."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Head", department_id=office)
        give(tx, who, make_role(tx, "setter", core__setting__edit="department"), office)
    return sign_in(portal_app, who)


def field(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1]


def public_id(app, world, name):
    with working_as(app) as tx:
        return department(tx, world, name).public_id


def test_the_organisation_gets_a_name_and_a_zone(portal_app, admin):
    seen = field(admin.get("/settings"), "seen")
    assert admin.post("/settings", data=FACTS | {"seen": seen}).status_code == 303
    page = admin.get("/settings")
    assert field(page, "organisation") == "Klinik"
    assert field(page, "currency") == "IDR"
    assert "Klinik" in page.text.partition("<main")[0]
    with working_as(portal_app) as tx:
        kept = tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert kept.detail["changed"]["time_zone"] == ["Asia/Jakarta", "Asia/Makassar"]


def test_somebody_elses_change_is_not_overwritten(admin):
    seen = field(admin.get("/settings"), "seen")
    assert admin.post("/settings", data=FACTS | {"seen": seen}).status_code == 303
    late = admin.post("/settings", data=FACTS | {"seen": seen, "organisation": "Late"})
    assert late.status_code == 409
    assert "Late" in late.text
    assert "Klinik" in late.text


WRONG = {
    "no name": {"organisation": " "},
    "an unknown zone": {"time_zone": "Mars/Olympus"},
    "no currency": {"currency": "Rupiah"},
    "an unknown language": {"language": "xx"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_stands_beside_the_field(admin, wrong):
    seen = field(admin.get("/settings"), "seen")
    answer = admin.post("/settings", data=FACTS | {"seen": seen} | wrong)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text


def test_a_plugin_is_set_for_everybody_and_otherwise_for_a_department(portal_app, admin, world):
    lab = public_id(portal_app, world, "lab")
    page = admin.get("/settings/bells")
    assert field(page, "tune") == "Westminster"
    sent = {"version": field(page, "version"), "tune": "Gamelan", "loudness": "3"}
    assert admin.post("/settings/bells", data=sent).status_code == 303
    own = admin.get(f"/settings/bells?department={lab}")
    assert "does as everybody does" in own.text
    assert field(own, "tune") == "Gamelan"
    sent = {"version": field(own, "version"), "tune": "Silence", "loudness": "0"}
    assert admin.post(f"/settings/bells?department={lab}", data=sent).status_code == 303
    with working_as(portal_app) as tx:
        assert services.values_of(tx, "bells")["tune"] == "Gamelan"
        here = services.values_of(tx, "bells", world.departments["lab"])
        assert here == {"tune": "Silence", "loudness": 0}
    assert admin.post(f"/settings/bells/reset?department={lab}").status_code == 303
    assert field(admin.get(f"/settings/bells?department={lab}"), "tune") == "Gamelan"
    assert admin.post(f"/settings/bells/reset?department={lab}").status_code == 409


def test_settings_meet_a_newer_version(admin):
    version = field(admin.get("/settings/bells"), "version")
    sent = {"version": version, "tune": "Gamelan", "loudness": "3"}
    assert admin.post("/settings/bells", data=sent).status_code == 303
    late = admin.post("/settings/bells", data=sent | {"tune": "Late"})
    assert late.status_code == 409


def test_settings_of_a_plugin_are_checked(admin):
    answer = admin.post("/settings/bells", data={"version": "0", "tune": "", "loudness": "11"})
    assert answer.status_code == 422
    assert "Fill this in." in answer.text
    assert "Write at most 10." in answer.text


def test_who_decides_for_a_department_does_not_decide_for_all(portal_app, world, head):
    office, lab = (public_id(portal_app, world, name) for name in ("office", "lab"))
    page = head.get("/settings")
    assert page.status_code == 200
    assert "organisation" not in page.text.partition("<main")[2].partition("</main")[0]
    assert head.post("/settings", data=FACTS | {"seen": ""}).status_code == 403
    sent = {"version": "0", "tune": "Gamelan", "loudness": "3"}
    assert "not change them" in head.get("/settings/bells").text
    assert head.post("/settings/bells", data=sent).status_code == 403
    assert head.get(f"/settings/bells?department={lab}").status_code == 404
    assert head.post(f"/settings/bells?department={lab}", data=sent).status_code == 404
    assert head.post(f"/settings/bells?department={office}", data=sent).status_code == 303


def test_services_refuse_what_is_out_of_reach(portal_app, world):
    with working_as(portal_app, world.people["assistant"]) as tx:
        with pytest.raises(Forbidden):
            services.write(tx, "bells", {}, version=None)
        with pytest.raises(Forbidden):
            services.change_facts(tx, FACTS, seen="")
        with pytest.raises(Forbidden):
            services.reset(tx, "bells", world.departments["lab"])


def test_a_plugin_without_settings_has_no_page(admin):
    assert admin.get("/settings/nothing").status_code == 404
