"""Mistakes of plugin authors, each planted into a copy of a good plugin in one of many forms."""

from __future__ import annotations

from .garden import Garden, Kind, Planting

KINDS: dict[str, Kind] = {}


def kind(name: str, *rules: str, along: str = "", base: str = "keys", ask: str = "files"):
    """Register a way of planting under the name of the mistake."""

    def add(plant: Planting) -> Planting:
        KINDS[name] = Kind(plant, frozenset(rules), frozenset(along.split()), base, ask)
        return plant

    return add


def page(garden: Garden, name: str, body: str, *, guard: str = "", both: bool = False) -> str:
    """Return the text of one more page; ``guard`` is the decorator that says who may see it."""
    guard = guard or '@web.policy("keys.key.view")'
    address = name.replace("_", "-")
    route = garden.pick(f'@blueprint.get("/{address}")', f'@blueprint.route("/{address}")')
    if both:
        route = f'@blueprint.route("/{address}", methods=["GET", "POST"])'
    return f"{route}\n{guard}\ndef {name}():\n{body}"


@kind("a page without a policy", "unguarded-route")
def unguarded(garden: Garden) -> None:
    name = garden.name("summary", "figures", "overview", "latest")
    if garden.pick(False, False, True):
        garden.import_("views.py", "from functools import wraps")
        body = f"def {name}():\n    return web.render('keys/index.html')"
        garden.append(
            "views.py",
            "def logged_in(view):\n    @wraps(view)\n    def inner(*args, **kwargs):\n"
            "        return view(*args, **kwargs)\n\n    return inner\n\n\n"
            f'@blueprint.get("/{name}")\n@logged_in\n{body}',
            f"def {name}",
        )
        return
    way = garden.pick("get", "post", "delete")
    made = f'@blueprint.{way}("/{name}")\ndef {name}():\n    return ""'
    if garden.pick(False, True):
        made = (
            f'@blueprint.route("/{name}", methods=["{way.upper()}"])\ndef {name}():\n    return ""'
        )
    garden.append("views.py", made, f"def {name}")


@kind("a permission nobody declares", "undeclared-permission")
def undeclared(garden: Garden) -> None:
    wrong = garden.pick("keys.key.edit", "keys.key.see", "keys.keys.view", "key.key.view")
    form = garden.pick("policy", "constant", "visible", "nav")
    if form == "policy":
        garden.append(
            "views.py",
            page(garden, "more", "    return ''", guard=f'@web.policy("{wrong}")'),
            wrong,
        )
    elif form == "constant":
        text = page(garden, "more", "    return ''", guard="@web.policy(MAY)")
        garden.append("views.py", f'MAY = "{wrong}"\n\n\n{text}', "policy(MAY)")
    elif form == "visible":
        wrong = f"keys.key.{garden.name('remove', 'drop')}"
        garden.change(
            "services.py",
            'visible(select(Key), "keys.key.lend"',
            f'visible(select(Key), "{wrong}"',
            wrong,
        )
    else:
        wrong = "keys.key.browse"
        garden.change(
            "__init__.py",
            'title=message("Keys"), permission="keys.key.view"',
            f'title=message("Keys"), permission="{wrong}"',
            wrong,
        )


@kind(
    "SQL on a table of others",
    "raw-sql",
    "foreign-table",
    along="raw-sql foreign-table round-the-guard",
)
def foreign_sql(garden: Garden) -> None:
    table = garden.pick("person", "account", "department", "inventory_item", "role_assignment")
    column = garden.pick("name", "id", "version")
    statement = garden.pick(
        f"SELECT {column} FROM {table}",
        f"select p.{column} from {table} p where p.id > 0",
        f"UPDATE {table} SET {column} = 1 WHERE id = 2",
        f"DELETE FROM {table} WHERE id = 3",
    )
    file = garden.pick("services.py", "views.py")
    form = garden.pick("text", "name", "fstring", "module")
    tx = "tx" if file == "services.py" else "web.reading()"
    if form == "text":
        garden.import_(file, "from sqlalchemy import text")
        body = f'    return {tx}.session.execute(text("{statement}")).all()'
    elif form == "name":
        garden.import_(file, "import sqlalchemy as sa")
        body = f'    return {tx}.session.execute(sa.text("{statement}")).all()'
    elif form == "fstring":
        body = f'    return {tx}.session.connection().exec_driver_sql(f"{statement} {{1}}")'
    else:
        garden.import_(file, "from sqlalchemy import sql")
        body = f'    return {tx}.session.scalars(sql.text("{statement}"))'
    garden.append(file, f"def {garden.name('names', 'reckon')}(tx):\n{body}", statement)


