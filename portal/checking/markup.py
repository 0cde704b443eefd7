"""What stands in a plugin's templates, read as Jinja and as HTML, with the lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from .findings import Finding, finding, names
from .sources import Module, Sources
from .writing import is_formatted

ALLOWED_HX = frozenset(
    f"hx-{name}"
    for name in names("get target swap trigger include select push-url indicator preserve")
)
ADDRESSES = frozenset(
    {"href", "src", "action", "formaction", "hx-get", "data", "srcdoc", "xlink:href"}
)
ELSEWHERE = ("http:", "https:", "//")
BAD_SCHEMES = ("javascript:", "vbscript:", "data:text/html")
ADDRESS = re.compile(r"""\b(href|src|action|formaction|data|hx-get)\s*=\s*["']?\Z""")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
FORM = re.compile(r"<form\b(?P<head>.*?)>(?P<body>.*?)(?=</form>|\Z)", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<\s*/?\s*[a-zA-Z][a-zA-Z0-9]*(?:[\s/>]|\s*$)")
PRINTED = "\ue000"  # stands for what is printed
UNQUOTED = re.compile(r"""(?:"[^"]*"|'[^']*'|=\s*([^\s"'>]+))""")
UNESCAPED = re.compile(r"\bsafe\b|\bautoescape\b|\bMarkup\b")
MARKUP = frozenset({"markupsafe.Markup", "flask.Markup", "markupsafe.escape.Markup"})


def environment() -> Environment:
    """Return an environment that reads templates as the portal does; it renders none."""
    made = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.add_extension("jinja2.ext.i18n")
    return made


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield what is wrong with the templates, and markup that is put together in Python."""
    for path in sources.templates:
        yield from _place(sources, path)
        if path.suffix in (".html", ".htm", ".jinja", ".j2", ".xml", ".txt"):
            yield from of_a_template(sources, path)
    for module in sources.code:
        yield from in_python(module)
        yield from _markup_as_a_value(module)


def unescaped(sources: Sources) -> Iterator[Finding]:
    """Yield what prints unescaped text alone."""
    for path in sources.templates:
        try:
            text = path.read_text(encoding="utf-8")
            tree = environment().parse(text) if UNESCAPED.search(text) else nodes.Template([])
        except (TemplateSyntaxError, UnicodeError):
            continue
        yield from _unescaped(sources.place(path), tree)


def _place(sources: Sources, path: Path) -> Iterator[Finding]:
    name = path.relative_to(sources.folder / "templates")
    if len(name.parts) < 2 or name.parts[0] != sources.slug:
        yield finding(
            "template-place",
            sources.place(path),
            f"template {name} must lie in templates/{sources.slug}/",
        )
    if path.suffix != ".html":
        yield finding("template-place", sources.place(path), f"template {name} must end in .html")


def of_a_template(sources: Sources, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with one template."""
    place = sources.place(path)
    try:
        text = path.read_text(encoding="utf-8")
        tree = environment().parse(text)
    except UnicodeError as error:
        yield finding("template-broken", place, f"cannot be read: {error}")
        return
    except TemplateSyntaxError as error:
        yield finding(
            "template-broken",
            f"{place}:{error.lineno}",
            f"cannot be compiled: {type(error).__name__}: {error.message}",
        )
        return
    yield from _unescaped(place, tree)
    yield from _typed_addresses(place, text, tree, _text_columns(sources))
    reader = Reader(place)
    reader.feed(without_jinja(text, PRINTED))
    reader.close()
    yield from reader.found
    yield from _forged_forms(place, text)


def without_jinja(text: str, printed: str = "0") -> str:
    """Return a template as HTML, ``printed`` where something is; lines keep their numbers."""

    def blank(found: re.Match[str]) -> str:
        lines = "\n" * found.group().count("\n")
        return (printed if found.group().startswith("{{") else "") + lines

    return JINJA.sub(blank, text)


def _unescaped(place: str, tree: nodes.Template) -> Iterator[Finding]:
    for node in tree.find_all(nodes.Filter):
        named = [one.value for one in node.args[:1] if isinstance(one, nodes.Const)]
        if node.name == "safe" or (node.name == "map" and named == ["safe"]):
            yield finding("unescaped", f"{place}:{node.lineno}", "prints unescaped text: |safe")
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "Markup":
            yield finding("unescaped", f"{place}:{call.lineno}", "prints unescaped text: Markup()")
    for scope in tree.find_all(nodes.ScopedEvalContextModifier):
        for option in scope.options:
            on = option.key != "autoescape" or getattr(option.value, "value", None) is True
            if not on:
                yield finding(
                    "unescaped", f"{place}:{scope.lineno}", "switches escaping off: autoescape"
                )


def _text_columns(sources: Sources) -> set[str]:
    """Return the names of the columns of text that the plugin's models have."""
    return {
        node.target.id
        for module in sources.code
        for node in module.nodes
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if re.fullmatch(r"(?:\w+\.)?Mapped\[str(?: \| None)?\]", ast.unparse(node.annotation))
    }


def _typed_addresses(
    place: str, text: str, tree: nodes.Template, columns: set[str]
) -> Iterator[Finding]:
    """Yield addresses that begin with a text of a row, which may be javascript:."""
    for output in tree.find_all(nodes.Output):
        before = ""
        for node in output.nodes:
            attribute = ADDRESS.search(before)
            if attribute and isinstance(node, nodes.Getattr) and node.attr in columns:
                if f".{node.attr}.startswith(" not in text:
                    yield finding(
                        "inline-script",
                        f"{place}:{node.lineno}",
                        f"an address that somebody typed, which may be a script: {attribute[1]}",
                        'Make it a link only if it .startswith(("http://", "https://"))',
                    )
            before = node.data if isinstance(node, nodes.TemplateData) else ""


class Reader(HTMLParser):
    """Collects what the page's policy would refuse, or what acts as script."""

    def __init__(self, place: str) -> None:
        super().__init__(convert_charrefs=True)
        self.place = place
        self.found: list[Finding] = []

    def _note(self, rule: str, what: str, lines: int = 0) -> None:
        self.found.append(finding(rule, f"{self.place}:{self.getpos()[0] + lines}", what))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "script" and not (said.get("src") or "nonce" in said):
            self._note("inline-script", "a script inside the page")
        if tag == "style":
            self._note("inline-style", "a style sheet inside the page")
        elsewhere = (said.get("src") or said.get("href") or "").strip().startswith(ELSEWHERE)
        if elsewhere and tag in ("script", "iframe", "link", "embed", "object"):
            self._note("inline-script", f"a {tag} from another site")
        source = self.get_starttag_text() or ""
        for bare in UNQUOTED.finditer(source):
            if PRINTED in (bare[1] or ""):
                lines = source[: bare.start(1)].count("\n")
                self._note("unescaped", "prints into an attribute without quotes", lines)
        for name, value in attrs:
            at = source.lower().find(name)
            self._attribute(name, value or "", source[: max(at, 0)].count("\n"))

    def _attribute(self, name: str, value: str, lines: int) -> None:
        plain = name.removeprefix("data-") if name.startswith("data-hx-") else name
        scheme = re.sub(r"[\x00-\x20]", "", value).lower()
        if name == "style":
            self._note("inline-style", "a style inside the page", lines)
        elif re.fullmatch(r"on[a-z]+", name) or plain.startswith("hx-on"):
            self._note("inline-script", f"a handler inside the page: {name}", lines)
        elif name in ADDRESSES and scheme.startswith(BAD_SCHEMES):
            self._note("inline-script", f"an address that is a script: {name}", lines)
        elif plain.startswith(("hx-", "sse-", "ws-")) and plain not in ALLOWED_HX:
            self._note("hx-attribute", f"{name} does more than fetch a part of the page", lines)


def _forged_forms(place: str, text: str) -> Iterator[Finding]:
    bare = re.sub(r"\{#.*?#\}", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    for form in FORM.finditer(bare):
        posts = re.search(
            r"method\s*=\s*[\"']?\s*(post|\{\{|put|delete)", form["head"], re.IGNORECASE
        )
        posts = posts or re.search(r"formmethod\s*=\s*[\"']?\s*post", form["body"], re.IGNORECASE)
        body = form["body"]
        complete = "hidden_fields(" in body or (
            re.search(r"\bcsrf_token\b", body) and re.search(r"\b(?:form_key|_key)\b", body)
        )
        if posts and not complete:
            line = bare.count("\n", 0, form.start()) + 1
            yield finding(
                "forged-form", f"{place}:{line}", "a form without the token against forged ones, or"
                " without the key that makes it happen once"
            )  # fmt: skip


def in_python(module: Module) -> Iterator[Finding]:
    """Yield Markup of what is not constant, and HTML put together from values."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and node.args:
            name = module.dotted(node.func)
            made = name in MARKUP or name.rpartition(".")[2] in ("Markup", "SafeString")
            if made and module.text_of(node.args[0]) is None:
                yield finding("unescaped", module.at(node), "prints unescaped text: Markup()")
                continue
        if _by_markup(module, node):
            continue
        if is_formatted(module, node) and any(TAG.search(text) for text in _texts(node)):
            yield finding("unescaped", module.at(node), "puts HTML together from values")


def _markup_as_a_value(module: Module) -> Iterator[Finding]:
    """Yield Markup that is handed on, derived from, or promised by __html__()."""
    for node in module.nodes:
        given: list[ast.expr] = []
        if isinstance(node, ast.FunctionDef) and node.name == "__html__":
            yield finding("unescaped", module.at(node), "is printed unescaped: __html__()")
        elif isinstance(node, ast.ClassDef):
            given = node.bases
        elif isinstance(node, ast.Call):
            asks = module.dotted(node.func) in ("isinstance", "issubclass")
            given = [] if asks else [*node.args, *(k.value for k in node.keywords)]
        for value in given:
            if isinstance(value, (ast.Name, ast.Attribute)) and module.dotted(value) in MARKUP:
                yield finding("unescaped", module.at(value), "prints unescaped text: Markup")


def _by_markup(module: Module, node: ast.AST) -> bool:
    """Tell whether constant Markup is filled in, which escapes what fills it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base: ast.AST = node.func.value
    else:
        base = node.left if isinstance(node, ast.BinOp) else node
    return isinstance(base, ast.Call) and module.dotted(base.func) in MARKUP


def _texts(node: ast.AST) -> Iterator[str]:
    for below in ast.walk(node):
        if isinstance(below, ast.Constant) and isinstance(below.value, str):
            yield below.value
