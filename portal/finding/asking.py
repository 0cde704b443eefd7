"""One statement that asks the index for every kind at once, and lets nothing out of reach through.

For each kind there are four ways to be found, the better ones first. Each is answered by an index
and stops at its limit; then the rows themselves are asked whether the actor may see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import True_

from portal.engine import PLANNED_ANEW
from portal.orm import Owned, Scoped
from portal.reach import NOTHING, Held, Principal, noun_of

from .entries import Entries, steps_of
from .indexing import MARK, NUMBER, TITLE
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


def _whole(limit: Limit, seen: ColumnElement[bool]) -> Limit:
    """Return a limit whose marks say the whole of it only if the name may be seen with the row."""
    return limit if isinstance(seen, True_) else Limit(limit.condition, None)


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

    def make() -> tuple[Any, list[Limit]]:
        limits = [_whole(limit_of(one, who), _label(one, who)[2]) for one in kinds]
        parts = [
            _named(one, allowed, _hits(one, allowed, asked, dialect, place), who)
            for place, (one, allowed) in enumerate(zip(kinds, limits, strict=True))
        ]
        return union_all(*parts).execution_options(**{PLANNED_ANEW: True}), limits

    made, limits = who.once(("search", names, ways), make)
    parameters: dict[str, Any] = {"number_": number_key(asked.text), "limit_": limit}
    for place, (one, allowed) in enumerate(zip(kinds, limits, strict=True)):
        parameters |= _questions(one, allowed, asked, dialect, place)
    return made, parameters


def _ways(asked: Wanted) -> Iterator[tuple[int, str]]:
    """Yield the ways beside a whole number, each with the name of its question."""
    if asked.starts:
        if not asked.numbers_only:
            yield TITLE_STARTS, "title"
        yield NUMBER_STARTS, "number"
    if not asked.numbers_only:
        yield ALL_WORDS, "words"


def _hits(one: Entries, allowed: Limit, asked: Wanted, dialect: str, place: int) -> Any:
    """Return the entries of a kind that are found, each with the best way it was.

    Where enough was found in one way PostgreSQL does not ask the next, whose hits it would collect
    all; SQLite stops by itself.
    """
    exact = _columns(EXACT).where(
        _ENTRY.c.number_key == bindparam("number_"), _ENTRY.c.kind == one.subject.name
    )
    found: list[Any] = [exact]
    for way, question in _ways(asked):
        hits = _asked(dialect, bindparam(f"{question}_{place}", type_=String), way)
        if allowed.marks is not None:
            hits = hits.limit(bindparam("limit_"))
            if len(found) > 1 and dialect == "postgresql":
                before = select(func.count()).select_from(found[-1]).scalar_subquery()
                hits = hits.where(before < bindparam("limit_"))
        found.append(hits.cte(f"hits_{place}_{way}"))
    every = union_all(exact, *map(select, found[1:])).subquery("every_way")
    best = func.min(every.c.way).label("way")
    newest = func.max(every.c.id).label("place")
    return select(every.c.record_id, best, newest).group_by(every.c.record_id).subquery("hits")


def _columns(way: int) -> Select[Any]:
    return select(_ENTRY.c.id, _ENTRY.c.record_id, literal_column(str(way)).label("way"))


def _asked(dialect: str, question: Any, way: int) -> Select[Any]:
    if dialect == "sqlite":
        matched = _columns(way).select_from(_FTS).join(_ENTRY, _ENTRY.c.id == _FTS.c.rowid)
        return matched.where(_FTS.c.search_entry_fts.op("MATCH")(question)).order_by(
            _FTS.c.rowid.desc()
        )
    vector = func.search_vector(_ENTRY.c.title, _ENTRY.c.number, _ENTRY.c.words, _ENTRY.c.marks)
    return _columns(way).where(vector.op("@@")(cast(question, TSQUERY)))


def _named(one: Entries, allowed: Limit, hits: Any, who: Principal) -> Select[Any]:
    """Return the found records that may be seen, as they are named."""
    subject, rows = one.subject, one.table
    number = rows.c[subject.number] if subject.number else literal("")
    label, source, seen = _label(one, who)
    found = (
        select(
            literal(subject.name).label("kind"),
            rows.c.id,
            rows.c.public_id,
            cast(label, String).label("label"),
            cast(number, String).label("number"),
            hits.c.way,
            hits.c.place,
        )
        .select_from(source.join(hits, hits.c.record_id == rows.c.id))
        .where(allowed.condition, seen)
        .order_by(hits.c.way, hits.c.place.desc())
        .limit(bindparam("limit_"))
    )
    return select(found.subquery(f"of_{mark_of(subject.name).replace('+', '_').replace('#', '_')}"))


def _label(one: Entries, who: Principal) -> tuple[Any, Any, ColumnElement[bool]]:
    """Return the label, the tables it comes from, and that its row may be seen if it is another."""
    subject, rows = one.subject, one.table
    *way, last = subject.label.split(".") if subject.label else ("",)
    if not last:
        return literal(""), rows, true()
    if not way:
        return rows.c[last], rows, true()
    [step] = steps_of(subject.model, tuple(way))
    target = step.table.alias("named")
    joined = step.joined(lambda name: rows.c[name], lambda name: target.c[name])
    model = subject.model.__mapper__.relationships[way[0]].mapper.class_
    return target.c[last], rows.join(target, joined), _in_sight(model, target, who)


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


def _questions(
    one: Entries, allowed: Limit, asked: Wanted, dialect: str, place: int
) -> dict[str, Any]:
    """Return what is asked of the index for a kind, in its own language."""
    write = _for_sqlite if dialect == "sqlite" else _for_postgresql
    marks = allowed.marks or ()
    return {
        f"{question}_{place}": write(question, asked, one.mark, marks)
        for _, question in _ways(asked)
    }


def _for_sqlite(question: str, asked: Wanted, kind: str, marks: Sequence[str]) -> str:
    """Return a question in the language of FTS5; every word is quoted."""
    star = " *" if asked.starts else ""
    if question == "words":
        words = " AND ".join(f'"{word}"' for word in asked.words) + star
        said = f"{{title number words}} : ({words})"
    else:
        said = f'{question} : ^ "{" ".join(asked.words)}"{star}'
    limits = f'marks : "{kind}"'
    if marks:
        any_of = " OR ".join(f'"{mark}"' for mark in marks)
        limits += f" AND marks : ({any_of})"
    return f"({said}) AND {limits}"


def _for_postgresql(question: str, asked: Wanted, kind: str, marks: Sequence[str]) -> str:
    """Return a question as PostgreSQL writes one; every word is quoted."""
    star = ":*" if asked.starts else ""
    if question == "words":
        said = " & ".join(f"'{word}'" for word in asked.words) + star
    else:
        begins = TITLE if question == "title" else NUMBER
        said = f"'{begins}{' '.join(asked.words)[:LONGEST_TITLE]}'{star}"
    limits = f" & '{MARK}{kind}'"
    if marks:
        any_of = " | ".join(f"'{MARK}{mark}'" for mark in marks)
        limits += f" & ({any_of})"
    return said + limits