@kind("unescaped text", "unescaped", along="inline-script")
def unescaped(garden: Garden) -> None:
    form = garden.pick("safe", "block", "autoescape", "markup", "html", "twice")
    if form == "safe":
        value = garden.pick("request.args.note", "table.title", "request.path")
        spelled = garden.pick("|safe", " | safe", "|trim|safe", "|safe()")
        garden.change(
            "templates/keys/index.html",
            "{{ render_table",
            f"<p>{{{{ {value}{spelled} }}}}</p>\n{{{{ render_table",
            "safe",
        )
    elif form == "block":
        garden.change(
            "templates/keys/form.html",
            "{% call",
            "{% filter safe %}{{ request.path }}{% endfilter %}\n{% call",
            "filter safe",
        )
    elif form == "twice":
        garden.change(
            "templates/keys/form.html",
            "{% call",
            "{% set note = request.path|safe %}\n{{ note }}\n{% call",
            "|safe",
        )
    elif form == "autoescape":
        garden.change(
            "templates/keys/form.html",
            "{% call",
            "{% autoescape false %}{{ request.path }}{% endautoescape %}\n{% call",
            "autoescape",
        )
    elif form == "markup":
        made = garden.pick("from markupsafe import Markup", "from markupsafe import Markup as Raw")
        garden.import_("views.py", made)
        word = made.split()[-1]
        garden.append("views.py", f"def shown(note):\n    return {word}(note)", f"return {word}")
    else:
        body = garden.pick(
            'f"<b>{request.path}</b>"',
            '"<b>%s</b>" % request.path',
            '"<b>" + request.path + "</b>"',
            '"<b>{}</b>".format(request.path)',
        )
        garden.append("views.py", page(garden, "bold", f"    return {body}"), "return")


@kind("a form without token and key", "forged-form")
def forged(garden: Garden) -> None:
    method = garden.pick(
        'method="post"', "method='POST'", "method=post", 'class="one" method="post"'
    )
    inside = garden.pick(
        "",
        '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">',
        '<input name="note">',
    )
    file = garden.pick("templates/keys/index.html", "templates/keys/form.html")
    text = f'<form {method} action="{{{{ url_for(\'keys.key\') }}}}">{inside}<button class="b">{{{{ _("Save") }}}}</button></form>\n'
    at = "{{ render_table" if "index" in file else "{% call form_open"
    garden.change(file, at, text + at, "<form ")


@kind("a sentence without translation", "missing-translation")
def untranslated(garden: Garden) -> None:
    if garden.pick(True, False, False):
        gone = garden.pick("Who has it", "Key register", "New key", "Saved a key")
        catalogue = "translations/id/LC_MESSAGES/messages.po"
        text = garden.read(catalogue)
        block = next(b for b in text.split("\n\n") if f'msgid "{gone}"\n' in b)
        garden.write(catalogue, text.replace(block + "\n\n", "").replace("\n\n" + block, ""))
        for file in ("views.py", "templates/keys/index.html", "__init__.py"):
            if f'"{gone}"' in garden.read(file):
                garden.seen(file, f'"{gone}"')
        return
    words = f"Ask the porter on floor {garden.number()}"
    if garden.pick(True, False):
        garden.change(
            "services.py", '"There is a key with this code already."', f'"{words}"', words
        )
        garden.change(
            "translations/id/LC_MESSAGES/messages.po",
            "There is a key with this code already.",
            "Zzz",
        )
        garden.change(
            "translations/id/LC_MESSAGES/messages.po",
            'msgid "Zzz"\nmsgstr "Sudah ada kunci dengan kode ini."\n',
            "",
        )
    else:
        garden.change(
            "templates/keys/form.html", "{% call", f'<p>{{{{ _("{words}") }}}}</p>\n{{% call', words
        )


