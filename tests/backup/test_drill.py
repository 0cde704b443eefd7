"""The drill: a backup while people issue stock over HTTP, restored, and proved whole.

And what the two commands say and end with, run as an administrator runs them.
"""

import os
import resource
import secrets
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from portal import migrate
from portal.app import create_app
from portal.backup.reading import opened
from portal.config import load
from portal.db import db, looking
from portal.testing_databases import Database, offered
from tests.live import issuing
from tests.live.client import Client
from tests.live.ledger import fill
from tests.live.server import ROOT, live_server

from .conftest import findings

CLIENTS, START = 3, 100_000


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
    """Have people issue one piece after another over HTTP; yield what they are answered."""
    over, answers = threading.Event(), []

    def work(number):
        client = Client(server.port)
        issuing._sign_in(client, number)
        while not over.is_set():
            mark = secrets.token_hex(8)
            answers.append(issuing._issue(client, vars(stock), mark, patient=False))
        client.close()

    people = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for person in people:
        person.start()
    try:
        yield answers
    finally:
        over.set()
        for person in people:
            person.join()


def wait_for(answers, number):
    """Return when so many issues have been answered."""
    deadline = time.monotonic() + 60
    while len(answers) < number:
        assert time.monotonic() < deadline, "nobody is answered"
        time.sleep(0.02)


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
    with live_server(kind, fill=lambda app: made.append(fill(app, CLIENTS, START))) as server:
        with people_issuing(server, made[0]) as answers:
            wait_for(answers, 5)
            before = len(answers)
            said = kantor("backup", tmp_path, "--keep", 3, **server.environment)
            after = len(answers)
            wait_for(answers, after + 5)
        assert said.returncode == 0, said.stderr
        assert before < after, "people went on meanwhile"
        assert set(answers) == {303}, "and nobody was refused"
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
            assert issued + left == START
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


def test_the_portal_is_told_that_an_archive_is_whole_if_that_is_wanted(portal, tmp_path):
    archive = tmp_path / "b.tar"
    assert kantor("backup", archive, **portal).returncode == 0
    assert kantor("backup", "--verify", archive, **portal).returncode == 0
    assert "core.backup_verified" not in kantor("audit", "tail", **portal).stdout
    assert kantor("backup", "--verify", "--note", archive, **portal).returncode == 0
    assert "core.backup_verified" in kantor("audit", "tail", **portal).stdout
    assert kantor("backup", "--note", tmp_path / "c.tar", **portal).returncode == 2


def test_an_older_archive_is_restored_as_it_is_or_brought_up_to_date(portal, tmp_path):
    app = create_app(load(Path(portal["KANTOR_HOME"])))
    with app.app_context():
        inventory = app.extensions["kantor"].loaded["inventory"]
        command.downgrade(migrate.lineage(db.engine, inventory), "-1")
        db.engine.dispose()
    archive = tmp_path / "old.tar"
    assert kantor("backup", archive, **portal).returncode == 0
    for options, said, differs in (
        ((), "run `kantor db upgrade`", 1),
        (("--upgrade",), "The tables are up to date.", 0),
    ):
        there = {"KANTOR_HOME": str(tmp_path / f"new{differs}")}
        back = kantor("restore", archive, *options, **there)
        assert back.returncode == 0, back.stderr
        assert said in back.stdout
        assert kantor("db", "check", **there).returncode == differs
