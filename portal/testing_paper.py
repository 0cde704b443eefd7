"""Reading what came out of the printer: the text of a PDF, and the codes drawn in it. Private.

What it needs is locked with the test tools; ``portal.testing`` offers the functions.
"""

from __future__ import annotations

import os
import re
import warnings

import pytest


def require_pdf() -> None:
    """Skip a test of PDF, loudly, where this machine cannot make any."""
    from .pdf import missing

    if reason := missing():
        if "pdf" in os.environ.get("KANTOR_TEST_REQUIRE", "").split(","):
            pytest.fail(f"KANTOR_TEST_REQUIRE names pdf, but none can be made: {reason}")
        warnings.warn(f"NO PDF: what is printed was not tested ({reason})", stacklevel=2)
        pytest.skip("this machine makes no PDF")


def pdf_pages(content: bytes) -> list[str]:
    """Return the text of each page of a PDF, blanks made one."""
    import pypdfium2

    with pypdfium2.PdfDocument(content) as document:
        texts = []
        for page in document:
            words = page.get_textpage()
            texts.append(re.sub(r"\s+", " ", words.get_text_bounded()))
            words.close()
            page.close()
    return texts


def codes_of(content: bytes | str) -> list[str]:
    """Return what the QR codes and barcodes on the first page of a PDF say, or those of an SVG."""
    import pypdfium2
    import zxingcpp

    if isinstance(content, str):
        import weasyprint

        content = weasyprint.HTML(string=content).write_pdf()
        assert content is not None
    with pypdfium2.PdfDocument(content) as document:
        page = document[0]
        picture = page.render(scale=4).to_pil()
        page.close()
    return [code.text for code in zxingcpp.read_barcodes(picture)]
