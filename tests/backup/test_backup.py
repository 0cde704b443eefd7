"""A backup is the portal as it was; restoring it gives that back, or nothing."""

import hashlib
import io
import json
import os
import re
import shutil
import signal
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

import kantor_inventory
from kantor_inventory.services import items
from portal import migrate
from portal.backup import archive as tar
from portal.backup import keeping, making, restoring
from portal.backup.errors import BackupError, Damaged, NotRestored
from portal.backup.manifest import Table
from portal.backup.reading import opened
from portal.commands.backup import ENDING, _plainly
from portal.db import looking, unscoped
from portal.errors import NotFound
from portal.jobs.sweep import tidy

from .conftest import PHOTOS, Place, findings, is_empty, quiet, restored, rows_of


def resealed(archive, change):
    """Return a copy of an archive whose manifest says something else, sealed again."""
    copy = archive.with_name("resealed.tar")
    with opened(archive) as found, copy.open("wb") as target:
        said = json.loads(b"".join(found.contents(tar.MANIFEST)))
        for member in found.manifest.members:
            tar.write(target, member.name, found.contents(member.name))
        change(said)
        tar.finish(target, json.dumps(said).encode())
    return copy


def test_every_row_and_every_file_is_back_and_the_portal_goes_on(app, archive, new_place):
    place = new_place()
    assert restored(archive, place, new_key=True) == []
    again = place.app()
    assert rows_of(again) == rows_of(app)
    store = again.extensions["kantor_files"]
    for photo in PHOTOS:
        with store.open(hashlib.sha256(photo).hexdigest()) as found:
            assert found.read() == photo
    assert findings(again) == []
    with again.app_context():
        assert migrate.differences(again.extensions["kantor"]) == []
        with unscoped(reason="test") as tx:
            items.add_item(tx, items.AddItem(name="Stapler", sku="ST-1", unit="piece"))
        with looking(reason="test") as tx:
            assert tx.session.execute(text("SELECT count(*) FROM inventory_item")).scalar_one() == 2
    assert again.extensions["kantor_facts"]["kind"] == "real"
    assert again.extensions["kantor_facts"]["organisation"] == "Klinik"


def test_the_archive_is_for_its_owner_alone_and_holds_no_secret(archive, config):
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    content = archive.read_bytes()
    assert config.secret_key.get_secret_value().encode() not in content
    assert b"database_url" not in content


def test_the_home_gets_configuration_and_a_new_key_where_there_is_none(archive, new_place):
    place = new_place()
    restored(archive, place, new_key=True)
    home = place.config.home
    assert 'base_url = "http://localhost"' in (home / "kantor.toml").read_text()
    assert {
        stat.S_IMODE((home / name).stat().st_mode) for name in ("kantor.toml", "secret.key")
    } == {0o600}


def test_a_configuration_that_is_there_stays(archive, new_place):
    place = new_place()
    (place.config.home / "kantor.toml").write_text("# mine\n")
    told = restored(archive, place)
    assert (place.config.home / "kantor.toml").read_text() == "# mine\n"
    assert not (place.config.home / "secret.key").exists()
    assert "was here already" in told[0]


def test_a_database_that_holds_something_is_refused(archive, config):
    with pytest.raises(NotRestored, match="holds something already"):
        restored(archive, Place(config))


def test_a_folder_that_holds_files_is_refused(archive, new_place, app):
    place = new_place()
    place.app().extensions["kantor_files"].put(io.BytesIO(b"here"))
    with pytest.raises(NotRestored, match="holds files already"):
        restored(archive, place)


def test_what_a_killed_restore_has_left_is_named_at_once_to_be_removed(archive, new_place):
    place = new_place()
    restored(archive, place)
    place.let_go()
    with pytest.raises(NotRestored) as refused:
        restored(archive, place)
    said, database = str(refused.value), make_url(place.config.database_url).database
    assert "of a restore that was killed, and no portal uses it" in said
    assert f"remove the folder {place.config.home / 'files'}" in said
    assert re.search(rf"(remove the file|drop the database) {re.escape(database)}\b", said)
    assert "Nothing was changed." in said


