"""Finding rows by a piece of text: FTS5 with trigrams on SQLite, pg_trgm on PostgreSQL.

A model says what is searched: ``__searched__ = Searched(text=("name_key",), codes=("code_key",))``.
The index is made in a migration with ``create_search`` and lies below the wall: it only ever
narrows a statement whose rows are limited by policy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    column,
    false,
    func,
    inspect,
    not_,
    or_,
    select,
    table,
    true,
    union_all,
)

from .engine import PLANNED_ANEW
from .guard import kernel_execute
from .orm import RULE, sort_key
from .work import UnitOfWork

TRIGRAM = 3  # what a trigram index can look for has at least so many signs
BEFORE_WORDS = " /(.,+#:-"  # signs that a word may stand behind; the last must be the hyphen
MOST_WORDS = 8
COPY_OF = "copy_of"  # in a column's info: "table.column", whose values it repeats for sorting
FEW = 1000  # So many rows are fetched by key and sorted in the time that a page takes anyway.
# How rare a word is decides its plan, and a statement planned once for all words does not know.
FOR_THESE_WORDS = {PLANNED_ANEW: True}
_MADE = re.compile(  # how _creation() begins on SQLite
    r"CREATE VIRTUAL TABLE (?P<fts>\w+) USING fts5\((?P<columns>[\w, ]+),"
    r" content='(?P<name>\w+)', content_rowid='(?P<key>\w+)'"
)
_LAST = "\U0010ffff"
_ESCAPE = "\\"


@dataclass(frozen=True, kw_only=True)
class Searched:
    """Which attributes of a model are searched: ``text`` anywhere, ``codes`` from their start.

    All of them are casefolded ``KeyText``; the first text and every code need their own index.
    """

    text: tuple[str, ...]
    codes: tuple[str, ...] = ()


def matching(tx: UnitOfWork, statement: Select[Any], term: str, entity: Any = None) -> Select[Any]:
    """Return ``statement`` limited to rows with every word of ``term`` or a code that begins so.

    ``entity`` is the searched class or alias, the statement's first unless given. No sign in
    ``term`` has a meaning of its own; a term of blanks limits nothing.
    """
    if entity is None:
        entity = statement.column_descriptions[0]["entity"]
    found = matches(tx, term, entity)
    return statement if found is None else found.limiting(statement)


@dataclass(frozen=True)
class Found:
    """The rows that a term matches: as a condition, and as a select of their keys by an index."""

    entity: Any
    condition: ColumnElement[bool]
    key: Any
    text: Any  # what is searched before all else
    keys: Any
    number: int  # at most FEW + 1, which stands for any larger one
    lateral: bool

    @property
    def few(self) -> bool:
        """Whether fetching them all by key is cheap."""
        return self.number <= FEW

    def limiting(self, statement: Select[Any]) -> Select[Any]:
        """Return ``statement`` limited to these rows.

        Few are fetched by key and sorted; many are met soon enough in the statement's own order.
        """
        limited = statement.where(self.key.in_(self.keys) if self.few else self.condition)
        return limited.execution_options(**FOR_THESE_WORDS)

    def fetched(self, statement: Select[Any]) -> Select[Any]:
        """Return these rows of ``statement``, fetched by key and in no order.

        OFFSET 0 keeps a database from walking through all rows in the order that will be asked for,
        which it believes to meet the hits soon.
        """
        if not self.lateral:
            return select(self.counted(statement).offset(0).subquery("found"))
        if statement.column_descriptions[0]["entity"] is self.entity:
            return select(statement.where(self.condition).offset(0).subquery("found"))
        hits = self.keys.offset(0).subquery("hits")
        rows = statement.where(self.key == next(iter(hits.c))).offset(0).lateral("found")
        return select(rows).select_from(hits).join(rows, true())

    def counted(self, statement: Select[Any]) -> Select[Any]:
        """Return ``statement`` limited to these rows, in any order; the first come at once.

        Joined on SQLite: asked for by IN, it may walk through all rows and hold them to the hits.
        """
        if self.lateral:
            return self.fetched(statement)
        hits = self.keys.subquery("hits")
        return statement.join(hits, next(iter(hits.c)) == self.key)


def matches(tx: UnitOfWork, term: str, entity: Any) -> Found | None:
    """Return the rows that ``matching`` keeps, or None for a term of blanks."""
    folded = sort_key(term).replace("\x00", "").strip()
    if not folded:
        return None
    on_postgresql = tx.session.get_bind().dialect.name == "postgresql"
    search = _Search(inspect(entity).mapper, folded, on_postgresql)
    numbers = search.numbers(tx)
    model = search.mapper.class_
    told, selects = search.ways(model)
    if entity is not model:
        told = search.ways(entity)[0]
    conditions = _where_any(numbers, told) or [false()]
    keys = _where_any(numbers, selects) or [select(search.key_of(model)).where(false())]
    return Found(
        entity=entity,
        condition=or_(*dict.fromkeys(conditions)),
        key=search.key_of(entity),
        text=getattr(entity, search.declared.text[0]),
        keys=keys[0] if len(keys) == 1 else union_all(*keys),
        number=min(sum(numbers), FEW + 1),
        lateral=on_postgresql,
    )


def _where_any(numbers: Sequence[int], parts: Sequence[Any]) -> list[Any]:
    return [part for number, part in zip(numbers, parts, strict=True) if number]


@dataclass(frozen=True)
class _Words:
    """The words of a search: long ones stand anywhere, short ones at the beginning of a word."""

    long: tuple[str, ...]
    short: tuple[str, ...]

    @classmethod
    def of(cls, folded: str) -> _Words:
        words = folded.split()[:MOST_WORDS]
        if len(folded) >= TRIGRAM and not folded.isascii():
            if all(len(word) < TRIGRAM for word in words):  # Scripts that part words otherwise.
                words = [folded]
        long = tuple(word for word in words if len(word) >= TRIGRAM)
        return cls(long, tuple(word for word in words if len(word) < TRIGRAM))

    @property
    def is_indexed(self) -> bool:
        """Whether a trigram index can look for any of them."""
        return bool(self.long) or any(len(word) + 1 >= TRIGRAM for word in self.short)

    def parted_in(self, texts: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition that every word is in one of ``texts``, short ones behind a sign."""
        found = [or_(*[_instr(text, word) for text in texts]) for word in self.long]
        found += [or_(*[_after_sign(text, word) for text in texts]) for word in self.short]
        return and_(*found)

    def all_in(self, texts: Sequence[Any], anywhere: Any, at_start: Any) -> ColumnElement[bool]:
        """Return the condition that every word is in one of ``texts``."""
        found = [or_(*[anywhere(text, word) for text in texts]) for word in self.long]
        found += [
            or_(_begins(texts[0], word), *[at_start(text, word) for text in texts])
            for word in self.short
        ]
        return and_(*found)


