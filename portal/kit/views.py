"""One page, where plugins are developed: every component, and the call that draws it."""

from __future__ import annotations

from flask import Blueprint, current_app

from portal.errors import NotFound
from portal.messages import message
from portal.web import policy, reading, render

from . import samples, showing

blueprint = Blueprint("kit", __name__, url_prefix="/dev/kit")


@blueprint.get("")
@policy("core.portal.use")
def components():
    """Show every component with its call; not there in a portal that people work with."""
    if not for_development():
        raise NotFound
    tx = reading()
    context = samples.context(tx.now, tx.today)
    return render(
        "kit/components.html",
        crumbs=((message("Components"), ""),),
        parts=list(showing.parts(context)),
    )


def for_development():
    """Return whether this is a demo, a test, or a portal that stops at a broken plugin."""
    extensions = current_app.extensions
    return (
        extensions["kantor_facts"]["kind"] != "real" or extensions["kantor_config"].strict_plugins
    )
