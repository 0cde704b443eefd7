"""The list of roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.messages import message
from portal.roles.lists import TITLES
from portal.roles.models import Assignment, Role, RolePermission
from portal.ui.table import Action, Column, Empty, Table
from portal.work import UnitOfWork

SHIPPED = {True: message("Built in"), False: message("Own")}
TONES = {True: "mute", False: "info"}


def roles(tx: UnitOfWork) -> Select[Any]:
    """Return the roles with how many permissions they give and how many people hold them today."""
    permissions = (
        select(func.count(RolePermission.id))
        .where(RolePermission.role_id == Role.id)
        .correlate(Role)
        .scalar_subquery()
    )
    holders = (
        select(func.count(Assignment.person_id.distinct()))
        .where(
            Assignment.role_id == Role.id,
            Assignment.approved,
            Assignment.from_on <= tx.today,
            or_(Assignment.until_on.is_(None), Assignment.until_on > tx.today),
        )
        .correlate(Role)
        .scalar_subquery()
    )
    return select(
        Role.public_id,
        Role.name,
        Role.slug,
        Role.shipped,
        permissions.label("permissions"),
        holders.label("holders"),
    )


ROLES = Table(
    "roles",
    "core.role.view",
    roles,
    columns=(
        Column(
            "name",
            message("Role"),
            sort=(Role.name_key, Role.id),
            link=("roles.role", {"public_id": "public_id"}),
            labels=TITLES,
            primary=True,
        ),
        Column("shipped", message("Origin"), "pill", labels=SHIPPED, tone=TONES),
        Column("permissions", message("Permissions"), "number"),
        Column("holders", message("Holders you can see"), "number"),
        Column("slug", message("Name for the command line"), shown=False),
    ),
    default_sort="name",
    empty=Empty(
        title=message("No roles yet"),
        text=message("A role says what its holders may do, and how far."),
        actions=(
            Action(
                label=message("New role"), endpoint="roles.new_role", permission="core.role.edit"
            ),
        ),
    ),
)
