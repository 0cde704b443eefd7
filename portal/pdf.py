"""Documents as PDF, made by WeasyPrint, which is imported when the first one is wanted. Private.

The renderer reads the packaged static files and nothing else: no network, no other file.
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

_AT_ONCE = BoundedSemaphore(1)  # Rendering is all computing: a second one at once is no quicker.


class PdfMissing(Exception):
    """This machine cannot make PDF; its text says what is missing."""


class Refused(ValueError):
    """A document that asks for something that is not packaged with the portal."""


@lru_cache(maxsize=1)
def missing() -> str:
    """Return why this machine cannot make PDF, or an empty string; asked once per process."""
    try:
        import weasyprint  # noqa: F401

        # It complains of every property that only browsers know.
        logging.getLogger("weasyprint").setLevel(logging.ERROR)
        logging.getLogger("fontTools").setLevel(logging.ERROR)
    except (ImportError, OSError) as error:  # The package itself, or a library it opens.
        return str(error).strip().splitlines()[0][:200]
    return ""


def document(html: str, *, address: str, packaged: Callable[[str], Path | None]) -> bytes:
    """Return a page as PDF, or raise PdfMissing.

    ``address`` is where links of the page begin; ``packaged`` finds the file of a path below it.
    """
    if reason := missing():
        raise PdfMissing(reason)
    import weasyprint

    with _AT_ONCE:
        page = weasyprint.HTML(
            string=html, base_url=f"{address}/", url_fetcher=_fetcher(address, packaged)
        )
        made: bytes = page.write_pdf(pdf_tags=True)
    return made


def _fetcher(address: str, packaged: Callable[[str], Path | None]) -> Callable[[str], Any]:
    from weasyprint.urls import URLFetcherResponse

    def fetch(url: str) -> Any:
        path = packaged(url.removeprefix(address)) if url.startswith(f"{address}/") else None
        if path is None:
            raise Refused(f"not packaged with the portal: {url[:200]}")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})

    return fetch
