"""QR codes as inline SVG: black on white in every theme, because that is what cameras read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from portal.messages import message
from portal.ui.shell import Text

QUIET = 4  # modules of white around it, as the standard asks


def qr(text: str, label: Text | None = "") -> Markup:
    """Return a QR code of ``text``; ``label`` says what it is to those who do not see it.

    One beside which the same is written takes ``label=none`` and is passed over.
    """
    if label is None:
        return Markup(_drawing(text)) % Markup('aria-hidden="true"')  # noqa: S704 - drawn here
    said = label or message("QR code: {text}", text=text)
    named = Markup('role="img" aria-label="{}"').format(said)
    return Markup(_drawing(text)) % named  # noqa: S704 - drawn here


@lru_cache(maxsize=512)
def _drawing(text: str) -> str:
    import segno

    code = segno.make(text, error="m", micro=False)
    size = len(code.matrix) + 2 * QUIET
    return (
        f'<svg class="qr" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" %s>'
        f'<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path stroke="#000" d="{_strokes(code.matrix)}"/></svg>'
    )


def _strokes(matrix: Sequence[bytearray]) -> str:
    """Return the dark stretches of all lines as strokes one module wide, each from the last."""
    parts, at_x, at_y = [f"M{QUIET} {QUIET}.5"], 0, 0
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                parts.append(f"m{start - at_x} {y - at_y}h{x - start}")
                at_x, at_y = x, y
            x += 1
    return "".join(parts)
