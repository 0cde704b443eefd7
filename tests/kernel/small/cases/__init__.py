"""Leave and confidential statements, for the kernel's tests."""

from flask import Blueprint
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from portal.api import Confidential, Owned, declarative_base, message, visible
from portal.plugin import Permission, Plugin
from portal.web import policy, reading

Base = declarative_base("cases")
blueprint = Blueprint("cases", __name__)


class Leave(Owned, Base):
    __tablename__ = "cases_leave"

    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[int]


class Statement(Confidential, Base):
    __tablename__ = "cases_statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


@blueprint.get("/leave/<int:leave_id>")
@policy("cases.leave.view")
def leave(leave_id):
    tx = reading()
    return {"days": tx.one(visible(select(Leave), "cases.leave.view", tx.actor), id=leave_id).days}


@blueprint.get("/statements/<int:statement_id>")
@policy("cases.statement.read")
def statement(statement_id):
    tx = reading()
    found = visible(select(Statement), "cases.statement.read", tx.actor)
    return {"body": tx.one(found, id=statement_id).body}


plugin = Plugin(
    slug="cases",
    title=message("Cases"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="cases.leave.view", title=message("See leave")),
        Permission(name="cases.leave.approve", title=message("Approve leave"), writes=True),
        Permission(name="cases.statement.read", title=message("Read statements")),
        Permission(name="cases.statement.write", title=message("Take statements"), writes=True),
    ),
)
