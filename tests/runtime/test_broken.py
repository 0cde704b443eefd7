"""Nine broken plugins installed at once cost nobody anything but themselves."""

import json
import os
import subprocess
import sys

import pytest

from portal.plugins.purging import purge
from portal.testing_databases import Database

from .installing import install_the_broken
from .twice import Twice

# What each of them is to be told, and at which stage it is set aside.
REASONS = {
    "absent": ("import", "No module named 'a_library_that_nobody_has'"),
    "leaving": ("import", "called sys.exit()"),
    "wrong": ("definition", "role 'boss' is none of"),
    "open": ("register", "/open/secrets (open.secrets) has neither @policy nor @public"),
    "clash": ("register", "template base.html must lie in templates/clash/"),
    "stumbling": ("hook panels", "no_such_function"),
    "halfway": ("migration", "nowhere_at_all"),
    "future": ("definition", "is made for interface 2.0, the portal has 1.0"),
    "kantor-imitation": ("register", "uses the name 'inventory', which kantor-inventory has"),
}
# What the same nine are told by the command line, which shows no panel and asks for checks.
BY_DOCTOR = REASONS | {"stumbling": ("hook checks", "called sys.exit()")}
PROGRAM = """
import json, sys
from pathlib import Path
from portal import migrate
from portal.db import unscoped
from portal.plugins.models import PluginActivation
from portal.testing import make_app, add_person, sign_in

url, home = sys.argv[1:]
app = make_app(url, Path(home), None)
plugins = app.extensions["kantor"]
with app.app_context():
    migrate.upgrade(plugins)
    with unscoped(reason="test data") as tx:
        tx.session.add_all([PluginActivation(slug=slug) for slug in plugins.loaded])
        boss = add_person(tx, "Boss", role="administrator", everywhere=True)
        clerk = add_person(tx, "Clerk", role="assistant", everywhere=True)
boss, clerk = sign_in(app, boss), sign_in(app, clerk)
paths = ("/", "/plugins", "/open/", "/open/secrets", "/halfway/", "/clash/", "/nowhere")
answers = {path: boss.get(path).status_code for path in paths}
answers |= {path: clerk.get(path).status_code for path in ("/inventory/items", "/keys/")}
print(json.dumps({
    "loaded": list(plugins.loaded),
    "failures": [[f.slug, f.stage, f.reason, f.distribution] for f in plugins.failures],
    "answers": answers,
    "home": boss.get("/").text,
    "items": clerk.get("/inventory/items").text,
    "page": boss.get("/plugins").text,
}))
"""


@pytest.fixture(scope="module")
def beside_the_broken(tmp_path_factory):
    """Return the environment of a process in which the nine are installed beside all others."""
    site = tmp_path_factory.mktemp("site")
    assert len(install_the_broken(site)) == 9
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KANTOR_")}
    return kept | {"PYTHONPATH": str(site)}


