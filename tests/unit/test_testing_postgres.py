"""A machine with PostgreSQL's programs and no server still tests on PostgreSQL."""

import subprocess
import sys
from pathlib import Path

import pytest

from portal import testing_postgres

PROGRAM = """
import sys
import psycopg
from portal import testing_postgres
url = testing_postgres.start(durable=sys.argv[1] == "durable").replace("+psycopg", "")
with psycopg.connect(url) as connection:
    connection.execute("CREATE EXTENSION pg_trgm")
    for name in ("data_directory", "fsync", "synchronous_commit"):
        print(connection.execute(f"SHOW {name}").fetchone()[0])
"""


@pytest.mark.parametrize(("kind", "safe"), [("fast", "off"), ("durable", "on")])
def test_a_server_of_ones_own_is_gone_with_the_process(kind, safe):
    if testing_postgres.programs() is None:
        pytest.skip("PostgreSQL's programs are not installed")
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, check=True
    )
    where, *settings = finished.stdout.split()
    folder = Path(where)
    assert settings == [safe, safe]
    assert folder.parent.name.startswith("kantor-postgres-")
    assert not folder.parent.exists()


def test_without_programs_there_is_no_server(monkeypatch):
    monkeypatch.setattr(testing_postgres, "PLACES", ())
    monkeypatch.setenv("PATH", "")
    assert testing_postgres.start() is None
