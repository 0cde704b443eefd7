"""What a plugin says to people: every text goes through message() or _()."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import TemplateSyntaxError, nodes

from .findings import Finding, finding
from .markup import environment, without_jinja
from .sources import Module, Sources
from .writing import is_formatted

WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"[^\W\d_]{2,}[^\w<>={}/]*\s+[^\W\d_]+|^[A-Z][a-z]+[.!?…:]?$")
NO_WORDS = re.compile(
    r"&[a-z]+;|https?://\S+|\S+@\S+"
    r"|\b(?:Kantor|Excel|CSV|XLSX|XLS|ODS|JSON|PDF|QR|HTML|UTC|ID|SKU)\b"
)
IN_A_TAG = re.compile(r"<[^<>]*$")
SPOKEN = ("_", "gettext", "ngettext", "pgettext", "npgettext", "message")
# Callables and where among their arguments people read: positions, then keywords.
READ: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "portal.plugin.Permission": ((), ("title",)),
    "portal.plugin.Plugin": ((), ("title", "names")),
    "portal.plugin.NavItem": ((), ("title",)),
    "portal.plugin.NewItem": ((), ("title",)),
    "portal.plugin.LinkKind": ((), ("title",)),
    "portal.plugin.NoticeKind": ((), ("title",)),
    "portal.plugin.Panel": ((), ("title",)),
    "portal.plugin.Action": ((), ("label",)),
    "portal.plugin.Problem": ((), ("title", "remedy")),
    "portal.plugin.Subject": ((), ("title",)),
    "portal.web.Column": ((1,), ("title", "absent", "meta_said", "labels")),
    "portal.web.View": ((), ("title",)),
    "portal.web.Action": ((), ("label",)),
    "portal.web.BulkAction": ((), ("label",)),
    "portal.web.RowAction": ((), ("label",)),
    "portal.web.Empty": ((), ("title", "text")),
    "portal.web.toast": ((0,), ()),
    "portal.web.redirect_to": ((), ()),
    "flask.flash": ((0,), ()),
    "flask.abort": ((1,), ("description",)),
    "werkzeug.exceptions.abort": ((1,), ("description",)),
    "wtforms.ValidationError": ((0,), ()),
    "wtforms.validators.ValidationError": ((0,), ()),
}
# What people read of anything else that a plugin declares or shows.
ANYWHERE = ("title", "label", "text", "remedy", "description", "blank", "absent", "labels")
FIELD = ((0,), ("label", "description", "blank", "help", "message"))
QUIET_TAGS = frozenset({"script", "style", "code", "kbd", "samp", "var", "pre", "title_"})
SPOKEN_ATTRIBUTES = frozenset({"title", "alt", "placeholder", "aria-label", "label", "data-l"})


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield every text for people that cannot be translated."""
    for module in sources.code:
        yield from _in_python(module)
    for path in sources.templates:
        yield from _in_a_template(sources, path)


