"""Every page of a plugin: asked for with every right, with none, and by nobody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError, meta, nodes

from portal.db import unscoped
from portal.gate import SAFE, Portal, serves_files
from portal.people.models import Person
from portal.plugin import Plugin
from portal.plugins.models import PluginActivation
from portal.roles.models import Role, RolePermission
from portal.testing import PortalClient, give_role, sign_in

from .findings import Finding, finding
from .loading import place_of_view
from .sources import Sources

MEND = "Mend the name, or what it is given"
# Where what is called takes the name of a page.
ASKING = {"flask.url_for": 0, "flask.helpers.url_for": 0, "portal.web.redirect_to": 1}
ITS_OWN = ("macros/", "base.html", "paper.html", "panes.html")


def templates(app: Portal, sources: Sources) -> Iterator[Finding]:
    """Compile every template as the portal does, and look for what it refers to."""
    folder = sources.folder / "templates"
    yield from addresses_in_code(app, sources)
    with app.app_context():
        for path in sources.templates:
            name, place = path.relative_to(folder).as_posix(), sources.place(path)
            if path.suffix != ".html":
                continue
            try:
                app.jinja_env.get_template(name)
                parsed = app.jinja_env.parse(path.read_text(encoding="utf-8"))
                yield from _led_nowhere(app, sources, parsed, place)
                for used in meta.find_referenced_templates(parsed):
                    if used is not None:
                        app.jinja_env.get_template(used)
                        if not used.startswith((*ITS_OWN, f"{sources.slug}/")):
                            yield finding(
                                "template-broken",
                                place,
                                f"template {name} uses {used}, which is not its own",
                                "Copy it",
                            )
            except TemplateError as error:
                yield finding(
                    "template-broken",
                    place,
                    f"template {name} cannot be compiled: {type(error).__name__}: {error}",
                )


def _led_nowhere(
    app: Portal, sources: Sources, parsed: nodes.Template, place: str
) -> Iterator[Finding]:
    """Yield what url_for() is asked for in a template and no page has, now or in a rare case."""
    for call in parsed.find_all(nodes.Call):
        asked = isinstance(call.node, nodes.Name) and call.node.name == "url_for"
        if asked and call.args and isinstance(call.args[0], nodes.Const):
            whole = call.dyn_args is None and call.dyn_kwargs is None
            given = {keyword.key for keyword in call.kwargs} if whole else None
            yield from _led(app, sources, str(call.args[0].value), given, f"{place}:{call.lineno}")


def addresses_in_code(app: Portal, sources: Sources) -> Iterator[Finding]:
    """Yield the same of url_for() and redirect_to() in Python, and of endpoint= anywhere."""
    for module in sources.code:
        for node in module.nodes:
            if not isinstance(node, ast.Call):
                continue
            at = ASKING.get(module.dotted(node.func), -1)
            named = node.args[at : at + 1] if at >= 0 else []
            whole = all(k.arg for k in node.keywords)
            given = {str(k.arg) for k in node.keywords} if at >= 0 and whole else None
            named += [k.value for k in node.keywords if k.arg == "endpoint" and at < 0]
            for value in named:
                if (name := module.text_of(value)) and "." in name:
                    yield from _led(app, sources, name, given, module.at(value))


def _led(
    app: Portal, sources: Sources, name: str, given: set[str] | None, place: str
) -> Iterator[Finding]:
    """Yield that an endpoint of this plugin is not there, or is not given what it needs."""
    name = f"{sources.slug}{name}" if name.startswith(".") else name
    if not name.startswith(f"{sources.slug}."):
        return  # Of others, who may not be there.
    rules = list(app.url_map.iter_rules(name)) if name in app.view_functions else []
    if not rules:
        yield finding("page-fails", place, f"leads to {name}, and there is no such page", MEND)
    elif given is not None and not any(_needs(one) <= given for one in rules):
        needs = ", ".join(sorted(_needs(rules[0]) - given))
        yield finding("page-fails", place, f"leads to {name} without {needs}", MEND)


def _needs(rule: Any) -> set[str]:
    return set(rule.arguments) - set(rule.defaults or ())


@dataclass(frozen=True)
class _Visitors:
    """A browser of somebody with every right of the plugin, of somebody with none, of nobody."""

    entitled: PortalClient
    other: PortalClient
    nobody: Any


def findings(app: Portal, sources: Sources, plugin: Plugin) -> Iterator[Finding]:
    """Ask for every page as each visitor."""
    visitors = _invited(app, plugin)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.partition(".")[0] != plugin.slug:
            continue
        view = app.view_functions[rule.endpoint]
        if serves_files(rule.endpoint, view):
            continue
        with app.test_request_context():
            values = {name: _any_value(rule, name) for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
        place = place_of_view(sources, view)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for kind, said, remedy in _of_a_page(
                visitors, address, method, view, bool(rule.arguments)
            ):
                yield finding(kind, place, f"{method} {rule} {said}", remedy)


def _invited(app: Portal, plugin: Plugin) -> _Visitors:
    with app.app_context(), unscoped(reason="test data") as tx:
        everything = Role(slug="contract", name="Everything of the plugin")
        everything.permissions = [
            RolePermission(permission=permission.name, reach="all")
            for permission in plugin.permissions
        ]
        people = [Person(name=name, active_from=tx.today) for name in ("Entitled", "Other")]
        tx.session.add_all([everything, *people, PluginActivation(slug=plugin.slug)])
        tx.session.flush()
        give_role(tx, people[0].id, "contract", department_id=None)
        entitled, other = people[0].id, people[1].id
    return _Visitors(sign_in(app, entitled), sign_in(app, other), app.test_client())


def _of_a_page(
    visitors: _Visitors, address: str, method: str, view: Any, of_something: bool
) -> Iterator[tuple[str, str, str]]:
    if method in SAFE:
        status = visitors.entitled.get(address).status_code
        if status not in ({200, 302, 303, 404} if of_something else {200, 302, 303}):
            yield "page-fails", f"answers {status} to somebody with every right", ""
    else:
        yield from _of_a_form(visitors.entitled, address, method, view)
    if needed := getattr(view, "__policy__", None):
        status = visitors.other.open(address, method=method).status_code
        if status != 403:
            yield "open-page", f"answers {status} without {needed}", "It should be 403"
        answer = visitors.nobody.open(address, method=method)
        if answer.status_code != 401 and "/sign-in" not in (answer.location or ""):
            said = f"answers {answer.status_code} to nobody"
            yield "open-page", said, "It should ask to sign in"


def _of_a_form(
    browser: PortalClient, address: str, method: str, view: Any
) -> Iterator[tuple[str, str, str]]:
    """Send a form without what every form must carry."""
    cases = [("a token against forged forms", dict[str, str]())]
    if getattr(view, "__keyed__", True):
        cases.append(("the key that makes it happen once", {"csrf_token": browser.csrf_token()}))
    for missing, data in cases:
        if (status := browser.open(address, method=method, data=data).status_code) != 400:
            said = f"answers {status} to a form without {missing}"
            yield "forged-form", said, "Use form_open() in the template"


def _any_value(rule: Any, name: str) -> Any:
    kind = type(rule._converters[name]).__name__
    return {"IntegerConverter": 1, "FloatConverter": 1.0}.get(kind, "x")
