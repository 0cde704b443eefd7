"""What an administrator should know of a plugin's files: cheap to find, found again when they
change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from portal.admission import package_folder
from portal.messages import Message, message
from portal.plugin import Plugin

from . import database, markup, reaching
from .findings import Finding, in_order
from .sources import NoPlugin, Sources, installed, of_package

SAYS = {
    "network": message("It talks to the network."),
    "subprocess": message("It starts or ends other programs."),
    "pickle": message("It reads objects from bytes, which can run code."),
    "eval": message("It runs code that is not in its files."),
    "unescaped": message("It prints text unescaped."),
    "foreign-table": message("It goes to tables that are not its own."),
    "round-the-guard": message("It goes round what limits people to the rows they may see."),
}
MODULES = (
    {
        name.partition(".")[0]
        for known in (reaching.NETWORK, reaching.PROGRAMS, reaching.OBJECTS, reaching.CODE)
        for name in known
    }
    | database.DRIVERS
    | {"importlib", "builtins"}
)
HARMLESS = {"flask", "jinja2", "sqlalchemy", "types"}  # but for what is looked for by name
# A file without one of these is not read any closer.
SIGNS = re.compile(
    rf"^\s*(?:import|from)\s+(?:{'|'.join(sorted(MODULES - HARMLESS))})\b"
    r"|(?<![.\w])(?:eval|exec|compile|__import__)\s*\("
    r"|\b(?:import_module|text|literal_column|Markup|Template|render_template_string|PickleType"
    r"|create_engine|sessionmaker|Session|Table|table)\s*\("
    r"|\.(?:exec_driver_sql|connection|commit|rollback|raw_connection|from_string|bulk_\w+)\b"
    r"|kernel_execute|__table__|\bLIMITED\b|metadata\.tables|\bdb\.session|allow_pickle"
    r"|[\"']\s*(?:SELECT|INSERT|UPDATE|DELETE|DROP|ALTER|TRUNCATE|WITH)\s"
    r"|[\"']\s*(?:select .* from|insert into|update \w+ set|delete from|drop table)\s"
    r"|(?:system|popen|spawn\w*)\(",
    re.MULTILINE,
)
_kept: dict[str, tuple[tuple[tuple[str, int, int], ...], list[Finding]]] = {}


def notable(sources: Sources) -> list[Finding]:
    """Return what an administrator should know, remembered until a file changes."""
    files = [*sources.folder.rglob("*.py"), *sources.templates]
    looks = [(str(path), path.stat()) for path in sorted(files)]
    state = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in looks)
    known = _kept.get(str(sources.folder))
    if known is None or known[0] != state:
        known = _kept[str(sources.folder)] = (state, _found(sources))
    return known[1]


def _found(sources: Sources) -> list[Finding]:
    near = frozenset(path for path in sources.folder.rglob("*.py") if _is_near(path))
    chosen = sources.only(near)
    found: list[Finding] = [one for module in chosen.modules for one in reaching.dangers(module)]
    found += markup.unescaped(chosen)
    found += [one for m in chosen.code for one in markup.in_python(m)]
    found += database.foreign_tables(chosen)
    return in_order(found)


def _is_near(path: Path) -> bool:
    try:
        return SIGNS.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeError):
        return False


def of_loaded(plugin: Plugin) -> list[Finding]:
    """Return what an administrator should know of a plugin that is loaded."""
    folder = package_folder(plugin)
    top = folder.parents[plugin.package.count(".")] / plugin.package.partition(".")[0]
    if not folder.is_dir():  # Made by a test, without files.
        return []
    return notable(of_package(plugin.slug, plugin.package, top))


def of_slug(slug: str, loaded: Mapping[str, Plugin]) -> list[Finding]:
    """Return the same for a plugin by its name, loaded or set aside."""
    if slug in loaded:
        return of_loaded(loaded[slug])
    try:
        return notable(installed(slug))
    except NoPlugin:
        return []


def told(found: Iterable[Finding]) -> list[tuple[Message, str, str]]:
    """Return what findings say to an administrator, file and line: each once for a file."""
    said: dict[tuple[str, str], str] = {}
    for one in found:
        file, _, line = one.where.rpartition(":")
        if one.rule in SAYS:
            said.setdefault((one.rule, file or line), line if file else "")
    return [(SAYS[rule], file, line) for (rule, file), line in said.items()]
