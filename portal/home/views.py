"""The first page: what waits, from every plugin that has something to show."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from portal.plugin import Home
from portal.web import policy, reading, render

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@policy("core.portal.use")
def index() -> Any:
    """Show the home page with the widgets of the plugins that are switched on."""
    tx = reading()
    widgets = current_app.extensions["kantor"].collect("panels", tx, subject=Home(), slot="widget")
    panels = sorted((panel for _, panel in widgets), key=lambda panel: panel.order)
    return render("home/index.html", panels=panels)