def _begins(text: Any, start: str) -> ColumnElement[bool]:
    """Return a range of the column's own index; LIKE could only use one in some collations."""
    return and_(text >= start, text < start + _LAST)


def _like(text: Any, word: str) -> ColumnElement[bool]:
    for sign in (_ESCAPE, "%", "_"):
        word = word.replace(sign, _ESCAPE + sign)
    found: ColumnElement[bool] = text.like(f"%{word}%", escape=_ESCAPE)
    return found


def _pattern(text: Any, word: str) -> ColumnElement[bool]:
    behind: ColumnElement[bool] = text.op("~")(f"[{BEFORE_WORDS}]{re.escape(word)}")
    return and_(_like(text, word), behind)  # A pattern is slow: most rows need not be held to it.


def _instr(text: Any, word: str) -> ColumnElement[bool]:
    return func.instr(text, word) > 0


def _after_sign(text: Any, word: str) -> ColumnElement[bool]:
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in word)
    behind = func.glob(f"*[{BEFORE_WORDS}]{plain}*", text) > 0
    # Most rows fail the cheaper test; an AND outside of WHERE would do both.
    return case((_instr(func.substr(text, 2), word), behind), else_=false())


def _quoted(piece: str) -> str:
    """Return a piece of text as FTS5 writes it, so that no sign in it means anything."""
    return '"' + piece.replace('"', '""') + '"'