def test_once_that_is_removed_the_next_restore_goes_through(archive, new_place):
    place = new_place()
    place.app().extensions["kantor_files"].put(io.BytesIO(PHOTOS[0]))
    with pytest.raises(NotRestored) as refused:
        restored(archive, place)
    shutil.rmtree(re.search(r"remove the folder (\S+),", str(refused.value))[1])
    restored(archive, place)
    assert findings(place.app()) == []


def test_it_is_not_restored_into_the_other_kind_of_database(
    archive, new_place, portal_database_kind
):
    kind = {"sqlite": "postgresql", "postgresql": "sqlite"}[portal_database_kind]
    place = new_place(kind)
    with pytest.raises(NotRestored, match="is restored into one only"):
        restored(archive, place)
    assert is_empty(place)


def test_what_is_newer_than_the_program_is_refused(archive, new_place):
    place = new_place()
    for change, said in (
        (lambda m: m.update(kantor="7.0"), "newer than this program"),
        (lambda m: m["heads"].update(core="core9999"), "newer version of Kantor"),
        (lambda m: m["heads"].update(inventory="inventory9999"), "of the plugin inventory"),
    ):
        with pytest.raises(NotRestored, match=said):
            restored(resealed(archive, change), place)
    assert is_empty(place)


def test_a_table_that_is_not_the_one_that_was_written_leaves_nothing(archive, new_place):
    place = new_place()
    changed = resealed(archive, lambda m: m["tables"]["person"].update(sha256="0" * 64))
    with pytest.raises(NotRestored, match="table person is not the one that was written"):
        restored(changed, place, new_key=True)
    assert is_empty(place)
    restored(archive, place)  # And the place can still be used.


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"person": Table(3, "0" * 64)},
        {"person": Table(2, "1" * 64)},
        {"person": Table(3, "1" * 64), "more": Table(0, "2" * 64)},
    ],
)
def test_no_table_may_be_another_one_or_missing_or_new(found):
    with pytest.raises(NotRestored, match="is not the one that was written"):
        restoring._require_equal({"person": Table(3, "1" * 64)}, found)


def test_a_damaged_file_is_found_before_anything_is_written(archive, new_place):
    name = tar.file_name(hashlib.sha256(PHOTOS[1]).hexdigest())
    with opened(archive) as found:
        offset = found.places[name].offset
    content = bytearray(archive.read_bytes())
    content[offset + 5] ^= 1
    archive.write_bytes(content)
    place = new_place()
    with pytest.raises(Damaged, match=name):
        restored(archive, place, new_key=True)
    assert is_empty(place)


def test_a_database_that_is_not_one_leaves_nothing(archive, new_place, tmp_path):
    """Whoever seals an archive of nonsense gets a sentence, and the place stays empty."""
    copy = tmp_path / "nonsense.tar"
    with opened(archive) as found, copy.open("wb") as target:
        said = json.loads(b"".join(found.contents(tar.MANIFEST)))
        for member in said["members"]:
            held = found.contents(member["name"])
            if member["name"].startswith("database"):
                held = [b"nonsense" * 999]
            made = tar.write(target, member["name"], held)
            member.update(size=made.size, sha256=made.sha256)
        tar.finish(target, json.dumps(said).encode())
    place = new_place()
    with pytest.raises(NotRestored):
        restored(copy, place, new_key=True)
    assert is_empty(place)


def test_a_plugin_that_is_not_installed_is_told_and_its_tables_kept(archive, new_place):
    place = new_place()
    told = restored(archive, place, plugins={})
    assert "The plugin inventory" in told[0]
    assert rows_of(place.app(plugins=()))["inventory_item"]


def test_an_older_archive_can_be_brought_up_to_date(archive):
    with opened(archive) as found:
        plugins = {"inventory": kantor_inventory.plugin}
        assert not restoring.is_behind(found.manifest, plugins)
        first = restoring._script(None).get_base()
        older = resealed(archive, lambda m: m["heads"].update(core=first))
    with opened(older) as found:
        restoring.require_known(found.manifest, plugins)
        assert restoring.is_behind(found.manifest, plugins)


