from flask import Blueprint, request

from portal import web
from portal.api import message

from . import services
from .models import Visit

blueprint = Blueprint("visits", __name__, template_folder="templates")
COLUMNS = (
    web.Column(
        "guest",
        message("Guest"),
        sort=(Visit.guest, Visit.id),
        link=("visits.visit", {"public_id": "public_id"}),
    ),
    web.Column("note", message("Note")),
    web.Column("people", message("How many came"), "number"),
    web.Column("arrived_on", message("Arrived on"), "date"),
    web.Column("host", message("Host"), "person"),
)
VISITS = web.Table(
    "visits", "visits.visit.view", services.visits, columns=COLUMNS, default_sort="guest"
)


class VisitForm(web.Form):
    department_id = web.ChoiceField(message("Department"), [web.required()], coerce=int)
    guest = web.TextField(message("Guest"), [web.required(), web.longest(80)])
    note = web.TextField(message("Note"), [web.optional(), web.longest(500)])
    people = web.WholeField(message("How many came"), [web.required()], minimum=1, maximum=500)
    arrived_on = web.DateField(message("Arrived on"), [web.required()])


@blueprint.get("/")
@web.policy("visits.visit.view")
def index():
    return VISITS.respond(web.reading(), "visits/index.html")


@blueprint.get("/sheet.csv")
@web.policy("visits.visit.view")
def sheet():
    tx = web.reading()
    rows = tx.session.execute(services.visits(tx).order_by(Visit.guest, Visit.id)).all()
    lines = [(row.guest, row.note, row.people, row.arrived_on, row.host) for row in rows]
    return web.plain_file(tx, "visits", COLUMNS, lines)


@blueprint.get("/<public_id>")
@web.policy("visits.visit.view")
def visit(public_id):
    return web.render("visits/visit.html", visit=services.visit(web.reading(), public_id))


@blueprint.route("/new", methods=["GET", "POST"])
@blueprint.route("/<public_id>/edit", methods=["GET", "POST"])
@web.policy("visits.visit.edit")
def edit(public_id=None):
    tx = web.reading()
    row = services.visit(tx, public_id, services.EDIT) if public_id else None
    form = VisitForm(request.form, obj=row)
    form.department_id.choices = services.departments(tx)
    if request.method == "POST" and form.validate():
        with web.transaction() as tx:
            made = services.write(tx, public_id, form.command(services.WriteVisit))
            return web.redirect_to(tx, "visits.visit", public_id=made.public_id)
    return web.render("visits/form.html", form=form), 422 if form.errors else 200
