"""Where to go on after signing in: a signed token that names a page of ours, never an address."""

from __future__ import annotations

from flask import current_app, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from portal.gate import SAFE


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="kantor-next")


def token_for_request() -> str:
    """Return a token that leads back to the present page; of a form, to the page it stands on is unknown: home."""
    if request.method not in SAFE or request.endpoint is None:
        return ""
    place = [request.endpoint, request.view_args or {}, request.args.to_dict(flat=False)]
    token = _signer().dumps(place)
    return str(token) if len(token) < 1500 else ""


def address_of(token: str, default: str = "home.index") -> str:
    """Return the path a token names, or that of ``default`` for anything else."""
    try:
        endpoint, values, query = _signer().loads(token)
        return url_for(endpoint, **{**query, **values})
    except (BadData, BuildError, HTTPException, TypeError, ValueError):
        return url_for(default)
