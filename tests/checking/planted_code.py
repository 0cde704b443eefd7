"""Mistakes in what code reaches for and how it is written."""

from __future__ import annotations

from .garden import Garden, kind


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
