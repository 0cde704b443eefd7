"""One statement that asks the index for every kind at once, and lets nothing out of reach through.

For each kind there are four ways to be found, the better ones first. Each is answered by an index
and stops at its limit; then the rows themselves are asked whether the actor may see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql.elements import True_

from portal.orm import Owned, Scoped
from portal.reach import NOTHING, Held, Principal, noun_of

from .entries import Entries, steps_of
from .indexing import NUMBER, SHARES, STARTS, TITLE, WORD
from .models import SearchEntry
from .rules import LONGEST_TITLE, Wanted, mark_of, number_key

EXACT, TITLE_STARTS, NUMBER_STARTS, ALL_WORDS = range(4)
_ENTRY = SearchEntry.__table__
_FTS = table("search_entry_fts", column("rowid"), column("search_entry_fts"))


@dataclass(frozen=True)
class Limit:
    """Which rows of a kind somebody may see: as a condition, and as marks that come to the same.

    ``marks`` None: the condition alone knows, so that no hit may be left out before it was asked.
    """

    condition: ColumnElement[bool]
    marks: tuple[str, ...] | None


class Name(NamedTuple):
    """How a record is named: the text, the tables it comes from, and that its row may be seen."""

    text: Any
    source: Any
    seen: ColumnElement[bool]


@dataclass(frozen=True)
class Sought:
    """A kind that is looked for, by somebody; ``place`` is which of the kinds it is."""

    entries: Entries
    name: Name
    limit: Limit
    place: int

    @property
    def kind(self) -> str:
        return self.entries.subject.name

    @property
    def rows(self) -> Any:
        return self.entries.table


def limit_of(one: Entries, who: Principal) -> Limit:
    """Return which records of a kind the permission to see it gives: what ``visible()`` adds."""
    subject, model = one.subject, one.subject.model
    if who.owns(model):
        return Limit(true(), ())
    held = who.grants.get(subject.permission, NOTHING)
    if not held:
        return Limit(false(), ())
    columns = SimpleNamespace(**dict(one.table.c.items()))
    allowed = model.rows(columns, held, who, subject.permission in who.writing)
    return Limit(allowed, () if isinstance(allowed, True_) else _marks(model, held, who))


def _marks(model: Any, held: Held, who: Principal) -> tuple[str, ...] | None:
    """Return the marks of the rows in reach, if they say the whole of it."""
    rule = model.rows.__func__
    as_scoped, as_owned = (getattr(kind.rows, "__func__") for kind in (Scoped, Owned))  # noqa: B009
    owned = "owner_id" in model.__table__.c
    own = [f"o{who.person_id}"] if owned and (held.own or held.team) else []
    if owned and held.team and who.managed:
        return None
    if rule is as_scoped:
        shared = ["d0"] if model.shared_when_null else []
        return (*(f"d{number}" for number in sorted(held.departments)), *shared, *own) or ("none",)
    if rule is as_owned and not held.departments:
        return tuple(own) or ("none",)
    return None


def statement(
    kinds: Sequence[Entries], who: Principal, asked: Wanted, dialect: str, limit: int
) -> tuple[Any, dict[str, Any]]:
    """Return the statement for what was asked, and its parameters: kind, id, names, way, place.

    Its shape is made once for each actor: making it takes longer than answering it.
    """
    names = tuple(one.subject.name for one in kinds)
    ways = (asked.starts, asked.numbers_only)

    def make() -> tuple[Any, list[Sought]]:
        every = [_sought(one, who, place) for place, one in enumerate(kinds)]
        return union_all(*(_named(one, _hits(one, asked, dialect)) for one in every)), every

    made, every = who.once(("search", names, ways), make)
    parameters: dict[str, Any] = {"number_": number_key(asked.text), "limit_": limit}
    for one in every:
        parameters |= _questions(one, asked, dialect)
    return made, parameters


def _sought(one: Entries, who: Principal, place: int) -> Sought:
    limit, name = limit_of(one, who), _name(one, who)
    if not isinstance(name.seen, True_):  # Marks say nothing of another row.
        limit = Limit(and_(limit.condition, name.seen), None)
    return Sought(one, name, limit, place)


def _ways(asked: Wanted) -> Iterator[tuple[int, str]]:
    """Yield the ways beside a whole number, each with the name of its question."""
    if asked.starts:
        if not asked.numbers_only:
            yield TITLE_STARTS, "title"
        yield NUMBER_STARTS, "number"
    if not asked.numbers_only:
        yield ALL_WORDS, "words"


def _hits(one: Sought, asked: Wanted, dialect: str) -> Any:
    """Return the entries of a kind that are found, each with the best way it was."""
    exact = _columns(EXACT).where(
        _ENTRY.c.number_key == bindparam("number_"), _ENTRY.c.kind == one.kind
    )
    questions = {
        way: bindparam(f"{question}_{one.place}", type_=String) for way, question in _ways(asked)
    }
    found: list[Any] = [exact]
    if dialect == "sqlite":
        for way, question in questions.items():
            found.append(select(_matched(one, way, question).cte(f"hits_{one.place}_{way}")))
    elif one.limit.marks is not None:
        found.append(_answered(questions, SHARES, bindparam("limit_")))
    else:
        for way, question in questions.items():
            found += map(select, _seen(one, way, question))
    every = union_all(*found).subquery("every_way")
    best = func.min(every.c.way).label("way")
    newest = func.max(every.c.id).label("place")
    return select(every.c.record_id, best, newest).group_by(every.c.record_id).subquery("hits")


def _matched(one: Sought, way: int, question: Any) -> Select[Any]:
    """Return what SQLite finds, the newest first: it reads no further than it has to."""
    source: Any = _ENTRY
    if one.limit.marks is None:
        source = one.name.source.join(_ENTRY, _ENTRY.c.record_id == one.rows.c.id)
    found = _columns(way).select_from(source.join(_FTS, _ENTRY.c.id == _FTS.c.rowid))
    found = found.where(_FTS.c.search_entry_fts.op("MATCH")(question))
    if one.limit.marks is None:
        found = found.where(one.limit.condition)
    return found.order_by(_FTS.c.rowid.desc()).limit(bindparam("limit_"))


def _seen(one: Sought, way: int, question: Any) -> list[Any]:
    """Return what PostgreSQL finds where the condition alone knows who may see a row.

    It asks more of the entries as long as too few of those that are found may be seen.
    """
    made: list[Any] = []
    for share in SHARES:
        hits = _answered({way: question}, (share,), null()).subquery()
        source = one.name.source.join(hits, hits.c.record_id == one.rows.c.id)
        seen = select(hits).select_from(source).where(one.limit.condition)
        for before in made:
            enough = select(func.count()).select_from(before).scalar_subquery()
            seen = seen.where(enough < bindparam("limit_"))
        made.append(seen.limit(bindparam("limit_")).cte(f"hits_{one.place}_{way}_{share}"))
    return made


def _columns(way: int) -> Select[Any]:
    return select(_ENTRY.c.id, _ENTRY.c.record_id, literal_column(str(way)).label("way"))


def _answered(questions: Mapping[int, Any], shares: Sequence[int], most: Any) -> Select[Any]:
    """Return what PostgreSQL finds in these shares of the entries, one after the other."""
    asked = array([questions.get(way, null()) for way in (TITLE_STARTS, NUMBER_STARTS, ALL_WORDS)])
    answers = func.search_hits(cast(asked, ARRAY(Text)), most, cast(array(shares), ARRAY(Integer)))
    hits = answers.table_valued("way", "entry", "record").alias("answers")
    return select(hits.c.entry.label("id"), hits.c.record.label("record_id"), hits.c.way)


def _named(one: Sought, hits: Any) -> Select[Any]:
    """Return the found records that may be seen, as they are named."""
    subject, rows = one.entries.subject, one.rows
    number = rows.c[subject.number] if subject.number else literal("")
    found = (
        select(
            literal(one.kind).label("kind"),
            rows.c.id,
            rows.c.public_id,
            cast(one.name.text, String).label("label"),
            cast(number, String).label("number"),
            hits.c.way,
            hits.c.place,
        )
        .select_from(one.name.source.join(hits, hits.c.record_id == rows.c.id))
        .where(one.limit.condition)
        .order_by(hits.c.way, hits.c.place.desc())
        .limit(bindparam("limit_"))
    )
    return select(found.subquery(f"of_{mark_of(one.kind).replace('+', '_').replace('#', '_')}"))


def _name(one: Entries, who: Principal) -> Name:
    """Return the label of a kind, which may lie in another row."""
    subject, rows = one.subject, one.table
    *way, last = subject.label.split(".") if subject.label else ("",)
    if not last:
        return Name(literal(""), rows, true())
    if not way:
        return Name(rows.c[last], rows, true())
    [step] = steps_of(subject.model, tuple(way))
    target = step.table.alias("named")
    joined = step.joined(lambda name: rows.c[name], lambda name: target.c[name])
    model = subject.model.__mapper__.relationships[way[0]].mapper.class_
    return Name(target.c[last], rows.join(target, joined), _in_sight(model, target, who))


def _in_sight(model: Any, target: Any, who: Principal) -> ColumnElement[bool]:
    """Return which rows of another kind any grant on it reaches: what the guard would show."""
    if who.owns(model) or model.reads_freely:
        return true()
    held = NOTHING
    for name, given in who.grants.items():
        if noun_of(name) == model.__noun__:
            held |= given
    seen: ColumnElement[bool] = model.rows(
        SimpleNamespace(**dict(target.c.items())), held, who, False
    )
    return seen


def _questions(one: Sought, asked: Wanted, dialect: str) -> dict[str, Any]:
    """Return what is asked of the index for a kind, in its own language."""
    write = _for_sqlite if dialect == "sqlite" else _for_postgresql
    return {
        f"{question}_{one.place}": write(question, asked, one.entries.mark, one.limit.marks or ())
        for _, question in _ways(asked)
    }


def _for_sqlite(question: str, asked: Wanted, kind: str, marks: Sequence[str]) -> str:
    """Return a question in the language of FTS5; every word is quoted."""
    star = " *" if asked.starts else ""
    first, *others = asked.words
    anywhere = "{title number words} : "
    if question == "number":
        said = [f'starts : "{STARTS[question]}{" ".join(asked.words)}"']
    elif question == "title":
        said = [f'starts : "{STARTS[question]}{first}"', *(f'{anywhere}"{w}"' for w in others)]
    else:
        said = [f'{anywhere}"{word}"' for word in asked.words]
    limits = f'marks : "{kind}"'
    if marks:
        any_of = " OR ".join(f'"{mark}"' for mark in marks)
        limits += f" AND marks : ({any_of})"
    return f"{' AND '.join(said)}{star} AND {limits}"


def _for_postgresql(question: str, asked: Wanted, kind: str, marks: Sequence[str]) -> str:
    """Return a question as PostgreSQL writes one; every word is quoted, in one with its scope."""
    star = ":*" if asked.starts else ""
    said = [f"{WORD}{word}" for word in asked.words]
    if question == "title":
        said[0] = f"{TITLE}{asked.words[0]}"
    elif question == "number":
        said = [f"{NUMBER}{' '.join(asked.words)[:LONGEST_TITLE]}"]
    scopes = [f"{kind} {mark}" for mark in marks] or [kind]
    each = (" & ".join(f"'{scope}{one}'" for one in said) for scope in scopes)
    return " | ".join(f"({every}{star})" for every in each)
