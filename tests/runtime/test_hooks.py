"""What plugins say on the pages of others: one fault costs one panel, on both databases."""

import pytest
from sqlalchemy import delete, func, select

from portal.api import record_kind
from portal.audit.models import AuditEntry
from portal.db import looking
from portal.people.models import Person
from portal.plugin import Home
from portal.plugins.models import PluginActivation
from portal.roles.models import Role, RolePermission
from portal.roles.principals import raise_epoch
from portal.testing import acting_as, add_person, give_role, sign_in, working_as
from portal.work import UnitOfWork

from .making import plugin, questions


def lines(tx, subject, slot):
    if isinstance(subject, Home):
        yield f"{len(tx.session.scalars(select(Person)).all()) > 0} in {slot}"


def broken_sql(tx, subject, slot):
    """After such an error PostgreSQL refuses everything else in the transaction."""
    return tx.session.scalars(select(func.no_such_function(Person.id))).all()


def raises(tx, subject, slot):
    yield "half"
    raise RuntimeError("boom")


def leaves(tx, subject, slot):
    raise SystemExit


def says_nothing(tx, subject, slot):
    return [None]


def broken_page():
    raise ZeroDivisionError


def leaving_page():
    raise SystemExit("no licence")


PLUGINS = [
    plugin("ant", hooks={"panels": broken_sql}),
    plugin("bee", hooks={"panels": lines}),
    plugin("cat", hooks={"panels": raises}),
    plugin("dog", hooks={"panels": leaves}),
    plugin("elk", hooks={"panels": says_nothing}),
    plugin("fox", hooks={"panels": lines}, views={"broken": broken_page, "leaving": leaving_page}),
    plugin("gnu", hooks={"withheld": lambda tx, act, record: 1 / 0}),
    plugin("hen", hookspecs=questions("asks", hen_eggs=lambda tx, day: None)),
    plugin("owl", hooks={"hen_eggs": lambda tx, day: [f"owl {day}"]}, provides={"owl.eyes": "two"}),
]


@pytest.fixture(scope="session")
def portal_plugins():
    return PLUGINS


@pytest.fixture
def registry(portal_app):
    """Return the plugins, as if none had failed yet."""
    found = portal_app.extensions["kantor"]
    found.failures.clear()
    found.hook_failures.clear()
    return found


def collected(registry, tx):
    return [
        (slug, str(line)) for slug, line in registry.collect("panels", tx, subject=Home(), slot="x")
    ]


def reader(portal_app, world):
    return acting_as(portal_app, world.people["employee"])


def test_one_fault_costs_one_answer_while_reading(portal_app, world, registry):
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert collected(registry, tx) == [("bee", "True in x"), ("fox", "True in x")]
        assert session.scalars(select(Person)).first() is not None  # the transaction goes on
    failed = {f.slug: f.stage for f in registry.failures}
    assert failed == dict.fromkeys(("ant", "cat", "dog", "elk"), "hook panels")


def test_one_fault_costs_one_answer_while_writing(portal_app, world, registry):
    boss = world.people["administrator"]
    with working_as(portal_app, boss) as tx:
        row = tx.session.get(Person, boss)
        row.name = "Renamed"
        assert collected(registry, tx) == [("bee", "True in x"), ("fox", "True in x")]
        assert row.name == "Renamed"
    with portal_app.app_context(), looking(reason="test") as tx:
        assert tx.session.scalar(select(Person.name).where(Person.id == boss)) == "Renamed"


def test_what_a_failing_hook_wrote_is_taken_back(portal_app, world, registry, monkeypatch):
    def writes(tx, subject, slot):
        tx.session.get(Person, tx.actor.person_id).name = "Changed by a hook"
        tx.session.flush()
        raise RuntimeError("boom")

    (implementation,) = registry._implementations("panels", "cat")
    monkeypatch.setattr(implementation, "function", writes)
    boss = world.people["administrator"]
    with working_as(portal_app, boss) as tx:
        collected(registry, tx)
    with portal_app.app_context(), looking(reason="test") as tx:
        assert tx.session.scalar(select(Person.name).where(Person.id == boss)) == "Administrator"


