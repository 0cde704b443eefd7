"""Where to go on after signing in: a signed token that names a page of ours, never an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import current_app, request, url_for
from flask.globals import request_ctx
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from portal.gate import SAFE

LONGEST = 1500  # characters of a token; a longer address is not worth coming back to


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="kantor-next")


def token_for_request() -> str:
    """Return a token that leads back to the page one is on; empty when there is none to show."""
    found = _around_part()
    if found is None and (page := _page()) is not None:
        found = *page, request.args.to_dict(flat=False)
    if found is None:
        return ""
    token = str(_signer().dumps(found))
    return token if len(token) < LONGEST else ""


def place_token() -> str:
    """Return a token that leads back to this page, whatever it was asked; empty for no page."""
    page = _page()
    return "" if page is None else str(_signer().dumps([*page, {}]))


def _page() -> tuple[str, dict[str, Any]] | None:
    """Return endpoint and values of the present page; of a form, those of the page it is on."""
    if request.method in SAFE:
        return None if request.endpoint is None else (request.endpoint, request.view_args or {})
    try:
        assert request_ctx.url_adapter is not None
        endpoint, values = request_ctx.url_adapter.match(request.path, method="GET")
        return endpoint, dict(values)
    except HTTPException:
        return None


def _around_part() -> tuple[str, dict[str, Any], dict[str, list[str]]] | None:
    """Return endpoint, values and query of the page of ours into which htmx asks for a part."""
    if request.headers.get("HX-Request") != "true":
        return None
    try:
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        assert request_ctx.url_adapter is not None
        endpoint, values = request_ctx.url_adapter.match(parts.path, method="GET")
    except (HTTPException, ValueError):
        return None
    if parts.netloc != request.host:
        return None
    return endpoint, dict(values), parse_qs(parts.query, keep_blank_values=True)


def page_named(token: str) -> str:
    """Return the endpoint of the page a token names, empty for none and for one about a record."""
    try:
        endpoint, values, _query = _signer().loads(token)
    except (BadData, TypeError, ValueError):
        return ""
    return str(endpoint) if not values and endpoint in current_app.view_functions else ""


def address_of(token: str, default: str = "home.index") -> str:
    """Return the path a token names, or that of ``default`` for anything else."""
    try:
        endpoint, values, query = _signer().loads(token)
        # The query is what a visitor sent: it must not reach url_for(), which knows ``_external``.
        path = url_for(endpoint, **values)
        return f"{path}?{urlencode(query, doseq=True)}" if query else path
    except (BadData, BuildError, HTTPException, TypeError, ValueError):
        return url_for(default)
