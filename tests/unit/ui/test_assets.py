"""Vendored files are what they were when they were taken, and static files carry their hash."""

import gzip
import hashlib
import re

import pytest

from portal.ui import icons
from portal.ui.assets import CORE_FOLDER, Assets, NoSuchAsset

VENDOR = CORE_FOLDER / "vendor"
FOLDERS = sorted(path for path in VENDOR.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def assets() -> Assets:
    found = Assets()
    found.add_folder(CORE_FOLDER)
    return found


def test_every_vendored_file_is_in_the_manifest_with_its_hash():
    listed = dict(
        reversed(line.split("  ")) for line in (VENDOR / "MANIFEST").read_text().splitlines()
    )
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "MANIFEST"
    }
    assert found == listed


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_vendored_folder_says_its_version_and_licence(folder):
    assert re.search(r"-\d+\.\d+\.\d+$", folder.name)
    assert len((folder / "LICENSE").read_text(encoding="utf-8")) > 500


def test_compressed_copies_hold_the_same_bytes():
    packed = list(VENDOR.rglob("*.gz"))
    assert packed
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def test_an_address_changes_with_the_content(tmp_path):
    (tmp_path / "a.css").write_text("a{}")
    first = Assets()
    first.add_folder(tmp_path, prefix="keys")
    url = first.url("keys/a.css")
    assert re.fullmatch(r"/static/keys/a\.[0-9a-f]{12}\.css", url)
    (tmp_path / "a.css").write_text("b{}")
    second = Assets()
    second.add_folder(tmp_path, prefix="keys")
    assert second.url("keys/a.css") != url


def test_what_nobody_ships_is_an_error(assets):
    with pytest.raises(NoSuchAsset):
        assets.url("nothing.css")


def answer(assets: Assets, path: str) -> tuple[str, dict[str, str]]:
    """Return the status and headers of one request; what is no static file is answered 418."""
    said: list = []

    def application(environ, start_response):
        start_response("418 I'm a teapot", [])
        return [b""]

    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "gzip"}
    body = assets.serve(application)(environ, lambda status, heads: said.append((status, heads)))
    if hasattr(body, "close"):
        body.close()
    status, headers = said[0]
    return status, dict(headers)


@pytest.mark.parametrize("name", ["kantor.css", "kantor.js", "vendor/htmx-4.0.1/htmx.min.js"])
def test_files_with_a_hash_or_version_in_their_address_are_kept_for_years(assets, name):
    status, headers = answer(assets, assets.url(name))
    assert status.startswith("200")
    assert "immutable" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_large_vendored_files_are_sent_compressed(assets):
    _, headers = answer(assets, assets.url("vendor/tabler-1.6.1/tabler.min.css"))
    assert headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/static/vendor/MANIFEST", "/static/../app.py", "/static/"])
def test_nothing_else_is_served(assets, path):
    assert answer(assets, path)[0].startswith("418")


def test_the_stylesheet_names_only_files_that_are_there(assets):
    for name in re.findall(r"url\(([^\"')]+)\)", (CORE_FOLDER / "kantor.css").read_text()):
        assert assets.url(name) == f"/static/{name}", "a relative address must be the served one"


def test_an_icon_takes_the_colour_of_the_text_around_it():
    drawn = icons.icon("package", "s")
    assert drawn.startswith('<svg class="i s" viewBox="0 0 24 24" aria-hidden="true">')
    assert "style" not in drawn
    assert "fill=" not in drawn


def test_an_unknown_icon_is_refused_with_what_is_near():
    with pytest.raises(icons.NoSuchIcon, match="package"):
        icons.icon("pakage")
