"""The application, as a ladder of named steps. Making it touches no database."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import appcontext_pushed
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf.csrf import generate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix

from . import config as configuration
from . import engine, facts, faults, headers, logs, messages, shell
from .admission import package_folder
from .auth.proving import load_visitor
from .auth.returning import token_for_request
from .auth.sessions import Visitors
from .blueprints import CORE
from .config import Config
from .db import db, looking
from .errors import Unavailable
from .files.store import Store
from .gate import Portal, csrf, gate, new_form_key
from .health.circuit import Circuit, question_for
from .jobs.queue import Queue, queue_url
from .mail.outgoing import outgoing, outgoing_of
from .mounting import mount
from .plugin import Plugin
from .roles.principals import Compiler
from .runtime import Plugins, refuse_undeclared_tables
from .settings import services as settings
from .ui.assets import Assets
from .ui.render import Kit, configure_jinja

log = logging.getLogger("kantor.plugins")
HERE = Path(__file__).parent  # templates, static files and translations lie in it


def create_app(config: Config | None = None, plugins: Iterable[Plugin] | None = None) -> Portal:
    """Return the portal with the given plugins, or with all that are installed."""
    config = config or configuration.load()
    app = Portal("portal", static_folder=None)
    _configure(app, config)
    logs.configure(config)
    _connect(app, config)
    registry = app.extensions["kantor"] = Plugins(
        strict=config.strict_plugins, disabled=config.disabled_plugins
    )
    _speak(app)
    _work(app, config, registry)
    _admit(app, config, registry)
    _register_core(app)
    chosen = registry.discover() if plugins is None else plugins
    registry.load(chosen, partial(mount, app), lambda ready: ready(app=app))
    if config.strict_plugins:
        _warn(registry)
    refuse_undeclared_tables(failure.slug for failure in registry.failures)
    _dress(app, registry)
    return app


def _warn(registry: Plugins) -> None:
    """Log what an administrator would be shown of the plugins: who writes one reads it first."""
    from .checking import notable

    for slug in registry.loaded:
        for one in notable.of_slug(slug, registry.loaded):
            log.warning("plugin %s: %s", slug, one)


def _configure(app: Portal, config: Config) -> None:
    app.extensions["kantor_config"] = config
    name = "kantor" if not config.secure else "__Host-kantor"
    app.config.update(
        SECRET_KEY=config.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=[key.get_secret_value() for key in config.old_secret_keys],
        SQLALCHEMY_DATABASE_URI=engine.database_url(config.database_url),
        SQLALCHEMY_ENGINE_OPTIONS=engine.engine_options(
            engine.database_url(config.database_url),
            kept=2 if config.testing else 8,  # Many portals at once share a server of tests.
        ),
        SESSION_COOKIE_NAME=name,
        SESSION_COOKIE_SECURE=config.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        TRUSTED_HOSTS=config.trusted_hosts,
        MAX_CONTENT_LENGTH=config.largest_file + 1024 * 1024,  # and what is typed beside it
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=5_000,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # Origin and Sec-Fetch-Site are checked by the gate.
        TESTING=config.testing,
        PROPAGATE_FAULTS=False,
        PREFERRED_URL_SCHEME="https" if config.secure else "http",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if config.proxy_hops:
        hops = config.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]


def _connect(app: Portal, config: Config) -> None:
    db.init_app(app)
    question = question_for(app.config["SQLALCHEMY_DATABASE_URI"])
    app.extensions["kantor_circuit"] = Circuit(question)
    with app.app_context():
        engine.set_up(db.engine)


def _speak(app: Portal) -> None:
    """Give the portal its languages, its zone and the facts every page names."""

    def read() -> dict[str, str]:
        if app.extensions["kantor_circuit"].down:
            raise Unavailable()
        with app.app_context(), looking(reason="facts of the portal", realm="core") as tx:
            return settings.facts(tx)

    known = app.extensions["kantor_facts"] = facts.Facts(read)
    app.extensions["kantor"].zone_of = lambda: known.zone
    app.extensions["kantor"].currency_of = lambda: known["currency"]
    messages.add_catalogue(HERE / "translations")
    Babel(
        app,
        locale_selector=lambda: messages.current_language.get(),
        timezone_selector=lambda: known["time_zone"],
    )


def _work(app: Portal, config: Config, registry: Plugins) -> None:
    """Give the portal its store of files, its mail server and its road to the worker."""
    app.extensions["kantor_files"] = Store(config.files_url, largest=config.largest_file)
    app.extensions["kantor_outgoing"] = outgoing_of(config, app.extensions["kantor_files"])
    appcontext_pushed.connect(_point_to_mail, app)
    url = queue_url(config.jobs_url, app.config["SQLALCHEMY_DATABASE_URI"], config.home)
    queue = app.extensions["kantor_queue"] = Queue(url, config.secret_key.get_secret_value())
    # Tests run their jobs themselves, unless they bring a queue of their own.
    if config.jobs_url or not config.testing:
        registry.send_jobs = queue.send


def _point_to_mail(app: Portal, **_more: Any) -> None:
    outgoing.set(app.extensions["kantor_outgoing"])


def _admit(app: Portal, config: Config, registry: Plugins) -> None:
    """Set up who comes in: sessions, the gate, forged forms, the answers to errors."""
    compiler = Compiler(
        lambda: registry.permissions,
        lambda: registry.lineages,
        lambda: app.extensions["kantor_facts"].zone,
    )
    registry.compiler = compiler
    app.extensions["kantor_visitors"] = Visitors(
        lambda: db.session(),
        compiler,
        idle=timedelta(minutes=config.idle_minutes),
        absolute=timedelta(hours=config.absolute_hours),
    )
    login = LoginManager(app)
    login.session_protection = None  # It marks, it does not revoke; the row does.
    login.user_loader(load_visitor)
    csrf.init_app(app)
    app.before_request(gate)
    app.after_request(shell.keep_toast)
    app.after_request(headers.add)
    faults.register(app)


def _register_core(app: Portal) -> None:
    app.extensions["kantor_core_blueprints"] = frozenset(b.name for b in CORE)
    for blueprint in CORE:
        app.register_blueprint(blueprint)


def _dress(app: Portal, registry: Plugins) -> None:
    """Give pages their templates, static files and macros."""
    known = app.extensions["kantor_facts"]
    assets = app.extensions["kantor_assets"] = Assets()
    assets.add_folder(HERE / "static")
    for slug, plugin in registry.loaded.items():
        if (folder := package_folder(plugin) / "static").is_dir():
            assets.add_folder(folder, prefix=slug)
    kit = Kit(
        largest_file=app.extensions["kantor_config"].largest_file,
        shell=shell.guest,
        csrf_token=generate_csrf,
        form_key=new_form_key,
        back=token_for_request,
        zone=shell.zone,
        currency=lambda: known["currency"],
        assets=assets,
    )
    configure_jinja(app, kit)
    app.jinja_env.globals.update(permits=_permits)
    app.wsgi_app = assets.serve(app.wsgi_app)  # type: ignore[method-assign]


def _permits(permission: str) -> bool:
    """Return whether whoever looks at the page holds ``permission`` in any reach."""
    actor = db.session().principal
    return actor is not None and actor.holds(permission)
