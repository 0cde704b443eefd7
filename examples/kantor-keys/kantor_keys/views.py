from flask import Blueprint, request
from sqlalchemy import select

from portal import web
from portal.api import Person, ValidationFailed, message

from . import services
from .models import Key

blueprint = Blueprint("keys", __name__, template_folder="templates")
PAGE = ("keys.key", {"public_id": "public_id"})
KEYS = web.Table(
    "keys",
    "keys.key.view",
    services.keys,
    columns=(
        web.Column("code", message("Key"), sort=(Key.code,), link=PAGE),
        web.Column("room", message("Room")),
        web.Column("holder", message("Who has it"), "person"),
    ),
    default_sort="code",
)


class KeyForm(web.Form):
    code = web.TextField(message("Key"), [web.required(), web.longest(20)])
    room = web.TextField(message("Room"), [web.required(), web.longest(80)])
    holder_id = web.ChoiceField(message("Who has it"), blank=message("Nobody"), coerce=int)


@blueprint.get("/")
@web.policy("keys.key.view")
def index():
    return KEYS.respond(web.reading(), "keys/index.html")


@blueprint.route("/new", methods=["GET", "POST"])
@blueprint.route("/<public_id>", methods=["GET", "POST"])
@web.policy("keys.key.lend")
def key(public_id=None):
    tx = web.reading()
    form = KeyForm(request.form, obj=services.key(tx, public_id))
    people = select(Person.id, Person.name).order_by(Person.name_key)
    form.holder_id.choices = tx.session.execute(people).all()
    if request.method == "POST" and form.validate():
        try:
            with web.transaction() as tx:
                services.save(tx, services.key(tx, public_id), **form.data)
                return web.redirect_to(tx, "keys.index")
        except ValidationFailed as refusal:
            form.add_errors(refusal.fields)
    return web.render("keys/form.html", form=form), 422 if form.errors else 200
