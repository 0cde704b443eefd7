"""Pages of settings: the portal's own, and those of each plugin, overridden for a department."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import select

from portal.errors import NotFound
from portal.messages import message
from portal.people.models import Department
from portal.people.services import in_tree_order
from portal.roles.rules import reaches
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import PortalForm

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
SAVED = message("The settings are saved.")
FRESH = 600  # seconds since the password was given, for what holds for everybody


@blueprint.get("")
@policy("core.setting.edit")
def settings():
    """Show what the organisation decided about itself, and the plugins that have settings."""
    tx = reading()
    facts = services.facts(tx)
    return _portal_page(tx, PortalForm(data={**facts, "seen": services.mark(facts)}))


@blueprint.post("")
@policy("core.setting.edit", fresh=FRESH)
def change():
    """Change what the organisation decided about itself."""
    form = PortalForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            values = {name: form[name].data for name in services.CHANGEABLE}
            services.change_facts(tx, values, seen=form.seen.data or "")
            toast(SAVED)
            answer = redirect_to(tx, "settings.settings")
        current_app.extensions["kantor_facts"].forget()
        return answer
    return _portal_page(reading(), form), 422


@blueprint.get("/<slug>")
@policy("core.setting.edit")
def plugin(slug: str):
    """Show the settings of a plugin, for the portal or for one department."""
    tx = reading()
    declared, department = _declared(slug), _department(tx)
    values = services.values_of(tx, slug, department.id if department else None)
    return _plugin_page(tx, declared, department, declared.settings(data=values))


@blueprint.post("/<slug>")
@policy("core.setting.edit", fresh=FRESH)
def change_plugin(slug: str):
    """Change the settings of a plugin, for the portal or for one department."""
    tx = reading()
    declared, department = _declared(slug), _department(tx)
    form = declared.settings(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            department = _department(tx)
            services.write(
                tx,
                slug,
                form.data,
                department_id=department.id if department else None,
                version=_version(),
            )
            toast(SAVED)
            return redirect_to(tx, "settings.plugin", slug=slug, **_where(department))
    return _plugin_page(reading(), declared, _department(reading()), form), 422


@blueprint.post("/<slug>/reset")
@policy("core.setting.edit", fresh=FRESH)
def reset(slug: str):
    """Let a department do as everybody does."""
    _declared(slug)
    with transaction() as tx:
        department = _department(tx)
        if department is None:
            raise NotFound()
        services.reset(tx, slug, department.id)
        toast(message("{department} now does as everybody does.", department=department.name))
        return redirect_to(tx, "settings.plugin", slug=slug, **_where(department))


def _version():
    given = request.form.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


def _where(department):
    return {"department": department.public_id} if department else {}


def _portal_page(tx, form):
    plugins = current_app.extensions["kantor"].loaded.values()
    return render(
        "settings/settings.html",
        form=form,
        everybody=reaches(tx.actor, services.EDIT, None),
        plugins=[p for p in plugins if p.settings is not None],
    )


def _plugin_page(tx, declared, department, form):
    stored = services.stored(tx, declared.slug, department.id if department else None)
    return render(
        "settings/plugin.html",
        crumbs=((declared.title, ""),),
        plugin=declared,
        form=form,
        department=department,
        where=_where(department),
        choices=_tabs(tx, declared.slug, department),
        stored=stored,
        editable=reaches(tx.actor, services.EDIT, department.id if department else None),
    )


def _tabs(tx, slug, current):
    """Return a tab for everybody and one for each department in reach that may decide otherwise."""
    everybody = (message("Everybody"), url_for("settings.plugin", slug=slug), current is None)
    mine = [
        row
        for row, _ in in_tree_order(tx, active_only=True)
        if reaches(tx.actor, services.EDIT, row.id)
    ]
    return [everybody] + [
        (
            row.name,
            url_for("settings.plugin", slug=slug, department=row.public_id),
            current is not None and current.id == row.id,
        )
        for row in mine
    ]


def _declared(slug):
    found = current_app.extensions["kantor"].loaded.get(slug)
    if found is None or found.settings is None:
        raise NotFound()
    return found


def _department(tx):
    """Return the department the address names, None for everybody; those out of reach are not
    there.
    """
    public_id = request.args.get("department")
    if not public_id:
        return None
    found = tx.one(select(Department), public_id=public_id)
    if not reaches(tx.actor, services.EDIT, found.id):
        raise NotFound()
    return found
