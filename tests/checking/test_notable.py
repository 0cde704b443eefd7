"""What an administrator is shown of a plugin's files: on its page, by the doctor, in the log."""

import importlib
import os
import re
import sys
import time

import pytest

from portal.checking import notable
from portal.checking.sources import found_at
from portal.commands.doctor import examine
from portal.testing import make_app

from .garden import ROOT, Garden
from .planted import KINDS

PLUGIN = """
from flask import Blueprint
from portal import web
from portal.api import message
from portal.plugin import Permission, Plugin

blueprint = Blueprint("chatty", __name__, template_folder="templates")


@blueprint.get("/")
@web.policy("chatty.thing.view")
def index():
    import socket

    socket.gethostname()
    return web.render("chatty/index.html")


plugin = Plugin(
    slug="chatty",
    title=message("Plugins"),
    package=__name__,
    blueprint=blueprint,
    permissions=(Permission(name="chatty.thing.view", title=message("See the plugins")),),
)
"""
SEEN = ["network", "subprocess", "pickle", "eval", "unescaped", "foreign-table"]
OF_KINDS = {
    "the network": "network",
    "another program": "subprocess",
    "objects from bytes": "pickle",
    "code from data": "eval",
    "unescaped text": "unescaped",
    "SQL on a table of others": "foreign-table",
}


@pytest.fixture(scope="module")
def chatty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chatty")
    (folder / "kantor_chatty" / "templates" / "chatty").mkdir(parents=True)
    (folder / "kantor_chatty" / "__init__.py").write_text(PLUGIN.lstrip("\n"))
    page = folder / "kantor_chatty" / "templates" / "chatty" / "index.html"
    page.write_text("<p>\n{{ request.path|safe }}</p>\n")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("kantor_chatty").plugin
    sys.path.remove(str(folder))
    del sys.modules["kantor_chatty"]


@pytest.fixture(scope="module")
def portal_plugins(chatty):
    return [chatty]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("name", OF_KINDS)
def test_what_is_planted_is_shown(tmp_path, name, number):
    """However quickly it is looked for: a file that seems harmless is not read closely."""
    from .test_planted import planted

    _, garden = planted(name, number, tmp_path)
    (sources,) = found_at(garden.folder, tmp_path)
    assert set(OF_KINDS.values()) == set(SEEN)
    assert KINDS[name]
    seen = {one.where for one in notable.notable(sources)}
    assert seen & set(garden.places)


def test_the_page_of_a_plugin_says_what_its_files_do(portal_app, as_role):
    page = as_role("administrator").get("/plugins/chatty").text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Ask its maker why." in text
    assert "It talks to the network. kantor_chatty/__init__.py, line 12" in text
    place = "kantor_chatty/templates/chatty/index.html, line 2"
    assert f"It prints text unescaped. {place}" in text


def test_a_plugin_that_does_nothing_of_the_kind_says_nothing(as_role):
    (sources,) = found_at(ROOT / "examples" / "kantor-keys", ROOT)
    assert notable.notable(sources) == []


def test_the_doctor_notes_it_and_finds_it_not_severe(portal_app):
    said = {str(one.title): one.severe for one in examine(portal_app)}
    sentence = "Plugin chatty: It talks to the network. kantor_chatty/__init__.py, line 12"
    assert said[sentence] is False


def test_a_strict_portal_warns_in_its_log(chatty, tmp_path, caplog):
    make_app(f"sqlite:///{tmp_path}/x.db", tmp_path, [chatty], strict_plugins=True)
    assert "plugin chatty: kantor_chatty/__init__.py:12: talks to the network" in caplog.text


def test_a_file_that_changed_is_read_again(tmp_path):
    garden = Garden.copy(ROOT / "examples" / "kantor-keys", tmp_path, None)
    (sources,) = found_at(garden.folder, tmp_path)
    assert notable.notable(sources) == []
    garden.import_("services.py", "import socket")
    os.utime(garden.path("services.py"), (time.time() + 5, time.time() + 5))
    (sources,) = found_at(garden.folder, tmp_path)
    assert [one.where for one in notable.notable(sources)] == ["kantor_keys/services.py:3"]


def test_looking_again_is_quick():
    """The page of a plugin asks each time; only files that changed cost anything."""
    (sources,) = found_at(ROOT / "plugins" / "inventory", ROOT)
    notable.notable(sources)
    before = time.process_time()
    notable.notable(sources)
    assert time.process_time() - before < 0.1
