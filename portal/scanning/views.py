"""The scan page: one code opens its page at once, several make a list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, request, url_for

from portal import headers
from portal.messages import message
from portal.web import policy, reading, render

from . import rules, services

blueprint = Blueprint("scanning", __name__)


@blueprint.get("/scan")
@policy("core.portal.use")
def scan() -> Any:
    """Open what a code stands for; with ``many`` keep a list of everything that was scanned."""
    tx, many = reading(), bool(request.args.get("many"))
    code = rules.cleaned(request.args.get("code", ""))
    earlier = request.args.getlist("seen") if many else []
    times = rules.counted([*earlier, code])
    found = services.look_up(tx, times, url_for)
    if not many and len(hits := found.get(code, [])) == 1:
        return redirect(hits[0].url, 303)
    page = render(
        "scanning/scan.html",
        crumbs=((message("Scan"), ""),),
        code=code,
        many=many,
        times=times,
        found=found,
        kept=[one for one in reversed(times) for _ in range(times[one])],
    )
    response = make_response(page)
    # What reads the camera's picture is WebAssembly, on this page alone.
    response.headers["Content-Security-Policy"] = headers.policy(wasm=True)
    return response
