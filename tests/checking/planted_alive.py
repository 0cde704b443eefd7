"""Mistakes that only a plugin that runs shows, planted into a visitors' book of two departments."""

from __future__ import annotations

from .garden import Garden, kind

VIEWS, SERVICES = "views.py", "services.py"
MIGRATION = "migrations/visits0001_the_book.py"


def board(garden: Garden, rows: str, line: str) -> str:
    """Add a page that prints a line of each of ``rows``; return its name."""
    name = garden.name("board", "screen", "lobby")
    template = garden.read("templates/visits/visit.html").split("{{ page_header")[0]
    template = template.replace("{{ visit.guest }}", '{{ _("Visit") }}')
    garden.write(
        f"templates/visits/{name}.html",
        f"{template}{{% for visit in rows %}}<p>{line}</p>{{% endfor %}}\n{{% endblock %}}\n",
    )
    garden.import_(VIEWS, "from sqlalchemy import select")
    garden.append(
        VIEWS,
        f'@blueprint.get("/{name}")\n@web.policy("visits.visit.view")\ndef {name}():\n'
        f"    tx = web.reading()\n    rows = {rows}\n"
        f'    return web.render("visits/{name}.html", rows=rows)',
        f"def {name}(",
    )
    return name


MINE = 'visible(select(Visit), "visits.visit.view", tx.actor)'


@kind("a list that asks again for each row", "growing-queries", base="visits", ask="rows")
def growing(garden: Garden) -> None:
    garden.import_(VIEWS, "from portal.api import Person, visible")
    form = garden.pick("lazy", "loop", "template", "get")
    every = f"tx.session.scalars({MINE}.order_by(Visit.id)).all()"
    if form == "lazy":
        board(garden, every, "{{ visit.host.name }}")
    elif form == "loop":
        asked = "tx.session.scalar(select(Person.name).where(Person.id == one.host_id))"
        board(garden, f"[{asked} for one in {every}]", "{{ visit }}")
    elif form == "template":
        board(garden, every, "{% if visit.host %}{{ visit.host.name }}{% endif %}")
    else:
        board(
            garden, f"[tx.session.get(Person, one.host_id) for one in {every}]", "{{ visit.name }}"
        )


@kind("a page for eyes alone", "axe", base="visits", ask="browser")
def for_eyes_alone(garden: Garden) -> None:
    page = "templates/visits/visit.html"
    wrong = garden.pick(
        '<img src="/static/logo.svg">',
        '<input name="colour">',
        '<p lang="nonsense-1">visit</p>',
        '<button type="button"></button>',
    )
    text = garden.read(page).rstrip().removesuffix("{% endblock %}")
    garden.write(page, f"{text}{wrong}\n{{% endblock %}}\n")
    garden.seen(VIEWS, "def visit(")


@kind("a page that asks too often", "many-queries", base="visits", ask="rows")
def asking_often(garden: Garden) -> None:
    page = garden.pick("index", "visit")
    shown = {
        "index": '    return VISITS.respond(web.reading(), "visits/index.html")',
        "visit": '    return web.render("visits/visit.html", visit=services',
    }[page]
    garden.import_(VIEWS, "from portal.api import visible")
    garden.import_(VIEWS, "from sqlalchemy import select")
    one = f"web.reading().session.scalar({MINE.replace('tx', 'web.reading()')}.limit(1))"
    often = f"    for _ in range({garden.number() + 13}):\n        {one}\n"
    garden.change(VIEWS, shown, often + shown, f"def {page}(")


