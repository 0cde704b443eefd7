"""The drill: a backup while people issue stock over HTTP, restored, and proved whole.

And what the two commands say and end with, run as an administrator runs them.
"""

import json
import os
import resource
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.app import create_app
from portal.backup.reading import opened
from portal.config import load
from portal.db import db, looking
from portal.testing_databases import Database, offered
from tests.live.ledger import fill
from tests.live.server import ROOT, live_server

from .conftest import findings

CLIENTS, ISSUES = 3, 60


def kantor(*arguments, preexec_fn=None, **environment):
    """Run the command as an administrator does; return how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=preexec_fn,
    )


@contextmanager
def people_issuing(server, stock):
    """Have people issue one piece after another, in processes of their own, until the end."""
    files = [str(server.home / f"acknowledged-{number}") for number in range(CLIENTS)]
    told = {"port": server.port, "issues": ISSUES, "stock": vars(stock), "patient": False}
    clients = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.live.issuing"),
                json.dumps(told | {"number": number, "file": file}),
            ],
            cwd=ROOT,
        )
        for number, file in enumerate(files)
    ]
    try:
        yield files
    finally:
        assert [client.wait() for client in clients] == [0] * CLIENTS


def acknowledged(files):
    """Return how many issues were answered so far, and whether each was answered well."""
    lines = [json.loads(line) for name in files for line in _lines(name)]
    return len(lines), all(answers == [303, 303] for _, answers in lines)


def _lines(name):
    try:
        with Path(name).open() as held:
            return [line for line in held if line.endswith("\n")]
    except FileNotFoundError:
        return []


def wait_for(files, number):
    """Return when so many issues have been answered."""
    while acknowledged(files)[0] < number:
        threading.Event().wait(0.02)


def issues_of(app):
    """Return how many pieces were issued, and how many are left."""
    with app.app_context(), looking(reason="count") as tx:
        found = tx.session.execute(
            text("SELECT count(*) FROM inventory_movement WHERE type = 'issue'")
        ).scalar_one()
        left = tx.session.execute(
            text(
                "SELECT b.quantity FROM inventory_balance b JOIN inventory_point p"
                " ON p.id = b.point_id WHERE p.place_id IS NOT NULL"
            )
        ).scalar_one()
    return found, left // 1000


@pytest.mark.parametrize("kind", offered())
def test_a_backup_under_load_is_one_moment_and_comes_back_whole(kind, tmp_path):
    made = []
    with live_server(kind, fill=lambda app: made.append(fill(app, CLIENTS, 1000))) as server:
        with people_issuing(server, made[0]) as files:
            wait_for(files, 5)
            before = acknowledged(files)[0]
            said = kantor("backup", tmp_path, "--keep", 3, **server.environment)
            after = acknowledged(files)[0]
        assert said.returncode == 0, said.stderr
        assert before < after < CLIENTS * ISSUES, "nobody was kept waiting, and all worked on"
        assert acknowledged(files) == (CLIENTS * ISSUES, True)
        (archive,) = tmp_path.glob("kantor-*.tar")
        assert kantor("backup", "--verify", archive).returncode == 0
        home = tmp_path / "new"
        home.mkdir()
        with Database.made(kind, home) as database:
            there = {"KANTOR_HOME": str(home), "KANTOR_DATABASE_URL": database.url}
            back = kantor("restore", archive, **there)
            assert back.returncode == 0, back.stderr
            assert "everybody signs in again" in back.stdout
            assert kantor("audit", "verify", **there).returncode == 0
            app = create_app(load(home, database_url=database.url))
            assert findings(app) == []
            issued, left = issues_of(app)
            assert before <= issued <= after + CLIENTS
            assert issued + left == 1000
            refused = kantor("restore", archive, **there)
            assert refused.returncode == 1
            assert "holds something already" in refused.stderr
            with app.app_context():
                db.engine.dispose()
        with opened(archive) as found:
            assert found.manifest.tables["inventory_movement"].rows == issued + 1


@pytest.fixture
def portal(tmp_path):
    """Return the environment of a new, real portal on SQLite."""
    there = {"KANTOR_HOME": str(tmp_path / "home")}
    options = ["--organisation", "Klinik", "--language", "en", "--time-zone", "Asia/Jakarta"]
    options += ["--currency", "IDR", "--base-url", "http://127.0.0.1:8000"]
    options += ["--administrator", "Sari", "--username", "sari"]
    made = kantor("init", *options, **there)
    assert made.returncode == 0, made.stderr
    return there


def test_the_commands_end_in_sentences_and_leave_nothing_half_done(portal, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    good = kantor("backup", folder, "--keep", "1", **portal)
    assert good.returncode == 0, good.stderr
    (archive,) = folder.iterdir()
    assert f"{archive} (" in good.stdout
    assert "seal " in good.stdout

    again = kantor("backup", archive, **portal)
    assert again.returncode == 1
    assert "is there already and was not touched" in again.stderr

    nowhere = kantor("backup", tmp_path / "none" / "x.tar", **portal)
    assert nowhere.returncode == 1
    assert "There is no folder" in nowhere.stderr

    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    damaged = kantor("backup", "--verify", archive)
    assert damaged.returncode == 1
    assert "database.sqlite3.gz was changed" in damaged.stderr

    other = {"KANTOR_HOME": str(tmp_path / "other")}
    refused = kantor("restore", archive, **other)
    assert refused.returncode == 1
    assert not [path for path in (tmp_path / "other").rglob("*") if path.is_file()]

    unreachable = kantor(
        "backup", folder, **portal | {"KANTOR_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    )
    assert unreachable.returncode == 1
    assert "PostgreSQL: " in unreachable.stderr

    for ended in (again, nowhere, damaged, refused, unreachable):
        assert "Traceback" not in ended.stderr
    assert list(folder.iterdir()) == [archive]


def test_a_disk_that_is_full_ends_in_a_sentence(portal, tmp_path):
    """A limit on the size of a file stands for it: writing fails in the middle."""
    small = kantor(
        "backup",
        tmp_path / "b.tar",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
        **portal,
    )
    assert small.returncode == 1
    assert "Traceback" not in small.stderr
    assert not list(tmp_path.glob("*.tar"))
    assert not list(tmp_path.glob(".kantor-backup-*"))


def test_the_doctor_knows_the_last_good_backup(portal, tmp_path):
    before = kantor("doctor", **portal)
    assert "backup" not in before.stdout, "nothing is missing on the first day"
    assert kantor("backup", tmp_path / "b.tar", **portal).returncode == 0
    after = kantor("doctor", **portal)
    assert after.returncode == 0
    assert "note: The last good backup is b.tar, made " in after.stdout
    tail = kantor("audit", "tail", **portal)
    assert "core.backup_made" in tail.stdout
