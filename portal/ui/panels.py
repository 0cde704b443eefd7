"""Parts that plugins add to a page, drawn one by one: the fault of one costs that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from markupsafe import Markup

from portal.messages import Message
from portal.plugin import Panel
from portal.ui import speaking
from portal.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A panel as a page shows it."""

    title: Message | str
    body: Markup
    order: int
    place: str


def panels(tx: UnitOfWork, subject: Any, slot: str) -> list[Drawn]:
    """Return what the plugins that are on show in ``slot`` of the page about ``subject``."""
    found = current_app.extensions["kantor"].collect(
        "panels", tx, shape=_draw, subject=subject, slot=slot
    )
    return sorted((drawn for _slug, drawn in found), key=lambda drawn: drawn.order)


def _draw(panel: Panel) -> Drawn:
    context: dict[str, Any] = {"context": panel.context}
    current_app.update_template_context(context)
    body = Markup(speaking.environment().get_template(panel.template).render(context))  # noqa: S704
    return Drawn(title=panel.title, body=body, order=panel.order, place=panel.place)
