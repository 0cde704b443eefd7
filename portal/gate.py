"""The one gate in front of every route: who asks, whether the page is there, whether they may."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, g, has_request_context, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from . import messages
from .db import db
from .errors import BadRequest, Forbidden, NotFound, NotSignedIn, Unavailable
from .guard import kernel_execute
from .idempotency import FormKey
from .messages import message
from .plugins.models import InstalledPlugin, PluginActivation
from .reach import Principal
from .retries import retrying
from .ui.speaking import SpeakingEnvironment
from .visiting import eyes, refuse_beyond_looking, require_second_step

NOBODY = Principal()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_KEY = "_key"
AGAIN = "_again_"  # what the fields begin with in which a password comes along with a form
LONGEST_KEY = 80
EXPORTS = frozenset({"csv", "xlsx", "json", "pdf"})
csrf = CSRFProtect()


def policy(permission: str, *, fresh: int | None = None) -> Callable[..., Any]:
    """Declare which permission a view needs; the gate enforces it.

    ``fresh`` is the greatest age, in seconds, of the last password check: older asks for it again.
    """

    def declare(view: Any) -> Any:
        view.__policy__, view.__fresh__ = permission, fresh
        return view

    return declare


def public(reason: str, *, key: bool = True, bare: bool = False) -> Callable[..., Any]:
    """Declare that a view is for everybody, and why.

    ``key`` False frees its forms from the idempotency key; a ``bare`` view does without the
    database and is never told who asks.
    """

    def declare(view: Any) -> Any:
        view.__policy__, view.__public__, view.__keyed__ = None, reason, key
        view.__bare__ = bare
        return view

    return declare


def unkeyed(reason: str) -> Callable[..., Any]:
    """Declare that a view's form may be sent twice without harm, and why: it needs no key."""

    def declare(view: Any) -> Any:
        view.__keyed__, view.__unkeyed_because__ = False, reason
        return view

    return declare


ADDRESSES_KEPT, LONGEST_KEPT = 5_000, 200  # and the signs of one


class UndeclaredRoute(TypeError):
    """A route that carries neither a policy nor a reason to be public."""


class Portal(Flask):
    """A Flask whose every route declares a policy; views run again when the database was busy."""

    jinja_environment = SpeakingEnvironment

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._addresses: dict[tuple[Any, ...], str] = {}

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        *args: Any,
        **options: Any,
    ) -> None:
        if view_func is not None and not hasattr(view_func, "__policy__"):
            if not serves_files(endpoint, view_func):
                name = endpoint or view_func.__name__
                raise UndeclaredRoute(f"{rule} ({name}) has neither @policy nor @public")
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return an address as Flask does; one that was asked for before is not built again."""
        if endpoint.startswith(".") or not has_request_context():
            return super().url_for(endpoint, **values)
        if not all(type(value) is str for value in values.values()):
            return super().url_for(endpoint, **values)
        asked = (request.root_path, endpoint, *values.items())
        found = self._addresses.get(asked)
        if found is None:
            if len(self._addresses) >= ADDRESSES_KEPT:
                self._addresses.clear()
            found = super().url_for(endpoint, **values)
            if len(found) <= LONGEST_KEPT:  # What somebody typed may be of any length.
                self._addresses[asked] = found
        return found

    def dispatch_request(self) -> Any:
        # A file has been read and cannot be read again.
        attempts = 1 if request.method in SAFE or request.files else 3
        try:
            return retrying(super().dispatch_request, db.session(), attempts=attempts)
        except SystemExit as error:  # It would end the worker, not the page.
            raise RuntimeError("a view called sys.exit()") from error


def serves_files(endpoint: str | None, view: Any) -> bool:
    """Return whether this is Flask's own static view, not a view that calls itself static."""
    own = getattr(view, "__func__", None) is Blueprint.send_static_file
    return own or (endpoint == "static" and getattr(view, "__module__", "") == "flask.app")


def gate() -> None:
    """Decide, before any view runs, who is asking and whether they may; raise the answer if not."""
    g.request_id = secrets.token_hex(8)
    g.nonce = secrets.token_urlsafe(16)
    if getattr(current_app.view_functions.get(request.endpoint or ""), "__bare__", False):
        return
    _require_database()
    session = db.session()
    session.runtime = current_app.extensions["kantor"]
    signed_in = current_user.is_authenticated
    actor = eyes() if signed_in else NOBODY
    session.act_as(actor)
    messages.current_language.set(actor.language if signed_in else guest_language())
    if request.mimetype != "multipart/form-data":  # Only files may be large.
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
    _refuse_nul()
    if request.endpoint is None:
        return  # The router answers 404 or 405 itself.
    view = current_app.view_functions[request.endpoint]
    if serves_files(request.endpoint, view):
        return
    looking = signed_in and actor is current_user.viewed
    if looking:
        exports = request.args.get("format") in EXPORTS
        refuse_beyond_looking(view, reads=request.method in SAFE, exports=exports)
    if hasattr(view, "__public__"):
        _require_plugin(None)
    else:
        if not signed_in:
            raise NotSignedIn()
        if not looking:
            require_second_step(actor)
        _require_plugin(actor)
        permission = getattr(view, "__policy__", None)
        if not permission or not actor.holds(permission):
            raise Forbidden()
    if request.method not in SAFE:
        _refuse_foreign_origin()
        _refuse_forged()
        _require_key(view, signed_in)
    if looking:
        current_app.extensions["kantor_visitors"].count_page(current_user.session_id)
    elif signed_in:  # After the forged ones: nobody's password shall send what somebody else wrote.
        _require_fresh(view)
    _refuse_too_many(actor)


