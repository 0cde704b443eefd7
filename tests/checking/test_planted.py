"""Every kind of mistake that is planted into a good plugin is named with its file and line."""

import os
import random

import pytest

from portal.checking import asked_of_files
from portal.checking.sources import found_at

from .garden import ROOT, Garden
from .planted import KINDS

SEED = os.environ.get("KANTOR_TEST_SEED", "2026-11-30")
VARIANTS = 5
BASES = {"keys": ROOT / "examples" / "kantor-keys"}
OF_FILES = sorted(name for name, kind in KINDS.items() if kind.ask == "files")


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


@pytest.mark.parametrize("folder", [BASES["keys"], ROOT / "plugins" / "inventory"], ids=str)
def test_the_files_of_good_plugins_show_nothing(folder, tmp_path):
    (sources,) = found_at(folder, tmp_path)
    assert asked_of_files(sources) == []