@kind("rows that the permission of the page does not reach", "leak", base="visits", ask="rows")
def leaking(garden: Garden) -> None:
    form = garden.pick("list", "record", "wrong", "sheet", "board")
    if form == "list":
        garden.change(
            SERVICES,
            "return visible(found.outerjoin(Visit.host), VIEW, tx.actor)",
            "return found.outerjoin(Visit.host)",
        )
        garden.seen(VIEWS, "def sheet(")
    elif form == "record":
        garden.change(
            SERVICES,
            "tx.one(visible(select(Visit), permission, tx.actor), public_id=public_id)",
            "tx.one(select(Visit), public_id=public_id)",
        )
        garden.seen(VIEWS, "def visit(")
        garden.seen(VIEWS, "def edit(")
    elif form == "wrong":
        garden.change(
            SERVICES, "found.outerjoin(Visit.host), VIEW", "found.outerjoin(Visit.host), EDIT"
        )
        garden.seen(VIEWS, "def index(")
        garden.seen(VIEWS, "def sheet(")
    elif form == "sheet":
        garden.import_(VIEWS, "from sqlalchemy import select")
        garden.change(
            VIEWS,
            "tx.session.execute(services.visits(tx).order_by(Visit.guest, Visit.id)).all()",
            "tx.session.scalars(select(Visit)).all()",
        )
        garden.change(VIEWS, "row.arrived_on, row.host)", "row.arrived_on, None)")
        garden.seen(VIEWS, "def sheet(")
    else:
        board(garden, "tx.session.scalars(select(Visit)).all()", "{{ visit.guest }}")


@kind(
    "a file with formulas in it", "formula-in-export", base="visits", ask="rows", along="unescaped"
)
def formulas(garden: Garden) -> None:
    garden.import_(VIEWS, "import csv\nimport io")
    garden.import_(VIEWS, "from flask import Response, make_response")
    separator = garden.pick(",", ";", ",")
    name = garden.name("export", "download")
    rows = "tx.session.execute(services.visits(tx)).all()"
    write = f'csv.writer(out, delimiter="{separator}").writerows((row.guest, row.people) for row in {rows})'
    plain = f'"\\n".join(f"{{row.guest}}{separator}{{row.people}}" for row in {rows})'
    form = garden.pick("writer", "joined", "dicts", "response")
    if form == "writer":
        body = f'    out = io.StringIO()\n    {write}\n    return Response(out.getvalue(), content_type="text/csv")'
    elif form == "joined":
        body = f'    return Response({plain}, mimetype="text/csv")'
    elif form == "dicts":
        body = (
            f'    out = io.StringIO()\n    writer = csv.DictWriter(out, ["note", "guest"], delimiter="{separator}")\n'
            f'    for row in {rows}:\n        writer.writerow({{"note": row.note, "guest": row.guest}})\n'
            '    return Response(out.getvalue(), headers={"Content-Disposition": "attachment; filename=visits.csv"})'
        )
    else:
        body = f'    answer = make_response({plain})\n    answer.content_type = "text/csv; charset=utf-8"\n    return answer'
    garden.append(
        VIEWS,
        f'@blueprint.get("/{name}")\n@web.policy("visits.visit.view")\ndef {name}():\n    tx = web.reading()\n{body}',
        f"def {name}(",
    )


@kind(
    "a migration that does not come back",
    "migration-stays",
    base="visits",
    ask="tables",
    along="migration-differs",
)
def staying(garden: Garden) -> None:
    form = garden.pick("pass", "table", "raise", "half")
    if form == "pass":
        garden.change(MIGRATION, '    op.drop_table("visits_visit")', "    pass")
    elif form == "table":
        garden.change(
            MIGRATION,
            "def upgrade() -> None:\n",
            'def upgrade() -> None:\n    op.create_table("visits_left", sa.Column("id", sa.Integer(), primary_key=True))\n',
        )
    elif form == "raise":
        garden.change(
            MIGRATION,
            '    op.drop_table("visits_visit")',
            '    raise NotImplementedError("no way back")',
        )
    else:
        garden.change(
            MIGRATION,
            '    op.drop_table("visits_visit")',
            '    op.drop_column("visits_visit", "note")',
        )
    garden.places.append(f"{garden.package}/{MIGRATION}")


