"""Mistakes in pages, forms, templates and hooks."""

from __future__ import annotations

from .garden import Garden, kind, page


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


@kind("a class of pages without a policy", "unguarded-route")
def class_of_views(garden: Garden) -> None:
    garden.import_("views.py", "from flask.views import MethodView")
    name = garden.name("Summary", "Figures", "Latest")
    garden.append("views.py", f"class {name}(MethodView):\n    def get(self):\n        return ''")
    view = f'{name}.as_view("{name.lower()}")'
    if garden.pick(False, True):
        garden.append("views.py", f"shown = {view}")
        view = "shown"
    garden.append(
        "views.py", f'blueprint.add_url_rule("/{name.lower()}", view_func={view})', "add_url_rule"
    )


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