def test_files_that_were_lost_are_named_and_the_rest_is_kept(app, config, tmp_path, new_place):
    lost = hashlib.sha256(PHOTOS[1]).hexdigest()
    app.extensions["kantor_files"].remove(lost)
    made = making.make(config, tmp_path / "b.tar", say=quiet)
    assert made.manifest.lost == [lost]
    assert len(made.manifest.files) == len(PHOTOS) - 1
    place = new_place()
    assert "1 files were lost before" in restored(made.path, place)[0]


def test_a_file_whose_content_has_changed_counts_as_lost(app, config, tmp_path):
    lost = hashlib.sha256(PHOTOS[1]).hexdigest()
    path = config.home / "files" / lost[:2] / lost
    path.write_bytes(b"rotten" + path.read_bytes()[6:])
    made = making.make(config, tmp_path / "b.tar", say=quiet)
    assert made.manifest.lost == [lost]
    with opened(made.path) as found:
        found.check(quiet)


def test_what_is_there_is_never_written_over(config, archive):
    before = archive.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        making.make(config, archive, say=quiet)
    assert archive.read_bytes() == before


def test_a_failure_leaves_neither_an_archive_nor_its_pieces(config, tmp_path):
    """As when the disk is full in the middle of it."""

    def full(what):
        if what.startswith("Writing"):
            raise OSError(28, "No space left on device")

    folder = tmp_path / "target"
    folder.mkdir()
    with pytest.raises(OSError, match="No space left"):
        making.make(config, folder / "b.tar", say=full)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", ENDING)
def test_a_command_that_is_ended_or_loses_its_terminal_still_cleans_up(ending):
    with pytest.raises(SystemExit) as ended, _plainly():
        signal.raise_signal(ending)
    assert ended.value.code == 128 + ending


def test_a_database_without_a_portal_is_told(new_place, tmp_path, portal_database_kind):
    place = new_place()
    said = {"sqlite": "There is no database", "postgresql": "There is no portal"}
    with pytest.raises(BackupError, match=said[portal_database_kind]):
        making.make(place.config, tmp_path / "b.tar", say=quiet)


def test_no_content_goes_while_one_of_two_backups_still_needs_it(app):
    store = app.extensions["kantor_files"]
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.execute(text("DELETE FROM upload"))
        tx.session.execute(text("DELETE FROM stored_file"))
        keeping.note_begin(tx, "first")
        keeping.note_begin(tx, "second")
        later = tx.now + timedelta(days=3)
    for path in Path(store.url.removeprefix("file://")).rglob("*"):
        os.utime(path, (1e9, 1e9))
    held = hashlib.sha256(PHOTOS[0]).hexdigest()
    with app.app_context():
        with looking(reason="test") as tx:
            assert keeping.is_running(tx)
        tidy(store, later)
        store.open(held).close()
        with unscoped(reason="test") as tx:
            keeping.note_end(tx, "first", None)
        tidy(store, later)
        store.open(held).close()
        with unscoped(reason="test") as tx:
            keeping.note_end(tx, "second", None)
        tidy(store, later)
        with pytest.raises(NotFound):
            store.open(held)


def test_a_backup_that_was_killed_holds_contents_for_a_day_only(app):
    with app.app_context(), unscoped(reason="test") as tx:
        keeping.note_begin(replace(tx, now=tx.now - keeping.LONGEST), "killed")
        assert not keeping.is_running(tx)
        keeping.note_begin(tx, "next")
        keeping.note_end(tx, "next", None)
        marks = text("SELECT count(*) FROM portal_info WHERE key LIKE 'backup:running%'")
        assert tx.session.execute(marks).scalar_one() == 0


def test_a_folder_keeps_the_newest_and_whatever_else_lies_in_it(tmp_path):
    names = [f"kantor-2026010{day}T010000Z.tar" for day in range(1, 6)]
    for name in [*names, "letter.tar", "kantor-20260101.tar", "kantor-20260101T010000Z.tar.sha256"]:
        (tmp_path / name).touch()
    assert keeping.drop_old(tmp_path, 2) == names[:3]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*names[3:], "letter.tar", "kantor-20260101.tar", "kantor-20260101T010000Z.tar.sha256"]
    )
