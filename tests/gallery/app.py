"""A small Flask that shows the kit under the portal's own content policy."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request

from portal import messages
from portal.headers import POLICY
from portal.kit import samples
from portal.messages import message
from portal.ui import forms
from portal.ui.assets import CORE_FOLDER, Assets
from portal.ui.render import Kit, configure_jinja, render
from portal.ui.shell import Crumb, NavEntry, NavGroup, Person, Shell, Toast
from portal.ui.speaking import SpeakingEnvironment

TEMPLATES = Path(__file__).parent / "templates"
NOW = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)
PAGES = ("components", "list", "empty", "form", "record", "stock")
ERRORS = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


class SignInForm(forms.Form):
    username = forms.TextField(message("Username"), [forms.required()])
    password = forms.PasswordField(message("Password"), [forms.required()])


def frame(theme: str = "system", signed_in: bool = True, toasts: tuple[Toast, ...] = ()) -> Shell:
    """Return the shell as a person with two apps and administration sees it."""
    inventory = NavEntry(
        title="Inventory",
        url="/list",
        icon="package",
        hue="teal",
        count="8",
        children=(
            NavEntry(title="Items", url="/list"),
            NavEntry(title="Below minimum", url="/empty", count="8"),
            NavEntry(title="Receive", url="/form"),
        ),
    )
    keys = NavEntry(title="Key cabinet", url="/stock", icon="key", hue="amber")
    administration = tuple(
        NavEntry(title=title, url=f"/{url}", icon=icon)
        for title, url, icon in (
            ("People", "p", "users"),
            ("Roles", "r", "shield-lock"),
            ("Plugins", "x", "puzzle"),
            ("Settings", "s", "settings"),
        )
    )
    shell = Shell(
        organisation="Klinik Sinar Medika",
        language=messages.current_language.get(),
        theme=theme,  # type: ignore[arg-type]
        groups=(
            NavGroup(entries=(NavEntry(title="Home", url="/", icon="home"),)),
            NavGroup(title="Apps", entries=(inventory, keys)),
            NavGroup(title="Administration", entries=administration),
        ),
        create=(
            NavEntry(title="Item", url="/form", icon="package", hue="teal"),
            NavEntry(title="Person", url="/form", icon="user-plus"),
        ),
        person=Person(name="Sari Wulandari", initials="SW", hue="violet", meta="Front office"),
        account_url="/account",
        preferences_url="/preferences",
        sign_out_url="/sign-out",
        collapsed=request.args.get("side") == "narrow",
        version="1.0.0",
        nonce=g.nonce,
    )
    if not signed_in:
        shell = Shell(
            organisation=shell.organisation,
            language=shell.language,
            nonce=g.nonce,
            theme=shell.theme,
            preferences_url="/preferences",
            version="1.0.0",
        )
    crumbs = (Crumb("Copy paper A4 80 g"),) if request.path == "/record" else ()
    return shell.on_page(
        "/list" if request.path == "/record" else request.path,
        nonce=g.nonce,
        breadcrumbs=crumbs,
        toasts=toasts,
    )


def create_app() -> Flask:
    """Return the gallery; ``?language=``, ``?theme=`` and ``?anonymous=1`` choose how it looks."""
    app = Flask(
        "gallery", template_folder=str(CORE_FOLDER.parent / "templates"), static_folder=None
    )
    messages.add_catalogue(CORE_FOLDER.parent / "translations")
    assets = Assets()
    assets.add_folder(CORE_FOLDER)
    kit = Kit(
        shell=lambda: frame(request.args.get("theme", "system"), "anonymous" not in request.args),
        csrf_token=lambda: "token",
        form_key=lambda: secrets.token_hex(8),
        zone=lambda: ZoneInfo("Asia/Jakarta"),
        now=lambda: NOW,
        assets=assets,
    )
    app.jinja_environment = SpeakingEnvironment
    configure_jinja(app, kit)
    app.jinja_loader.searchpath.append(str(TEMPLATES))  # type: ignore[union-attr]
    app.wsgi_app = assets.serve(app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_harden)

    def page(name: str = "components") -> Any:
        toasts = (Toast("Minimum changed for 2 items", undo_url="/undo"),) if name == "list" else ()
        shell = frame(request.args.get("theme", "system"), toasts=toasts)
        return render(
            f"gallery/{name}.html",
            shell=shell,
            **samples.context(NOW, date(2026, 11, 21), rows=name != "empty"),
        )

    def error(code: int) -> Any:
        both = (
            {
                "theirs": {"name": "Copy paper A4", "unit": "ream"},
                "yours": {"name": "Copy paper A4 80 g", "unit": "ream"},
            }
            if code == 409
            else {}
        )
        return render(
            f"errors/{code}.html",
            message="",
            number="7f3a9c1b2d4e5f60",
            plugin="inventory",
            retry_after=30,
            **({"theirs": {}, "yours": {}} | both),
        )

    def sign_in() -> Any:
        shell = frame(request.args.get("theme", "system"), signed_in=False)
        return render("gallery/sign_in.html", shell=shell, form=SignInForm())

    def broken() -> Any:
        return error(500), 500, {"HX-Retarget": "#main", "HX-Reswap": "innerHTML"}

    app.add_url_rule("/broken", "broken", broken)
    app.add_url_rule("/", "home", page)
    app.add_url_rule(
        "/<any(list, empty, form, record, stock):name>", "page", page, methods=["GET", "POST"]
    )
    app.add_url_rule("/error/<int:code>", "error", error)
    app.add_url_rule("/sign-in", "sign_in", sign_in)
    app.add_url_rule(
        "/pick",
        "pick",
        lambda: render("gallery/matches.html", matches=samples.matches(request.args)),
    )
    app.add_url_rule("/preferences", "preferences", lambda: ("", 204), methods=["POST"])
    return app


def _begin() -> None:
    g.nonce = secrets.token_urlsafe(16)
    messages.current_language.set(request.args.get("language", "en"))


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=g.nonce, wasm="")
    return response
