"""Finding by a piece of text, the same on both databases and never beyond what one may see."""

import random

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    Column,
    Integer,
    String,
    create_engine,
    delete,
    inspect,
    select,
    update,
)

from portal import search, trigrams
from portal.contacts.models import Contact
from portal.db import new_session, unscoped
from portal.guard import kernel_execute
from portal.orm import sort_key
from portal.places.models import Place
from portal.reach import Held, visible
from portal.search import matching
from portal.work import UnitOfWork
from tests.unit.ui.lists import VIEW, add, somebody

NAMES = [
    "Copy paper A4",
    "Copy paper A3",
    "Paper clip 33 mm",
    "Toner black X-48",
    "100% cotton",
    "under_score",
    'a "quoted" name',
    "back\\slash",
    "C++ #1 @home *",
    "'single'",
    "(brackets) AND OR NOT",
    "Straße in Köln",
    "中村 商店 東京",
    "ÄRGER",
    "x%y",
    "semi;colon -- dash",
]


@pytest.fixture(params=["few", "many"])
def hits(request, monkeypatch):
    """Take both roads: hits fetched by key, and rows met in list order."""
    if request.param == "many":
        monkeypatch.setattr(search, "FEW", 0)


@pytest.fixture
def found(portal_app, world, hits):
    """Add the names; return a function from a term to the names that somebody finds."""
    add(portal_app, *({"name": name} for name in NAMES))

    def finding(term, who=None):
        who = who or somebody()
        with portal_app.app_context(), new_session() as session:
            session.act_as(who)
            statement = matching(UnitOfWork(session, who, False), select(Contact.name), term)
            return sorted(session.scalars(visible(statement, VIEW, who)))

    return finding


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("paper", ["Copy paper A3", "Copy paper A4", "Paper clip 33 mm"]),
        ("PAPER copy", ["Copy paper A3", "Copy paper A4"]),
        ("paper a4", ["Copy paper A4"]),
        ("ape", ["Copy paper A3", "Copy paper A4", "Paper clip 33 mm"]),
        ("X-48", ["Toner black X-48"]),
        ("strasse", ["Straße in Köln"]),
        ("ärger", ["ÄRGER"]),
        ("村 商店", ["中村 商店 東京"]),
        ("co", ["100% cotton", "Copy paper A3", "Copy paper A4"]),
        ("a4", ["Copy paper A4"]),
        ("48", ["Toner black X-48"]),
        ("33 mm", ["Paper clip 33 mm"]),
        ("33 m", ["Paper clip 33 mm"]),
        ("co pa a3", ["Copy paper A3"]),
        ("ap", []),
        ("c", ["C++ #1 @home *", "Copy paper A3", "Copy paper A4"]),
        ("c+", ["C++ #1 @home *"]),
        ("  ", sorted(NAMES)),
        ("nothing like it", []),
    ],
)
def test_long_words_may_stand_anywhere_and_short_ones_begin_a_word(found, term, expected):
    assert found(term) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ('"quoted"', ['a "quoted" name']),
        ("100%", ["100% cotton"]),
        ("r_s", ["under_score"]),
        ("k\\s", ["back\\slash"]),
        ("c++", ["C++ #1 @home *"]),
        ("@home", ["C++ #1 @home *"]),
        ("'single'", ["'single'"]),
        ("(brackets)", ["(brackets) AND OR NOT"]),
        ("-- dash", ["semi;colon -- dash"]),
        ("x%y", ["x%y"]),
        ("%%%", []),
        ("___", []),
        ("***", []),
        ('"""', []),
        ("\\\\\\", []),
        ("name*", []),
        ("name OR paper", []),
        ("NEAR(paper)", []),
        ("name_key:paper", []),
        ("^paper", []),
        ("\x00\x00\x00", sorted(NAMES)),
    ],
)
def test_no_sign_means_anything_but_itself(found, term, expected):
    assert found(term) == expected


def test_any_piece_of_a_name_from_a_word_on_finds_it(found):
    chosen = random.Random(3)
    for name in NAMES * 3:
        key = sort_key(name)
        starts = [0, *(i + 1 for i, sign in enumerate(key) if sign == " ")]
        start = chosen.choice(starts)
        piece = key[start : start + chosen.randint(2, 9)].strip()
        if len(piece) > 1:
            assert name in found(piece), piece


def test_any_three_letters_of_a_name_find_it(found):
    for name in NAMES:
        for word in sort_key(name).split():
            for start in range(len(word) - 2):
                assert name in found(word[start : start + 3]), word


def test_a_search_finds_only_what_one_may_see(portal_app, world, found):
    lab = world.departments["lab"]
    add(portal_app, {"name": "secret paper", "department_id": lab})
    theirs = somebody(view=Held(departments=frozenset({world.departments["office"]})))
    assert "secret paper" in found("secret")
    assert found("secret", theirs) == []


def test_changed_names_are_found_anew_and_gone_ones_not_at_all(portal_app, found):
    table = Contact.__table__
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        changed = {"name": "Stapler", "name_key": "stapler"}
        kernel_execute(tx.session, update(table).where(table.c.name == "x%y").values(changed))
        kernel_execute(tx.session, delete(table).where(table.c.name == "ÄRGER"))
    assert found("stapl") == ["Stapler"]
    assert found("x%y") == []
    assert found("ärger") == []


def test_a_code_is_found_from_its_beginning(portal_app, world, hits):
    with portal_app.app_context(), unscoped(reason="test data") as tx:
        for code, name in (("ST-1", "Store"), ("ST-10", "Shelf"), ("X-ST-1", "Room st-1")):
            tx.session.add(Place(code=code, name=name, kind="room"))
        tx.session.flush()
        finding = matching(tx, select(Place.name), "st-1")
        assert sorted(tx.session.scalars(finding)) == ["Room st-1", "Shelf", "Store"]
        assert sorted(tx.session.scalars(matching(tx, select(Place.name), "x-"))) == ["Room st-1"]


@pytest.fixture
def migrated():
    """Return what a migration works with, on SQLite with one searched table."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        op = Operations(MigrationContext.configure(connection))
        op.create_table(
            "thing",
            Column("id", Integer, primary_key=True),
            Column("name_key", String),
            Column("gone", String),
        )
        trigrams.create_search(op, "thing", ["name_key"])
        yield op, connection


def words(connection):
    return connection.exec_driver_sql(
        "SELECT rowid FROM thing_fts WHERE thing_fts MATCH 'paper'"
    ).fetchall()


def test_a_rebuilt_table_is_searched_as_before(migrated):
    op, connection = migrated
    op.execute("INSERT INTO thing (id, name_key) VALUES (1, 'paper')")
    with op.batch_alter_table("thing") as batch:
        batch.drop_column("gone")
    trigrams.mend_search(connection)
    op.execute("INSERT INTO thing (id, name_key) VALUES (2, 'paper clip')")
    op.execute("DELETE FROM thing WHERE id = 1")
    assert words(connection) == [(2,)]


def test_what_is_as_it_was_is_left_alone(migrated):
    op, connection = migrated
    trigrams.mend_search(connection)
    op.execute("INSERT INTO thing (id, name_key) VALUES (1, 'paper')")
    assert words(connection) == [(1,)]
    trigrams.drop_search(op, "thing", ["name_key"])
    trigrams.mend_search(connection)
    assert "thing_fts" not in inspect(connection).get_table_names()
