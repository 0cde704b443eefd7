"""No byte of an archive can be changed, taken away or added without a loud, named refusal."""

import hashlib
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.backup import archive
from portal.backup.errors import BackupError, Damaged, NotRestored
from portal.backup.manifest import Manifest, Table
from portal.backup.reading import opened

FILES = [b"a photo", b"", bytes(range(256)) * 5, b"x" * 1024]
CONTENTS = [("kantor.toml", b"base_url = 'x'\n"), ("database.sqlite3.gz", b"rows" * 999)]
CONTENTS += [(archive.file_name(hashlib.sha256(held).hexdigest()), held) for held in FILES]


def written(contents=CONTENTS, *, listed=None, **said):
    """Return an archive of ``contents``, sealed, whose manifest lists ``listed`` instead."""
    target = io.BytesIO()
    members = [archive.write(target, name, [held]) for name, held in contents]
    if listed is not None:
        other = io.BytesIO()
        members = [archive.write(other, name, [held]) for name, held in listed]
    manifest = Manifest(
        kantor="1.0",
        made_at="2026-01-31T01:00:00+00:00",
        kind="real",
        organisation="Kantor",
        database={"kind": "sqlite", "name": "k", "server": "3", "written_by": "SQLite 3"},
        heads={"core": "core0001"},
        plugins={},
        tables={"person": Table(3, "0" * 64)},
        members=members,
    )
    text = json.dumps(json.loads(manifest.as_bytes()) | said).encode()
    archive.finish(target, text)
    return target.getvalue()


SOUND = written()


def read(tmp_path, content):
    """Open and check an archive of this content, as ``kantor backup --verify`` does."""
    path = tmp_path / "archive.tar"
    path.write_bytes(content)
    with opened(path) as found:
        found.check(lambda what: None)
        return {name: b"".join(found.contents(name)) for name in found.places}


def test_what_was_written_is_read_again(tmp_path):
    found = read(tmp_path, SOUND)
    assert [(name, found[name]) for name, _ in CONTENTS] == CONTENTS


def test_every_tar_can_read_it(tmp_path):
    with tarfile.open(fileobj=io.BytesIO(SOUND)) as found:
        assert found.getnames()[:-2] == [name for name, _ in CONTENTS]
        assert {member.mode for member in found.getmembers()} == {0o600}
        assert (
            found.extractfile("database.sqlite3.gz").read() == dict(CONTENTS)["database.sqlite3.gz"]
        )
        seal, name = found.extractfile("manifest.sha256").read().split()
        assert seal.decode() == hashlib.sha256(found.extractfile(name.decode()).read()).hexdigest()


def test_a_database_of_more_than_eight_gibibytes_has_a_header_that_tar_reads():
    made = archive._header("database.dump", 9 << 30)
    assert tarfile.TarInfo.frombuf(made, "utf-8", "strict").size == 9 << 30
    assert archive._place(made, 0).size == 9 << 30