def _require_database() -> None:
    """Raise Unavailable at once while the database is known to be gone."""
    if not current_app.extensions["kantor_circuit"].lets_through():
        g.offline = True
        messages.current_language.set(guest_language())
        raise Unavailable()


def guest_language() -> str:
    """Return the language of a visitor who is not signed in: as chosen, else the browser's."""
    chosen = request.cookies.get("kantor_language", "")
    if chosen in messages.LANGUAGES:
        return chosen
    wanted = request.accept_languages.best_match(messages.LANGUAGES)
    return wanted or current_app.extensions["kantor_facts"].get("language", "en")


def _require_plugin(actor: Principal | None) -> None:
    """Raise NotFound for a page of a plugin that is not loaded, or not switched on for ``actor``.

    What a plugin shows to everybody (no actor) is there while it is switched on for anybody. One
    that rests is there for nobody.
    """
    slug = request.blueprints[-1] if request.blueprints else ""
    if slug in current_app.extensions["kantor_core_blueprints"]:
        return
    if slug not in (lineages := current_app.extensions["kantor"].lineages):
        raise NotFound()
    if actor is None:
        on, there = PluginActivation.__table__.c, InstalledPlugin.__table__.c
        at = select(there.revision).join(PluginActivation, on.slug == there.slug)
        at = at.where(there.slug == slug, there.state == "ready").limit(1)
        found = kernel_execute(db.session(), at).first()
        if found is None or not lineages[slug].fits(found.revision):
            raise NotFound()
    elif slug not in actor.active:
        raise NotFound()


def _refuse_nul() -> None:
    """Refuse NUL, which PostgreSQL cannot store and nobody types."""
    raw = request.query_string
    if "\0" in request.path or b"%00" in raw or b"\0" in raw:
        raise BadRequest()
    if request.method not in SAFE and any(
        "\0" in part for item in request.form.items(multi=True) for part in item
    ):
        raise BadRequest(
            message("The text holds a character that cannot be stored. Remove it and try again.")
        )


def _require_fresh(view: Any) -> None:
    fresh = getattr(view, "__fresh__", None)
    if fresh is None or datetime.now(UTC) - current_user.proved_at <= timedelta(seconds=fresh):
        return
    if request.method in SAFE:
        raise NeedsPassword()
    from .auth.again import prove_now

    prove_now()


class NeedsPassword(NotSignedIn):
    """The last password check is too long ago for this page; ``form`` is what was wrong with a
    password that was just given.
    """

    default = message("Give your password again to go on.")

    def __init__(self, *, form: Any = None, retry_after: int | None = None) -> None:
        super().__init__()
        self.form, self.retry_after = form, retry_after


def _refuse_foreign_origin() -> None:
    """Refuse what another site sent: browsers say where a form comes from."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden(
            message("This form came from another site. Open the page here and try again.")
        )
    origin = request.headers.get("Origin")
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden(
            message("This form came from another site. Open the page here and try again.")
        )


def _refuse_forged() -> None:
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    try:
        csrf.protect()
    except CSRFError as error:
        raise BadRequest(
            message("This form is too old to be sent. Reload the page and try again.")
        ) from error


def _require_key(view: Any, signed_in: bool) -> None:
    """Require the idempotency key; a guest must send one that the portal signed."""
    if not getattr(view, "__keyed__", True):
        return
    key = request.form.get(FORM_KEY, "")
    if not 8 <= len(key) <= (LONGEST_KEY if signed_in else 200):  # A guest's is signed.
        raise BadRequest()
    if not signed_in and _guest_key(key) is None:
        raise BadRequest(message("This form is too old to be sent. Reload the page and try again."))


def new_form_key() -> str:
    """Return a key for a form that is about to be shown."""
    key = secrets.token_urlsafe(12)
    return key if current_user.is_authenticated else str(_signer().dumps(key))


def form_key() -> FormKey | None:
    """Return the key of the form that was sent, with a digest of what it says; None if unkeyed."""
    view = current_app.view_functions[request.endpoint or ""]
    if not getattr(view, "__keyed__", True):
        return None
    key, person = request.form.get(FORM_KEY, ""), current_user.is_authenticated
    if not person:
        key = _guest_key(key) or ""
    fields = sorted(
        i
        for i in request.form.items(multi=True)
        if i[0] not in {"csrf_token", FORM_KEY} and not i[0].startswith(AGAIN)
    )
    files = sorted(
        (name, file.filename or "", _content(file))
        for name, file in request.files.items(multi=True)
    )
    content = repr((request.path, fields, files))
    return FormKey(
        key=key[:LONGEST_KEY],
        digest=hashlib.sha256(content.encode()).hexdigest(),
        most=current_app.extensions["kantor_config"].rates.write if person else None,
    )


def _content(file: FileStorage) -> str:
    """Return a digest of a file that was sent; the same name may hold another list by now."""
    if file.stream.closed:
        return ""
    place = file.stream.tell()
    file.stream.seek(0)
    digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    file.stream.seek(place)
    return digest


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="kantor-form-key")


def _guest_key(key: str) -> str | None:
    try:
        return str(_signer().loads(key, max_age=3600))
    except BadData:
        return None


def _refuse_too_many(actor: Principal) -> None:
    """Refuse more exports in a minute, or forms of a guest, than the configuration allows.

    Those of a person are counted when the key of a form is claimed.
    """
    rates = current_app.extensions["kantor_config"].rates
    from .auth.throttle import hit

    if request.method not in SAFE and actor.person_id is None:
        hit("anonymous", client_address(), rates.anonymous)
    elif actor.person_id is not None and request.args.get("format") in EXPORTS:
        hit("export", f"person {actor.person_id}", rates.export)


def client_address() -> str:
    """Return the address the request comes from, as far as the configured proxies vouch for it."""
    return request.remote_addr or "unknown"


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
