"""QR codes as inline SVG: black on white in every theme, because that is what cameras read."""

from __future__ import annotations

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
    rows = "".join(_row(y, row) for y, row in enumerate(code.matrix, QUIET))
    size = len(code.matrix) + 2 * QUIET
    return (
        f'<svg class="qr" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" %s>'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{rows}"/></svg>'
    )


def _row(y: int, row: bytearray) -> str:
    """Return the dark stretches of one line as a path."""
    parts, x = [], 0
    while x < len(row):
        start = x
        while x < len(row) and row[x]:
            x += 1
        if x > start:
            parts.append(f"M{start + QUIET} {y}h{x - start}v1H{start + QUIET}z")
        x += 1
    return "".join(parts)