@kind("a text that cannot be translated", "untranslated-string", along="stale-translation")
def spoken(garden: Garden) -> None:
    form = garden.pick(
        "label", "title", "node", "attribute", "macro", "toast", "column", "empty", "plain"
    )
    if form == "label":
        garden.change(
            "views.py", 'web.TextField(message("Room")', 'web.TextField("Room"', 'TextField("Room"'
        )
    elif form == "title":
        garden.change(
            "__init__.py",
            'title=message("See who holds a key")',
            'title="See who holds a key"',
            "See who",
        )
    elif form == "node":
        words = garden.pick("Ask the porter.", "All keys", "Lost it?", "Beware")
        tag = garden.pick("p", "span", "h2", "td")
        garden.change(
            "templates/keys/index.html",
            "{{ render_table",
            f"<{tag}>{words}</{tag}>\n{{{{ render_table",
            words,
        )
    elif form == "attribute":
        name = garden.pick("title", "placeholder", "aria-label", "alt")
        garden.change(
            "templates/keys/form.html",
            "{% call",
            f'<i {name}="Where it hangs"></i>\n{{% call',
            "Where it",
        )
    elif form == "macro":
        garden.change(
            "templates/keys/index.html",
            'link_button(_("New key")',
            'link_button("New key"',
            'link_button("New key"',
        )
    elif form == "toast":
        said = garden.pick('"The key is saved."', 'f"{code} is saved."', '"Saved %s" % code')
        garden.append("views.py", f"def told(code):\n    web.toast({said})", "web.toast")
    elif form == "column":
        garden.change(
            "views.py",
            'web.Column("room", message("Room"))',
            'web.Column("room", "Room")',
            'Column("room"',
        )
    elif form == "empty":
        garden.change(
            "views.py",
            '    default_sort="code",',
            '    default_sort="code",\n    empty=web.Empty(title="No keys yet"),',
            "No keys yet",
        )
    else:
        garden.change(
            "services.py",
            'message("There is a key with this code already.")',
            '"There is a key with this code already."',
            "There is a key",
        )


@kind("waiting while it is imported", "blocking-import", along="network subprocess naive-time")
def blocking(garden: Garden) -> None:
    file = garden.pick("services.py", "models.py", "views.py", "__init__.py")
    form = garden.pick("sleep", "open", "path", "function", "class", "network")
    if form == "sleep":
        garden.import_(file, "import time")
        garden.append(file, "time.sleep(0.01)", "time.sleep")
    elif form == "open":
        garden.append(
            file, 'with open("/etc/hostname") as source:\n    HOST = source.read()', "open("
        )
    elif form == "path":
        garden.import_(file, "from pathlib import Path")
        garden.append(file, 'WORDS = Path("/etc/hostname").read_text().split()', "read_text")
    elif form == "function":
        garden.import_(file, "from time import sleep as rest")
        garden.append(
            file, "def warm_up():\n    rest(0.01)\n    return {}\n\n\nCACHE = warm_up()", "CACHE ="
        )
    elif form == "class":
        garden.import_(file, "import time")
        garden.append(file, "class Settings:\n    started = time.sleep(0.01)", "started =")
    else:
        garden.import_(file, "import urllib.request")
        garden.append(
            file,
            'try:\n    RATES = urllib.request.urlopen("http://127.0.0.1:9/", timeout=0.1)\nexcept OSError:\n    RATES = None',
            "urlopen",
        )


@kind("another program", "subprocess", along="blocking-import")
def program(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import subprocess", "subprocess.run(['lp', code])"),
        ("import os", "os.system(f'lp {code}')"),
        ("from subprocess import Popen as start", "start(['lp', code])"),
        ("import os as machine", "machine.popen(code)"),
        ("import asyncio", "asyncio.create_subprocess_shell(code)"),
        ("import pty", "pty.spawn(code)"),
        ("import importlib", "importlib.import_module('subprocess').run(code)"),
        ("import os", "getattr(os, 'system')(code)"),
    )
    file = garden.pick("services.py", "views.py")
    garden.import_(file, imported)
    garden.append(file, f"def print_label(code):\n    return {call}", call)


