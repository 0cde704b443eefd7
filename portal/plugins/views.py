"""Pages about plugins: what is installed, what went wrong, where each is on."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for

from portal.errors import NotFound
from portal.messages import message
from portal.people.models import Department
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import activation
from .overview import STATES, TONES, known_plugins

blueprint = Blueprint("plugins", __name__, url_prefix="/plugins")
TITLE = message("Plugins")


@blueprint.get("")
@policy("core.plugin.view")
def plugins():
    """Show every plugin with its state, and the grid of where it is on."""
    from sqlalchemy import select

    tx = reading()
    found = known_plugins(tx, current_app.extensions["kantor"])
    departments = select(Department.id, Department.public_id, Department.name).where(
        Department.active
    )
    cells = activation.switched_on(tx)
    return render(
        "plugins/plugins.html",
        crumbs=((TITLE, ""),),
        plugins=found,
        states=STATES,
        tones=TONES,
        departments=tx.session.execute(departments.order_by(Department.name_key)).all(),
        on=cells,
        seen=activation.state_mark(cells),
    )


@blueprint.post("/activation")
@policy("core.plugin.manage")
def switch():
    """Switch plugins on and off as the grid says."""
    with transaction() as tx:
        activation.apply_grid(
            tx,
            request.form.getlist("on"),
            seen=request.form.get("seen", ""),
            offered=set(current_app.extensions["kantor"].loaded),
        )
        toast(message("The plugins are switched."))
        return redirect_to(tx, "plugins.plugins")


@blueprint.get("/<slug>")
@policy("core.plugin.view")
def plugin(slug):
    """Show one plugin: version, permissions, tables, jobs, and why it was set aside."""
    tx = reading()
    found = next(
        (p for p in known_plugins(tx, current_app.extensions["kantor"]) if p.slug == slug), None
    )
    if found is None:
        raise NotFound
    return render(
        "plugins/plugin.html",
        crumbs=((TITLE, url_for("plugins.plugins")), (found.title, "")),
        plugin=found,
        state=STATES[found.state],
        tone=TONES[found.state],
    )
