"""Every error as a page (or JSON): what happened, and what to do next."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, jsonify, make_response, redirect, request, url_for
from flask.globals import request_ctx
from flask_login import current_user
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from . import messages
from .db import db
from .errors import (
    AlreadyDone,
    BadRequest,
    Conflict,
    InUse,
    NotFound,
    NotSignedIn,
    PortalError,
    Refused,
    TooMany,
    Unavailable,
)
from .gate import SAFE, NeedsPassword
from .messages import message
from .visiting import NeedsSecondStep

log = logging.getLogger("kantor.faults")
PAGES = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})
SENTENCES = {
    400: BadRequest.default,
    404: NotFound.default,
    405: message("This page cannot be used that way. Go back and use its buttons."),
    413: message("The file is too large. Send a smaller one."),
    429: TooMany.default,
}


def register(app: Flask) -> None:
    """Let every error be answered here and nowhere else."""
    app.register_error_handler(PortalError, answer_portal_error)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(DBAPIError, _answer_database)
    app.register_error_handler(TimeoutError, _answer_database)
    app.register_error_handler(Exception, _answer_unexpected)


def wants_json() -> bool:
    """Return whether the client asked for JSON, by address or by header."""
    if request.args.get("format") == "json":
        return True
    accept = request.accept_mimetypes
    return accept.best_match(["text/html", "application/json"]) == "application/json"


def answer_portal_error(error: PortalError) -> Any:
    if isinstance(error, AlreadyDone):
        return redirect(error.answer or request.path, 303)
    if isinstance(error, Refused):
        return _answer_unexpected(error)
    if isinstance(error, NotSignedIn) and not wants_json():
        return _to_sign_in() if _leads_back(error) else _ask_again(error)
    if isinstance(error, NeedsSecondStep) and not wants_json():
        return _to(url_for("account.second_step"), 403)
    return page(error.status, error.message, error=error)


def _leads_back(error: NotSignedIn) -> bool:
    """Return whether nothing typed is lost by going to the sign-in page and coming back."""
    part = request.headers.get("HX-Request") == "true"
    return not isinstance(error, NeedsPassword) or request.method in SAFE or part


def _ask_again(error: Any) -> Any:
    from .auth.again import ask_again

    return ask_again(error)


def _to_sign_in() -> Any:
    """Send a visitor to the sign-in page, which leads back here; htmx is told to load it whole."""
    from .auth.returning import token_for_request

    endpoint = "sign.again" if current_user.is_authenticated else "sign.sign_in"
    return _to(url_for(endpoint, next=token_for_request()), 401)


def _to(target: str, status: int) -> Any:
    """Send the visitor on; to htmx, which would put the page into a part of this one, say it."""
    if request.headers.get("HX-Request") == "true":
        return "", status, {"HX-Redirect": target}
    return redirect(target, 303)


def _answer_http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    sentence = SENTENCES.get(status, message("The page could not be shown."))
    answer = page(status, sentence)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _answer_database(error: Exception) -> Any:
    db.session().rollback()
    if isinstance(error, IntegrityError):
        log.warning("a constraint refused a write", extra=_without_values(error))
        in_use = "foreign key" in str(error.orig).lower()
        return page(409, InUse.default if in_use else Conflict.default)
    if isinstance(error, DataError):
        log.warning("a value did not fit", extra=_without_values(error))
        return page(422, message("One of the values is too large or too long to be stored."))
    if isinstance(error, OperationalError | TimeoutError):
        log.error("database unavailable", exc_info=error)
        g.offline = True
        current_app.extensions["kantor_circuit"].suspect()
        return page(503, Unavailable.default)
    return _answer_unexpected(error)


def _without_values(error: DBAPIError) -> dict[str, str]:
    """Return what may be logged of a refused write: never what was to be written."""
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or str(error.orig).partition("\n")[0][:120]
    return {"kind": type(error.orig).__name__, "constraint": name}


def _answer_unexpected(error: Exception) -> Any:
    """The last resort: log everything, show a number to ask for, name the plugin at fault."""
    if isinstance(error, HTTPException):
        return _answer_http(error)
    number = g.get("request_id") or secrets.token_hex(8)
    owner = request.blueprints[-1] if request.blueprints else "core"
    slug = current_app.extensions["kantor"].culprit(error) or owner
    log.error("request %s failed in %s", number, slug, exc_info=error, extra={"plugin": slug})
    if current_app.config.get("PROPAGATE_FAULTS"):
        raise error
    return page(500, PortalError.default, number=number, plugin=slug)


def page(
    status: int, text: Any, *, error: PortalError | None = None, number: str = "", plugin: str = ""
) -> Any:
    """Return an error answer, in the form and language the client reads."""
    db.session().rollback()
    sentence = messages.translate(text)
    if request_ctx.url_adapter is None:  # The host is none of ours, so no page can name an address.
        return make_response(f"{sentence}\n", status, {"Content-Type": "text/plain; charset=utf-8"})
    if wants_json():
        body: dict[str, Any] = {"error": HTTPStatus(status).phrase, "message": sentence}
        if number:
            body["id"] = number
        if plugin:
            body["plugin"] = plugin
        if fields := getattr(error, "fields", None):
            body["fields"] = {name: messages.translate(value) for name, value in fields.items()}
        answer = make_response(jsonify(body), status)
    else:
        name = status if status in PAGES else 500 if status >= 500 else 400
        from .shell import render

        html = render(
            f"errors/{name}.html",
            message=sentence,
            number=number,
            plugin=getattr(current_app.extensions["kantor"].loaded.get(plugin), "title", ""),
            theirs=getattr(error, "theirs", None) or {},
            yours=_yours(error),
            came_from=_came_from(),
            retry_after=getattr(error, "retry_after", None),
        )
        answer = make_response(html, status)
        # To htmx too an error is a page: it takes the place of the whole, not of a part.
        if request.headers.get("HX-Request") == "true":
            answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#main", "innerHTML"
    if (seconds := getattr(error, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(seconds)
    if status == 503:
        answer.headers["Retry-After"] = "30"
    return answer


def _came_from() -> str:
    """Return the page of ours that this was sent from; nothing if it is not known, or this one."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:  # Whoever asks may send any text as that.
        return ""
    here = request.method == "GET" and parts.path == request.path
    if parts.netloc != request.host or parts.path.startswith("//") or here:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _yours(error: PortalError | None) -> dict[str, str]:
    """Return what the visitor typed into the fields that somebody else has changed."""
    if (yours := getattr(error, "yours", None)) is not None:
        return dict(yours)
    theirs = getattr(error, "theirs", None) or {}
    return {name: request.form.get(name, "") for name in theirs}
