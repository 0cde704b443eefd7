"""What a supervisor asks: alive, ready, and how it is going."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request
from flask_login import current_user

from portal.db import looking
from portal.errors import Forbidden, NotSignedIn
from portal.gate import public, same

from .metrics import Metrics

blueprint = Blueprint("health", __name__)
PLAIN = "text/plain; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@blueprint.record_once
def _begin_counting(state: Any) -> None:
    state.app.extensions["kantor_metrics"] = Metrics(state.app)


@blueprint.get("/live")
@public("a supervisor asks whether the process answers", bare=True)
def live():
    """Answer, with or without a database."""
    return Response("alive\n", content_type=PLAIN)


@blueprint.get("/ready")
@public("a load balancer asks whether requests may come", bare=True)
def ready():
    """Answer 200 when the database does, else 503, within two seconds."""
    if current_app.extensions["kantor_circuit"].answers():
        return Response("ready\n", content_type=PLAIN)
    return Response(
        "the database does not answer\n", 503, content_type=PLAIN, headers={"Retry-After": "5"}
    )


@blueprint.get("/metrics")
@public("a scraper has a token, a person the permission; both are asked for here")
def metrics():
    """Return the figures to whoever brings the configured token or may read them."""
    _require_reader()
    with looking(reason="metrics", realm="core") as tx:
        text = current_app.extensions["kantor_metrics"].text(tx)
    return Response(text, content_type=PROMETHEUS)


def _require_reader() -> None:
    secret = current_app.extensions["kantor_config"].metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "")
    if secret and same(given, f"Bearer {secret}"):
        return
    if not current_user.is_authenticated:
        raise NotSignedIn()
    if not current_user.principal.holds("core.metrics.view"):
        raise Forbidden()
