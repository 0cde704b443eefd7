"""Pages made for paper: as PDF, and as a view to print from the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g, request
from flask_babel import force_locale
from flask_login import current_user
from werkzeug.wrappers import Response

from . import pdf as renderer
from .files.sending import disposition
from .messages import current_language
from .ui import speaking


def pdf(
    template: str,
    filename: str,
    *,
    download: bool = False,
    language: str | None = None,
    **context: Any,
) -> Response:
    """Return a template that extends ``paper.html`` as a PDF that opens in the browser.

    ``filename`` is what it is called when saved. Where PDF cannot be made, the answer is the print
    view of the same template, which says so. The address ends in ``format=pdf``, which is counted
    as an export. ``language`` is that of the paper, the reader's unless given.
    """
    made = pdf_file(template, language=language, **context)
    if made is None:
        with _speaking(language):
            return Response(_rendered(template, said=True, **context), mimetype="text/html")
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = disposition(
        filename, "attachment" if download else "inline"
    )
    return answer


def pdf_file(template: str, *, language: str | None = None, **context: Any) -> bytes | None:
    """Return the same template as the bytes of a PDF, to be sent; None where none can be made."""
    if renderer.missing():
        return None
    with _speaking(language):
        page = _rendered(template, as_pdf=True, **context)
    return renderer.document(
        page,
        address=current_app.extensions["kantor_config"].base_url,
        packaged=current_app.extensions["kantor_assets"].file_at,
    )


def print_view(template: str, *, language: str | None = None, **context: Any) -> str:
    """Return the same template as a page of the browser, with a button that prints it."""
    with _speaking(language):
        return _rendered(template, **context)


@contextmanager
def _speaking(language: str | None) -> Iterator[None]:
    """Speak another language than the reader's: that of whom the paper is for."""
    if language is None or language == current_language.get():
        yield
        return
    before = current_language.set(language)
    try:
        with force_locale(language):
            yield
    finally:
        current_language.reset(before)


def _rendered(template: str, *, as_pdf: bool = False, said: bool = False, **context: Any) -> str:
    signed_in = current_user.is_authenticated
    offered = not as_pdf and not renderer.missing()
    context["paper"] = {
        "as_pdf": as_pdf,
        "missing": said,
        "pdf_url": _as_pdf() if offered else "",
        "language": current_language.get(),
        "organisation": current_app.extensions["kantor_facts"]["organisation"],
        "made_at": datetime.now(UTC),
        "made_by": current_user.principal.name if signed_in else "",
        "nonce": g.get("nonce", ""),
    }
    current_app.update_template_context(context)
    return speaking.environment().get_or_select_template(template).render(context)


def _as_pdf() -> str:
    """Return the address of this page, as PDF."""
    args = request.args.to_dict(flat=False) | {"format": ["pdf"]}
    return f"{request.path}?{urlencode(args, doseq=True)}"