def run(environment, *command, **options):
    return subprocess.run(
        [sys.executable, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.fixture
def portal(beside_the_broken, portal_database_kind, tmp_path):
    """Return what a portal said and showed beside the nine."""
    with Database.made(portal_database_kind, tmp_path) as database:
        arguments = ("-W", "ignore", "-c", PROGRAM, database.url, str(tmp_path))
        finished = run(beside_the_broken, *arguments)
        assert finished.returncode == 0, finished.stderr[-3000:]
        yield json.loads(finished.stdout.splitlines()[-1])


def test_each_is_set_aside_with_its_reason_and_the_others_work(portal):
    told = {slug: (stage, reason) for slug, stage, reason, _ in portal["failures"]}
    assert told.keys() == REASONS.keys()
    for slug, (stage, words) in REASONS.items():
        assert told[slug][0] == stage, slug
        assert words in told[slug][1], slug
    assert {"inventory", "keys"} <= set(portal["loaded"])
    assert not {"absent", "leaving", "wrong", "open", "clash", "future"} & set(portal["loaded"])

    answers = portal["answers"]
    gone = ("/open/", "/open/secrets", "/halfway/", "/clash/", "/nowhere")
    assert {answers[path] for path in gone} == {404}
    assert {answers[path] for path in ("/", "/plugins", "/inventory/items", "/keys/")} == {200}
    assert "is mine" not in portal["home"]
    assert "imitation" not in portal["items"]
    for _, words in REASONS.values():
        assert escaped(words) in portal["page"]


def escaped(words):
    return words.replace("'", "&#39;")


def test_a_definition_hears_of_every_contradiction(portal):
    (reason,) = [reason for slug, _, reason, _ in portal["failures"] if slug == "wrong"]
    parts = ("must be wrong.<noun>.<verb>", "role 'boss'", "reach 'everywhere'", "not declared")
    assert all(part in reason for part in (*parts, "leads outside the plugin"))
    (reason,) = [reason for slug, _, reason, _ in portal["failures"] if slug == "clash"]
    assert "base.html" in reason
    assert "inventory/items.html" in reason


def test_the_command_line_says_the_same(beside_the_broken, tmp_path):
    kantor = ("-W", "ignore", "-c", "from portal.cli import main; main()", "--home", str(tmp_path))
    answers = ("--organisation", "Test", "--administrator", "Sari", "--username", "sari")
    given = ("--language", "en", "--time-zone", "Asia/Jakarta", "--currency", "IDR")
    address = ("--base-url", "http://127.0.0.1:8000")
    made = run(beside_the_broken, *kantor, "init", *answers, *given, *address)
    assert made.returncode == 0, made.stderr[-3000:]
    doctor = run(beside_the_broken, *kantor, "doctor")
    assert doctor.returncode == 1
    told = [line for line in doctor.stdout.splitlines() if line.startswith("problem: ")]
    for slug, (_, words) in BY_DOCTOR.items():
        assert [line for line in told if slug in line and words in line], slug
    listed = run(beside_the_broken, *kantor, "plugin", "list").stdout
    assert "inventory 1.0" in listed
    assert "kantor-imitation set aside" in listed


@pytest.mark.parametrize("off", ["absent,leaving", "wrong,open,clash,future,halfway,stumbling"])
def test_a_plugin_that_is_switched_off_by_name_is_not_even_imported(
    beside_the_broken, tmp_path, off
):
    program = (
        "import sys; from pathlib import Path; from portal import config; from portal.app import"
        " create_app; config.make_key(Path(sys.argv[1]));"
        " app = create_app(config.load(Path(sys.argv[1])));"
        " print([f.slug for f in app.extensions['kantor'].failures]);"
        " print([name for name in sys.modules if name.startswith('kantor_')])"
    )
    environment = beside_the_broken | {"KANTOR_DISABLED_PLUGINS": off}
    finished = run(environment, "-W", "ignore", "-c", program, str(tmp_path))
    assert finished.returncode == 0, finished.stderr[-3000:]
    failed, imported = finished.stdout.splitlines()[-2:]
    for slug in off.split(","):
        assert f"'{slug}'" not in failed
        assert f"'kantor_{slug}'" not in imported
    assert "'kantor_inventory'" in imported


def test_a_strict_portal_does_not_start_beside_them(beside_the_broken, tmp_path):
    program = (
        "import sys; from pathlib import Path; from portal.testing import make_app;"
        " make_app(f'sqlite:///{sys.argv[1]}/x.db', Path(sys.argv[1]), None, strict_plugins=True)"
    )
    finished = run(beside_the_broken, "-W", "ignore", "-c", program, str(tmp_path))
    assert finished.returncode != 0
    assert "a_library_that_nobody_has" in finished.stderr


INVENTORY = "plugins/inventory/tests"
SUITES = {
    "keys": ["examples/kantor-keys/tests"],
    "inventory": [f"{INVENTORY}/test_{part}.py" for part in ("names", "pages", "stock")],
}


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_the_suites_of_the_others_pass_beside_them(beside_the_broken, request, suite):
    """Every portal of these suites loads whatever is installed: ``beside.py`` looks at one.

    Of a large suite the parts that look at the whole portal are run, and its main page and job.
    """
    environment = beside_the_broken | {"KANTOR_TEST_INSTALLED": "1"}
    beside = "tests/runtime/beside.py"
    finished = run(
        environment,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *suite, beside),
        cwd=request.config.rootpath,
    )
    assert finished.returncode == 0, finished.stdout[-3000:]


PURGING = """
import json, sys
from pathlib import Path
from portal import migrate
from portal.plugins.purging import purge
from portal.testing import make_app

url, home, *slugs = sys.argv[1:]
app = make_app(url, Path(home), None)
plugins = app.extensions["kantor"]
with app.app_context():
    migrate.upgrade(plugins)
    print(json.dumps(sorted(f.slug for f in plugins.failures)))
    for slug in slugs:
        purge(slug)
"""


@pytest.mark.parametrize("gone", [False, True], ids=["installed", "packages gone"])
def test_purged_all_of_them_leave_nothing(beside_the_broken, portal_database_kind, tmp_path, gone):
    slugs = [*(slug for slug in REASONS if slug != "kantor-imitation"), "inventory", "keys"]
    with Database.made(portal_database_kind, tmp_path) as database:
        twice = Twice(database.url, tmp_path)
        before = twice.looks()
        arguments = ("-W", "ignore", "-c", PURGING, database.url, str(tmp_path))
        finished = run(beside_the_broken, *arguments, *([] if gone else slugs))
        assert finished.returncode == 0, finished.stderr[-3000:]
        set_aside = json.loads(finished.stdout.splitlines()[-1])
        assert set_aside == sorted(REASONS.keys() - {"stumbling"})
        if gone:
            assert twice.looks() != before
            with twice.bare.app_context():
                for slug in slugs:
                    purge(slug)
        after = twice.looks()
        twice.let_go()
    assert after == before
