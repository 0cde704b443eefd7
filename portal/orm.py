"""Declarative bases and the scope declarations. Plain SQLAlchemy: no Flask here."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime
from functools import cache
from itertools import product
from types import SimpleNamespace
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    DateTime,
    ForeignKey,
    MetaData,
    Select,
    String,
    TypeDecorator,
    and_,
    false,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, validates
from sqlalchemy.sql.elements import True_

from .reach import Held, Principal

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
MODELS: dict[str, type[Declared]] = {}  # table name -> the class that declared its scope
SCOPE_COLUMNS = {"department_id", "owner_id", "case_id"}
RULE = "kantor_rule"  # annotation of a subquery that the kernel wrote: it may name tables


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; refuses a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a place in a list ordered by instants is read as."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


def sort_key(text: str) -> str:
    """Return the casefolded text that lists sort and prefixes compare by."""
    return unicodedata.normalize("NFKC", text).casefold()


LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
PUBLIC_ID = 12  # letters: as many ids as there are in 59 bits
_PAIRS = ["".join(pair) for pair in product(LETTERS, repeat=2)]


def new_public_id() -> str:
    """Return a short random id for a URL, without letters that are mistaken for one another."""
    left, letters = secrets.randbelow(len(_PAIRS) ** (PUBLIC_ID // 2)), ""
    for _ in range(PUBLIC_ID // 2):  # One draw for all: a list that is imported takes many ids.
        left, pair = divmod(left, len(_PAIRS))
        letters += _PAIRS[pair]
    return letters


# Text in one byte order on both databases, so that keyset pages mean the same everywhere.
KeyText = String().with_variant(String(collation="C"), "postgresql")


class Declared:
    """What all declarations share: the noun whose permissions reach the rows."""

    __slug__: ClassVar[str]
    __noun__: ClassVar[str]  # whose permissions reach the rows; several models may share one
    __kind__: ClassVar[str]  # of record, as the audit names it: each model has its own
    __tablename__: Any
    reads_freely: ClassVar[bool] = False

    def __init_subclass__(
        cls, *, noun: str | None = None, kind: str | None = None, **kwargs: Any
    ) -> None:
        if table := cls.__dict__.get("__tablename__"):
            own = table.removeprefix(cls.__slug__ + "_")
            cls.__noun__ = f"{cls.__slug__}.{noun or own}"
            cls.__kind__ = f"{cls.__slug__}.{kind or own}"
        super().__init_subclass__(**kwargs)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        """Return the rows of ``entity`` (class, alias, columns) that ``held`` gives to ``who``."""
        raise NotImplementedError

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        """Return the rows that carry others with them: what a Follows row asks of its target."""
        return cls.rows(entity, held, who, writing)

    @classmethod
    def real(cls, entity: Any) -> ColumnElement[bool]:
        """Return which rows belong to somebody at all; the others never forbid a write."""
        return true()

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        """Return the tables that the predicate of this class names besides its own."""
        return frozenset()


def one_of(column: Any, values: frozenset[int]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``values``; none gives no row."""
    if not values:
        return false()
    return column == next(iter(values)) if len(values) == 1 else column.in_(sorted(values))


@cache
def inner(table: Any) -> Any:
    """Return an alias of ``table`` for a rule's subquery, made once: its columns take long to make.

    A rule never names a table inside itself again, so no subquery is taken for another.
    """
    return table.alias()


def people_in(departments: frozenset[int], who: Principal) -> Any:
    """Return a subquery of the people with a membership today in one of ``departments``."""
    member = inner(metadata.tables["membership"])
    return select(member.c.person_id).where(
        one_of(member.c.department_id, departments),
        member.c.from_on <= who.today,
        or_(member.c.until_on.is_(None), member.c.until_on > who.today),
    )


def people_reached(person: Any, held: Held, who: Principal, *, own: bool) -> ColumnElement[bool]:
    """Return the condition that the people in a column are reached: those of the departments and,
    for ``team``, of the departments one manages today; oneself if ``own``.
    """
    parts: list[ColumnElement[bool]] = [person == who.person_id] if own else []
    departments = held.departments | (who.managed if held.team else frozenset())
    if departments:
        parts.append(person.in_(people_in(departments, who)))
    return or_(false(), *parts)