@kind("the network", "network")
def network(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import urllib.request", "urllib.request.urlopen(code)"),
        ("import socket", "socket.create_connection((code, 80))"),
        ("from urllib import request as asking", "asking.urlopen(code)"),
        ("from http.client import HTTPConnection", "HTTPConnection(code)"),
        ("import smtplib as post", "post.SMTP(code)"),
        ("import requests", "requests.get(code)"),
        ("import httpx", "httpx.post(code)"),
        ("from ftplib import FTP", "FTP(code)"),
    )
    file = garden.pick("services.py", "views.py")
    inside = garden.pick(False, False, True)
    if inside:
        garden.append(file, f"def tell(code):\n    {imported}\n\n    return {call}", imported)
    else:
        garden.import_(file, imported)
        garden.append(file, f"def tell(code):\n    return {call}", call)


@kind("objects from bytes", "pickle")
def pickled(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import pickle", "pickle.loads(data)"),
        ("from pickle import loads as unpack", "unpack(data)"),
        ("import marshal", "marshal.loads(data)"),
        ("import shelve", "shelve.open(data)"),
        ("import yaml", "yaml.load(data)"),
        ("from yaml import load, Loader", "load(data, Loader)"),
        ("import dill as codec", "codec.loads(data)"),
        ("from sqlalchemy import PickleType", "PickleType(data)"),
    )
    file = garden.pick("services.py", "models.py")
    garden.import_(file, imported)
    garden.append(file, f"def restored(data):\n    return {call}", call)


@kind("code from data", "eval")
def evaluated(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import math", "eval(rule)"),
        ("import math", "exec(rule)"),
        ("import builtins", "builtins.eval(rule)"),
        ("import math", "compile(rule, 'rule', 'eval')"),
        ("from importlib import import_module", "import_module(rule)"),
        ("import math", "__import__(rule)"),
        ("from flask import render_template_string", "render_template_string(rule)"),
        ("from jinja2 import Template", "Template(rule)"),
    )
    file = garden.pick("services.py", "views.py")
    garden.import_(file, imported)
    line = garden.pick(f"return {call}", f"return {call}", f"found = {call}\n    return found")
    garden.append(file, f"def reckoned(rule):\n    {line}", call)


@kind("whatever is sent", "mass-assignment")
def taken_over(garden: Garden) -> None:
    form = garden.pick("populate", "stars", "loop", "values", "named", "json")
    if form == "populate":
        garden.append(
            "views.py", "def filled(form, row):\n    form.populate_obj(row)", "populate_obj"
        )
    elif form == "stars":
        sent = garden.pick(
            "request.form", "request.form.to_dict()", "request.values", "dict(request.form)"
        )
        garden.append("views.py", f"def made():\n    return Key(**{sent})", "Key(**")
    elif form == "loop":
        setter = garden.pick("setattr(row, name, value)", "row.__setattr__(name, value)")
        garden.append(
            "views.py",
            f"def filled(row):\n    for name, value in request.form.items():\n        {setter}",
            setter,
        )
    elif form == "values":
        garden.import_("views.py", "from sqlalchemy import update")
        garden.append(
            "views.py", "def filled():\n    return update(Key).values(**request.form)", "values(**"
        )
    elif form == "named":
        garden.append(
            "views.py",
            "def made():\n    sent = request.form.to_dict()\n    sent.pop('id', None)\n    return Key(**sent)",
            "Key(**",
        )
    else:
        garden.append("views.py", "def made():\n    return Key(**request.get_json())", "Key(**")


@kind("a page that writes when it is looked at", "writing-get")
def writing(garden: Garden) -> None:
    form = garden.pick("view", "service", "both", "alias")
    name = garden.name("touch", "count_up", "mark")
    write = "        tx.audit('keys.key_saved', None)\n"
    if form == "view":
        body = f"    with web.transaction() as tx:\n{write}    return ''"
    elif form == "service":
        garden.append("views.py", f"def noted():\n    with web.transaction() as tx:\n{write}")
        body = "    noted()\n    return ''"
    elif form == "both":
        body = f"    with web.transaction() as tx:\n{write}    return ''"
        garden.append("views.py", page(garden, name, body, both=True), f"def {name}")
        return
    else:
        garden.import_("views.py", "from portal.web import transaction as unit")
        body = f"    with unit() as tx:\n{write}    return ''"
    garden.append("views.py", page(garden, name, body), f"def {name}")


