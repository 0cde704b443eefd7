"""check_plugin() finds what is wrong and says what to do about it."""

import importlib
import sys

import pytest

from portal.checking import loading, packaging
from portal.checking.sources import of_package
from portal.orm import metadata
from portal.testing import check_plugin

from .installing import install

PROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "kantor-sloppy"
version = "0.1.0"

[tool.setuptools.packages.find]
include = ["kantor_sloppy*"]
"""
PLUGIN = """
from flask import Blueprint, request
from portal.api import Global, Event, declarative_base, message
from portal.guard import kernel_execute
from portal.plugin import Permission, Plugin
from portal.web import policy, public, unkeyed
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

Base = declarative_base("sloppy")
blueprint = Blueprint("sloppy", __name__, template_folder="templates")


class Thing(Global, Base, reason="a thing"):
    __tablename__ = "sloppy_thing"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    size: Mapped[int]


@blueprint.get("/broken")
@policy("sloppy.thing.view")
def broken():
    raise RuntimeError("boom")


@blueprint.get("/fine")
@policy("sloppy.thing.view")
def fine():
    return str(message("Fine {name}", name="x")) + str(message("Save"))


plugin = Plugin(
    slug="sloppy",
    title=message("Sloppy"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(Permission(name="sloppy.thing.view", title=message("See things")),),
)
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "sloppy0001", None, None, None


def upgrade():
    op.create_table(
        "sloppy_thing",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("size", sa.Integer()),
    )
    op.create_table("sloppy_left", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("sloppy_thing")
"""
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Sloppy"
msgstr "Ceroboh"

msgid "Fine {name}"
msgstr "Baik {nama}"

msgid "Save"
msgstr "Rekam"
"""
FILES = {
    "pyproject.toml": PROJECT,
    "kantor_sloppy/__init__.py": PLUGIN,
    "kantor_sloppy/migrations/sloppy0001_things.py": MIGRATION,
    "kantor_sloppy/templates/sloppy/bad.html": "{% if %}",
    "kantor_sloppy/templates/sloppy/foreign.html": '{% include "home/index.html" %}',
    "kantor_sloppy/templates/sloppy/missing.html": '{% include "sloppy/nowhere.html" %}',
    "kantor_sloppy/translations/id/LC_MESSAGES/messages.po": CATALOGUE,
}
FOUND = [
    "no installed entry point leads to this plugin. Say in pyproject.toml [project.entry-points.",
    "kantor_sloppy/__init__.py:3: imports portal.guard, which is private. Use portal.api",
    "'See things' is not translated. Add it to translations/id/LC_MESSAGES/messages.po",
    "'Fine {name}' has other gaps in id: 'Baik {nama}'",
    "'Save' is 'Simpan' in the portal's own id, and shown so, not 'Rekam'. Say the same",
    "kantor_sloppy/templates/sloppy/bad.html: is not in the wheel. Add it to [tool.setuptools",
    "its migrations and its models differ on sqlite: sloppy: New upgrade operations detected",
    "'sloppy_thing', Column('name'",
    "CHECK ck_sloppy_thing_size is missing",
    "downgrade() leaves something behind on sqlite: table sloppy_left",
    "GET /sloppy/broken answers 500 to somebody with every right. It should be 200",
    "kantor_sloppy/templates/sloppy/bad.html:1: cannot be compiled",
    "template sloppy/foreign.html uses home/index.html, which is not its own",
    "template sloppy/missing.html cannot be compiled: TemplateNotFound: sloppy/nowhere.html",
]


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))


@pytest.fixture
def imported(monkeypatch):
    """Return a function: folder on the path -> the plugin in it, forgotten after the test."""

    def load(folder):
        monkeypatch.syspath_prepend(str(folder))
        return importlib.import_module("kantor_sloppy").plugin

    yield load
    for name in [name for name in sys.modules if name.startswith("kantor_sloppy")]:
        del sys.modules[name]
    metadata.remove(metadata.tables["sloppy_thing"])


def test_every_broken_promise_is_said_with_its_remedy(imported, tmp_path):
    write(tmp_path, FILES)
    with pytest.raises(AssertionError) as caught:
        check_plugin(imported(tmp_path))
    said = str(caught.value)
    assert not [part for part in FOUND if part not in said], said


def test_a_plugin_that_needs_a_partner_without_saying_so(imported, tmp_path):
    """It would not load where the partner is not installed."""
    body = PLUGIN.replace("from portal.guard import kernel_execute", "import kantor_inventory")
    entry = '[project.entry-points."kantor.plugins"]\nsloppy = "kantor_sloppy:plugin"\n'
    source, site = tmp_path / "source", tmp_path / "site"
    write(source, FILES | {"kantor_sloppy/__init__.py": body, "pyproject.toml": PROJECT + entry})
    site.mkdir()
    install(source, site)
    plugin = imported(site)
    sources = of_package("sloppy", "kantor_sloppy", site / "kantor_sloppy")
    (said,) = loading.absent_partners(sources, ["kantor_sloppy"], tmp_path)
    assert "kantor_inventory is not installed here" in said.what
    assert not list(packaging.entry_point(sources, plugin))
