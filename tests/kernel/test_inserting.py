"""Many rows put in at once lie in the table as an ordinary INSERT would have laid them there."""

import enum
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateSchema

from portal.inserting import insert_numbered
from portal.orm import Instant, KeyText
from portal.testing_databases import Database

JAKARTA = timezone(timedelta(hours=7))
NOON = datetime(2026, 2, 28, 12, 0, 0, 5, tzinfo=JAKARTA)


class Grade(enum.Enum):
    A = "first"
    B = "second"


class Word(TypeDecorator):
    """A short text that is kept in capitals."""

    impl = String(8)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.upper()


class Sealed(TypeDecorator):
    """A text that passes through a function of the database on its way in."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue):
        return func.upper(bindvalue)


class Facts(TypeDecorator):
    impl = JSON
    cache_ok = True


KINDS = {
    "whole": (Integer, [0, -1, 2**31 - 1]),
    "small": (SmallInteger, [0, 7]),
    "big": (BigInteger, [1, 2**62, -(2**40)]),
    "flag": (Boolean, [True, False]),
    "exact": (Numeric(10, 2), [Decimal("0.10"), Decimal("-12345.67")]),
    "rounded": (Numeric(6, 1), [Decimal("0.14"), Decimal(2)]),
    "numbers of two types": (Numeric(10, 2), [1, Decimal("2.50")]),
    "float": (Float, [0.1, -1e300]),
    "day": (Date, [date(2026, 2, 28), date(1, 1, 1)]),
    "hour": (Time, [time(0, 0), time(23, 59, 59, 999999)]),
    "aware": (DateTime(timezone=True), [NOON.astimezone(UTC), datetime(2026, 1, 1, tzinfo=UTC)]),
    "naive": (DateTime, [NOON.replace(tzinfo=None)]),
    "instant": (Instant, [NOON, datetime(2026, 1, 1, tzinfo=UTC)]),
    "span": (Interval, [timedelta(days=400, microseconds=1), timedelta(0)]),
    "bytes": (LargeBinary, [b"", b"\x00\xff\\%s"]),
    "text": (Text, ["", '100 % {of} it\'s "said", \\N NULL\n\t', "𝄞 ü"]),
    "short": (String(8), ["NULL", "%s", "exactly8"]),
    "sort key": (KeyText, ["ärger", "Zebra", "a_b"]),
    "word": (Word, ["small", "Größe"]),
    "sealed": (Sealed, ["small"]),
    "named": (Enum("new % old", "it's", name="mood % of"), ["new % old", "it's"]),
    "grade": (Enum(Grade, name="grade"), [Grade.A, Grade.B]),
    "plain grade": (Enum(Grade, name="plain", native_enum=False), [Grade.B]),
    "id": (Uuid, [uuid.UUID(int=0), uuid.UUID(int=2**127)]),
    "id as text": (Uuid(as_uuid=False), [str(uuid.UUID(int=5))]),
    "document": (JSON, [{"a": [1, None]}, [], "text"]),
    "facts": (Facts, [{"a": 1}, "text"]),
    "list": (ARRAY(Integer), [[1, 2], [], [3, None]]),
    "list of lists": (ARRAY(Text), [[["a", "b"], ["c", "d"]]]),
}
ONLY_POSTGRESQL = {"list", "list of lists"}


@pytest.fixture
def database(portal_database_kind, tmp_path):
    """Yield an engine on an empty database."""
    with Database.made(portal_database_kind, tmp_path) as made:
        engine = create_engine(made.url)
        yield engine
        engine.dispose()


def twins(engine, *columns, schema=None, name="many % rows"):
    """Make two tables of these columns; return them, the first for many rows at once."""
    metadata = MetaData()
    made = [
        Table(
            title,
            metadata,
            Column("key", Integer, primary_key=True),
            *(column._copy() for column in columns),
            schema=schema,
        )
        for title in (name, f"{name} alike")
    ]
    metadata.create_all(engine)
    return made


def both(engine, tables, rows):
    """Put rows into one table at once and into its twin one by one; return what each then holds."""
    at_once, alike = tables
    with Session(engine) as session:
        made = insert_numbered(session, at_once, at_once.c.key, rows)
        for number, row in zip(made, rows, strict=True):
            session.execute(insert(alike).values(row | {"key": number}))
        session.commit()
        return [session.execute(select(t).order_by(t.c.key)).all() for t in tables]


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_every_type_lie_there_as_if_put_in_one_by_one(database, kind):
    if kind in ONLY_POSTGRESQL and database.dialect.name != "postgresql":
        pytest.skip("PostgreSQL alone has lists")
    of, values = KINDS[kind]
    tables = twins(database, Column("order", of))
    mixed = [*values, None, *reversed(values)]
    for several in (mixed, [None, *values], values[:1], [None], [None, None]):
        at_once, one_by_one = both(database, tables, [{"order": value} for value in several])
        assert at_once == one_by_one


def test_all_types_beside_each_other_keep_their_columns(database):
    offered = [
        kind
        for kind in KINDS
        if database.dialect.name == "postgresql" or kind not in ONLY_POSTGRESQL
    ]
    tables = twins(database, *(Column(kind, KINDS[kind][0]) for kind in offered))
    full = {kind: KINDS[kind][1][0] for kind in offered}
    rows = [full, *(full | {kind: None} for kind in offered), dict.fromkeys(offered)]
    at_once, one_by_one = both(database, tables, rows)
    assert at_once == one_by_one
    assert len(at_once) == len(rows)


NAMES = ("order", "select", "user", "100 % of", "%s", "Upper Case", 'a "b"', "größe", "col:on")


def test_no_name_of_a_table_or_column_is_in_the_way(database):
    tables = twins(database, *(Column(name, Text) for name in NAMES), name="Group % By")
    rows = [{name: f"{name} {turn}" for name in NAMES} for turn in range(3)]
    at_once, one_by_one = both(database, tables, rows)
    assert at_once == one_by_one
    assert [row._mapping["100 % of"] for row in at_once] == [f"100 % of {n}" for n in range(3)]


def test_a_table_may_lie_in_a_schema_of_its_own(database):
    schema = "main"
    if database.dialect.name == "postgresql":
        schema = "Else % where"
        with database.begin() as connection:
            connection.execute(CreateSchema(schema))
    mood = Enum("good", "bad", name="mood", schema=schema)
    tables = twins(database, Column("mood", mood), schema=schema)
    at_once, one_by_one = both(database, tables, [{"mood": "good"}, {"mood": None}])
    assert at_once == one_by_one
    assert [row.mood for row in at_once] == ["good", None]


def test_a_column_goes_by_the_name_it_has_in_python(database):
    tables = twins(database, Column("is %", Text, key="state"))
    at_once, one_by_one = both(database, tables, [{"state": "new"}, {"state": "old"}])
    assert at_once == one_by_one


def test_what_is_left_out_is_filled_in_by_its_default(database):
    tables = twins(
        database,
        Column("said", Text),
        Column("by_python", Integer, default=7),
        Column("by_database", Integer, server_default=text("8")),
    )
    at_once, one_by_one = both(database, tables, [{"said": "a"}, {"said": None}])
    assert at_once == one_by_one
    assert [(row.by_python, row.by_database) for row in at_once] == [(7, 8), (7, 8)]


def test_keys_go_on_where_they_ended_and_are_told_in_the_order_of_the_rows(database):
    tables = twins(database, Column("said", Text))
    both(database, tables, [{"said": "first"}])
    at_once, _ = both(database, tables, [{"said": "second"}, {"said": "third"}])
    assert [row.said for row in at_once] == ["first", "second", "third"]


def test_no_rows_are_no_work(database):
    tables = twins(database, Column("said", Text))
    assert both(database, tables, []) == [[], []]


@pytest.mark.parametrize("of", [String(4), Word], ids=["text", "text of a type of its own"])
def test_a_text_is_refused_where_it_is_too_long_and_never_cut(database, of):
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite takes text of any length")
    tables = twins(database, Column("said", of))
    with pytest.raises(DataError, match="too long"):
        both(database, tables, [{"said": "much longer than that"}])