class _Search:
    """A term and a model: the ways in which rows match, each answered by an index of its own."""

    def __init__(self, mapper: Any, folded: str, on_postgresql: bool) -> None:
        self.mapper, self.folded, self.on_postgresql = mapper, folded, on_postgresql
        self.declared: Searched = mapper.class_.__searched__
        self.words = _Words.of(folded)
        self.name = search_table(mapper.local_table.name)
        texts: Any = map(column, self.declared.text)
        self.fts = table(self.name, column("rowid"), column(self.name), *texts)

    def numbers(self, tx: UnitOfWork) -> list[int]:
        """Return how many rows match in each way; FEW + 1 stands for any larger number."""
        counts = [
            select(func.count()).select_from(keys.limit(FEW + 1).subquery())
            for keys in self.ways(self.mapper.local_table.c)[1]
        ]
        counted = select(*[count.scalar_subquery() for count in counts])
        counted = counted.execution_options(**FOR_THESE_WORDS)
        return list(kernel_execute(tx.session, counted).one())

    def key_of(self, entity: Any) -> Any:
        return getattr(entity, self.mapper.get_property_by_column(self.mapper.primary_key[0]).key)

    def ways(self, source: Any) -> tuple[list[ColumnElement[bool]], list[Select[Any]]]:
        """Return for each way what a row must meet, and the keys of those that met none before."""
        key = getattr(source, self.mapper.primary_key[0].key)
        in_text = self._in_text([getattr(source, name) for name in self.declared.text])
        selects = self._by_text(source, key, in_text)
        conditions = [in_text] * len(selects)
        for name in self.declared.codes:
            coded = _begins(getattr(source, name), self.folded)
            selects.append(select(key).where(coded, not_(or_(*dict.fromkeys(conditions)))))
            conditions.append(coded)
        return conditions, selects

    def _in_text(self, texts: Sequence[Any]) -> ColumnElement[bool]:
        if not self.words.is_indexed:
            return _begins(texts[0], self.folded)
        if self.on_postgresql:
            return self.words.all_in(texts, _like, _pattern)
        return self.words.all_in(texts, _instr, _after_sign)

    def _by_text(self, source: Any, key: Any, in_text: ColumnElement[bool]) -> list[Select[Any]]:
        if self.on_postgresql or not self.words.is_indexed:
            return [select(key).where(in_text)]
        texts = [getattr(source, name) for name in self.declared.text]
        selects, had = [self._from_index()], [self.words.parted_in(texts)]
        for word in self.words.short:  # The trigram index does not know what stands first of all.
            first = _begins(texts[0], word)
            selects.append(select(key).where(first, in_text, not_(or_(*had))))
            had.append(first)
        return selects

    def _from_index(self) -> Select[Any]:
        wanted = [[word] for word in self.words.long]
        parted = [word for word in self.words.short if len(word) + 1 >= TRIGRAM]
        wanted += [[sign + word for sign in BEFORE_WORDS] for word in parted]
        query = " AND ".join(f"({' OR '.join(map(_quoted, pieces))})" for pieces in wanted)
        texts = [self.fts.c[name] for name in self.declared.text]
        found = select(self.fts.c.rowid).where(self.fts.c[self.name].op("MATCH")(query))
        for word in self.words.short:
            if len(word) + 1 < TRIGRAM:
                found = found.where(or_(*[_after_sign(text, word) for text in texts]))
        return found._annotate({RULE: True})  # The guard lets the kernel's own subqueries pass.


