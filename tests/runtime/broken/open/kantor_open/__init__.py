"""Has a page that nobody guards."""

from flask import Blueprint

from portal.api import message
from portal.plugin import Permission, Plugin
from portal.web import policy

blueprint = Blueprint("open", __name__)


@blueprint.get("/")
@policy("open.thing.view")
def index():
    return "guarded"


@blueprint.get("/secrets")
def secrets():
    return "for anybody"


plugin = Plugin(
    slug="open",
    title=message("Open door"),
    package=__name__,
    blueprint=blueprint,
    permissions=(Permission(name="open.thing.view", title=message("See things")),),
)
