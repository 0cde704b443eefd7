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
    Select,
    and_,
    column,
    func,
    inspect,
    not_,
    or_,
    select,
    table,
    union_all,
)

from .guard import kernel_execute
from .orm import RULE, sort_key
from .work import UnitOfWork

TRIGRAM = 3  # what a trigram index can look for has at least so many signs
BEFORE_WORDS = " /(.,+#:-"  # signs that a word may stand behind; the last must be the hyphen
MOST_WORDS = 8
# Up to so many hits are fetched by key and sorted; more are met soon enough in list order. The two
# cost the same at the root of 51 times the rows of the list: 2,258 for a list of 100,000.
FEW = 2000
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
    """The rows that a term matches; where the database cannot tell, whether they are few."""

    condition: ColumnElement[bool]  # met by each row on its own
    key: Any = None
    keys: Any = None  # a select of the keys, by an index
    few: bool = False

    def limiting(self, statement: Select[Any], *, few: bool | None = None) -> Select[Any]:
        """Return ``statement`` limited to these rows.

        Few are fetched by key and sorted; many are met soon enough in the statement's own order.
        """
        if self.few if few is None else few:
            return statement.where(self.key.in_(self.keys))
        return statement.where(self.condition)

    def counted(self, statement: Select[Any]) -> Select[Any]:
        """Return ``statement`` limited to these rows, to be read in any order."""
        if self.keys is None:
            return statement.where(self.condition)
        hits = self.keys.subquery("hits")
        return statement.join(hits, hits.c.rowid == self.key)


def matches(tx: UnitOfWork, term: str, entity: Any) -> Found | None:
    """Return the rows that ``matching`` keeps, or None for a term of blanks."""
    folded = sort_key(term).replace("\x00", "").strip()
    if not folded:
        return None
    mapper: Any = inspect(entity).mapper
    declared: Searched = mapper.class_.__searched__
    texts = [getattr(entity, name) for name in declared.text]
    coded = [_begins(getattr(entity, name), folded) for name in declared.codes]
    words = _Words.of(folded)
    if not words.is_indexed:
        return Found(or_(*coded, _begins(texts[0], folded)))
    if tx.session.get_bind().dialect.name == "postgresql":
        return Found(or_(*coded, words.all_in(texts, _like, _pattern)))
    hits = _Trigrams(mapper, declared, folded, words)
    condition = or_(*coded, words.all_in(texts, _instr, _after_sign))
    return Found(condition, hits.key_of(entity), hits.keys(), few=hits.are_few(tx))


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
    found: ColumnElement[bool] = text.op("~")(f"[{BEFORE_WORDS}]{re.escape(word)}")
    return found


def _instr(text: Any, word: str) -> ColumnElement[bool]:
    return func.instr(text, word) > 0


def _after_sign(text: Any, word: str) -> ColumnElement[bool]:
    return or_(*[_instr(text, sign + word) for sign in BEFORE_WORDS])


def _quoted(piece: str) -> str:
    """Return a piece of text as FTS5 writes it, so that no sign in it means anything."""
    return '"' + piece.replace('"', '""') + '"'


class _Trigrams:
    """The hits of one search in a model's FTS5 table on SQLite."""

    def __init__(self, mapper: Any, declared: Searched, folded: str, words: _Words) -> None:
        self.mapper, self.declared, self.folded, self.words = mapper, declared, folded, words
        self.name = search_table(mapper.local_table.name)
        self.fts = table(self.name, column("rowid"), column(self.name), *map(column, declared.text))

    def are_few(self, tx: UnitOfWork) -> bool:
        """Return whether fetching the hits by key is cheaper than meeting them in list order."""
        found = self._arms(self.mapper.local_table.c)
        counts = [
            select(func.count()).select_from(keys.limit(FEW + 1).subquery()) for keys in found
        ]
        numbers = kernel_execute(tx.session, select(*[c.scalar_subquery() for c in counts])).one()
        return bool(sum(numbers) <= FEW)

    def keys(self) -> Any:
        """Return a select of the keys of all hits, each once."""
        arms = self._arms(self.mapper.class_)
        return arms[0] if len(arms) == 1 else union_all(*arms)

    def key_of(self, entity: Any) -> Any:
        return getattr(entity, self.mapper.get_property_by_column(self.mapper.primary_key[0]).key)

    def _arms(self, source: Any) -> list[Select[Any]]:
        """Return selects of keys, each by an index of its own, that have no key in common."""
        texts = [getattr(source, name) for name in self.declared.text]
        key = getattr(source, self.mapper.primary_key[0].key)
        every = self.words.all_in(texts, _instr, _after_sign)
        arms = [self._from_index()]
        had = [self.words.parted_in(texts)]
        for word in self.words.short:  # The trigram index does not know what stands first of all.
            first = _begins(texts[0], word)
            arms.append(select(key).where(first, every, not_(or_(*had))))
            had.append(first)
        for name in self.declared.codes:
            coded = _begins(getattr(source, name), self.folded)
            arms.append(select(key).where(coded, not_(every)))
        return arms

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

    SQLite keeps it current by triggers, and a rebuild of the table (``batch_alter_table``) loses
    them: drop the search before one and create it again after.
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
