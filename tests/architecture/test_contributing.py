"""What the page for those who change Kantor says of the tests is true."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SETTING = re.compile(r"KANTOR_TEST_[A-Z]+")


def test_every_setting_of_a_run_is_described_and_none_is_invented():
    folders = ("bench", "portal", "plugins", "tests", "tools")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    used = {name for path in sources for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    assert set(SETTING.findall(PAGE)) == used


def test_every_folder_of_tests_is_named():
    folders = {
        path.parent.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").glob("*/**/test_*.py")
    }
    assert [name for name in sorted(folders) if f"`tests/{name}`" not in PAGE] == []