@given(where=st.integers(0, len(SOUND) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path_factory, where, bit):
    flipped = bytearray(SOUND)
    flipped[where] ^= 1 << bit
    with pytest.raises(BackupError):
        read(tmp_path_factory.mktemp("flipped"), bytes(flipped))


@pytest.mark.parametrize("member", [name for name, _ in CONTENTS if dict(CONTENTS)[name]])
def test_a_flipped_byte_is_named_by_the_part_it_is_in(tmp_path, member):
    with io.BytesIO(SOUND) as source:
        places = {place.name: place for place in archive.places(source)}
    flipped = bytearray(SOUND)
    flipped[places[member].offset + places[member].size // 2] ^= 255
    with pytest.raises(Damaged, match=member):
        read(tmp_path, bytes(flipped))


def test_a_changed_header_is_named_too(tmp_path):
    flipped = bytearray(SOUND)
    flipped[512 * 2 + 300] ^= 1
    with pytest.raises(Damaged, match=r"the header of database\.sqlite3\.gz was changed"):
        read(tmp_path, bytes(flipped))


@given(length=st.integers(0, len(SOUND) - 1))
def test_an_archive_that_was_cut_off_is_refused(tmp_path_factory, length):
    with pytest.raises(Damaged):
        read(tmp_path_factory.mktemp("cut"), SOUND[:length])


def test_something_behind_the_end_is_refused(tmp_path):
    with pytest.raises(Damaged, match="followed by something"):
        read(tmp_path, SOUND + bytes(512))


@pytest.mark.parametrize("gone", range(1, len(CONTENTS)))
def test_a_member_that_is_missing_is_named(tmp_path, gone):
    left = CONTENTS[:gone] + CONTENTS[gone + 1 :]
    with pytest.raises(Damaged, match=f"{CONTENTS[gone][0]} is missing"):
        read(tmp_path, written(left, listed=CONTENTS))


def test_a_member_too_many_is_named(tmp_path):
    name = archive.file_name(hashlib.sha256(b"more").hexdigest())
    with pytest.raises(Damaged, match=f"{name} does not belong to it"):
        read(tmp_path, written([*CONTENTS, (name, b"more")], listed=CONTENTS))


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(Damaged, match="twice"):
        read(tmp_path, written([*CONTENTS, CONTENTS[-1]], listed=CONTENTS))


@pytest.mark.parametrize(
    "name",
    [
        "../kantor.db",
        "/etc/passwd",
        "files/../../x",
        "files/ab/ab",
        "secret.key",
        "files",
        "a/../b",
    ],
)
def test_a_name_that_no_backup_has_is_refused_whatever_the_manifest_says(tmp_path, name):
    with pytest.raises(Damaged, match="which no backup of Kantor has"):
        read(tmp_path, written([(name, b"evil"), *CONTENTS]))


def test_a_file_under_the_hash_of_another_folder_is_refused(tmp_path):
    sha256 = hashlib.sha256(b"more").hexdigest()
    with pytest.raises(Damaged, match="which no backup"):
        read(tmp_path, written([*CONTENTS, (f"files/00/{sha256}", b"more")]))


def test_a_manifest_that_was_edited_does_not_fit_its_seal(tmp_path):
    edited = SOUND.replace(b'"real"', b'"demo"')
    assert edited != SOUND
    with pytest.raises(Damaged, match=r"manifest\.json or manifest\.sha256"):
        read(tmp_path, edited)


def test_members_that_changed_places_are_noticed(tmp_path):
    first, second, *rest = CONTENTS
    with pytest.raises(Damaged, match="in another order"):
        read(tmp_path, written([second, first, *rest], listed=CONTENTS))


def test_an_archive_without_its_configuration_is_refused(tmp_path):
    with pytest.raises(Damaged, match=r"kantor\.toml is missing"):
        read(tmp_path, written(CONTENTS[1:]))


@pytest.mark.parametrize(
    "said",
    [
        {"members": []},
        {"members": 3},
        {"tables": {"person": {"rows": 1}}},
        {"database": {"kind": "oracle"}},
        {"more": "than known"},
        {"format": "soon"},
        {"format": float("inf")},
        {"heads": ["core"]},
        {"plugins": None},
        {"lost": 5},
        {"kantor": None},
        {"database": {"kind": "sqlite"}},
        {"tables": {"person": {"rows": "3", "sha256": "0" * 64}}},
    ],
)
def test_a_manifest_that_lacks_something_is_refused_in_a_sentence(tmp_path, said):
    with pytest.raises(Damaged):
        read(tmp_path, written(**said))


def test_an_archive_in_a_newer_format_says_which_version_reads_it(tmp_path):
    with pytest.raises(NotRestored, match=r"Kantor 9\.0 in format 2; this program reads 1"):
        read(tmp_path, written(format=2, kantor="9.0", unheard="of"))


def test_anything_else_is_no_archive(tmp_path):
    for content in (b"", b"hello", bytes(10240), b"PK\3\4" * 999):
        with pytest.raises(Damaged):
            read(tmp_path, content)