def search_table(table_name: str) -> str:
    """Return the name of the search table of ``table_name``."""
    return f"{table_name}_fts"


class Operations(Protocol):
    """What a migration's ``op`` offers, as far as it is needed here."""

    def execute(self, sqltext: str) -> Any: ...
    def get_bind(self) -> Any: ...


def create_search(
    op: Operations, table_name: str, columns: Sequence[str], *, key: str = "id"
) -> None:
    """Make the index that ``matching`` uses over ``columns`` of a table, in a migration.

    SQLite keeps it current by triggers. What a rebuild of the table (``batch_alter_table``) loses
    of them is made again behind the migration; before a searched column goes, drop the search.
    """
    for statement in _creation(op.get_bind().dialect.name, table_name, list(columns), key):
        op.execute(statement)


def drop_search(op: Operations, table_name: str, columns: Sequence[str]) -> None:
    """Remove what ``create_search`` made."""
    if op.get_bind().dialect.name == "postgresql":
        for name in columns:
            op.execute(f"DROP INDEX IF EXISTS {_trigram_index(table_name, name)}")
        return
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER {search_table(table_name)}_{event}")
    op.execute(f"DROP TABLE {search_table(table_name)}")


def mend_search(connection: Connection) -> None:
    """Make again what rebuilds of searched tables have lost: SQLite drops triggers with a table."""
    schema = table("sqlite_master", column("name"), column("type"), column("sql"))
    triggers = set(connection.scalars(select(schema.c.name).where(schema.c.type == "trigger")))
    for (sql,) in connection.execute(select(schema.c.sql).where(schema.c.sql.is_not(None))).all():
        if (made := _MADE.match(sql)) and f"{made['fts']}_insert" not in triggers:
            columns = made["columns"].split(", ")
            for statement in _creation("sqlite", made["name"], columns, made["key"])[1:]:
                connection.exec_driver_sql(statement)


def _trigram_index(table_name: str, name: str) -> str:
    return f"ix_{table_name}_{name}_trgm"


def _creation(dialect: str, name: str, columns: list[str], key: str) -> list[str]:
    if dialect == "postgresql":
        indexes = [
            f"CREATE INDEX {_trigram_index(name, c)} ON {name} USING gin ({c} gin_trgm_ops)"
            for c in columns
        ]
        available = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
        made = "".join(f"{statement}; " for statement in indexes)
        # Without the extension searching is slow, as `kantor doctor` says, and works all the same.
        made = f"CREATE EXTENSION IF NOT EXISTS pg_trgm; {made}"
        return [f"DO $$ BEGIN IF EXISTS ({available}) THEN {made}END IF; END $$"]
    fts, listed = search_table(name), ", ".join(columns)
    old, new = (", ".join(f"{row}.{c}" for c in columns) for row in ("old", "new"))
    options = f"content='{name}', content_rowid='{key}', tokenize='trigram', columnsize=0"
    update = f"AFTER UPDATE OF {key}, {listed} ON {name}"
    changed = " OR ".join(f"old.{c} IS NOT new.{c}" for c in columns)
    # The text stays in the table itself; a changed row must be taken out with the words it had.
    gone = f"INSERT INTO {fts} ({fts}, rowid, {listed}) VALUES ('delete', old.{key}, {old});"  # noqa: S608
    come = f"INSERT INTO {fts} (rowid, {listed}) VALUES (new.{key}, {new});"  # noqa: S608
    return [
        f"CREATE VIRTUAL TABLE {fts} USING fts5({listed}, {options})",
        f"CREATE TRIGGER {fts}_insert AFTER INSERT ON {name} BEGIN {come} END",
        f"CREATE TRIGGER {fts}_delete AFTER DELETE ON {name} BEGIN {gone} END",
        f"CREATE TRIGGER {fts}_update {update} WHEN {changed} BEGIN {gone} {come} END",
        f"INSERT INTO {fts} ({fts}) VALUES ('rebuild')",  # noqa: S608
    ]
