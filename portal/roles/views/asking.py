"""Why somebody may, or may not: about whom and which right, before the page that says it."""

from __future__ import annotations

from flask import redirect, request, url_for

from portal.messages import message
from portal.roles import lists
from portal.roles.forms import AskWhyForm
from portal.roles.services import require_everywhere
from portal.web import policy, reading, render

from .common import blueprint

WHY = message("Why somebody may, or may not")


@blueprint.get("/why")
@policy("core.role.view")
def ask_why():
    """Ask about whom, which right and which record; the page of the person says why."""
    tx = reading()
    require_everywhere(tx, lists.VIEW)
    form = AskWhyForm(request.args).prepare(tx)
    asked = bool(form.person.data or form.person.words)
    if asked and form.validate():
        about = {name: form[name].data for name in ("permission", "record") if form[name].data}
        return redirect(url_for("people.why", public_id=form.person.data, **about))
    page = render("roles/why.html", crumbs=((WHY, ""),), form=form, title=WHY)
    return (page, 422) if asked else page
