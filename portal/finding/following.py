"""The triggers by which the index follows the rows, whatever writes them, and its first filling.

They are derived from the declarations. ``follow`` compares them with those that are there: a kind
whose triggers differ, or were lost with a table that was rebuilt, gets new ones and is filled anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite

from portal.guard import LIMITED, WRITE
from portal.reach import EVERYTHING

from .entries import Entries, Way, row_named, steps_of

INTO = "INSERT INTO search_entry (kind, record_id, title, number, number_key, words, marks)"
_sqlite: Any = sqlite.dialect
_postgresql: Any = postgresql.dialect
_DIALECTS: Mapping[str, Any] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
_LOCK = "SELECT pg_advisory_xact_lock(7061)"  # the one of migrations
AT_ONCE = 20_000  # ids of records that are put in by one statement
_PRESENT = {  # What is ours is known by its name and by what it writes to.
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    " AND name GLOB '*_search_*' AND sql LIKE '%INTO search_entry%'"
    " OR type = 'trigger' AND name GLOB '*_search_*' AND sql LIKE '%FROM search_entry%'",
    "postgresql": "SELECT p.proname, CASE WHEN t.oid IS NULL THEN '' ELSE p.prosrc END"
    " FROM pg_proc p LEFT JOIN pg_trigger t ON t.tgname = p.proname"
    " WHERE p.pronamespace = current_schema()::regnamespace"
    " AND p.proname ~ '_search_' AND p.prosrc ~ 'search_entry'",
}


@dataclass(frozen=True)
class Trigger:
    """A trigger, or on PostgreSQL a function with its trigger: name, table and what makes it."""

    name: str
    table: str
    body: str
    events: str = ""

    def statements(self) -> list[str]:
        """Return what makes it."""
        if not self.events:
            return [self.body]
        head = f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS"
        when = f"CREATE TRIGGER {self.name} AFTER {self.events} ON {self.table}"
        return [
            f"{head} $body${self.body}$body$",
            f"{when} FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        ]


def follow(engine: Engine, entries: Mapping[str, Entries], slugs: Iterable[str]) -> list[str]:
    """Make the index follow the kinds in ``entries``; return those that were filled anew.

    Kinds of other ``slugs``, whose plugins are not loaded, keep what they have.
    """
    kind_of_database = engine.dialect.name
    with _writing(engine) as connection, connection.begin():
        if not _is_there(connection):
            return []
        present, renewed = _present(connection), []
        for kind, one in entries.items():
            wanted = {trigger.name: trigger for trigger in triggers(one, kind_of_database)}
            own = {name: body for name, body in present.items() if kind_of(name) == base_of(kind)}
            if own != {name: trigger.body for name, trigger in wanted.items()}:
                _drop(connection, own)
                for trigger in wanted.values():
                    for statement in trigger.statements():
                        connection.exec_driver_sql(statement)
                _fill(connection, one)
                renewed.append(kind)
        _forget(connection, present, entries, slugs)
        if renewed and kind_of_database == "postgresql":
            connection.exec_driver_sql("ANALYZE search_entry")
    return renewed


def drop_following(connection: Connection, slug: str = "") -> None:
    """Drop the triggers that name tables of a plugin, or all of them; migrations could not rebuild
    such a table. The next upgrade makes them anew.
    """
    if not _is_there(connection):
        return
    named = re.compile(rf"\b{slug}_" if slug else "")
    present = _present(connection)
    _drop(connection, [name for name in present if named.search(f"{name} {present[name]}")])


def triggers(one: Entries, dialect: str) -> Iterator[Trigger]:
    """Yield the triggers that keep the entries of a kind current."""
    for way, columns in sorted(one.watched().items()):
        if dialect == "sqlite":
            yield from _on_sqlite(one, way, sorted(columns))
        else:
            yield _on_postgresql(one, way, sorted(columns))


def base_of(kind: str) -> str:
    """Return with what the names of the triggers of a kind begin."""
    slug, _, noun = kind.partition(".")
    return f"{slug}_search_{noun}"


def kind_of(name: str) -> str:
    """Return what ``base_of`` made the name of a trigger from."""
    return name.partition("__")[0]


def _on_sqlite(one: Entries, way: Way, columns: list[str]) -> Iterator[Trigger]:
    base = "__".join(filter(None, (base_of(one.subject.name), "_".join(way))))
    table = _table_at(one, way)
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
    events = {
        "insert": ("AFTER INSERT", [], ["new"]),
        "update": (f"AFTER UPDATE OF {', '.join(columns)}", ["old", "new"], ["old", "new"]),
        "delete": ("AFTER DELETE", ["old"], []),
    }
    for event in _events(one, way):
        when, cut, put = events[event]
        if way:  # The records themselves are still there.
            cut = put = sorted({*cut, *put})
        condition = f" WHEN {changed}" if event == "update" else ""
        acts = _acts(one, way, cut, put, "sqlite")
        name = f"{base}__{event}"
        body = f"CREATE TRIGGER {name} {when} ON {table}{condition} BEGIN {acts} END"
        yield Trigger(name, table, body)


def _on_postgresql(one: Entries, way: Way, columns: list[str]) -> Trigger:
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
    rows = {"insert": ["new"], "update": ["old", "new"], "delete": ["old"]}
    parts = []
    for event in _events(one, way):
        named = rows[event]
        cut = named if way else [name for name in named if name == "old"]
        put = named if way else [name for name in named if name == "new"]
        acts = _acts(one, way, cut, put, "postgresql")
        if event == "update":
            acts = f"IF {changed} THEN {acts} END IF;"
        parts.append(f"IF TG_OP = '{event.upper()}' THEN {acts} END IF;")
    events = " OR ".join(
        f"UPDATE OF {', '.join(columns)}" if event == "update" else event.upper()
        for event in _events(one, way)
    )
    name = "__".join(filter(None, (base_of(one.subject.name), "_".join(way))))
    return Trigger(name, _table_at(one, way), f" BEGIN {' '.join(parts)} RETURN NULL; END ", events)


def _events(one: Entries, way: Way) -> list[str]:
    """Return what can happen to a row that changes an entry; nothing yet points at a new one."""
    if not way:
        return ["insert", "update", "delete"]
    if not steps_of(one.subject.model, way)[-1].many:
        return ["update"]
    return ["update", "delete"] if _is_empty_when_new(one, way) else ["insert", "update", "delete"]


def _is_empty_when_new(one: Entries, way: Way) -> bool:
    """Tell whether all text behind a row stands in rows that point at it: a new one has none."""
    beyond = [path for path, _ in one.paths if path[: len(way)] == way]
    steps = [steps_of(one.subject.model, path)[len(way) :] for path in beyond]
    return all(further and further[0].many for further in steps)


def _acts(one: Entries, way: Way, cut: list[str], put: list[str], dialect: str) -> str:
    """Return the statements that take entries out and put them in, for the rows of a trigger."""
    kind = f"kind = '{one.subject.name}'"
    root, rows = one.rows(dialect)
    acts = []
    for row in cut:
        ids = _sql(one.ids_at(way, row), dialect) if way else "old.id"
        acts.append(f"DELETE FROM search_entry WHERE {kind} AND record_id IN ({ids});")  # noqa: S608
    if way and put:
        ids = " UNION ".join(_sql(one.ids_at(way, row), dialect) for row in put)
        acts.append(f"{INTO} {_sql(rows, dialect)} WHERE m.id IN ({ids});")
    elif put:
        chosen = _sql(rows.where(root.c.id == row_named("new")("id")), dialect)
        acts.append(f"{INTO} {chosen};")
    return " ".join(acts)


def _sql(statement: Select[Any], dialect: str) -> str:
    compiled = statement.compile(dialect=_DIALECTS[dialect], compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).split())


def _table_at(one: Entries, way: Way) -> str:
    table = steps_of(one.subject.model, way)[-1].table if way else one.table
    return str(table.name)


def _writing(engine: Engine) -> Any:
    return engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING})


def _is_there(connection: Connection) -> bool:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    return bool(inspect(connection).has_table("search_entry"))


def _present(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql(_PRESENT[connection.dialect.name]).all()
    return {str(name): str(body) for name, body in rows}


def _drop(connection: Connection, names: Iterable[str]) -> None:
    for name in names:
        on_sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(
            f"DROP TRIGGER {name}" if on_sqlite else f"DROP FUNCTION {name}() CASCADE"
        )


def _fill(connection: Connection, one: Entries) -> None:
    """Put all records of a kind in, some at a time: PostgreSQL answers no statement for long."""
    _empty(connection, one.subject.name)
    dialect = connection.dialect.name
    _root, rows = one.rows(dialect)
    last = connection.execute(select(func.max(one.table.c.id))).scalar_one() or 0
    filling = f"{INTO} {_sql(rows, dialect)} WHERE m.id > {{}} AND m.id <= {{}}"
    for start in range(0, last, AT_ONCE):
        connection.exec_driver_sql(filling.format(start, start + AT_ONCE))


def _empty(connection: Connection, kind: str) -> None:
    connection.execute(text("DELETE FROM search_entry WHERE kind = :kind"), {"kind": kind})


def _forget(
    connection: Connection,
    present: Mapping[str, str],
    entries: Mapping[str, Entries],
    slugs: Iterable[str],
) -> None:
    """Take out the kinds that are declared no longer by those who are asked."""
    bases, own = set(map(base_of, entries)), tuple(slugs)
    for name in present:
        if kind_of(name) not in bases and name.startswith(tuple(f"{slug}_search_" for slug in own)):
            _drop(connection, [name])
    kinds = connection.execute(text("SELECT DISTINCT kind FROM search_entry")).scalars().all()
    for kind in kinds:
        if kind not in entries and kind.partition(".")[0] in own:
            _empty(connection, kind)
