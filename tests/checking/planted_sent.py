"""Mistakes with what a request says, and what reaches beyond a plugin's own pages and files."""

from __future__ import annotations

from .garden import Garden, kind, page

VIEWS, SERVICES = "views.py", "services.py"
FORM = "templates/keys/form.html"


@kind("an address that the request names", "open-redirect", along="unescaped")
def led_away(garden: Garden) -> None:
    imported, body, mark = garden.pick(
        ("from flask import redirect", 'redirect(request.args["next"])', "redirect(req"),
        ("import flask", 'flask.redirect(request.form.get("to") or "/")', "flask.redirect("),
        ("import math", '("", 302, {"Location": request.referrer})', "Location"),
        (
            "from flask import redirect",
            "redirect(f\"{request.values['to']}?done=1\")",
            "redirect(f",
        ),
        ("from werkzeug.utils import redirect as go", "go(location=there)", "go(location"),
    )
    garden.import_(VIEWS, imported)
    first = '    there = request.args.get("there", "/").strip()\n' if "there" in body else ""
    garden.append(VIEWS, page(garden, "back", f"{first}    return {body}"), mark)


@kind("a name that the request gives", "sent-name", along="unescaped")
def named(garden: Garden) -> None:
    imported, body, mark = garden.pick(
        ("from flask import send_file", 'send_file("/srv/" + request.args["f"])', "send_file("),
        ("import math", 'open(request.args["f"]).read()', "open(req"),
        ("from pathlib import Path", 'Path("/srv", request.args["f"]).read_text()', "Path("),
        ("import operator", 'str(operator.attrgetter(request.args["by"])(Key))', "attrgetter("),
        ("import math", 'str(getattr(Key, request.form["column"]))', "getattr(Key"),
        ("import os", 'os.path.join("/srv", request.files["f"].filename)', "os.path.join"),
    )
    garden.import_(VIEWS, imported)
    garden.append(VIEWS, page(garden, "fetched", f"    return {body}"), mark)


@kind("what was sent as a page", "unescaped")
def echoed(garden: Garden) -> None:
    body = garden.pick(
        '    return request.args.get("name", "")',
        '    name = request.form["name"]\n    return f"Good day, {name}"',
        '    return "Not found: " + request.args["q"], 404',
        '    return request.cookies["seen"]',
        '    return web.make_response(request.args["q"])',
    )
    if "make_response" in body:
        garden.import_(VIEWS, "from flask import make_response")
        body = body.replace("web.", "")
    garden.append(VIEWS, page(garden, "greeted", body), "    return")
    if "name = " in body:
        garden.places = [garden.places[-1]]


@kind("a number that is none", "breaks-on-text")
def miscounted(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import math", 'int(request.args["n"])'),
        ("from decimal import Decimal", 'Decimal(request.args.get("n", "0"))'),
        ("from datetime import date", 'date.fromisoformat(request.args["on"])'),
        ("import json", 'json.loads(request.form["rows"])'),
        ("import uuid", 'uuid.UUID(request.values["id"].strip())'),
    )
    garden.import_(VIEWS, imported)
    garden.append(VIEWS, page(garden, "numbered", f"    return str({call})"), call)


@kind("a page that keeps people waiting", "waiting-page")
def waiting(garden: Garden) -> None:
    garden.import_(VIEWS, garden.pick("import time", "import time", "from time import sleep"))
    called = "time.sleep(1)" if "import time" in garden.read(VIEWS) else "sleep(1)"
    if garden.pick(True, False):
        body = f"    {called}\n    return ''"
    else:
        garden.append(VIEWS, f"def rest():\n    {called}")
        body = "    rest()\n    return ''"
    garden.append(VIEWS, page(garden, "slow", body), "def slow")


@kind("a page that writes a file", "writing-get")
def filing(garden: Garden) -> None:
    garden.import_(VIEWS, "import os\nfrom pathlib import Path")
    call = garden.pick(
        'Path("/tmp/keys").write_text("seen")',
        'open("/tmp/keys", "a").write("seen")',
        'os.remove("/tmp/keys")',
    )
    garden.append(VIEWS, page(garden, "counted", f"    {call}\n    return ''"), "def counted")


@kind("what every page is asked", "beyond-its-pages", "unguarded-route")
def everywhere(garden: Garden) -> None:
    text, mark = garden.pick(
        ("@blueprint.before_app_request\ndef look():\n    return None", "before_app"),
        ("@blueprint.app_context_processor\ndef more():\n    return {}", "app_context"),
        ('@blueprint.app_template_filter("loud")\ndef loud(text):\n    return text', "app_templ"),
        ("@blueprint.app_errorhandler(404)\ndef gone(error):\n    return ''", "app_error"),
        ("key.__policy__ = None", "__policy__ ="),
        ("key.__keyed__ = False", "__keyed__ ="),
    )
    garden.append(VIEWS, text, mark)


