"""`kantor plugin check` asks a plugin that is not installed, in a process of its own."""

import json
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from portal.checking import asking
from portal.checking.sources import found_at
from portal.cli import main

from .garden import ROOT, Garden

KEYS = ROOT / "examples" / "kantor-keys"


@pytest.fixture
def garden(tmp_path):
    return Garden.copy(KEYS, tmp_path, None)


def run(*arguments):
    return CliRunner().invoke(main, ["plugin", "check", *map(str, arguments)])


def asked(garden, **more):
    (sources,) = found_at(garden.folder, garden.folder)
    return [(one.rule, one.where) for one in asking.asked(sources, parts=["pages"], **more)]


def test_a_good_plugin_is_clean(garden):
    done = run(garden.folder)
    assert done.exit_code == 0, done.output
    assert done.stdout == "clean\n"
    assert "reading its files" in done.stderr


def test_what_is_found_is_printed_by_rule_with_place_and_remedy(garden):
    garden.import_("services.py", "import socket")
    garden.change("templates/keys/form.html", "{% call", "{{ request.path|safe }}{% call")
    done = run(garden.folder, "--quick")
    assert done.exit_code == 1
    assert (
        "network\n  kantor_keys/services.py:3\n    talks to the network: socket.\n" in done.stdout
    )
    assert "unescaped\n  kantor_keys/templates/keys/form.html:7\n" in done.stdout
    assert done.stdout.endswith("2 things found\n")


def test_what_is_found_comes_as_json_too(garden):
    garden.import_("services.py", "import socket")
    (found,) = json.loads(run(garden.folder, "--quick", "--json").stdout)
    assert found["rule"] == "network"
    assert found["where"] == "kantor_keys/services.py:3"
    assert found["remedy"]


def test_a_wheel_and_an_installed_plugin_are_asked_as_a_folder_is(garden, tmp_path):
    garden.import_("services.py", "import socket")
    wheel = tmp_path / "kantor_keys-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in garden.path("").rglob("*"):
            archive.write(path, path.relative_to(garden.folder))
        entry = "[kantor.plugins]\nkeys = kantor_keys:plugin\n"
        archive.writestr("kantor_keys-1.0.0.dist-info/entry_points.txt", entry)
    assert "kantor_keys/services.py:3" in run(wheel, "--quick").stdout
    assert run("inventory", "--quick").stdout == "clean\n"


@pytest.mark.parametrize("path", ["nowhere", "portal", "docs"])
def test_what_is_no_plugin_is_said(path):
    done = run(ROOT / path if path != "nowhere" else path, "--quick")
    assert done.exit_code == 1
    assert "no plugin 'nowhere' is installed" in done.output or "is no folder with" in done.output


@pytest.mark.parametrize(
    ("line", "rule", "place"),
    [
        ("raise RuntimeError('boom')", "not-loaded", "kantor_keys/models.py:24"),
        ("raise SystemExit(3)", "not-loaded", "kantor_keys/models.py:24"),
        ("import nowhere_at_all", "not-loaded", "kantor_keys/models.py:24"),
        ("import os; os._exit(0)", "check-ended", "kantor_keys/__init__.py"),
        ("while True: pass", "check-ended", "kantor_keys/__init__.py"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_a_finding(garden, line, rule, place):
    garden.append("models.py", line)
    assert (rule, place) in asked(garden, limit=9)


def test_a_contradiction_is_named_where_it_is_said(garden):
    garden.change("models.py", ', reason="everybody may see which keys exist"', "")
    garden.append("views.py", '@blueprint.get("/more")\ndef more():\n    return ""')
    found = asked(garden)
    assert ("unguarded-route", "kantor_keys/views.py:56") in found
    assert ("not-loaded", "kantor_keys/models.py:11") in found


@pytest.mark.parametrize("base", ["MethodView", "Guarded"])
def test_a_class_of_pages_says_its_policy_in_its_decorators(garden, base):
    decorators = '    decorators = [web.policy("keys.key.view")]\n\n'
    kept = f"class Guarded(MethodView):\n{decorators}\n" if base == "Guarded" else ""
    own = decorators if base == "MethodView" else ""
    garden.import_("views.py", "from flask.views import MethodView")
    garden.append(
        "views.py",
        f"{kept}\nclass Summary({base}):\n{own}    def get(self):\n        return ''\n\n\n"
        'blueprint.add_url_rule("/summary", view_func=Summary.as_view("summary"))',
    )
    assert asked(garden) == []


def test_asking_imports_nothing_of_the_plugin_here(garden):
    program = (
        "import sys; from portal.cli import main\n"
        f"try: main(['plugin', 'check', {str(garden.folder)!r}, '--quick'])\n"
        "except SystemExit: pass\n"
        "print('kantor_keys' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "clean\nFalse\n"