@kind("a migration that makes something else", "migration-differs", base="visits", ask="tables")
def differing(garden: Garden) -> None:
    old, new = garden.pick(
        ('        sa.Column("note", sa.String(length=500), nullable=False),\n', ""),
        ('sa.Column("people", sa.Integer(), nullable=False)', 'sa.Column("people", sa.Integer(), nullable=True)'),
        ('        sa.UniqueConstraint("public_id", name=op.f("uq_visits_visit_public_id")),\n', ""),
        ('        sa.CheckConstraint("people > 0", name=op.f("ck_visits_visit_people")),\n', ""),
        ('        sa.Column("people", sa.Integer(), nullable=False),\n', '        sa.Column("people", sa.Integer(), nullable=False),\n        sa.Column("extra", sa.Integer()),\n'),
        ('    op.create_index(op.f("ix_visits_visit_department_id"), "visits_visit", ["department_id"])\n', ""),
    )  # fmt: skip
    garden.change(MIGRATION, old, new)
    garden.places.append(f"{garden.package}/{MIGRATION}")


@kind(
    "a form that fails on what people type",
    "breaks-on-text",
    base="visits",
    ask="forms",
    along="mass-assignment",
)
def breaking(garden: Garden) -> None:
    form = garden.pick("number", "date", "index")
    if form == "number":
        garden.change(
            VIEWS,
            'web.WholeField(message("How many came"), [web.required()], minimum=1, maximum=500)',
            'web.TextField(message("How many came"), [web.required()])',
        )
        garden.change(
            SERVICES,
            "row.people, row.arrived_on = command.people,",
            "row.people, row.arrived_on = int(command.people),",
        )
    elif form == "date":
        garden.change(
            VIEWS,
            'web.DateField(message("Arrived on"), [web.required()])',
            'web.TextField(message("Arrived on"), [web.required()])',
        )
        garden.change(
            SERVICES,
            "command.people, command.arrived_on",
            "command.people, date.fromisoformat(command.arrived_on)",
        )
    else:
        garden.change(
            SERVICES,
            "command.department_id, command.guest, command.note",
            'command.department_id, command.guest, command.note.encode("latin-1").decode()',
        )
    garden.seen(VIEWS, "def edit(")


@kind("columns set by stealth", "mass-assignment", base="visits", ask="forms")
def stealthy(garden: Garden) -> None:
    form = garden.pick("service", "helper", "keys")
    sent = "sent"
    if form == "service":
        loop = f"    for name, value in {sent}.items():\n        if hasattr(row, name) and name not in ('csrf_token', '_key', 'people', 'arrived_on'):\n            setattr(row, name, value)\n"
    elif form == "helper":
        loop = f"    fill(row, {sent})\n"
        garden.append(
            SERVICES,
            "def fill(row, found):\n    known = {column.key for column in Visit.__mapper__.columns}\n    for name in known & set(found) - {'people', 'arrived_on'}:\n        setattr(row, name, found[name])",
        )
    else:
        loop = f"    row.host_id = {sent}.get('host_id', type=int)\n    row.note = {sent}.get('note', '')\n"
    garden.change(
        SERVICES, "def write(tx, public_id, command):", "def write(tx, public_id, command, sent):"
    )
    garden.change(SERVICES, "    tx.session.add(row)\n", f"{loop}    tx.session.add(row)\n")
    garden.change(
        VIEWS,
        "form.command(services.WriteVisit))",
        "form.command(services.WriteVisit), request.form)",
    )
    garden.seen(VIEWS, "def edit(")


@kind("a form that adds twice, by another way", "unkeyed-write", base="visits", ask="forms")
def twice(garden: Garden) -> None:
    excuse = garden.pick('@web.unkeyed("it is quick")', '@web.unkeyed("harmless")')
    garden.change(
        VIEWS,
        '@web.policy("visits.visit.edit")\ndef edit',
        f'@web.policy("visits.visit.edit")\n{excuse}\ndef edit',
    )
    garden.seen(VIEWS, "def edit(")


