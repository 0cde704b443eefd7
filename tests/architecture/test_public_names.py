"""What plugins may import is written down: nothing goes by accident, nothing comes unnoticed."""

from __future__ import annotations

import importlib
from pathlib import Path

WRITTEN = Path(__file__).with_name("public_names.txt")
PUBLIC = ("portal.plugin", "portal.api", "portal.web", "portal.testing")


def there() -> list[str]:
    """Return every public name as the modules have it."""
    found = []
    for path in PUBLIC:
        module = importlib.import_module(path)
        own = [name for name in vars(module) if not name.startswith("_")]
        names = getattr(module, "__all__", None) or [
            name for name in own if getattr(vars(module)[name], "__module__", "") == path
        ]
        found += [f"{path}.{name}" for name in names]
    return sorted(found)


def test_the_public_names_are_those_that_are_written_down():
    written = WRITTEN.read_text(encoding="utf-8").split()
    gone, new = sorted(set(written) - set(there())), sorted(set(there()) - set(written))
    assert gone == [], "plugins may use these: keep the old name for two minor versions"
    assert new == [], "these are promised from now on: write them down"