def _owner_rows(owner: Any, held: Held, who: Principal) -> list[ColumnElement[bool]]:
    """Return the own and team part of a reach."""
    parts: list[ColumnElement[bool]] = []
    if held.own or held.team:
        parts.append(owner == who.person_id)
    if held.team and who.managed:
        parts.append(owner.in_(people_in(who.managed, who)))
    return parts


class Scoped(Declared):
    """Rows that belong to a department; with an ``owner_id`` they may also be own or team rows.

    With ``shared_when_null`` a row without department is read by everybody and written by any
    holder of a writing grant.
    """

    shared_when_null: ClassVar[bool] = False

    def __init_subclass__(cls, *, shared_when_null: bool = False, **kwargs: Any) -> None:
        cls.shared_when_null = shared_when_null
        super().__init_subclass__(**kwargs)

    @declared_attr
    @classmethod
    def department_id(cls) -> Mapped[int]:
        return mapped_column(
            ForeignKey("department.id", ondelete="RESTRICT"),
            index=True,
            nullable=cls.shared_when_null,
        )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if held.everything:
            return true()
        parts = [one_of(entity.department_id, held.departments)] if held.departments else []
        if hasattr(cls, "owner_id"):
            parts += _owner_rows(entity.owner_id, held, who)
        if cls.shared_when_null:
            parts.append(entity.department_id.is_(None))
        return or_(false(), *parts)


class Owned(Declared):
    """Rows that belong to a person; wider reaches follow the person's present departments."""

    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if held.everything:
            return true()
        parts = _owner_rows(entity.owner_id, held, who)
        if held.departments:
            parts.append(entity.owner_id.in_(people_in(held.departments, who)))
        return or_(false(), *parts)


class Confidential(Declared):
    """Rows of a case, reached by people with access to it alone, however far their grant goes."""

    case_id: Mapped[int] = mapped_column(
        ForeignKey("case_file.id", ondelete="RESTRICT"), index=True
    )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return one_of(entity.case_id, who.cases) if held else false()


class Global(Declared):
    """Rows that everybody may read, for a stated reason; writing needs a grant on the noun."""

    reads_freely = True

    def __init_subclass__(cls, *, reason: str | None = None, **kwargs: Any) -> None:
        if "__tablename__" in cls.__dict__ and not reason:
            raise UndeclaredModel(f"{cls.__name__}: Global needs a reason")
        super().__init_subclass__(**kwargs)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return true()

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        """Return the rows that carry others; that all may read them gives nobody the others."""
        return cls.rows(entity, held, who, writing) if held else false()

    @classmethod
    def carries(cls) -> bool:
        """Return whether the class says whose its rows are, so that others may follow them."""
        own = {name for kind in cls.__mro__[: cls.__mro__.index(Global)] for name in vars(kind)}
        return bool(own & {"rows", "reached"})


class CoreOnly(Declared):
    """Rows for the portal itself: no plugin reaches them, who has a grant on all reads them."""

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return true() if held.everything and not writing else false()


