"""Reading the audit: who did what, narrowed by index, with a seal that shows tampering."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

import portal
from portal.audit import services
from portal.audit.reading import CHECKED, known, newest_chain, told
from portal.audit.words import ACTIONS
from portal.db import db
from portal.guard import LIMITED, WRITE, kernel_execute
from portal.jobs.tables import NAMED
from portal.notices.rules import CORE_KINDS
from portal.people.services import AddDepartment, add_department
from portal.reach import EVERYTHING
from portal.testing import counting_statements, sign_in, working_as
from tests.unit.granting import person


@pytest.fixture
def admin(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.fixture
def acts(portal_app, world):
    """Let the administrator and the portal itself do a few things; return the former's
    public id.
    """
    with working_as(portal_app, world.people["administrator"]) as tx:
        for name in ("Archive", "Kitchen"):
            add_department(tx, AddDepartment(name=name))
        tx.audit("bells.bell_rung", None, tune="Gamelan")
    with working_as(portal_app) as tx:
        tx.audit("core.person_changed", person(tx, world.people["assistant"]))
        return person(tx, world.people["administrator"]).public_id


def rows(browser, query):
    exported = browser.get(f"/audit?format=csv&{query}").data.decode("utf-8-sig")
    return [(row["Who"], row["Name of the act"]) for row in csv.DictReader(io.StringIO(exported))]


def test_the_newest_act_comes_first_in_words(admin, acts):
    page = admin.get("/audit").text.partition("<table")[2]
    assert page.index("Changed a person") < page.index("bells.bell_rung")
    assert page.index("bells.bell_rung") < page.index("Made a department")
    assert "fit their seals" in page


def test_the_audit_is_narrowed_by_person_act_kind_and_day(admin, acts):
    today = datetime.now(UTC).date()
    mine = ("Administrator", "core.department_added")
    assert rows(admin, f"actor={acts}") == [("Administrator", "bells.bell_rung"), mine, mine]
    assert rows(admin, "action=core.department_added") == [mine, mine]
    assert rows(admin, "kind=core.person") == [("Kantor", "core.person_changed")]
    assert len(rows(admin, f"since={today - timedelta(days=1)}")) == 4
    assert rows(admin, f"until={today - timedelta(days=2)}") == []


def test_only_what_occurs_is_offered(portal_app, admin, acts):
    with working_as(portal_app) as tx:
        found = known(tx)
    assert found.actions == ["bells.bell_rung", "core.department_added", "core.person_changed"]
    assert found.kinds == ["core.department", "core.person"]
    assert found.actors == [(acts, "Administrator")]


def test_the_page_takes_few_statements(portal_app, admin, acts):
    admin.get("/audit")
    with counting_statements(portal_app) as seen:
        assert admin.get(f"/audit?actor={acts}").status_code == 200
    assert len(seen) <= 6, seen


def test_an_entry_shows_what_changed_and_leads_to_the_record(portal_app, admin, world, acts):
    with working_as(portal_app, world.people["administrator"]) as tx:
        who = person(tx, world.people["assistant"])
        tx.audit("core.person_changed", who, changed={"name": ["Putri", "Assistant"]}, why="typo")
        address = f"/people/{who.public_id}"
    page = admin.get(f"/audit/{ids(portal_app)[-1]}").text
    for shown in ("Putri", "Assistant", "typo", f'href="{address}"', "Changed a person"):
        assert shown in page
    assert admin.get("/audit/999999").status_code == 404
    assert admin.get("/audit/99999999999999").status_code == 404


def ids(app):
    with working_as(app) as tx:
        entries = services.entries
        return [r.id for r in kernel_execute(tx.session, entries.select().order_by(entries.c.id))]


def test_others_do_not_read_the_audit(portal_app, world, acts):
    for role in ("department_manager", "employee"):
        browser = sign_in(portal_app, world.people[role])
        assert browser.get("/audit").status_code == 403
        assert browser.get("/audit/1").status_code == 403


def tamper(app, act, sql, **values):
    """Change the table as somebody with the database would, past the triggers."""
    with app.app_context():
        options = {WRITE: True, LIMITED: EVERYTHING}
        with db.engine.connect().execution_options(**options) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                connection.execute(text(f"DROP TRIGGER audit_entry_refuses_{act}"))
            connection.execute(text(sql), values)
            connection.commit()


def test_a_changed_entry_is_seen_on_the_page(portal_app, admin, acts):
    second = ids(portal_app)[1]
    sql = "UPDATE audit_entry SET actor_name = 'Nobody' WHERE id = :id"
    tamper(portal_app, "update", sql, id=second)
    page = admin.get("/audit").text
    assert "Somebody has changed the audit" in page
    assert f"Entry {second} does not fit" in page


def test_a_removed_entry_is_seen_too(portal_app, acts):
    _, second, third, _ = ids(portal_app)
    tamper(portal_app, "delete", "DELETE FROM audit_entry WHERE id = :id", id=second)
    with working_as(portal_app) as tx:
        assert newest_chain(tx).broken == [third]


def test_only_the_newest_entries_are_proved_on_the_page(portal_app, acts):
    with working_as(portal_app) as tx:
        for number in range(CHECKED + 20):
            tx.audit("core.test", None, number=number)
    with working_as(portal_app) as tx:
        chain = newest_chain(tx)
        assert (chain.checked, chain.broken) == (CHECKED, [])


TOLD = {
    "changes": (
        {"changed": {"name": ["a", "b"], "parent": [None, "c"]}},
        ([("name", "a", "b"), ("parent", "", "c")], []),
    ),
    "facts": (
        {"role": "employee", "until": None},
        ([], [("role", "employee"), ("until", "")]),
    ),
    "a list of more": ({"on": ["a", "b", "c"]}, ([], [("on", "a, b, c")])),
    "what lies deeper": (
        {"permissions": {"x": ["own", "all"]}},
        ([("permissions.x", "own", "all")], []),
    ),
    "lists before and after": (
        {"changed": {"serves": [["Lab"], ["Lab", "Office"]]}},
        ([("serves", "Lab", "Lab, Office")], []),
    ),
}


@pytest.mark.parametrize(("detail", "expected"), TOLD.values(), ids=TOLD.keys())
def test_details_are_told(detail, expected):
    assert told(detail) == expected


def test_an_act_of_every_kind_has_words():
    """Every act that core records is known to the page; a job has its name elsewhere."""
    found = set()
    kinds = {kind.name for kind in CORE_KINDS}  # Kinds of notices are no acts.
    for path in Path(portal.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "audit(" in source and path.parent.name != "audit":
            found |= set(re.findall(r'"(core\.[a-z]+_[a-z_]+)"', source))
    assert found - ACTIONS.keys() - NAMED.keys() - kinds == set()


def test_inserting_beside_the_chain_is_seen(portal_app, acts):
    with working_as(portal_app) as tx:
        row = services.entry(at=tx.now, actor_id=None, actor_name="Nobody", action="core.test") | {
            "previous": services.GENESIS,
            "hash": "0" * 64,
        }
        kernel_execute(tx.session, insert(services.entries), row)
    with working_as(portal_app) as tx:
        assert newest_chain(tx).broken != []
