"""Which pg_dump is taken, and what is said when there is none that is new enough."""

import os

import pytest

from portal.backup import programs
from portal.backup.errors import BackupError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that installs a ``pg_dump`` of some version on an empty machine."""
    monkeypatch.setattr(programs, "PLACES", ())
    monkeypatch.setenv("PATH", "")

    def install(version, says=None):
        folder = tmp_path / version
        folder.mkdir()
        program = folder / "pg_dump"
        said = f"pg_dump (PostgreSQL) {version}" if says is None else says
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
        path = os.environ["PATH"]
        monkeypatch.setenv("PATH", f"{path}:{folder}")
        return str(program)

    return install


def test_without_the_program_the_sentence_says_what_to_install(machine):
    with pytest.raises(
        BackupError, match="pg_dump 15 or newer is needed and there is none"
    ) as said:
        programs.program("pg_dump", at_least=15)
    assert "apt install postgresql-client" in str(said.value)


def test_one_that_is_too_old_is_named(machine):
    machine("13.14")
    with pytest.raises(BackupError, match=r"there is 13\.14 only"):
        programs.program("pg_dump", at_least=15)


def test_the_oldest_that_is_new_enough_is_taken(machine):
    machine("13.14")
    right = machine("15.8 (Debian 15.8-0+deb12u1)")
    machine("17.2")
    found = programs.program("pg_dump", at_least=15)
    assert (found.path, found.version, found.major) == (right, "15.8", 15)
    assert programs.program("pg_dump", at_least=16).version == "17.2"


def test_one_that_does_not_answer_is_left_aside(machine):
    machine("15.1", says="")
    with pytest.raises(BackupError, match="there is none"):
        programs.program("pg_dump", at_least=15)