@kind("what lies behind the public modules", "private-import", along="round-the-guard")
def behind(garden: Garden) -> None:
    imported, line = garden.pick(
        ("import portal.web", "portal.web.visible = None"),
        ("import portal.api", 'setattr(portal.api, "visible", None)'),
        ("from portal import api", 'DATABASE = api.visible.__globals__["db"]'),
        ("import sys", 'DATABASE = sys.modules["portal.db"]'),
        ("from portal import web", "SESSION = web.db"),
        ("from portal.api import unit_of_work", ""),
    )
    garden.import_(SERVICES, imported)
    if line:
        garden.append(SERVICES, line, line)
    else:
        garden.seen(SERVICES, imported)


@kind("a module by its name", "subprocess", "eval", "network", along="subprocess eval network")
def by_name(garden: Garden) -> None:
    call = garden.pick(
        'sys.modules["os"].system(code)',
        'vars(builtins)["eval"](code)',
        'builtins.__dict__["exec"](code)',
        'sys.modules["urllib.request"].urlopen(code)',
        "sys.modules[code].run()",
    )
    garden.import_(SERVICES, "import builtins\nimport sys")
    garden.append(SERVICES, f"def done(code):\n    return {call}", call)


@kind("markup by another way", "unescaped", "inline-script")
def printed(garden: Garden) -> None:
    file, text, mark = garden.pick(
        (FORM, "<p>{{ [request.path]|map('safe')|join }}</p>", "map('safe')"),
        (FORM, "<p class={{ request.path }}></p>", "class={{"),
        (FORM, "<p\n class=b-{{ request.path }}></p>", "class=b-"),
        (FORM, '<a href="{{ key.room }}">{{ key.code }}</a>', "href="),
        (VIEWS, "class Shown:\n    def __html__(self):\n        return ''", "__html__"),
        (VIEWS, "def bold(names):\n    return list(map(Markup, names))", "map(Markup"),
        (VIEWS, "class Html(Markup):\n    pass", "class Html"),
    )
    if file == VIEWS:
        if "Markup" in text:
            garden.import_(VIEWS, "from markupsafe import Markup")
        garden.append(VIEWS, text, mark)
    else:
        garden.change(FORM, "{% call", f"{text}\n{{% call", mark)


@kind("a right in a template that nobody can have", "undeclared-permission")
def never_permitted(garden: Garden) -> None:
    asked = garden.pick('permits("keys.key.lose")', "permits( 'keys.kay.view')")
    garden.change(FORM, "{% call", f"{{% if {asked} %}}{{% endif %}}\n{{% call", asked)


@kind("what was sent, handed on", "mass-assignment")
def handed_on(garden: Garden) -> None:
    given = garden.pick("request.form", "request.form.to_dict()", "dict(request.values)")
    keyword = garden.pick("", "data=")
    garden.append(VIEWS, f"def filled(row):\n    services.fill(row, {keyword}{given})")
    text = "def fill(row, data):\n    for name, value in data.items():\n        setattr(row, name, value)"
    garden.append(SERVICES, text, "setattr(")


@kind("a hook without its mark", "hook-arguments")
def unmarked(garden: Garden) -> None:
    name = garden.pick("panels", "actions", "checks")
    garden.write("hooks.py", f"def {name}(tx):\n    return []\n", f"def {name}(")
    garden.import_("__init__.py", "from . import hooks")
    garden.change("__init__.py", '    icon="key",', '    icon="key",\n    hooks=hooks,')


@kind("a plural with other gaps", "translation-gaps")
def plural(garden: Garden) -> None:
    said = garden.pick("%(jumlah)s kunci", "kunci", "%(num)s kunci %(room)s")
    call = '<p>{{ ngettext("%(num)s key", "%(num)s keys", 3) }}</p>'
    garden.change(FORM, "{% call", f"{call}\n{{% call", "ngettext(")
    entry = f'msgid "%(num)s key"\nmsgid_plural "%(num)s keys"\nmsgstr[0] "{said}"'
    garden.append("translations/id/LC_MESSAGES/messages.po", entry)


@kind(
    "other names for what no plugin should write",
    "float-column",
    "swallowed-error",
    "paging-by-offset",
    "untranslated-string",
    "raw-sql",
    "round-the-guard",
    along="foreign-table raw-sql",
)
def otherwise(garden: Garden) -> None:
    imported, text, mark = garden.pick(
        ("from sqlalchemy.types import FLOAT as F", "KIND = F()", "KIND ="),
        (
            "import math",
            (
                "ALL = (OSError, Exception)\n\n\ndef tried(act):\n    try:\n        act()\n"
                "    except ALL:\n        return None"
            ),
            "except ALL",
        ),
        ("import math", "def some(n):\n    return select(Key).slice(n, n + 20)", "slice("),
        ("from flask import abort", 'def stop():\n    abort(409, "It is lent out")', "abort(409"),
        ("import math", 'QUERY = "/* fast */ SELECT name FROM person"', "QUERY ="),
        (
            "import math",
            "def bare():\n    return select(Key.__mapper__.local_table)",
            "local_table",
        ),
    )
    garden.import_(SERVICES, imported)
    garden.append(SERVICES, text, mark)
