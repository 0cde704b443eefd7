"""Write docs/reference from the code, and check that documents are up to date and hold together.

    python tools/docs.py            write the pages anew
    python tools/docs.py --check    say which page is stale and which link leads nowhere

What can be read off the objects is never written by hand: the public API, the hooks, permissions
and shipped roles, the configuration, the commands.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SIGNATURE = 120
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code. Do not edit. -->\n"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ABOUT_HOOKS = """\
A plugin implements a hook with `@hookimpl` in the module it names as `hooks`. Each implementation
runs alone: one that fails costs its own contribution and nothing else."""
ABOUT_PERMISSIONS = """\
Each is `<plugin>.<noun>.<verb>`. *Writes* says that it changes rows. The last column names the
shipped roles that get the permission when the plugin is installed, with how far it reaches."""
ABOUT_CONFIGURATION = """\
`kantor.toml` in the portal's folder holds these; an environment variable wins over the file."""
ABOUT_CHECKS = """\
`kantor plugin check PATH` and `portal.testing.check_plugin` ask all of this;
`kantor plugin check --quick` asks the files alone."""
ABOUT_EVENTS = """\
Each is stored in the commit of what it tells and handed to every plugin that names it in
`subscribes`, after the commit, in a unit of its own, until it has been done. The fields are numbers
of rows and plain values."""
ABOUT_SERVICES = """\
`tx.service(name)` gives what another plugin provides, or None where it is not switched on. It works
in the caller's transaction, in the right of the plugin that provides it."""
ABOUT_MACROS = """\
Imported by name: `{% from "macros/layout.html" import card, facts %}`."""
MACRO = re.compile(
    r"\{#-?(?P<comment>.*?)-?#\}|\{%-? macro (?P<name>\w+)\((?P<arguments>.*?)\) -?%\}",
    re.DOTALL,
)
PUBLIC = ("portal.plugin", "portal.api", "portal.web", "portal.testing")


def first_sentence(item: Any) -> str:
    """Return the first paragraph of a docstring of the item's own on one line."""
    own = inspect.isclass(item) or inspect.isroutine(item) or inspect.ismodule(item)
    text = inspect.cleandoc(item.__doc__ or "") if own else ""
    # A dataclass without a docstring is given its own signature as one.
    if text.startswith(f"{getattr(item, '__name__', '?')}("):
        return ""
    return " ".join(text.split("\n\n")[0].split())


def cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines) + "\n"


