"""The tables of a plugin go back to an earlier version, whole or not at all."""

import dataclasses
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select

from portal import migrate
from portal.admission import package_folder
from portal.audit.models import AuditEntry
from portal.commands.database import db as commands
from portal.db import db, looking
from portal.guard import LIMITED
from portal.migrate import NotTakenBack
from portal.plugins import fitting, going_back
from portal.plugins.purging import purge
from portal.reach import EVERYTHING
from portal.settings.services import remembered
from portal.testing import make_app
from portal.testing_databases import Database

from .small import cases, goods

NEXT = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "{revision}", "{down}", None, None
def upgrade():
    op.add_column("cases_leave", sa.Column("{column}", sa.String))
def downgrade():
    with op.batch_alter_table("cases_leave") as table:
        table.drop_column("{column}")
    {more}
"""


@pytest.fixture
def portal(portal_database_kind, tmp_path, monkeypatch):
    """Yield a function: version, number of migrations -> the portal with the plugin cases in it."""
    with Database.made(portal_database_kind, tmp_path) as database:
        made = []

        def make(version, migrations, more="pass"):
            package = f"cases_of_{version}_{len(made)}".replace(".", "_")
            folder = tmp_path / package / "migrations"
            shutil.copytree(package_folder(cases.plugin) / "migrations", folder)
            for number in range(2, migrations + 1):
                names = {"revision": f"cases000{number}", "down": f"cases000{number - 1}"}
                column = f"more{number}"
                said = NEXT.format(column=column, more=more, **names)
                (folder / f"cases000{number}.py").write_text(said)
            module = ModuleType(package)
            module.__file__ = str(folder.parent / "__init__.py")
            monkeypatch.setitem(sys.modules, package, module)
            plugin = dataclasses.replace(cases.plugin, package=package)
            app = make_app(database.url, tmp_path, [goods.plugin, plugin])
            app.extensions["kantor"].versions["cases"] = version
            made.append(app)
            return app

        yield make
        for app in made:
            with app.app_context():
                db.engine.dispose()


def upgraded(app):
    with app.app_context():
        return migrate.upgrade(app.extensions["kantor"])


def state(app):
    """Return what is noted of the plugin, and what its tables are like."""
    with app.app_context(), looking(reason="test") as tx:
        row = fitting.noted(tx)["cases"]
        with db.engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
            columns = {one["name"] for one in inspect(connection).get_columns("cases_leave")}
        assert row.revision == migrate.revision_of(db.engine, "cases")
        return row.state, row.version, row.revision, sorted(c for c in columns if "more" in c)


def misfit(app):
    with app.app_context(), looking(reason="test") as tx:
        return fitting.misfits(tx, app.extensions["kantor"]).get("cases")


def back(app, *options, typed=""):
    """Run the command of an administrator; return how it ended and what it said."""
    desk = SimpleNamespace(app=app)
    arguments = ["downgrade", "--plugin", "cases", *options]
    ran = CliRunner().invoke(commands, arguments, obj=desk, input=typed)
    return ran.exit_code, ran.output


@pytest.fixture
def two(portal):
    """Return a portal whose plugin came from version 1 to 2, which brought two migrations."""
    upgraded(portal("1.0", 1))
    app = portal("2.0", 3)
    assert upgraded(app) == []
    assert state(app) == ("ready", "2.0", "cases0003", ["more2", "more3"])
    return app


@pytest.mark.parametrize("aim", [[], ["--to", "1.0"], ["--to", "cases0001"]])
def test_the_way_back_leads_to_the_version_before(two, aim):
    code, said = back(two, "--yes", *aim)
    assert code == 0, said
    assert "column more2 of table cases_leave is gone" in said
    assert "It rests: install version 1.0" in said
    assert state(two) == ("resting", "1.0", "cases0001", [])


def test_a_step_of_one_migration_is_between_the_versions(two):
    assert back(two, "--yes", "--to", "cases0002")[0] == 0
    assert state(two) == ("resting", "cases0002", "cases0002", ["more2"])
    assert upgraded(two) == []
    assert state(two) == ("ready", "2.0", "cases0003", ["more2", "more3"])


def test_it_is_said_what_is_lost_and_no_is_an_answer(two):
    code, said = back(two, typed="n\n")
    assert code == 1
    assert "cases: from cases0003 back to cases0001. This goes away for good:" in said
    assert "column more3 of table cases_leave, filled in 0 rows" in said
    assert state(two) == ("ready", "2.0", "cases0003", ["more2", "more3"])
    assert back(two, typed="y\n")[0] == 0
    assert state(two)[2] == "cases0001"


def test_the_audit_says_what_went_away(two):
    back(two, "--yes")
    wanted = select(AuditEntry).where(AuditEntry.action == "core.plugin_taken_back")
    with two.app_context(), looking(reason="test") as tx:
        (entry,) = tx.session.scalars(wanted).all()
        assert "column more3 of table cases_leave" in str(entry.detail)


@pytest.mark.parametrize(
    ("aim", "said"),
    [
        ("0.1", "0.1 is no version or revision before it"),
        ("cases0003", "the tables of cases are at cases0003 already"),
        ("base", "base is no version or revision before it"),
    ],
)
def test_an_aim_that_is_none_is_refused_with_those_there_are(two, aim, said):
    code, told = back(two, "--yes", "--to", aim)
    assert code == 1
    assert said in told
    assert "--to takes one of: cases0002, cases0001 (version 1.0)" in told
    assert state(two)[0] == "ready"


def test_what_cannot_go_back_is_refused(two):
    registry = two.extensions["kantor"]
    with two.app_context():
        with pytest.raises(NotTakenBack, match="no plugin 'nothing' is loaded"):
            going_back.step_back(registry, "nothing")
        with pytest.raises(NotTakenBack, match="say how far; there is nothing before it"):
            going_back.step_back(registry, "goods")


def test_a_way_back_that_fails_changes_nothing(portal):
    upgraded(portal("1.0", 1))
    app = portal("2.0", 2, more="raise RuntimeError('no way back')")
    upgraded(app)
    before = state(app)
    for typed, options in (("y\n", ()), ("", ("--yes",))):
        code, said = back(app, *options, typed=typed)
        assert (code, state(app)) == (1, before)
        assert "it failed, and nothing was changed: RuntimeError: no way back" in said
    assert misfit(app) is None


def test_the_first_version_does_not_touch_the_tables_of_the_second(two, portal):
    before = state(two)
    first = portal("1.0", 1)
    one = misfit(first)
    assert one.newer
    assert "Its tables are those of version 2.0, which version 1.0 does not know." in str(one.says)
    ran = CliRunner().invoke(commands, ["upgrade"], obj=SimpleNamespace(app=first))
    assert ran.exit_code == 1
    (said,) = [line for line in ran.output.splitlines() if line.startswith("cases: ")]
    assert "which version 1.0 does not know. Install version 2.0 again." in said
    code, said = back(first, "--yes")
    assert code == 1
    assert "install version 2.0 again to take them back" in " ".join(said.split())
    assert state(first) == before
    assert misfit(two) is None  # Installed again, it goes on as if nothing had been.


def test_a_plugin_rests_until_the_version_of_its_tables_is_installed_and_upgraded(two, portal):
    back(two, "--yes")
    one = misfit(two)
    assert re.search("those of version 1.0, and version 2.0 is installed", str(one.says))
    assert "or install version 1.0" in str(one.remedy)
    first = portal("1.0", 1)
    assert "rests" in str(misfit(first).says)
    assert upgraded(first) == []
    assert misfit(first) is None
    assert state(first) == ("ready", "1.0", "cases0001", [])


def test_a_failed_upgrade_leaves_the_version_of_the_tables_noted(portal):
    upgraded(portal("1.0", 1))
    app = portal("2.0", 2)
    folder = package_folder(app.extensions["kantor"].loaded["cases"]) / "migrations"
    file = Path(folder, "cases0002.py")
    file.write_text(file.read_text().replace("op.add_column", "raise RuntimeError; op.add_column"))
    assert upgraded(app) == ["cases"]
    assert state(app) == ("failed", "1.0", "cases0001", [])


def test_what_is_remembered_of_versions_goes_with_the_plugin(two):
    with two.app_context():
        with looking(reason="test") as tx:
            assert remembered(tx, migrate.made_key("cases")) == {"1.0": "cases0001"}
        purge("cases")
        with looking(reason="test") as tx:
            assert remembered(tx, migrate.made_key("cases")) is None
