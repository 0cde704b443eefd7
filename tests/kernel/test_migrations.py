"""One lineage per plugin: all or nothing, without cascades, without neighbours."""

import dataclasses
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, select, text

from portal import migrate
from portal.db import db, unscoped
from portal.engine import engine_options, set_up
from portal.guard import LIMITED, WRITE
from portal.people.models import Person
from portal.plugins import fitting
from portal.reach import EVERYTHING
from portal.roles.services import sync_roles
from portal.testing import make_app
from portal.testing_databases import Database

from .small import cases, goods, orders
from .small_world import PLUGINS

HEAD = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "{revision}", "{down}", None, None
def downgrade(): pass
def upgrade():
"""
HALF = """op.create_table('cases_half', sa.Column('id', sa.Integer))
op.execute('INSERT INTO cases_half VALUES (1)')
raise RuntimeError('boom')"""
FOREIGN = "op.create_table('goods_stolen', sa.Column('id', sa.Integer))"
REBUILD = """with op.batch_alter_table('goods_item', recreate='auto') as table:
    table.add_column(sa.Column('title', sa.String))
    table.alter_column('title', existing_type=sa.String, type_=sa.Text)"""
BREAKS = "op.execute(\"INSERT INTO cases_statement (id, case_id, body) VALUES (1, 77, 'x')\")"


@pytest.fixture
def engine(portal_database_kind, tmp_path):
    with Database.made(portal_database_kind, tmp_path) as database:
        engine = create_engine(database.url, **engine_options(database.url))
        set_up(engine)
        yield engine
        engine.dispose()


def folder_with(tmp_path, plugin, body):
    """Return a versions folder with the plugin's first revision and a second one."""
    first = migrate.lineage(None, plugin).get_main_option("version_locations")
    folder = tmp_path / "versions"
    folder.mkdir()
    for file in Path(first).glob("*.py"):
        (folder / file.name).write_text(file.read_text())
    head = HEAD.format(revision=f"{plugin.slug}0002", down=f"{plugin.slug}0001")
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / f"{plugin.slug}0002.py").write_text(head + lines)
    return folder


def up(engine, plugin, folder=None):
    config = migrate.lineage(engine, plugin)
    if folder is not None:
        config.set_main_option("version_locations", str(folder))
    command.upgrade(config, "head")


def everything_up(engine):
    for plugin in (None, *PLUGINS):
        up(engine, plugin)