def test_a_fault_is_counted_every_time_and_noted_once(portal_app, world, registry):
    for _ in range(3):
        with reader(portal_app, world) as session:
            collected(registry, UnitOfWork(session, session.principal, False))
    assert registry.hook_failures["cat", "panels"] == 3
    assert [f.slug for f in registry.failures].count("cat") == 1


def test_what_becomes_of_an_answer_is_protected_too(portal_app, world, registry):
    def shape(line):
        raise ZeroDivisionError

    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        found = registry.collect("panels", tx, shape=shape, subject=Home(), slot="x")
    assert found == []
    assert {"bee", "fox"} <= {f.slug for f in registry.failures}


def test_the_audit_keeps_back_what_a_failing_plugin_might_withhold(portal_app, world, registry):
    boss = world.people["administrator"]
    with working_as(portal_app, boss) as tx:
        tx.audit("core.person_changed", tx.session.get(Person, boss), note="Gamelan")
    with portal_app.app_context(), looking(reason="test") as tx:
        number = tx.session.scalar(select(func.max(AuditEntry.id)))
    page = sign_in(portal_app, boss).get(f"/audit/{number}").text
    assert "cannot be found out just now" in page
    assert "Gamelan" not in page
    assert ("gnu", "withheld") in registry.hook_failures


def test_only_plugins_that_are_on_are_asked(portal_app, world, registry):
    with working_as(portal_app) as tx:
        tx.session.execute(delete(PluginActivation).where(PluginActivation.slug == "bee"))
        raise_epoch(tx.session)
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert collected(registry, tx) == [("fox", "True in x")]
    with portal_app.app_context(), looking(reason="test") as tx:  # the portal's own work asks all
        assert [slug for slug, _ in collected(registry, tx)] == ["bee", "fox"]


def test_a_plugin_asks_the_others_its_own_question(portal_app, world, registry):
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert registry.collect("hen_eggs", tx, day="Monday") == [("owl", "owl Monday")]


def test_its_services_ask_it_by_the_unit(portal_app, world, registry):
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert tx.ask("hen_eggs", day="Monday") == ["owl Monday"]
        with pytest.raises(LookupError, match="hen_milk"):
            tx.ask("hen_milk", day="Monday")


def test_a_hook_knows_the_records_of_others_by_their_kind(portal_app, world):
    with reader(portal_app, world) as session:
        person = session.scalars(select(Person)).first()
    assert record_kind(person) == "core.person"
    assert record_kind(Home()) == ""


def test_services_are_those_of_plugins_that_are_on(portal_app, world):
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert tx.service("owl.eyes") == "two"
        assert tx.service("nobody.nothing") is None
    with working_as(portal_app) as tx:
        tx.session.execute(delete(PluginActivation).where(PluginActivation.slug == "owl"))
    with reader(portal_app, world) as session:
        tx = UnitOfWork(session, session.principal, False)
        assert tx.service("owl.eyes") is None


def entitled(portal_app, world):
    """Return a browser of somebody who may see the pages of fox."""
    with working_as(portal_app) as tx:
        role = Role(slug="fox", name="Fox")
        role.permissions = [RolePermission(permission="fox.thing.view", reach="all")]
        tx.session.add(role)
        person = add_person(tx, "Reynard", department_id=world.departments["office"])
        give_role(tx, person, "fox", department_id=None)
    return sign_in(portal_app, person)


@pytest.mark.parametrize("page", ["broken", "leaving"])
def test_a_page_that_breaks_names_its_plugin(portal_app, world, caplog, page):
    browser = entitled(portal_app, world)
    answer = browser.get(f"/fox/{page}")
    assert answer.status_code == 500
    assert "It happened in Fox." in answer.text
    assert "ZeroDivision" not in answer.text
    found = browser.get(f"/fox/{page}?format=json").get_json()
    assert found["plugin"] == "fox"
    assert found["id"]
    assert any(getattr(r, "plugin", "") == "fox" for r in caplog.records)
    assert browser.get("/").status_code == 200


def test_the_home_page_survives_all_of_them(portal_app, world):
    browser = sign_in(portal_app, world.people["employee"])
    assert browser.get("/").status_code == 200
