"""A new plugin works as it is written out: it keeps every promise, and its own tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.checking.asking import asked
from portal.checking.sources import found_at
from portal.commands.plugins import plugin as commands
from portal.scaffold.making import NotMade, make, names

ROOT = Path(__file__).resolve().parents[2]
CALLED = {
    "vehicles": ("vehicles", "", "", "kendaraan"),
    "machines": ("brewing", "coffee machine", "coffee machines", "mesin kopi"),
    "keys of words": ("k9", "policy", "", ""),
}


@pytest.fixture(params=CALLED, ids=list(CALLED))
def made(request, tmp_path):
    """Return the folder of a new plugin and what it is called."""
    said = names(*CALLED[request.param])
    folder = tmp_path / f"kantor-{said.slug}"
    make(folder, said)
    return folder, said


def installed(folder: Path, into: Path) -> dict[str, str]:
    """Install a plugin beside the portal, not into it; return the environment that finds it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--target", str(into), str(folder)]
    subprocess.run([*pip, *options], check=True)
    paths = [str(into), str(ROOT), *(path for path in sys.path if path)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def test_a_new_plugin_keeps_every_promise(made, tmp_path):
    folder, _ = made
    (sources,) = found_at(folder, tmp_path / "scratch")
    assert [str(one) for one in asked(sources, quick=False, say=lambda line: None)] == []


def test_the_tests_of_a_new_plugin_pass(tmp_path):
    said = names(*CALLED["machines"])
    folder = tmp_path / "kantor-brewing"
    make(folder, said)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "tests",
        ],
        cwd=folder,
        env=installed(folder, tmp_path / "installed"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-2_000:]
    assert " passed" in ran.stdout
    assert "skipped" not in ran.stdout


def test_every_gap_is_filled(made):
    folder, said = made
    for path in folder.rglob("*"):
        assert "@" not in path.name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        assert not [gap for gap in said.gaps if gap in text], path


def test_the_layout_is_that_of_the_plugins_that_come_with_the_portal(made):
    folder, said = made
    package = folder / f"kantor_{said.slug}"
    there = {path.stem for path in package.glob("*.py")}
    assert {"models", "services", "forms", "tables", "views", "records"} <= there
    assert (package / "translations/id/LC_MESSAGES/messages.po").is_file()
    assert (package / "templates" / said.slug / f"{said.noun}.html").is_file()


@pytest.mark.parametrize(
    "slug", ["", "x", "Keys", "people", "my-plugin", "a" * 21, "1st", "record"]
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(tmp_path, slug):
    ran = CliRunner().invoke(commands, ["new", slug, "--into", str(tmp_path / "there")])
    assert ran.exit_code != 0
    assert not (tmp_path / "there").exists()


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "there").mkdir()
    ran = CliRunner().invoke(commands, ["new", "vehicles", "--into", str(tmp_path / "there")])
    assert ran.exit_code == 1
    assert "is there already" in ran.output
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize(
    ("slug", "thing", "things"),
    [
        ("vehicles", "vehicle", "vehicles"),
        ("policies", "policy", "policies"),
        ("boxes", "box", "boxes"),
        ("buses", "bus", "buses"),
        ("fleet", "fleet", "fleets"),
        ("glass", "glass", "glasses"),
    ],
)
def test_one_and_many_are_told_by_the_name(slug, thing, things):
    said = names(slug)
    assert (said.thing, said.things) == (thing, things)


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("2fast", "a letter first"),
        ("class", "a word of Python"),
        ("people", "the portal uses this word"),
        ("inventory", "of this name is installed"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_name(slug, said):
    with pytest.raises(NotMade, match=said):
        names(slug)


@pytest.mark.parametrize(
    ("slug", "thing", "things"),
    [
        ("none", "", ""),  # class None
        ("camps", "base", ""),  # class Base, of all models
        ("camps", "index", ""),
        ("camps", "unit of work", ""),
        ("camps", "camp", "edit"),  # EDIT, a permission
        ("camps", "camp", "imported"),
    ],
)
def test_a_record_hides_nothing_of_the_files(tmp_path, slug, thing, things):
    with pytest.raises(NotMade):
        make(tmp_path / "there", names(slug, thing, things))
    assert not (tmp_path / "there").exists()


def test_a_name_that_no_index_could_bear_is_refused():
    with pytest.raises(NotMade, match="25 letters at most"):
        names("a" * 20, "b" * 26)
    assert names("a" * 20, "b" * 24).nouns == "b" * 24 + "s"


@pytest.mark.parametrize("slug", ["rooms", "notes", "tasks", "orders", "tickets", "days"])
def test_words_of_the_portal_are_translated_as_it_does(tmp_path, slug):
    make(tmp_path / "there", names(slug))
    (sources,) = found_at(tmp_path / "there", tmp_path / "scratch")
    assert [str(one) for one in asked(sources, quick=True)] == []


def test_a_translation_that_nobody_would_see_is_refused():
    with pytest.raises(NotMade, match="ruang"):
        names("rooms", indonesian="kamar")
    assert names("rooms", indonesian="Ruang").benda == "Ruang"


@pytest.mark.parametrize("thing", ["<b>", "a/b", "x;y", "sheep\n", "1 2", "form", "class"])
def test_words_that_would_break_the_files_are_refused(thing):
    with pytest.raises(NotMade):
        names("vehicles", thing)
