"""Every kind of mistake that is planted into a good plugin is named with its file and line."""

import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from portal.checking import asked_of_files, child, packaging, running
from portal.checking.sources import found_at
from portal.testing_databases import offered

from .garden import ROOT, Garden
from .planted import KINDS

SEED = os.environ.get("KANTOR_TEST_SEED", "2026-11-30")
VARIANTS = int(os.environ.get("KANTOR_TEST_VARIANTS", "1"))  # that are drawn, of each kind
BASES = {
    "keys": ROOT / "examples" / "kantor-keys",
    "visits": ROOT / "tests" / "checking" / "kantor-visits",
}
OF_FILES = sorted(name for name, kind in KINDS.items() if kind.ask == "files")
OF_WHEELS = sorted(name for name, kind in KINDS.items() if kind.ask == "wheel")
ALIVE = sorted(set(KINDS) - {*OF_FILES, *OF_WHEELS})


def in_a_process(sources, kinds, parts):
    """Ask in a process that has imported the portal already: many are asked one after the other."""
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload(["portal.checking.child", "portal.checking.running"])
    with ProcessPoolExecutor(1, mp_context=start) as pool:
        asked = pool.submit(
            child.found_by, replace(sources), say=running.quiet, kinds=kinds, parts=parts
        )
        return asked.result(timeout=300)


def planted(name, number, folder):
    """Return a garden with one mistake in it: number 0 is the plain form, others are drawn."""
    kind = KINDS[name]
    chance = random.Random(f"{SEED} {name} {number}") if number else None
    garden = Garden.copy(BASES[kind.base], folder, chance)
    kind.plant(garden)
    return kind, garden


def assert_named(kind, garden, found, seed):
    told = f"seed {seed}\n" + "\n".join(f"{one.rule}  {one}" for one in found)
    named = {one.where for one in found if one.rule in kind.rules}
    assert garden.places, "the plant says not where it is"
    assert set(garden.places) & named, f"not named at {garden.places}; {told}"
    strange = {one.rule for one in found} - kind.rules - kind.along
    assert not strange, f"named besides: {strange}; {told}"


@pytest.mark.parametrize("number", range(VARIANTS + 1))
@pytest.mark.parametrize("name", OF_FILES)
def test_a_mistake_that_the_files_show_is_named(tmp_path, name, number):
    kind, garden = planted(name, number, tmp_path)
    (sources,) = found_at(garden.folder, tmp_path)
    assert_named(kind, garden, asked_of_files(sources), SEED)


@pytest.mark.parametrize("number", range(VARIANTS + 1))
@pytest.mark.parametrize("name", ALIVE)
def test_a_mistake_that_only_running_it_shows_is_named(tmp_path, name, number):
    """The plain form on each database, the others on SQLite."""
    kind, garden = planted(name, number, tmp_path)
    (sources,) = found_at(garden.folder, tmp_path)
    kinds = offered() if not number else ["sqlite"]
    parts = [kind.ask] if kind.ask != "tables" else ["none"]
    found = in_a_process(sources, tuple(kinds), tuple(parts))
    assert_named(kind, garden, found, SEED)
    for database in kinds if kind.ask == "tables" else ():
        assert any(f" on {database}" in one.what for one in found), database


@pytest.mark.parametrize("number", range(VARIANTS + 1))
@pytest.mark.parametrize("name", OF_WHEELS)
def test_a_file_that_the_wheel_lacks_is_named(tmp_path, name, number):
    kind, garden = planted(name, number, tmp_path)
    (sources,) = found_at(garden.folder, tmp_path)
    assert_named(kind, garden, list(packaging.wheel(sources, tmp_path)), SEED)


@pytest.mark.parametrize("folder", [*BASES.values(), ROOT / "plugins" / "inventory"], ids=str)
def test_the_files_of_good_plugins_show_nothing(folder, tmp_path):
    (sources,) = found_at(folder, tmp_path)
    assert asked_of_files(sources) == []
