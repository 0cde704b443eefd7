"""Fails in the middle of making its tables."""

from flask import Blueprint
from sqlalchemy.orm import Mapped, mapped_column

from portal.api import Global, declarative_base, message
from portal.plugin import Permission, Plugin
from portal.web import policy

Base = declarative_base("halfway")
blueprint = Blueprint("halfway", __name__)


class Thing(Global, Base, reason="nobody ever sees it"):
    __tablename__ = "halfway_thing"

    id: Mapped[int] = mapped_column(primary_key=True)


@blueprint.get("/")
@policy("halfway.thing.view")
def index():
    return "there are no tables behind this page"


plugin = Plugin(
    slug="halfway",
    title=message("Half way"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(Permission(name="halfway.thing.view", title=message("See things")),),
)