@kind("a form that adds twice", "unkeyed-write")
def unkeyed(garden: Garden) -> None:
    excuse = garden.pick('@web.unkeyed("it is quick")', '@web.unkeyed("harmless")', "@free")
    if excuse == "@free":
        garden.append("views.py", 'free = web.unkeyed("nobody sends it twice")')
    name = garden.name("quick", "fast")
    body = garden.pick(
        "        services.save(tx, Key(), code='x', room='y', holder_id=None)\n",
        "        tx.session.add(Key(code='x', room='y'))\n",
        "        tx.session.add_all([Key(code='x', room='y')])\n",
    )
    text = f'@blueprint.post("/{name}")\n@web.policy("keys.key.lend")\n{excuse}\ndef {name}():\n    with web.transaction() as tx:\n{body}        return web.redirect_to(tx, "keys.index")'
    garden.append("views.py", text, excuse)


@kind("a template out of its place", "template-place", along="template-broken")
def misplaced(garden: Garden) -> None:
    name = garden.pick(
        "key.html",
        "keys.html",
        "other/page.html",
        "keys/note.txt",
        "keys/note.html.j2",
        "key/index.html",
    )
    garden.write(f"templates/{name}", "{{ request.path }}\n")
    garden.places.append(f"{garden.package}/templates/{name}")


@kind("a hook with other arguments", "hook-arguments")
def hooked(garden: Garden) -> None:
    hook, good = garden.pick(
        ("panels", "tx, subject, slot"),
        ("actions", "tx, subject"),
        ("checks", "tx"),
        ("scanned", "tx, codes"),
        ("withheld", "tx, act, record"),
    )
    wrong = garden.pick(good.replace("tx", "session", 1), good + ", request", good + ", actor")
    name = garden.pick(hook, hook, hook[:-1])
    mark = garden.pick("@hookimpl", "@hookimpl(tryfirst=True)")
    garden.write(
        "hooks.py",
        f"from portal.plugin import hookimpl\n\n\n{mark}\ndef {name}({wrong}):\n    return []\n",
        f"def {name}(",
    )
    garden.import_("__init__.py", "from . import hooks")
    garden.change("__init__.py", '    icon="key",', '    icon="key",\n    hooks=hooks,')


@kind("an error that cannot be translated", "formatted-error", along="untranslated-string")
def formatted(garden: Garden) -> None:
    text = garden.pick(
        'f"{key.code} is lent"',
        '"{} is lent".format(key.code)',
        '"%s is lent" % key.code',
        '"Lent: " + key.code',
        'message(f"{key.code} is lent")',
    )
    error = garden.pick("KeyAlreadyLent", "Conflict", "ValidationFailed")
    given = f'{{"code": {text}}}' if error == "ValidationFailed" else text
    form = garden.pick("raise", "named")
    if form == "raise" or error == "ValidationFailed":
        body = f"    raise {error}({given})"
        mark = given
    else:
        body = f"    said = {text}\n    raise {error}(said)"
        mark = f"{error}(said)"
    garden.append("services.py", f"def refuse(key):\n{body}", mark)


@kind("a script inside a page", "inline-script", along="untranslated-string")
def scripted(garden: Garden) -> None:
    snippet = garden.pick(
        "<script>document.title = 1;</script>",
        '<script type="module">document.title = 1;</script>',
        '<a href="#" onclick="go()">*</a>',
        "<img src='x.png' onerror='go()'>",
        '<a href="javascript:go()">*</a>',
        '<a href=" JavaScript:go()">*</a>',
        '<p hx-on:click="go()"></p>',
        '<p\n  data-hx-on-click="go()"></p>',
        "<svg onload=go()></svg>",
    )
    file = garden.pick("templates/keys/index.html", "templates/keys/form.html")
    at = "{{ render_table" if "index" in file else "{% call form_open"
    mark = "data-hx-on" if "data-hx" in snippet else snippet[:12]
    garden.change(file, at, f"{snippet}\n{at}", mark)


