"""Whether a plugin keeps its promises: asked of its files, and of a portal it runs in.

``asked_of_files`` reads code and templates without importing them; the modules beside it each ask
one kind of thing. ``portal.testing.check_plugin`` and ``kantor plugin check`` ask the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from .findings import RULES, Finding, Rule, in_order
from .sources import NoPlugin, Sources

__all__ = ["RULES", "Finding", "NoPlugin", "Rule", "Sources", "asked_of_files", "in_order"]


def asked_of_files(sources: Sources) -> list[Finding]:
    """Return what the files of a plugin show, without importing it."""
    from . import (
        answering,
        beyond,
        catalogue,
        database,
        markup,
        reaching,
        routes,
        sent,
        speech,
        writing,
    )

    def found() -> Iterator[Finding]:
        asked = (reaching, database, writing, routes, sent, beyond, markup, speech, catalogue)
        for module in (*asked, answering):
            yield from module.findings(sources)

    return in_order(found())