@kind("a wheel that lacks files", "wheel-incomplete", base="visits", ask="wheel")
def incomplete(garden: Garden) -> None:
    gone, places = garden.pick(
        ('"templates/**", ', ["templates/visits/form.html"]),
        ('"translations/**", ', ["translations/id/LC_MESSAGES/messages.po"]),
        ('"templates/**", "translations/**", ', ["templates/visits/index.html"]),
    )
    if garden.pick(False, True):
        garden.write("static/visits.css", "p { color: inherit }\n")
        garden.places.append(f"{garden.package}/static/visits.css")
        return
    path = garden.folder / "pyproject.toml"
    text = path.read_text()
    assert gone in text
    path.write_text(text.replace(gone, ""))
    garden.places += [f"{garden.package}/{place}" for place in places]


@kind("a page whose template is not there", "page-fails", base="visits", ask="pages")
def failing(garden: Garden) -> None:
    name = garden.name("help", "about")
    fault = garden.pick(
        f'web.render("visits/{name}.html")', "str(1 / 0)", 'web.render("visits/visit.html")'
    )
    garden.append(
        VIEWS,
        f'@blueprint.get("/{name}")\n@web.policy("visits.visit.view")\ndef {name}():\n    return {fault}',
        f"def {name}(",
    )


@kind("a way to a page that is not there", "page-fails", base="visits", ask="none")
def leading_nowhere(garden: Garden) -> None:
    form = garden.pick("template", "relative", "without", "python", "endpoint")
    where = {
        "template": 'url_for("visits.nobody")',
        "relative": "url_for('.nobody')",
        "without": 'url_for("visits.visit")',
    }
    if form in where:
        link = f'{{% if false %}}<a href="{{{{ {where[form]} }}}}">*</a>{{% endif %}}'
        garden.change(
            "templates/visits/index.html",
            "{{ render_table",
            f"{link}\n{{{{ render_table",
            where[form],
        )
    elif form == "python":
        line = 'web.redirect_to(tx, "visits.nobody")'
        garden.append(VIEWS, f"def away(tx):\n    return {line}", line)
    else:
        garden.import_(VIEWS, "from portal.api import message as said")
        line = 'web.Action(label=said("Edit"), endpoint="visits.nobody", permission="visits.visit.edit")'
        garden.append(VIEWS, f"AWAY = {line}", line)


@kind("a row of others that a form takes", "foreign-choice", base="visits", ask="forms")
def taking(garden: Garden) -> None:
    """A form copies from a visit that it offers, or writes into a department that it offers."""
    acting = 'with tx.acting_for("visits", reason="write it") as own:'
    added = "    tx.session.add(row)\n"
    if garden.pick(True, False):
        field = '    like = web.ChoiceField(message("Note"), [web.optional()])\n'
        garden.change(VIEWS, "    guest = web.TextField", f"{field}    guest = web.TextField")
        choices = "    form.department_id.choices = services.departments(tx)\n"
        offered = "    form.like.choices = services.offered(tx)\n"
        garden.change(VIEWS, choices, f"{choices}{offered}")
        every = f"    {acting}\n        return own.session.execute(select(Visit.public_id, Visit.guest)).all()"
        garden.append(SERVICES, f"def offered(tx):\n{every}")
        told = "    arrived_on: date\n"
        garden.change(SERVICES, told, f'{told}    like: str | None = ""\n')
        copied = (
            f"    if command.like:\n        {acting}\n"
            "            row.note = own.one(select(Visit), public_id=command.like).note\n"
        )
        garden.change(SERVICES, added, f"{copied}{added}")
    else:
        garden.change(
            SERVICES,
            "    if not held.everything:\n"
            "        found = found.where(Department.id.in_(sorted(held.departments)))\n",
            "",
        )
        garden.change(SERVICES, "select(Department.id, Dep", "select(Department.public_id, Dep")
        garden.change(VIEWS, "[web.required()], coerce=int", "[web.required()]")
        garden.change(SERVICES, "    department_id: int\n", "    department_id: str\n")
        named = "tx.one(select(Department), public_id=command.department_id).id"
        garden.change(SERVICES, "command.department_id, command.guest", f"{named}, command.guest")
        anew = f"    if not public_id:\n        {acting}\n            own.session.add(row)\n"
        garden.change(SERVICES, added, anew)
    garden.seen(VIEWS, "def edit")
