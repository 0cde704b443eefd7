"""Files lie under their hash, belong to who sent them, and come back as downloads only."""

import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest

from portal.errors import NotFound, ValidationFailed
from portal.files import services
from portal.files.store import Store, TooLarge
from portal.testing import acting_as, sign_in
from portal.work import UnitOfWork, unit_of_work

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    return Store(f"file://{tmp_path}/files")


@pytest.fixture
def kept(app, world):
    """Return a function: keep a content for a person and return the upload's public id."""

    def keep(data, *, person="assistant", name="stok.csv", days=30, store=None):
        content = (store or app.extensions["kantor_files"]).put(io.BytesIO(data))
        with acting_as(app, world.people[person]) as session, unit_of_work(session) as tx:
            return services.keep(tx, content, name=name, purpose="test", kept=timedelta(days=days))

    return keep


def find(app, world, public_id, *, person="assistant", **more):
    with acting_as(app, world.people[person]) as session:
        return services.find(UnitOfWork(session, session.principal, False), public_id, **more)


def test_a_content_is_named_by_its_hash_alone(store, tmp_path):
    data = b"kode,nama\n"
    content = store.put(io.BytesIO(data))
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    assert content.size == len(data)
    assert store.open(content.sha256).read() == data
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [content.sha256]


def test_equal_contents_lie_there_once(store, tmp_path):
    for _ in range(3):
        store.put(io.BytesIO(b"same"))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_file_above_the_limit_leaves_nothing(store, tmp_path):
    with pytest.raises(TooLarge):
        store.put(io.BytesIO(b"x" * 2_000_001), limit=2_000_000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "", "a" * 63, "A" * 64, "..", "\0" * 64, "g" * 64]
)
def test_nothing_but_a_hash_opens_a_content(store, name):
    with pytest.raises(NotFound):
        store.open(name)


def test_a_store_may_be_anything_that_fsspec_knows():
    store = Store("memory://portal-test")
    content = store.put(io.BytesIO(b"in memory"))
    assert store.open(content.sha256).read() == b"in memory"
    store.remove(content.sha256)
    with pytest.raises(NotFound):
        store.open(content.sha256)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("stok.csv", "stok.csv"),
        ("../../stok.csv", "stok.csv"),
        ("C:\\Users\\a\\stok.csv", "stok.csv"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_a_name_is_shown_without_folders_and_tricks(given, clean):
    assert services.clean_name(given) == clean


def test_a_file_is_its_owners_alone(app, world, kept):
    public_id = kept(b"mine")
    assert find(app, world, public_id).name == "stok.csv"
    assert find(app, world, public_id, purpose="test").size == 4
    for other in ({"person": "administrator"}, {"purpose": "import shelf.things"}):
        with pytest.raises(NotFound):
            find(app, world, public_id, **other)


def test_a_file_whose_time_is_over_is_gone(app, world, kept):
    public_id = kept(b"old", days=-1)
    with pytest.raises(NotFound):
        find(app, world, public_id)


def test_one_person_cannot_fill_the_disk(app, world, kept, monkeypatch):
    monkeypatch.setattr(services, "QUOTA", 10)
    kept(b"12345678")
    with pytest.raises(ValidationFailed):
        kept(b"12345678")
    kept(b"12345678", person="administrator")


def test_a_download_is_never_shown_by_the_browser(app, world, kept):
    data = b"<script>alert(1)</script>"
    public_id = kept(data, name='so"ng.html')
    answer = sign_in(app, world.people["assistant"]).get(f"/files/{public_id}")
    assert answer.data == data
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=so'ng.html;")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_names_in_any_script_survive_the_download(app, world, kept):
    public_id = kept(b"x", name="stok gudang – café.csv")
    answer = sign_in(app, world.people["assistant"]).get(f"/files/{public_id}")
    assert (
        "filename*=UTF-8''stok%20gudang%20%E2%80%93%20caf%C3%A9.csv"
        in (answer.headers["Content-Disposition"])
    )


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "....//etc/passwd", "%2e%2e/x", "zzz"])
def test_no_address_leads_out_of_the_store(app, world, path):
    assert sign_in(app, world.people["assistant"]).get(f"/files/{path}").status_code == 404


def test_another_persons_download_looks_as_if_missing(app, world, kept):
    public_id = kept(b"mine")
    assert sign_in(app, world.people["administrator"]).get(f"/files/{public_id}").status_code == 404


def test_cleaning_takes_what_nobody_needs_and_nothing_else(app, world, kept, store):
    lasting = kept(b"lasting", store=store)
    kept(b"ending", days=-2, store=store)
    orphan = store.put(io.BytesIO(b"orphan"))
    from portal.db import unscoped

    with app.app_context(), unscoped(reason="test") as tx:
        tx.now = datetime.now(UTC) + 2 * DAY
        assert services.expire(tx) == 1
        unused = services.unused_contents(tx, store)
    assert orphan.sha256 in unused
    assert hashlib.sha256(b"ending").hexdigest() in unused
    assert find(app, world, lasting).sha256 not in unused
