"""The headers of every answer."""

from __future__ import annotations

from typing import Any

from flask import current_app, g

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'{wasm}; style-src 'self';"
    " img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}

VARY = ("Cookie", "HX-Request")


def policy(*, wasm: bool = False) -> str:
    """Return the Content-Security-Policy of this answer; ``wasm`` lets its page run WebAssembly."""
    allowed = " 'wasm-unsafe-eval'" if wasm else ""
    return POLICY.format(nonce=g.get("nonce", ""), wasm=allowed)


def add(response: Any) -> Any:
    """Harden an answer; what a view has set itself (a stricter sandbox, say) stays."""
    wanted = FIXED | {
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-store",
        "X-Request-Id": g.get("request_id", ""),
    }
    if current_app.extensions["kantor_config"].secure:
        wanted["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if "Vary" in response.headers:
        response.vary.update(VARY)
    else:
        wanted["Vary"] = ", ".join(VARY)
    own = {name.lower() for name, _ in response.headers}
    response.headers.extend({n: v for n, v in wanted.items() if n.lower() not in own})
    return response
