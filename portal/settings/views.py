"""Pages of settings: the portal's own, and those of each plugin, overridden for a department."""

from __future__ import annotations

import hashlib

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import select

from portal.errors import EditConflict, NotFound
from portal.messages import message
from portal.people.models import Department
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import PortalForm

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
TITLE = message("Settings")
CHANGEABLE = ("organisation", "time_zone", "currency", "language")


@blueprint.get("")
@policy("core.setting.edit")
def settings():
    """Show what the organisation decided about itself, and the plugins that have settings."""
    facts = services.facts(reading())
    return _portal_page(PortalForm(data={**facts, "seen": _mark(facts)}))


@blueprint.post("")
@policy("core.setting.edit")
def change():
    """Change what the organisation decided about itself."""
    form = PortalForm(request.form)
    if not form.validate():
        return _portal_page(form), 422
    with transaction() as tx:
        facts = services.facts(tx)
        if form.seen.data != _mark(facts):
            raise EditConflict(theirs={name: facts[name] for name in CHANGEABLE})
        services.change_facts(tx, {name: form[name].data for name in CHANGEABLE})
        toast(message("The settings are saved."))
        answer = redirect_to(tx, "settings.settings")
    current_app.extensions["kantor_facts"].forget()
    return answer


@blueprint.get("/<slug>")
@policy("core.setting.edit")
def plugin(slug):
    """Show the settings of a plugin, for the portal or for one department."""
    tx = reading()
    declared, department = _declared(slug), _department(tx)
    stored = services.stored(tx, slug, department.id if department else None)
    values = services.values_of(tx, slug, department.id if department else None)
    return _plugin_page(tx, declared, department, declared.settings(data=values), stored)


@blueprint.post("/<slug>")
@policy("core.setting.edit")
def change_plugin(slug):
    """Change the settings of a plugin, for the portal or for one department."""
    tx = reading()
    declared, department = _declared(slug), _department(tx)
    form = declared.settings(request.form)
    department_id = department.id if department else None
    if not form.validate():
        stored = services.stored(tx, slug, department_id)
        return _plugin_page(tx, declared, department, form, stored), 422
    version = request.form.get("version", "")
    with transaction() as tx:
        services.write(
            tx,
            slug,
            form.data,
            department_id=department_id,
            version=int(version) if version.isdigit() and len(version) < 9 else None,
        )
        toast(message("The settings are saved."))
        where = {"department": department.public_id} if department else {}
        return redirect_to(tx, "settings.plugin", slug=slug, **where)


def _portal_page(form):
    plugins = current_app.extensions["kantor"].loaded.values()
    return render(
        "settings/settings.html",
        crumbs=((TITLE, ""),),
        form=form,
        plugins=[p for p in plugins if p.settings is not None],
    )


def _plugin_page(tx, declared, department, form, stored):
    rows = tx.session.scalars(
        select(Department).where(Department.active).order_by(Department.name_key)
    ).all()
    return render(
        "settings/plugin.html",
        crumbs=((TITLE, url_for("settings.settings")), (declared.title, "")),
        plugin=declared,
        form=form,
        department=department,
        choices=_tabs(declared.slug, rows, department),
        version=stored.version if stored is not None else 0,
    )


def _tabs(slug, departments, current):
    """Return a tab for everybody and one for each department that may decide otherwise."""
    everybody = (message("Everybody"), url_for("settings.plugin", slug=slug), current is None)
    return [everybody] + [
        (
            row.name,
            url_for("settings.plugin", slug=slug, department=row.public_id),
            current is not None and current.id == row.id,
        )
        for row in departments
    ]


def _declared(slug):
    found = current_app.extensions["kantor"].loaded.get(slug)
    if found is None or found.settings is None:
        raise NotFound
    return found


def _department(tx):
    public_id = request.args.get("department")
    return tx.one(select(Department), public_id=public_id) if public_id else None


def _mark(facts):
    text = repr([facts[name] for name in CHANGEABLE])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
