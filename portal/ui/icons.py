"""Line icons as inline SVG, so that they take the colour of the text around them."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

_FILE = Path(__file__).parents[1] / "static" / "vendor" / "tabler-icons-3.51.0" / "outline.json"


class NoSuchIcon(LookupError):
    """An icon name that is not in the set the portal ships."""


@lru_cache(maxsize=1)
def drawings() -> dict[str, str]:
    """Return every icon the portal ships: its name and what is drawn inside the svg element."""
    found: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1024)
def icon(name: str, size: str = "") -> Markup:
    """Return an icon as markup; ``size`` is ``s``, ``lg`` or empty. Raises NoSuchIcon."""
    try:
        drawing = drawings()[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, drawings(), n=3))
        raise NoSuchIcon(
            f"there is no icon {name!r}" + (f"; near it: {near}" if near else "")
        ) from None
    classes = f"i {size}" if size else "i"
    return Markup(  # noqa: S704 - the drawings are ours and the name was looked up
        f'<svg class="{classes}" viewBox="0 0 24 24" aria-hidden="true">{drawing}</svg>'
    )
