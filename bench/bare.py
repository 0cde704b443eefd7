"""The page everything is measured against: no session, no shell, no rights. It is never tuned.

Flask, the same server, the same database and engine options as the portal, one indexed query of 50
rows with 8 columns, a plain Jinja loop; and one INSERT with its commit.
"""

from __future__ import annotations

import os
import secrets

from flask import Flask, request
from sqlalchemy import MetaData, Table, create_engine, event, select

from portal.engine import PRAGMAS, database_url, engine_options

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Items</title></head>
<body><h1>Items</h1>
<table><thead><tr>{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></body></html>"""
NAMES = ("public_id", "sku", "name", "category_id", "base_unit_id", "mode", "status", "note")

url = database_url(os.environ["KANTOR_DATABASE_URL"])
engine = create_engine(url, **engine_options(url))
if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def prepare(connection, record):
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection):
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


item = Table("inventory_item", MetaData(), autoload_with=engine)
first_page = (
    select(*[item.c[name] for name in NAMES]).order_by(item.c.name_key, item.c.id).limit(50)
)
application = Flask("bare")
page = application.jinja_env.from_string(PAGE)


@application.get("/items")
def items():
    with engine.connect() as connection:
        rows = connection.execute(first_page).all()
    return page.render(names=NAMES, rows=rows)


@application.post("/items")
def create():
    code = secrets.token_hex(8)
    row = {
        "public_id": code[:12],
        "sku": f"BARE-{code}",
        "sku_key": f"bare-{code}",
        "name": request.form["name"],
        "name_key": request.form["name"].casefold(),
        "base_unit_id": 1,
        "mode": "perpetual",
        "status": "active",
        "note": "",
        "version": 1,
    }
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(item.insert().values(row))
    return "", 303, {"Location": "/items"}


@application.get("/live")
def live():
    return "ok"