@kind("a sheet written by hand", "formula-in-export")
def by_hand(garden: Garden) -> None:
    imported, call = garden.pick(
        ("import csv", "csv.writer(out)"),
        ("from csv import DictWriter", "DictWriter(out, ['code'])"),
        ("import csv as sheets", "sheets.writer(out, delimiter=';')"),
    )
    file = garden.pick("services.py", "views.py")
    garden.import_(file, imported)
    garden.append(file, f"def written(out, rows):\n    {call}.writerows(rows)", call)


@kind(
    "what no plugin should write",
    "naive-time",
    "swallowed-error",
    "float-column",
    "private-import",
    "inline-style",
    "hx-attribute",
    "round-the-guard",
    "paging-by-offset",
    "stale-translation",
    along="raw-sql",
)
def unbecoming(garden: Garden) -> None:
    form = garden.pick(
        "now",
        "today",
        "except",
        "suppress",
        "float",
        "private",
        "style",
        "hx",
        "commit",
        "session",
        "offset",
        "stale",
    )
    services = "services.py"
    if form == "now":
        garden.import_(services, "from datetime import datetime")
        call = garden.pick(
            "datetime.now()", "datetime.utcnow()", "datetime.now(tz=None)", "datetime.today()"
        )
        garden.append(services, f"def moment():\n    return {call}", call)
    elif form == "today":
        garden.import_(services, "import datetime as dt")
        garden.append(services, "def day():\n    return dt.date.today()", "today()")
    elif form == "except":
        caught = garden.pick(
            "except Exception:",
            "except:",
            "except (ValueError, Exception):",
            "except BaseException as error:",
        )
        garden.append(
            services,
            f"def tried(act):\n    try:\n        act()\n    {caught}\n        return None",
            caught,
        )
    elif form == "suppress":
        garden.import_(services, "import contextlib")
        garden.append(
            services,
            "def tried(act):\n    with contextlib.suppress(Exception):\n        act()",
            "suppress(",
        )
    elif form == "float":
        line = garden.pick(
            "    worth: Mapped[float]",
            "    worth: Mapped[float | None]",
            "    worth = mapped_column(sa.Float)",
        )
        if "sa." in line:
            garden.import_("models.py", "import sqlalchemy as sa")
        garden.change(
            "models.py", "    room: Mapped[str]\n", f"    room: Mapped[str]\n{line}\n", "worth"
        )
    elif form == "private":
        line = garden.pick(
            "from portal.orm import Scoped",
            "import portal.gate",
            "from portal import db",
            "from portal.people.models import Person as P",
        )
        garden.import_(services, line)
        garden.seen(services, line)
    elif form == "style":
        line = garden.pick(
            '<p style="color: red"></p>',
            "<style>p { color: red }</style>",
            "<p STYLE='top: 0'></p>",
        )
        garden.change("templates/keys/form.html", "{% call", f"{line}\n{{% call", line)
    elif form == "hx":
        name = garden.pick("hx-post", "hx-delete", "hx-vals", "hx-headers", "data-hx-put")
        garden.change("templates/keys/form.html", "{% call", f'<p {name}="x"></p>\n{{% call', name)
    elif form == "commit":
        call = garden.pick("tx.session.commit()", "tx.session.rollback()")
        garden.append(services, f"def done(tx):\n    {call}", call)
    elif form == "session":
        line = garden.pick(
            "from portal.api import Key as K",
            "import sqlite3",
            "from sqlalchemy import create_engine",
        )
        if "Key" in line:
            garden.append(services, "def bare():\n    return Key.__table__", "__table__")
        else:
            garden.import_(services, line)
            garden.seen(services, line)
    elif form == "offset":
        garden.append(
            services,
            "def page(number):\n    return select(Key).offset(number * 20).limit(20)",
            ".offset(",
        )
    else:
        garden.append(
            "translations/id/LC_MESSAGES/messages.po",
            'msgid "Nobody says this"\nmsgstr "Tidak ada"',
            'msgid "Nobody',
        )
