"""Every recipe of the cookbook, put into the plugin of the tutorial, does what it says."""

from __future__ import annotations

import re

from .pages import DOCS, Block, steps

BOOK = DOCS / "cookbook"


def recipes():
    """Return the pages of the recipes in the order of the first one."""
    return [BOOK / name for name in re.findall(r"^\| \[.*?\]\((.*?)\)", _contents(), re.MULTILINE)]


def _contents():
    return (BOOK / "README.md").read_text()


def test_every_recipe_works_on_the_plugin_of_the_tutorial(machine, tmp_path):
    plugin = {"folder": tmp_path / "kantor-vehicles", "package": "kantor_vehicles"}
    machine.follow(DOCS / "tutorial.md", but="pytest|kantor plugin (check|enable)", **plugin)
    for page in recipes():
        machine.follow(page, **plugin)
    machine.run("pytest -q -p no:randomly --ignore tests/test_contract.py")
    machine.run("kantor plugin check --quick .")


def test_every_recipe_is_in_the_contents_and_has_a_test_of_its_own():
    assert {page.name for page in recipes()} == {
        page.name for page in BOOK.glob("*.md") if page.name != "README.md"
    }
    for page in recipes():
        written = {step.file for step in steps(page) if isinstance(step, Block)}
        assert [file for file in written if file.startswith("tests/test_")], page.name