def first_party() -> list[Any]:
    """Return the plugins that come with the portal, by slug."""
    slugs = {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")}
    found = entry_points(group="kantor.plugins")
    return [point.load() for point in sorted(found, key=lambda p: p.name) if point.name in slugs]


def names_of(module: ModuleType) -> list[str]:
    """Return the public names of a module: __all__, or what it defines itself."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = (name for name in vars(module) if not name.startswith("_"))
    return sorted(n for n in own if getattr(vars(module)[n], "__module__", "") == module.__name__)


def signature(item: Any) -> str:
    """Return how a function is called, or how an object of a dataclass is made."""
    made = inspect.isclass(item) and hasattr(item, "__dataclass_fields__")
    if not (made or inspect.isfunction(item)):
        return ""
    call = inspect.signature(item)
    public = (each for name, each in call.parameters.items() if not name.startswith("_"))
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in public]
    text = str(call.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    # A default made anew for each object prints as an address.
    text = re.sub(r"=?<factory>|<[^<>]*>", "=...", text).replace("==", "=")
    return text if len(text) < LONGEST_SIGNATURE else "(...)"


def public_api() -> str:
    """Return the page about the four public modules."""
    parts = [
        "# The public API\n\nA plugin imports these four modules and no others of the portal.\n"
    ]
    for path in PUBLIC:
        module = importlib.import_module(path)
        rows = []
        for name in names_of(module):
            item = getattr(module, name)
            rows.append([f"`{name}{signature(item)}`", first_sentence(item)])
        parts.append(
            f"## {path}\n\n{first_sentence(module)}\n\n{table(['name', 'what it is'], rows)}"
        )
    return "\n".join(parts)


def hooks() -> str:
    """Return the page about the hooks of core and of the plugins."""
    parts = [f"# Hooks\n\n{ABOUT_HOOKS}\n"]
    modules = [("the portal", importlib.import_module("portal.hookspecs"))]
    modules += [(plugin.slug, plugin.hookspecs) for plugin in first_party() if plugin.hookspecs]
    for owner, module in modules:
        parts.append(f"## Of {owner}\n")
        for name, item in vars(module).items():
            if hasattr(item, "kantor_spec"):
                parts.append(f"### `{name}{signature(item)}`\n\n{inspect.getdoc(item)}\n")
    return "\n".join(parts)


def permissions() -> str:
    """Return the page about permissions and the roles that get them on installation."""
    core = importlib.import_module("portal.plugin").CORE_PERMISSIONS
    shipped = importlib.import_module("portal.roles.services").CORE_GRANTS
    owners = [("Core", core, shipped)]
    owners += [(str(plugin.title), plugin.permissions, plugin.roles) for plugin in first_party()]
    parts = [f"# Permissions\n\n{ABOUT_PERMISSIONS}\n"]
    for title, granted, roles in owners:
        rows = []
        for permission in granted:
            given = [f"{g.role} ({g.reach})" for g in roles if g.permission == permission.name]
            writes = "yes" if permission.writes else ""
            rows.append([f"`{permission.name}`", permission.title, writes, ", ".join(given)])
        heads = ["permission", "what it allows", "writes", "shipped roles"]
        parts.append(f"## {title}\n\n{table(heads, rows)}")
    return "\n".join(parts)


def remarks(cls: type) -> dict[str, str]:
    """Return the comment beside each field of a class, by field."""
    source = inspect.getsource(cls)
    lines = source.splitlines()
    fields = (node for node in ast.parse(source).body[0].body if isinstance(node, ast.AnnAssign))  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for node in fields:
        name = ast.unparse(node.target)
        after = lines[(node.end_lineno or 1) - 1][node.end_col_offset :]
        found[name] = after.strip().removeprefix("#").strip()
    return found


def configuration() -> str:
    """Return the page about the configuration."""
    config = importlib.import_module("portal.config")
    said, rows = remarks(config.Config), []
    for name, field in config.Config.model_fields.items():
        if name in {"rates", "testing"}:
            continue
        kind = getattr(field.annotation, "__name__", str(field.annotation))
        default = "" if field.is_required() or field.default_factory else f"`{field.default!r}`"
        if "Secret" in kind or default == "`''`":
            default = ""
        rows.append([f"`{name}`", f"`KANTOR_{name.upper()}`", default, said.get(name, "")])
    rates = [
        [
            f"`rates.{name}`",
            f"`KANTOR_RATE_{name.upper()}`",
            f"`{field.default}`",
            f"a minute, for {remarks(config.Rates)[name]}",
        ]
        for name, field in config.Rates.model_fields.items()
    ]
    return (
        f"# Configuration\n\n{ABOUT_CONFIGURATION}\n\n"
        + table(["name", "environment", "default", "what it is"], rows)
        + f"\n## Rates\n\n{first_sentence(config.Rates)}\n\n"
        + table(["name", "environment", "default", "what it counts"], rates)
    )


def command_lines(command: click.Command, path: str) -> Iterator[str]:
    """Yield a section for each command below this one."""
    context = click.Context(command, info_name=path)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from command_lines(below, f"{path} {name}")
        return
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [
        [f"`{record[0]}`", record[1]]
        for each in command.get_params(context)
        if (record := each.get_help_record(context)) and record[1] and "--help" not in record[0]
    ]
    usage = " ".join(part for part in usage.split() if rows or part != "[OPTIONS]")
    text = f"## `{f'{path} {usage}'.strip()}`\n\n{inspect.cleandoc(command.help or '')}\n"
    yield text + (f"\n{table(['option', 'what it does'], rows)}" if rows else "")


def commands() -> str:
    """Return the page about the commands."""
    cli = importlib.import_module("portal.cli")
    head = "# Commands\n\nA plugin's own commands stand under its slug: `kantor <slug> <verb>`.\n"
    return "\n".join([head, *command_lines(cli.main, "kantor")])


def checks() -> str:
    """Return the page about what every plugin is asked."""
    rules = importlib.import_module("portal.checking").RULES
    head = f"# What every plugin is asked\n\n{ABOUT_CHECKS}\n"
    parts = [head]
    for title, alive in (("Of its files", False), ("Of a portal it runs in", True)):
        chosen = {name: rule for name, rule in rules.items() if rule.alive == alive}
        rows = [
            [f"`{name}`", f"A plugin {rule.asks}.", rule.remedy] for name, rule in chosen.items()
        ]
        parts.append(f"## {title}\n\n{table(['rule', 'what is asked', 'what to do'], rows)}")
    return "\n".join(parts)


def events() -> str:
    """Return the page about what the portal and the plugins tell others."""
    base = importlib.import_module("portal.api").Event
    parts = [f"# Events\n\n{ABOUT_EVENTS}\n"]
    for path in sorted(ROOT.glob("portal/*/events.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    packages = {plugin.slug: plugin.package for plugin in first_party()}
    owners = [("the portal", "portal"), *packages.items()]
    known = sorted(_below(base), key=lambda event: event.name)
    for owner, package in owners:
        mine = [event for event in known if event.__module__.split(".")[0] == package]
        rows = [
            [
                f"`{event.name}`",
                ", ".join(f"`{each.name}`" for each in fields(event)),
                first_sentence(event),
            ]
            for event in mine
        ]
        parts.append(f"## Of {owner}\n\n{table(['event', 'its fields', 'what happened'], rows)}")
    return "\n".join(parts)


def _below(cls: Any) -> Iterator[Any]:
    """Yield every class of events that has a name of its own."""
    for found in cls.__subclasses__():
        if "name" in vars(found):
            yield found
        yield from _below(found)


def services() -> str:
    """Return the page about what plugins provide to one another."""
    parts = [f"# Services\n\n{ABOUT_SERVICES}\n"]
    for plugin in first_party():
        for name, thing in sorted(plugin.provides.items()):
            rows = [
                [f"`{method}{signature(item)}`", first_sentence(item)]
                for method, item in inspect.getmembers(type(thing), inspect.isfunction)
                if not method.startswith("_")
            ]
            about = first_sentence(type(thing))
            parts.append(f"## `{name}`\n\n{about}\n\n{table(['call', 'what it does'], rows)}")
    return "\n".join(parts)


def macros() -> str:
    """Return the page about the macros, with what stands above each in its file."""
    parts = [f"# Macros\n\n{ABOUT_MACROS}\n"]
    for path in sorted((ROOT / "portal/templates/macros").glob("*.html")):
        if path.name == "shell.html":  # The frame of the page, which is the portal's own.
            continue
        text, rows, said = path.read_text(), [], ""
        for part in MACRO.finditer(text):
            if part["comment"] is not None:
                said = " ".join(part["comment"].split())
            elif not part["name"].startswith("_"):
                rows.append([f"`{part['name']}({' '.join(part['arguments'].split())})`", said])
                said = ""
            else:
                said = ""
        name = f"macros/{path.name}"
        parts.append(f"## `{name}`\n\n{table(['macro', 'what it draws'], rows)}")
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "checks.md": checks,
    "commands.md": commands,
    "configuration.md": configuration,
    "events.md": events,
    "hooks.md": hooks,
    "macros.md": macros,
    "permissions.md": permissions,
    "public-api.md": public_api,
    "services.md": services,
}


def dead_links() -> Iterator[str]:
    """Yield every relative link of a document that leads nowhere."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in sorted(names.splitlines()):
        page = ROOT / name
        for target in LINK.findall(page.read_text()) if page.is_file() else ():
            local = target.split("#")[0]
            elsewhere = "://" in target or target.startswith("mailto:")
            if local and not elsewhere and not (page.parent / local).exists():
                yield f"{name}: the link to {target} leads nowhere"


def main() -> None:
    """Write or check the documents."""
    parser = argparse.ArgumentParser(description="Write docs/reference from the code")
    parser.add_argument("--check", action="store_true", help="change nothing, complain")
    checking = parser.parse_args().check
    stale = []
    for name, make in PAGES.items():
        path, content = REFERENCE / name, NOTE + make().rstrip() + "\n"
        if path.exists() and path.read_text() == content:
            continue
        stale.append(f"docs/reference/{name} is not what the code says; run `make docs`")
        if not checking:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    found = [*(stale if checking else []), *dead_links()]
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
