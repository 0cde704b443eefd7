"""Templates compiled once for each language.

Most of a page is words and icons that never change. Where a template names them outright they are
put in when it is compiled, so that no page looks them up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app
from flask.templating import Environment
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from portal.messages import current_language, translations
from portal.ui.icons import icon


class SpeakingEnvironment(Environment):
    """Flask's environment; ``in_language`` is the same for a language that is known."""

    language = ""

    def in_language(self, language: str) -> SpeakingEnvironment:
        """Return the environment whose templates speak ``language``."""
        kept: dict[str, SpeakingEnvironment] = self.__dict__.setdefault("_spoken", {})
        found = kept.get(language)
        if found is None:
            found = self.overlay()
            found.language = language
            kept[language] = found
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        if self.language:
            _PuttingIn(self.language).visit(parsed)
        return parsed


def environment() -> SpeakingEnvironment:
    """Return the environment of the reader's language."""
    found: Any = current_app.jinja_env
    return found.in_language(current_language.get())


def drawn(source: str, context: Mapping[str, Any]) -> Markup:
    """Return what a piece of a template of the portal's own draws, escaped as any template."""
    return Markup(environment().from_string(source).render(context))  # noqa: S704


class _PuttingIn(NodeTransformer):
    """Puts what a call with constants returns in the place of the call."""

    def __init__(self, language: str) -> None:
        spoken = translations(language)
        self.known: dict[str, Callable[..., Markup]] = {
            "_": lambda text: _sentence(spoken.gettext(text)),
            "gettext": lambda text: _sentence(spoken.gettext(text)),
            "pgettext": lambda context, text: _sentence(spoken.pgettext(context, text)),
            "icon": icon,
        }

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - named by Jinja
        """Return the outcome of the call as a constant, or the call with its parts visited."""
        self.generic_visit(node)
        called = self.known.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        if called is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return node
        if not all(isinstance(part, nodes.Const) for part in node.args):
            return node
        values = [part.value for part in node.args if isinstance(part, nodes.Const)]
        return nodes.Const(called(*values), lineno=node.lineno)


def _sentence(text: str) -> Markup:
    """Return a translation as templates show it: a percent sign is written twice in it."""
    return Markup(text) % {}  # noqa: S704 - a translation is ours, as in Jinja's own gettext
