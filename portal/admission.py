"""What a plugin must be like to be let in. Private; every check says all that is wrong at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError

from . import messages
from .orm import MODELS, CoreOnly, Follows, Global, metadata
from .plugin import Plugin, PluginDefinitionError
from .reach import noun_of


def package_folder(plugin: Plugin) -> Path:
    """Return the folder of a plugin's package, where templates, translations, migrations lie."""
    module = sys.modules.get(plugin.package)
    origin = getattr(module, "__file__", None)
    return Path(origin).parent if origin else Path("/nonexistent")


def admitted(plugin: Any, entry_point: EntryPoint, tables: set[str]) -> Plugin:
    """Return what an entry point led to, or raise PluginDefinitionError."""
    name = entry_point.name
    if not isinstance(plugin, Plugin):
        raise PluginDefinitionError(name, [f"{entry_point.value} is no portal.plugin.Plugin"])
    found = []
    if plugin.slug != name:
        found.append(f"calls itself {plugin.slug!r}, its entry point {name!r}")
    if bare := sorted(tables - MODELS.keys()):
        found.append(f"makes tables without saying whose rows they hold: {', '.join(bare)}")
    if found:
        raise PluginDefinitionError(name, found)
    return plugin


def take_back(slug: str, tables: set[str]) -> None:
    """Forget the tables that a plugin brought along which is not let in.

    They might point at tables that nobody has, which would stop every comparison with the schema.
    """
    for name in tables:
        if name not in MODELS or MODELS[name].__slug__ == slug:
            metadata.remove(metadata.tables[name])


def problems(plugin: Plugin) -> Iterator[str]:
    """Yield everything that speaks against ``plugin`` but its pages and hooks."""
    if sys.modules.get(plugin.package) is None:
        yield f"package {plugin.package!r} is not the one it was imported from: say __name__"
    yield from _template_problems(plugin)
    yield from _catalogue_problems(plugin)
    yield from _table_problems(plugin)
    if plugin.models is not None:
        yield from _model_problems(plugin)


def _template_problems(plugin: Plugin) -> Iterator[str]:
    """Refuse templates that could clash with others or would not be escaped."""
    own = package_folder(plugin) / "templates"
    for folder in (own, *_searched(plugin.blueprint)):
        if folder.resolve() != own.resolve():
            yield f"templates lie in {folder}, not in templates/{plugin.slug}/ of the package"
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        name = path.relative_to(own)
        if path.is_file() and name.parts[0] != plugin.slug:
            yield f"template {name} must lie in templates/{plugin.slug}/"
        elif path.is_file() and path.suffix != ".html":
            yield f"template {name} must end in .html"


def _searched(blueprint: Any) -> Iterator[Path]:
    """Yield the folders in which a blueprint, or one nested in it, looks for templates."""
    if blueprint is None:
        return
    yield from (Path(folder) for folder in getattr(blueprint.jinja_loader, "searchpath", ()))
    for nested, _options in blueprint._blueprints:
        yield from _searched(nested)


def _catalogue_problems(plugin: Plugin) -> Iterator[str]:
    """Read the translations now: a catalogue that cannot be read would fail on every page."""
    for path in sorted((package_folder(plugin) / "translations").glob("*/LC_MESSAGES/messages.?o")):
        try:
            messages.read_catalogue(path)
        except (ValueError, OSError, UnicodeError) as error:
            yield f"translations/{path.parts[-3]}/{path.name} cannot be read: {error}"


def _table_problems(plugin: Plugin) -> Iterator[str]:
    for name, table in metadata.tables.items():
        if not name.startswith(f"{plugin.slug}_"):
            continue
        if name not in MODELS:
            yield f"table {name} is no declared class and says not whose rows it holds"
        for column in table.columns:
            for key in column.foreign_keys:
                if fault := _wrong_target(plugin, key):
                    yield f"{name}.{column.name} {fault}"


def _wrong_target(plugin: Plugin, key: Any) -> str | None:
    try:
        target = key.column
    except (NoReferencedTableError, NoReferencedColumnError):
        return f"points at {key.target_fullname}, which does not exist"
    model = MODELS.get(target.table.name)
    if model is None:
        return f"points at {target.table.name}, which is no declared class"
    if model.__slug__ not in ("core", plugin.slug):
        return f"points at {target.table.name}: hold another plugin's row as a number and a label"
    if issubclass(model, CoreOnly):
        return f"points at {target.table.name}, which is for the portal itself"
    if not model.reads_freely and not target.primary_key:
        return f"points at {target}, which is not the primary key"
    return None


def _model_problems(plugin: Plugin) -> Iterator[str]:
    assert plugin.models is not None
    nouns = {noun_of(permission.name) for permission in plugin.permissions}
    for mapper in plugin.models.registry.mappers:
        model = mapper.class_
        if not model.reads_freely and model.__noun__ not in nouns:
            yield f"no permission on {model.__noun__}: nobody could ever reach {model.__name__}"
        if mapper.inherits is not None:
            yield f"{model.__name__}: no mapped inheritance; its loads cannot all be limited"
        if issubclass(model, Follows):
            yield from _follow_problems(model)
        for relationship in mapper.relationships:
            if relationship.secondary is not None:
                yield f"{relationship}: map {relationship.secondary} as a class of its own"


def _follow_problems(model: type[Follows]) -> Iterator[str]:
    columns = metadata.tables[model.__tablename__].columns
    for name in model.__follows__:
        keys = columns[name].foreign_keys if name in columns else set()
        targets = {str(key.target_fullname).partition(".")[0] for key in keys}
        if len(targets) != 1:
            yield f"{model.__name__} follows {name!r}, which is no reference to one table"
            continue
        target = MODELS.get(targets.pop())
        if target is not None and issubclass(target, Global) and not target.carries():
            yield f"{model.__name__} follows {target.__name__}, whose rows are everybody's"