def run(engine, sql):
    options = {LIMITED: EVERYTHING, WRITE: True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        result = connection.execute(text(sql))
        return result.scalar() if result.returns_rows else None


def test_every_lineage_goes_up_is_clean_and_comes_down_alone(engine):
    everything_up(engine)
    for plugin in (None, *PLUGINS):
        command.check(migrate.lineage(engine, plugin))
    migrate.downgrade(engine, cases.plugin)
    tables = inspect(engine).get_table_names()
    assert not [table for table in tables if table.startswith("cases_")]
    assert "goods_item" in tables
    command.check(migrate.lineage(engine))
    up(engine, cases.plugin)


def test_a_failed_migration_leaves_nothing_and_its_neighbours_go_on(engine, tmp_path):
    everything_up(engine)
    with pytest.raises(RuntimeError, match="boom"):
        up(engine, cases.plugin, folder_with(tmp_path, cases.plugin, HALF))
    assert "cases_half" not in inspect(engine).get_table_names()
    assert run(engine, "select version_num from alembic_version_cases") == "cases0001"
    up(engine, orders.plugin)


def test_rebuilding_a_table_keeps_its_children(engine, tmp_path):
    everything_up(engine)
    for table, row in (
        (
            "department (id, public_id, name, name_key, active, version)",
            "1, 'a', 'a', 'a', true, 1",
        ),
        ("goods_item (id, name, quantity, worth, version, department_id)", "1, 'a', 1, 1, 1, 1"),
        ("goods_supplier (id, name, favourite_id)", "1, 'a', 1"),
        ("goods_memo (id, item_id, text)", "1, 1, 'kept'"),
    ):
        run(engine, f"INSERT INTO {table} VALUES ({row})")
    up(engine, goods.plugin, folder_with(tmp_path, goods.plugin, REBUILD))
    assert run(engine, "select title is null from goods_item")
    assert run(engine, "select favourite_id from goods_supplier") == 1  # ON DELETE SET NULL
    assert run(engine, "select count(*) from goods_memo") == 1
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        run(engine, "INSERT INTO goods_memo (id, item_id, text) VALUES (2, 99, 'x')")


def test_a_migration_that_breaks_references_is_rolled_back(engine, tmp_path):
    everything_up(engine)
    with pytest.raises(Exception, match=r"(?i)broken reference|foreign key"):
        up(engine, cases.plugin, folder_with(tmp_path, cases.plugin, BREAKS))
    assert run(engine, "select count(*) from cases_statement") == 0


@pytest.mark.parametrize("body", [FOREIGN, "op.drop_table('goods_memo')"], ids=["makes", "drops"])
def test_a_migration_keeps_its_hands_off_the_tables_of_others(engine, tmp_path, body):
    everything_up(engine)
    before = inspect(engine).get_table_names()
    with pytest.raises(RuntimeError, match="tables of others"):
        up(engine, cases.plugin, folder_with(tmp_path, cases.plugin, body))
    assert inspect(engine).get_table_names() == before


# --- all of them together, as `kantor db upgrade` does it


@pytest.fixture
def fresh(portal_database_kind, tmp_path):
    """Return a function: plugins -> a portal with them on one new database."""
    with Database.made(portal_database_kind, tmp_path) as database:
        made = []

        def portal(*plugins):
            made.append(make_app(database.url, tmp_path, list(plugins)))
            return made[-1]

        yield portal
        for app in made:
            with app.app_context():
                db.engine.dispose()


def moved(plugin, package):
    """Return a plugin as it would be with another folder of migrations."""
    return dataclasses.replace(plugin, package=package)


def installed(app):
    with app.app_context(), unscoped(reason="test") as tx:
        return {slug: (row.state, row.reason) for slug, row in fitting.noted(tx).items()}


def upgraded(app):
    with app.app_context():
        return migrate.upgrade(app.extensions["kantor"])


def test_an_upgrade_is_noted_and_a_second_one_changes_nothing(fresh):
    app = fresh(*PLUGINS)
    assert upgraded(app) == []
    assert installed(app) == dict.fromkeys(("goods", "orders", "cases"), ("ready", ""))
    with app.app_context():
        assert migrate.differences(app.extensions["kantor"]) == []
    assert upgraded(app) == []


def test_models_without_migrations_are_a_failure_that_says_so(fresh, monkeypatch):
    app = fresh(*PLUGINS)
    monkeypatch.setattr(migrate, "package_folder", lambda plugin: Path("/nonexistent"))
    assert sorted(upgraded(app)) == ["cases", "goods", "orders"]
    state, reason = installed(app)["goods"]
    assert (state, "no folder migrations/" in reason) == ("failed", True)
    assert [f.stage for f in app.extensions["kantor"].failures] == ["migration"] * 3


def test_migrations_that_forget_a_table_are_a_failure_that_says_so(fresh, monkeypatch, tmp_path):
    forgetful = tmp_path / "package"
    (forgetful / "migrations").mkdir(parents=True)
    app = fresh(goods.plugin, cases.plugin)
    real = migrate.package_folder
    monkeypatch.setattr(
        migrate, "package_folder", lambda p: forgetful if p.slug == "cases" else real(p)
    )
    assert upgraded(app) == ["cases"]
    assert "make no table cases_leave, cases_statement" in installed(app)["cases"][1]


def test_a_plugin_whose_state_changed_is_met_with_the_next_request(fresh, monkeypatch):
    app = fresh(cases.plugin)
    upgraded(app)
    with app.app_context(), unscoped(reason="test") as tx:
        person = Person(name="Sari", active_from=tx.today)
        tx.session.add(person)
        tx.session.flush()
        before, number = person.epoch, person.id
    monkeypatch.setattr(migrate, "package_folder", lambda plugin: Path("/nonexistent"))
    upgraded(app)
    with app.app_context(), unscoped(reason="test") as tx:
        assert tx.session.scalar(select(Person.epoch).where(Person.id == number)) > before


def test_a_permission_an_administrator_took_away_stays_away(fresh):
    from portal.plugin import RoleGrant
    from portal.roles.models import RolePermission

    grant = RoleGrant(role="assistant", permission="goods.item.view", reach="all")
    plugin = dataclasses.replace(goods.plugin, roles=(grant,))
    app = fresh(plugin)
    upgraded(app)
    mine = RolePermission.permission == "goods.item.view"
    with app.app_context(), unscoped(reason="test") as tx:
        row = tx.session.scalars(select(RolePermission).where(mine)).one()
        tx.session.delete(row)
    upgraded(app)
    with app.app_context(), unscoped(reason="test") as tx:
        sync_roles(tx, [plugin])
        assert tx.session.scalars(select(RolePermission).where(mine)).all() == []
