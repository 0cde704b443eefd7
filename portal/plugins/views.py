"""Pages about plugins: what is installed, what went wrong, where each is on."""

from __future__ import annotations

from flask import Blueprint, request

from portal.checking import notable
from portal.messages import message
from portal.people.services import in_tree_order
from portal.roles.rules import reaches
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import ActivationForm
from .services import ChangeActivation

blueprint = Blueprint("plugins", __name__, url_prefix="/plugins")
FRESH = 600  # seconds since the password was given, for what is switched for others


@blueprint.get("")
@policy("core.plugin.view")
def plugins():
    """Show every plugin with its state, and the grid of where it is on."""
    tx = reading()
    found = services.plugins(tx)
    cells = services.activations(tx)
    departments = [row for row, _ in in_tree_order(tx, active_only=True)]
    return render(
        "plugins/plugins.html",
        plugins=found,
        states=services.STATES,
        tones=services.TONES,
        departments=departments,
        counted=_counted(found),
        on=cells,
        mine={place for place in _places(departments) if reaches(tx.actor, services.MANAGE, place)},
        seen=services.digest(cells),
    )


@blueprint.post("/activation")
@policy("core.plugin.manage", fresh=FRESH)
def switch():
    """Switch plugins on and off as the grid says."""
    form = ActivationForm(request.form)
    with transaction() as tx:
        departments = [row for row, _ in in_tree_order(tx, active_only=True)]
        command = ChangeActivation(
            seen=form.seen.data or "",
            offered=services.offered(tx, [row.id for row in departments]),
            wanted=services.cells_named(tx, form.on.data),
        )
        if services.change_activation(tx, command):
            toast(message("Saved. People see it on their next page."))
        else:
            toast(message("Nothing was changed."))
        return redirect_to(tx, "plugins.plugins")


@blueprint.get("/<slug>")
@policy("core.plugin.view")
def plugin(slug: str):
    """Show one plugin: version, permissions, tables, jobs, what its files do that one should know,
    and why it was set aside.
    """
    tx = reading()
    found = services.plugin(tx, slug)
    return render(
        "plugins/plugin.html",
        crumbs=((found.title, ""),),
        plugin=found,
        state=services.STATES[found.state],
        tone=services.TONES[found.state],
        notable=notable.told(notable.of_slug(slug, services.loaded(tx))),
        places=[
            row for row, _ in in_tree_order(tx, active_only=True) if row.id in found.departments
        ],
    )


def _places(departments):
    return [None, *(row.id for row in departments)]


def _counted(found):
    """Return one line: how many there are, run, and were set aside."""
    numbers = {
        "all": len(found),
        "on": sum(one.state == "on" for one in found),
        "aside": sum(one.state == "aside" for one in found),
    }
    if numbers["aside"]:
        return message("{all} known, {on} on, {aside} set aside", **numbers)
    return message("{all} known, {on} on", **numbers)
