"""What the page for plugin authors shows, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from portal.testing import working_as

PAGE = Path(__file__).parents[3] / "docs" / "plugin-authors" / "dates.md"


def test_the_code_of_the_page_does_what_it_says(portal_app, world):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with working_as(portal_app, world.people["employee"]) as tx:
        exec(compile(code, PAGE.name, "exec"), {"tx": tx})
