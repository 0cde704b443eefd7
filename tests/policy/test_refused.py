"""What the database itself refuses, tried by hand below everything that the portal checks."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

REFUSED = tomllib.loads(Path(__file__).with_name("refused.toml").read_text(encoding="utf-8"))


@contextmanager
def below_the_portal(stand):
    """Yield a connection that no guard looks at; what it writes is taken back."""
    engine = create_engine(stand.database.url)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def written_again(connection, table, where, changes):
    """Write a row that is there once more, with changes."""
    columns = [c["name"] for c in inspect(connection).get_columns(table) if c["name"] != "id"]
    assert set(changes) <= set(columns)
    values = ", ".join(changes.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    found = f'FROM "{table}" WHERE {where} LIMIT 1'
    assert connection.execute(text(f"SELECT 1 {found}")).scalar() == 1, "no row to begin with"
    connection.execute(text(f'INSERT INTO "{table}" ({names}) SELECT {values} {found}'))


@pytest.mark.parametrize("name", REFUSED["checks"])
def test_a_value_that_makes_no_sense_is_refused(stand, made_world, name):
    case = REFUSED["checks"][name]
    with below_the_portal(stand) as connection, pytest.raises(DatabaseError, match=rf"\b{name}\b"):
        written_again(connection, case["table"], case.get("where", "true"), case["changes"])


def test_every_check_of_the_database_is_tried(stand, made_world):
    with below_the_portal(stand) as connection:
        look = inspect(connection)
        there = {
            check["name"]
            for table in look.get_table_names()
            for check in look.get_check_constraints(table)
        }
    assert there == set(REFUSED["checks"])


@pytest.mark.parametrize("case", REFUSED["never"], ids=lambda case: case["statement"])
def test_what_was_written_once_stays(stand, made_world, case):
    with below_the_portal(stand) as connection, pytest.raises(DatabaseError, match=case["said"]):
        connection.execute(text(case["statement"]))


def test_a_renamed_item_is_sorted_under_its_new_name_wherever_it_lies(stand, made_world):
    with below_the_portal(stand) as connection:
        connection.execute(text("UPDATE inventory_item SET name_key = 'zz ' || name_key"))
        keys = "SELECT DISTINCT b.item_key, i.name_key FROM inventory_balance b"
        rows = connection.execute(text(f"{keys} JOIN inventory_item i ON i.id = b.item_id")).all()
        keys = "SELECT DISTINCT s.item_key, i.name_key FROM inventory_supplier_item s"
        keys += " JOIN inventory_item_unit u ON u.id = s.item_unit_id"
        offers = connection.execute(text(f"{keys} JOIN inventory_item i ON i.id = u.item_id")).all()
    assert rows
    assert offers
    assert all(kept == name and name.startswith("zz ") for kept, name in [*rows, *offers])
