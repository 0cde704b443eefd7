"""A purged plugin leaves nothing: neither in the schema nor in the rows of core."""

import pytest
from sqlalchemy import insert, select

import kantor_inventory
import kantor_keys
from kantor_keys.models import Key
from portal import migrate
from portal.audit.models import AuditEntry
from portal.contradictions import RESERVED
from portal.db import unscoped
from portal.files.models import StoredFile, Upload
from portal.guard import kernel_execute
from portal.jobs.models import Job, Outbox
from portal.plugins.models import PluginActivation
from portal.plugins.purging import NotPurged, purge
from portal.roles.models import Role, RolePermission
from portal.settings import services as settings
from portal.testing import give_role, sign_in
from portal.testing_databases import Database

from .twice import Twice


@pytest.fixture
def twice(portal_database_kind, tmp_path):
    with Database.made(portal_database_kind, tmp_path) as database:
        made = Twice(database.url, tmp_path)
        yield made
        made.let_go()


def settle(twice, plugin):
    """Install a plugin and leave traces of it wherever core keeps some; return the portal."""
    app = twice.portal(plugin)
    slug, permission = plugin.slug, plugin.permissions[0].name
    with app.app_context():
        assert migrate.upgrade(app.extensions["kantor"]) == []
    with app.app_context(), unscoped(reason="test data") as tx:
        tx.session.add(PluginActivation(slug=slug))
        tx.session.add(PluginActivation(slug=slug, department_id=twice.office))
        mine = tx.session.scalars(select(Role).where(Role.slug == "executive")).one()
        taken = {row.permission for row in mine.permissions}
        if permission not in taken:
            mine.permissions.append(RolePermission(permission=permission, reach="own"))
        settings.write(tx, slug, {"colour": "red"}, version=None)
        settings.write(tx, slug, {"colour": "blue"}, department_id=twice.office, version=None)
        now, owner = tx.now, twice.clerk
        for number, purpose in enumerate((f"{slug}.photo", f"import {slug}.x", "other.import")):
            content = {"sha256": f"{min(number, 1)}" * 64, "size": 1, "created_at": now}
            known = select(StoredFile.__table__.c.id).filter_by(sha256=content["sha256"])
            file_id = kernel_execute(tx.session, known).scalar()
            if file_id is None:
                new = insert(StoredFile.__table__).values(content)
                file_id = kernel_execute(
                    tx.session, new.returning(StoredFile.__table__.c.id)
                ).scalar_one()
            upload = {"public_id": f"u{number}", "owner_id": owner, "file_id": file_id}
            upload |= {"name": "list.csv", "purpose": purpose, "created_at": now}
            kernel_execute(tx.session, insert(Upload.__table__), upload)
        tx.enqueue(f"{slug}.count", args={})
        event = {"event": "x.y", "subscriber": slug, "payload": {}, "attempts": 9}
        kernel_execute(
            tx.session, insert(Outbox.__table__), event | {"created_at": now, "due_at": now}
        )
    return app


def forget_the_other_file(twice):
    """Take back the one upload of another plugin, which a purge must leave alone."""
    with twice.bare.app_context(), unscoped(reason="test") as tx:
        uploads, stored = Upload.__table__, StoredFile.__table__
        left = kernel_execute(tx.session, select(uploads.c.purpose)).scalars().all()
        assert left == ["other.import"]
        assert len(kernel_execute(tx.session, select(stored.c.id)).all()) == 1
        kernel_execute(tx.session, uploads.delete())
        kernel_execute(tx.session, stored.delete())


def purged(app, slug):
    with app.app_context():
        return purge(slug)


@pytest.mark.parametrize("gone", [False, True], ids=["installed", "package gone"])
@pytest.mark.parametrize(
    "plugin", [kantor_keys.plugin, kantor_inventory.plugin], ids=lambda p: p.slug
)
def test_schema_and_rows_are_as_before(twice, plugin, gone):
    before = twice.looks()
    app = settle(twice, plugin)
    assert twice.looks()[0] > before[0]
    done = purged(twice.bare if gone else app, plugin.slug)
    assert any(line.startswith(f"table {plugin.slug}_") for line in done)
    forget_the_other_file(twice)
    after = twice.looks()
    assert after[0] == before[0]
    assert after[1] == before[1]
    with twice.bare.app_context(), unscoped(reason="test") as tx:
        for model in (Job, Outbox):
            assert kernel_execute(tx.session, select(model.__table__.c.id)).all() == []
        table = AuditEntry.__table__
        newest = select(table.c.action).order_by(table.c.id.desc()).limit(1)
        assert kernel_execute(tx.session, newest).scalar() == "core.plugin_purged"


def test_a_purged_plugin_comes_back_empty_with_its_first_rights(twice):
    app = settle(twice, kantor_keys.plugin)
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.add(Key(code="A1", room="101"))
    purged(twice.bare, "keys")
    with app.app_context():
        assert migrate.upgrade(app.extensions["kantor"]) == []
        with unscoped(reason="test") as tx:
            tx.session.add(PluginActivation(slug="keys"))
            assert tx.session.scalars(select(Key)).all() == []
            lenders = select(Role.slug).join(Role.permissions)
            lenders = lenders.where(RolePermission.permission == "keys.key.lend")
            assert tx.session.scalars(lenders).all() == ["assistant"]


def test_purging_one_plugin_leaves_the_other_alone(twice):
    settle(twice, kantor_inventory.plugin)
    purged(twice.bare, "inventory")
    forget_the_other_file(twice)
    app = settle(twice, kantor_keys.plugin)
    forget = twice.looks()
    other = twice.portal(kantor_keys.plugin, kantor_inventory.plugin)
    with other.app_context():
        assert migrate.upgrade(other.extensions["kantor"]) == []
    purged(other, "inventory")
    assert twice.looks() == forget
    with app.app_context(), unscoped(reason="test data") as tx:
        give_role(tx, twice.clerk, "assistant", department_id=None)
    assert sign_in(app, twice.clerk).get("/keys/").status_code == 200


def test_whoever_is_signed_in_meets_the_purge_with_the_next_request(twice):
    app = settle(twice, kantor_keys.plugin)
    clerk = sign_in(app, twice.clerk)
    assert clerk.get("/keys/").status_code == 200
    purged(twice.bare, "keys")
    assert clerk.get("/keys/").status_code == 404


def test_what_was_never_here_is_said_to_be_nothing(twice):
    before = twice.looks()
    assert purged(twice.bare, "nobody") == ["nothing of nobody is left here"]
    assert twice.looks() == before


@pytest.mark.parametrize(
    "name", [*sorted(RESERVED), "", "x_y", "Keys", "keys; drop table person", "%"]
)
def test_the_portal_itself_cannot_be_purged(portal_app, name):
    with portal_app.app_context(), pytest.raises(NotPurged):
        purge(name)