def _in_python(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = module.dotted(node.func)
        last = name.rpartition(".")[2]
        if last in SPOKEN and node.args and is_formatted(module, node.args[0]):
            yield finding(
                "untranslated-string",
                module.at(node.args[0]),
                "formats a sentence before it is translated",
                'Write message("... {name} ...", name=...)',
            )
        places, keywords = READ.get(name, ((), ()))
        if name not in READ and last.endswith("Field") and _is_a_field(name):
            places, keywords = FIELD
        elif name not in READ and name.startswith(("portal.plugin.", "portal.web.")):
            keywords = ANYWHERE
        values = [node.args[place] for place in places if place < len(node.args)]
        values += [keyword.value for keyword in node.keywords if keyword.arg in keywords]
        for value in values:
            yield from _said(module, value)


def _is_a_field(name: str) -> bool:
    return not name.startswith(("sqlalchemy.", "dataclasses.", "pydantic.", "portal.plugin."))


def _said(module: Module, value: ast.expr) -> Iterator[Finding]:
    """Yield what of an expression is text that is not translated."""
    if isinstance(value, ast.Dict):
        for inner in value.values:
            yield from _said(module, inner)
    elif isinstance(value, ast.IfExp):
        yield from _said(module, value.body)
        yield from _said(module, value.orelse)
    elif isinstance(value, ast.BoolOp):
        for inner in value.values:
            yield from _said(module, inner)
    else:
        text = module.text_of(value)
        if is_formatted(module, value):
            yield finding(
                "untranslated-string", module.at(value), "puts a text for people together"
            )
        elif text and WORD.search(text):
            yield finding(
                "untranslated-string",
                module.at(value),
                f"{_short(text)!r} is shown to people as it stands",
            )


def _in_a_template(sources: Sources, path: Path) -> Iterator[Finding]:
    place = sources.place(path)
    try:
        text = path.read_text(encoding="utf-8")
        tree = environment().parse(text)
    except (TemplateSyntaxError, UnicodeError):
        return  # Said elsewhere.
    reader = TextReader()
    spoken = re.sub(
        r"\{%-?\s*trans\b.*?\{%-?\s*endtrans\s*-?%\}",
        lambda found: "\n" * found.group().count("\n"),
        text,
        flags=re.DOTALL,
    )
    reader.feed(without_jinja(spoken))
    reader.close()
    macros = _macros(tree)
    texts = [*reader.texts, *_printed(tree, macros)]
    for line, said in sorted(set(texts)):
        yield finding(
            "untranslated-string",
            f"{place}:{line}",
            f"{_short(said)!r} is shown to people as it stands",
        )


class TextReader(HTMLParser):
    """Collects the texts of a page with their lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[int, str]] = []
        self._quiet: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in QUIET_TAGS:
            self._quiet.append(tag)
        kind = dict(attrs).get("type")
        for name, value in attrs:
            button = name == "value" and tag == "input" and kind in ("submit", "button", "reset")
            if (name in SPOKEN_ATTRIBUTES or button) and WORD.search(NO_WORDS.sub("", value or "")):
                self.texts.append((self.getpos()[0], value or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._quiet and self._quiet[-1] == tag:
            self._quiet.pop()

    def handle_data(self, data: str) -> None:
        line = self.getpos()[0]
        for number, part in enumerate(data.split("\n")):
            if not self._quiet and WORD.search(NO_WORDS.sub("", part)):
                self.texts.append((line + number, part.strip()))


def _macros(tree: nodes.Template) -> set[str]:
    """Return the names of macros: what is given to them is shown."""
    found = {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        found |= {n if isinstance(n, str) else n[1] for n in imported.names}
    return found


def _printed(tree: nodes.Template, macros: set[str]) -> Iterator[tuple[int, str]]:
    """Yield constant texts that are printed, or given to a macro that prints them."""
    before = ""  # The page so far: in a tag stand names of classes, in some attributes words.
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                before = (before + node.data)[-2_000:]
                continue
            tag = IN_A_TAG.search(before)
            attribute = re.search(r"([\w-]+)\s*=\s*[\"'][^\"']*$", tag.group()) if tag else None
            if tag is None or (attribute and attribute[1] in SPOKEN_ATTRIBUTES):
                yield from _constants(node, bare=True)
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in macros:
            for argument in [*call.args, *(keyword.value for keyword in call.kwargs)]:
                yield from _constants(argument, bare=False)
    for assigned in tree.find_all(nodes.Assign):
        yield from _constants(assigned.node, bare=False)


def _constants(node: nodes.Node, *, bare: bool) -> Iterator[tuple[int, str]]:
    """Yield the constants an expression can come to; a single small word is a name of something."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        text = NO_WORDS.sub("", node.value)
        if (WORD.search(text) and bare) or SENTENCE.search(text):
            yield node.lineno, node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1, bare=bare)
        if node.expr2 is not None:
            yield from _constants(node.expr2, bare=bare)
    elif isinstance(node, (nodes.Concat, nodes.Add, nodes.Or, nodes.And, nodes.List, nodes.Tuple)):
        for child in node.iter_child_nodes():
            yield from _constants(child, bare=bare)


def _short(text: str) -> str:
    return text if len(text) < 50 else f"{text[:47]}..."
