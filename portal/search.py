"""Finding rows by a piece of text: FTS5 with trigrams on SQLite, pg_trgm on PostgreSQL.

A model says what is searched: ``__searched__ = Searched(text=("name_key",), codes=("code_key",))``.
The index (``portal.trigrams``) is made in a migration and lies below the wall: it only ever
narrows a statement whose rows are limited by policy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
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
from .trigrams import search_table
from .work import UnitOfWork

TRIGRAM = 3  # what a trigram index can look for has at least so many signs
BEFORE_WORDS = " /(.,+#:-"  # signs that a word may stand behind; the last must be the hyphen
MOST_WORDS = 8
COPY_OF = "copy_of"  # in a column's info: "table.column", whose values it repeats for sorting
FEW = 1000  # So many rows are fetched by key and sorted in the time that a page takes anyway,
SOON = 5000  # and so many while a page of a common word is looked for in the order of a list.
# How rare a word is decides its plan, and a statement planned once for all words does not know.
FOR_THESE_WORDS = {PLANNED_ANEW: True}
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
class Way:
    """One way in which rows match, answered by an index of its own."""

    condition: ColumnElement[bool]  # what its rows meet; those of a way before it may too
    keys: Select[Any]  # of the rows that match in no way before it
    stretch: ColumnElement[bool] | None = None  # those rows, if they follow each other by the text
    at_most: Select[Any] | None = None  # keys of these and more, counted sooner; ``keys`` if None


class Count(NamedTuple):
    """How many rows match in one way."""

    number: int  # at most FEW + 1, which stands for any larger one
    soon: bool  # whether there are no more than SOON, as far as that is soon known


@dataclass(frozen=True)
class Found:
    """The rows that a term matches: as a condition, and as a select of their keys by an index."""

    entity: Any
    condition: ColumnElement[bool]
    key: Any
    text: Any  # what is searched before all else
    keys: Any
    number: int  # at most FEW + 1, which stands for any larger one
    soon: bool  # whether there are hardly more than SOON
    lateral: bool
    stretches: tuple[ColumnElement[bool], ...] = ()  # of rows that follow each other by the text
    scattered: Found | None = None  # the rows of no stretch

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
    told = search.ways(entity)
    keyed = told if entity is search.mapper.class_ else search.ways(search.mapper.class_)
    ways = [
        (count, replace(way, keys=of_model.keys))
        for count, way, of_model in zip(search.counts(tx), told, keyed, strict=True)
        if count.number
    ]
    stretches = tuple(way.stretch for _, way in ways if way.stretch is not None)
    scattered = search.found(entity, [(count, way) for count, way in ways if way.stretch is None])
    if stretches:
        apart = and_(scattered.condition, not_(or_(*stretches)))
        scattered = replace(scattered, condition=apart)
    return replace(search.found(entity, ways), stretches=stretches, scattered=scattered)


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

    def counts(self, tx: UnitOfWork) -> list[Count]:
        """Return how many rows match in each way."""

        def number(keys: Select[Any], most: int) -> Any:
            counted = select(func.count()).select_from(keys.limit(most + 1).subquery())
            return counted.scalar_subquery()

        ways = self.ways(self.mapper.local_table.c)
        numbers = [number(way.keys, FEW) for way in ways]
        numbers += [number(way.at_most, SOON) for way in ways if way.at_most is not None]
        counted = select(*numbers).execution_options(**FOR_THESE_WORDS)
        found = iter(kernel_execute(tx.session, counted).one())
        exact = [next(found) for _ in ways]
        return [
            Count(number, number <= FEW if way.at_most is None else next(found) <= SOON)
            for number, way in zip(exact, ways, strict=True)
        ]

    def key_of(self, entity: Any) -> Any:
        return getattr(entity, self.mapper.get_property_by_column(self.mapper.primary_key[0]).key)

    def found(self, entity: Any, ways: Sequence[tuple[Count, Way]]) -> Found:
        """Return the rows of ``entity`` that match in ``ways``, each with how many there are."""
        conditions: list[Any] = [way.condition for _, way in ways] or [false()]
        keys: list[Any] = [way.keys for _, way in ways]
        keys = keys or [select(self.key_of(self.mapper.class_)).where(false())]
        return Found(
            entity=entity,
            condition=or_(*dict.fromkeys(conditions)),
            key=self.key_of(entity),
            text=getattr(entity, self.declared.text[0]),
            keys=keys[0] if len(keys) == 1 else union_all(*keys),
            number=min(sum(count.number for count, _ in ways), FEW + 1),
            soon=all(count.soon for count, _ in ways),
            lateral=self.on_postgresql,
        )

    def ways(self, source: Any) -> list[Way]:
        """Return the ways in which rows of ``source`` match, the texts' before the codes'."""
        key = getattr(source, self.mapper.primary_key[0].key)
        ways = self._by_text(source, key)
        for name in self.declared.codes:
            coded = _begins(getattr(source, name), self.folded)
            before = or_(*dict.fromkeys(way.condition for way in ways))
            keys = select(key).where(coded)
            ways.append(Way(coded, keys.where(not_(before)), at_most=keys))
        return ways

    def _in_text(self, texts: Sequence[Any]) -> ColumnElement[bool]:
        if not self.words.is_indexed:
            return _begins(texts[0], self.folded)
        if self.on_postgresql:
            return self.words.all_in(texts, _like, _pattern)
        return self.words.all_in(texts, _instr, _after_sign)

    def _by_text(self, source: Any, key: Any) -> list[Way]:
        texts = [getattr(source, name) for name in self.declared.text]
        in_text = self._in_text(texts)
        if not self.words.is_indexed:
            return [Way(in_text, select(key).where(in_text), in_text)]
        if self.on_postgresql:
            return [Way(in_text, select(key).where(in_text))]
        ways, had = [Way(in_text, self._from_index())], [self.words.parted_in(texts)]
        for word in self.words.short:  # The trigram index does not know what stands first of all.
            first = _begins(texts[0], word)
            stretch = and_(first, in_text, not_(or_(*had)))
            ways.append(Way(in_text, select(key).where(stretch), stretch))
            had.append(first)
        return ways

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
