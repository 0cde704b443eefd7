"""Pages that keep an eye on the stock: alerts, the overview, and what is due to be counted."""

from __future__ import annotations

from portal.api import message
from portal.web import policy, reading

from ..views.shared import blueprint
from .tables import ALERTS


@blueprint.get("/alerts")
@policy("inventory.stock.view")
def alerts():
    """Show where there is too little or too much, and where there was."""
    crumbs = ((message("Alerts"), ""),)
    return ALERTS.respond(reading(), "inventory/watching/alerts.html", crumbs=crumbs)
