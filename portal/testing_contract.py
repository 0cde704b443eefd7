"""What every plugin promises, asked of a real portal on real databases. For tests."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, meta

from . import migrate
from .admission import package_folder
from .db import db, unscoped
from .gate import SAFE, Portal, serves_files
from .people.models import Person
from .plugin import Plugin
from .plugins.models import PluginActivation
from .plugins.purging import purge
from .roles.models import Role, RolePermission
from .runtime import GROUP
from .testing import PortalClient, give_role, make_app, sign_in
from .testing_catalogue import untranslated
from .testing_databases import Database, offered
from .testing_schema import schema

PUBLIC = frozenset({"portal.plugin", "portal.api", "portal.web", "portal.testing"})
ALONE = """
import importlib, sys
from pathlib import Path
own = set({own!r})
class Nobody:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("kantor_") and name.partition(".")[0] not in own:
            raise ImportError(f"{{name}} is not installed here")
sys.meta_path.insert(0, Nobody())
from portal.testing import make_app
plugins = [importlib.import_module(name).plugin for name in {packages!r}]
home = Path({home!r})
app = make_app(f"sqlite:///{{home}}/alone.db", home, plugins)
for failure in app.extensions["kantor"].failures:
    print(failure.reason)
"""


def plugin_problems(plugin: Plugin, *, beside: Iterable[Plugin] = ()) -> list[str]:
    """Return everything in which a plugin breaks its promises, each with what to do about it.

    ``beside`` are the plugins it requires.
    """
    others = list(beside)
    with tempfile.TemporaryDirectory(prefix="kantor-contract-") as scratch:
        home = Path(scratch)
        found = [*_of_the_package(plugin), *_of_the_wheel(plugin, home)]
        found += _of_its_absent_partners(plugin, others, home)
        for kind in offered():
            with Database.made(kind, home) as database:
                app = make_app(database.url, home, [*others, plugin])
                if failed := _failures(app, plugin):
                    return found + failed
                with app.app_context():
                    found += _of_its_lineage(app, plugin, kind)
                found += _of_its_pages(app, plugin)
                with app.app_context():
                    db.engine.dispose()
        found += _of_its_templates(app, plugin)
        return list(dict.fromkeys(found))


def _failures(app: Portal, plugin: Plugin) -> list[str]:
    return [
        f"{failure.slug} is not loaded ({failure.stage}): {failure.reason}"
        for failure in app.extensions["kantor"].failures
    ]


def _of_the_package(plugin: Plugin) -> Iterator[str]:
    named = [e for e in entry_points(group=GROUP) if e.name == plugin.slug]
    if not any(entry.load() is plugin for entry in named):
        yield (
            f"no installed entry point leads to this plugin. Say in pyproject.toml"
            f' [project.entry-points."{GROUP}"] {plugin.slug} = "{plugin.package}:plugin"'
            " and install it"
        )
    for path in sorted(package_folder(plugin).rglob("*.py")):
        for module in _private_imports(path):
            name = path.relative_to(package_folder(plugin))
            yield f"{name} imports {module}, which is private. Use {', '.join(sorted(PUBLIC))}"
    yield from untranslated(package_folder(plugin))


def _private_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            whole = node.module == "portal"
            modules = [f"portal.{a.name}" for a in node.names] if whole else [node.module]
        yield from (m for m in modules if m.split(".")[0] == "portal" and m not in PUBLIC)


def _of_the_wheel(plugin: Plugin, home: Path) -> Iterator[str]:
    """Build a wheel and look inside: without package-data setuptools silently leaves files out."""
    package = package_folder(plugin)
    depth = plugin.package.count(".") + 1
    source = package.parents[depth - 1]
    if not (source / "pyproject.toml").is_file():
        return  # Installed from a wheel: what is here is what was in it.
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "build", "dist", "*.egg-info", ".*")
    copied = shutil.copytree(source, home / "source", ignore=ignored)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(home), str(copied)]
    built = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if built.returncode:
        yield f"no wheel can be built. pip says: {built.stderr.strip()[-400:]}"
        return
    with zipfile.ZipFile(next(home.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    folder = copied / package.relative_to(source)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(copied).as_posix()
        if path.is_file() and name not in inside:
            yield f"{name} is not in the wheel. Add it to [tool.setuptools.package-data]"


def _of_its_absent_partners(plugin: Plugin, others: list[Plugin], home: Path) -> Iterator[str]:
    """Load the plugin where no other can be imported but those it requires."""
    packages = [each.package for each in (*others, plugin)]
    own = [package.partition(".")[0] for package in packages]
    program = ALONE.format(own=own, packages=packages, home=str(home))
    command = [sys.executable, "-W", "ignore", "-c", program]
    paths = [path for path in sys.path if path]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(paths), "PATH": ""},
    )
    said = ran.stdout.strip() or (ran.stderr.strip().splitlines() or [""])[-1] * bool(
        ran.returncode
    )
    if said:
        yield (
            f"it does not load without plugins it does not require: {said}. Ask tx.service(),"
            " or mark hooks of others @hookimpl(optionalhook=True)"
        )


def _of_its_lineage(app: Portal, plugin: Plugin, kind: str) -> Iterator[str]:
    """Take the tables up, compare them with the models, take them down, and purge them."""
    registry, engine = app.extensions["kantor"], db.engine
    own = registry.loaded.pop(plugin.slug)
    migrate.upgrade(registry)
    registry.loaded[plugin.slug] = own
    before = schema(engine)
    if migrate.upgrade(registry):
        yield f"its migrations fail on {kind}: {registry.failures[-1].reason}"
        return
    for said in migrate.differences(registry):
        yield f"its migrations and its models differ on {kind}: {said}. Write another revision"
    if plugin.models is not None:
        migrate.downgrade(engine, plugin)
        left = schema(engine) - before
        for line in sorted(line for line in left if "alembic_version_" not in line):
            yield f"downgrade() leaves something behind on {kind}: {line[:200]}"
        migrate.upgrade(registry)
    purge(plugin.slug)
    for line in sorted(schema(engine) ^ before):
        yield f"purging does not bring the schema back on {kind}: {line[:200]}"
    migrate.upgrade(registry)


def _of_its_templates(app: Portal, plugin: Plugin) -> Iterator[str]:
    """Compile every template as the portal does, and look for what it refers to."""
    folder = package_folder(plugin) / "templates"
    with app.app_context():
        for path in sorted(folder.rglob("*.html")) if folder.is_dir() else ():
            name = path.relative_to(folder).as_posix()
            try:
                app.jinja_env.get_template(name)
                parsed = app.jinja_env.parse(path.read_text(encoding="utf-8"))
                for used in meta.find_referenced_templates(parsed):
                    if used is not None:
                        app.jinja_env.get_template(used)
                        if not used.startswith(
                            ("macros/", "base.html", "paper.html", f"{plugin.slug}/")
                        ):
                            yield f"template {name} uses {used}, which is not its own. Copy it"
            except TemplateError as error:
                yield f"template {name} cannot be compiled: {type(error).__name__}: {error}"


@dataclass(frozen=True)
class _Visitors:
    """A browser of somebody with every right of the plugin, of somebody with none, of nobody."""

    entitled: PortalClient
    other: PortalClient
    nobody: Any


def _of_its_pages(app: Portal, plugin: Plugin) -> Iterator[str]:
    """Ask for every page as each visitor."""
    visitors = _invited(app, plugin)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.partition(".")[0] != plugin.slug:
            continue
        view = app.view_functions[rule.endpoint]
        if serves_files(rule.endpoint, view):
            continue
        with app.test_request_context():
            values = {name: _any_value(rule, name) for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for said in _of_a_page(visitors, address, method, view, bool(rule.arguments)):
                yield f"{method} {rule} {said}"


def _invited(app: Portal, plugin: Plugin) -> _Visitors:
    with app.app_context(), unscoped(reason="test data") as tx:
        everything = Role(slug="contract", name="Everything of the plugin")
        everything.permissions = [
            RolePermission(permission=permission.name, reach="all")
            for permission in plugin.permissions
        ]
        people = [Person(name=name, active_from=tx.today) for name in ("Entitled", "Other")]
        tx.session.add_all([everything, *people, PluginActivation(slug=plugin.slug)])
        tx.session.flush()
        give_role(tx, people[0].id, "contract", department_id=None)
        entitled, other = people[0].id, people[1].id
    return _Visitors(sign_in(app, entitled), sign_in(app, other), app.test_client())


def _of_a_page(
    visitors: _Visitors, address: str, method: str, view: Any, of_something: bool
) -> Iterator[str]:
    if method in SAFE:
        status = visitors.entitled.get(address).status_code
        if status not in ({200, 303, 404} if of_something else {200, 303}):
            yield f"answers {status} to somebody with every right. It should be 200"
    else:
        yield from _of_a_form(visitors.entitled, address, method, view)
    if needed := getattr(view, "__policy__", None):
        status = visitors.other.open(address, method=method).status_code
        if status != 403:
            yield f"answers {status} without {needed}. It should be 403"
        answer = visitors.nobody.open(address, method=method)
        if answer.status_code != 401 and "/sign-in" not in (answer.location or ""):
            yield f"answers {answer.status_code} to nobody. It should ask to sign in"


def _of_a_form(browser: PortalClient, address: str, method: str, view: Any) -> Iterator[str]:
    """Send a form without what every form must carry."""
    cases = [("a token against forged forms", dict[str, str]())]
    if getattr(view, "__keyed__", True):
        cases.append(("the key that makes it happen once", {"csrf_token": browser.csrf_token()}))
    for missing, data in cases:
        if (status := browser.open(address, method=method, data=data).status_code) != 400:
            yield f"answers {status} to a form without {missing}. Use form_open() in the template"


def _any_value(rule: Any, name: str) -> Any:
    kind = type(rule._converters[name]).__name__
    return {"IntegerConverter": 1, "FloatConverter": 1.0}.get(kind, "x")