class Follows(Declared):
    """Rows reached through what they point at: any target to read them, all real ones to write.

    Say ``one_by_one`` of lines that are looked up by something else than their reach, where what
    they follow grows without end: SQLite would find all targets in reach before the first line.
    """

    __follows__: ClassVar[tuple[str, ...]] = ()
    __one_by_one__: ClassVar[bool] = False

    def __init_subclass__(
        cls, *, follows: tuple[str, ...] = (), one_by_one: bool = False, **kwargs: Any
    ) -> None:
        cls.__follows__ = follows or cls.__follows__
        cls.__one_by_one__ = one_by_one or cls.__one_by_one__
        if "__tablename__" in cls.__dict__ and not cls.__follows__:
            raise UndeclaredModel(f"{cls.__name__}: say which columns it follows")
        super().__init_subclass__(**kwargs)

    @classmethod
    def _targets(cls) -> list[tuple[str, type[Declared], Any]]:
        """Return (column, class, table) of everything the rows point at to be reached."""
        own = metadata.tables[cls.__tablename__]
        tables = [next(iter(own.c[name].foreign_keys)).column.table for name in cls.__follows__]
        return [(n, MODELS[t.name], t) for n, t in zip(cls.__follows__, tables, strict=True)]

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        parts, unlimited = [], True
        for name, model, table in cls._targets():
            target = inner(table)
            columns = SimpleNamespace(**dict(target.c.items()))
            condition = model.reached(columns, held, who, writing)
            unlimited = unlimited and isinstance(condition, True_)
            if writing:
                condition = or_(~model.real(columns), condition)
            else:
                condition = and_(model.real(columns), condition)
            parts.append(cls._points_into(getattr(entity, name), target, condition))
        if unlimited:
            return true()
        return and_(true(), *parts) if writing else or_(false(), *parts)

    @classmethod
    def _points_into(
        cls, key: Any, target: Any, condition: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        """Return the condition that ``key`` is the id of a row of ``target`` that meets one."""
        reached = select(target.c.id).where(condition)._annotate({RULE: True})
        if cls.__one_by_one__:
            return reached.where(target.c.id == key).correlate_except(target).exists()
        return key.in_(reached)

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return frozenset().union(
            *({table.name} | model.leans_on() for _, model, table in cls._targets())
        )


def row_by_row(column: Any) -> ColumnElement[int]:
    """Return ``column`` as a number no index knows, so that a condition is asked of each row.

    Of a page in the order of an index, SQLite would rather find all rows whose ``column`` is in
    reach, and sort them. The zero stands in the SQL, as a planner reads it.
    """
    number: ColumnElement[int] = column + literal(0, literal_execute=True)
    return number


KINDS = (Scoped, Owned, Confidential, Global, CoreOnly, Follows)


def ids_in_reach(
    model: type[Declared], held: Held, who: Principal, *, writing: bool
) -> Select[tuple[int]]:
    """Return the ids of the rows of ``model`` that ``held`` reaches, for a rule of another model.

    Say in ``leans_on`` which tables that names.
    """
    target = inner(metadata.tables[model.__tablename__])
    columns = SimpleNamespace(**dict(target.c.items()))
    found: Select[tuple[int]] = select(target.c.id).where(
        model.reached(columns, held, who, writing)
    )
    return found._annotate({RULE: True})


class Versioned:
    """Adds the ``version`` that a form carries and that every flush compares."""

    version: Mapped[int] = mapped_column()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.version}


class Public:
    """Adds the random ``public_id`` that stands in URLs."""

    public_id: Mapped[str] = mapped_column(String(12), unique=True, default=new_public_id)


class Named:
    """Adds ``name`` and the casefolded ``name_key`` that lists sort by."""

    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(KeyText)

    @validates("name")
    def _keep_key(self, _key: str, value: str) -> str:
        self.name_key = sort_key(value)
        return value


class UndeclaredModel(TypeError):
    """A model that says not, or twice, whose rows it holds."""


def declarative_base(slug: str) -> type[DeclarativeBase]:
    """Return the base of one plugin's models: its own registry over the shared metadata."""
    shared = metadata

    class Base(DeclarativeBase):
        metadata = shared
        type_annotation_map = {datetime: Instant}
        __slug__ = slug
        __abstract__ = True

        def __init_subclass__(cls, **kwargs: Any) -> None:
            if table := cls.__dict__.get("__tablename__"):
                kinds = [kind for kind in KINDS if issubclass(cls, kind)]
                if len(kinds) != 1:
                    names = ", ".join(kind.__name__ for kind in KINDS if kind is not CoreOnly)
                    raise UndeclaredModel(f"{cls.__name__} must be one of {names}")
                if slug != "core" and not table.startswith(f"{slug}_"):
                    raise UndeclaredModel(f"table {table!r} must start with {slug}_")
                if slug != "core" and issubclass(cls, CoreOnly):
                    raise UndeclaredModel(
                        f"{cls.__name__}: CoreOnly is for the portal's own tables"
                    )
                MODELS[table] = cls  # type: ignore[assignment]
            super().__init_subclass__(**kwargs)

    return Base


CoreBase = declarative_base("core")
