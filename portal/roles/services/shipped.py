"""The roles that ship, and what core and the plugins give them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from portal.messages import Message, message
from portal.plugin import Plugin, RoleGrant
from portal.roles.models import Role, RolePermission
from portal.roles.principals import raise_epoch
from portal.settings import services as settings
from portal.work import UnitOfWork

SHIPPED: dict[str, Message] = {
    "administrator": message("Administrator"),
    "department_manager": message("Department manager"),
    "office_manager": message("Office manager"),
    "executive": message("Back-office executive"),
    "assistant": message("Back-office assistant"),
    "employee": message("Employee"),
}
EVERYBODY = (
    "core.person.view",
    "core.department.view",
    "core.place.view",
    "core.calendar.view",
    "core.absence.view",
    "core.delegation.view",
)
# Any reach shows the shared address book; it decides whose private contacts are seen besides.
PRIVATE_CONTACTS = {
    "administrator": "all",
    "department_manager": "tree",
    "office_manager": "tree",
    "executive": "tree",
    "assistant": "department",
    "employee": "department",
}
# Absences and deputies: of whom they are noted.
ABSENCES = {"administrator": "all", "department_manager": "tree"}  # the others: their own
CORE_GRANTS = (
    *(RoleGrant(role=role, permission=name, reach="all") for role in SHIPPED for name in EVERYBODY),
    *(
        RoleGrant(role=role, permission="core.contact.view", reach=reach)
        for role, reach in PRIVATE_CONTACTS.items()
    ),
    *(
        RoleGrant(role=role, permission=name, reach=ABSENCES.get(role, "own"))
        for name in ("core.absence.edit", "core.delegation.edit")
        for role in SHIPPED
    ),
    *(
        RoleGrant(role="administrator", permission=name, reach="all")
        for name in (
            "core.person.edit",
            "core.person.give_access",
            "core.person.view_as",
            "core.department.edit",
            "core.membership.edit",
            "core.calendar.edit",
            "core.approval.fallback",
            "core.approval.rules",
            "core.role.view",
            "core.role.edit",
            "core.role.assign",
            "core.role.grant",
            "core.place.edit",
            "core.contact.edit",
            "core.plugin.view",
            "core.plugin.manage",
            "core.setting.edit",
            "core.audit.view",
            "core.job.view",
            "core.job.retry",
            "core.metrics.view",
        )
    ),
    *(
        RoleGrant(role=role, permission="core.view.share", reach="all")
        for role in ("administrator", "department_manager", "office_manager", "executive")
    ),
    RoleGrant(role="department_manager", permission="core.person.edit", reach="tree"),
    RoleGrant(role="department_manager", permission="core.role.view", reach="tree"),
    RoleGrant(role="department_manager", permission="core.role.grant", reach="tree"),
    RoleGrant(role="department_manager", permission="core.contact.edit", reach="department"),
    RoleGrant(role="office_manager", permission="core.place.edit", reach="tree"),
    RoleGrant(role="office_manager", permission="core.contact.edit", reach="department"),
    RoleGrant(role="executive", permission="core.contact.edit", reach="department"),
    RoleGrant(role="assistant", permission="core.contact.edit", reach="department"),
)


def sync_roles(tx: UnitOfWork, plugins: Iterable[Plugin]) -> None:
    """Make the shipped roles and give them what core and the plugins declare.

    A permission is given once, when it is first offered: what an administrator took away stays
    away, also when no other role has it.
    """
    roles = {role.slug: role for role in tx.session.scalars(select(Role).where(Role.shipped))}
    for slug, title in SHIPPED.items():
        if slug not in roles:
            roles[slug] = Role(slug=slug, name=title.msgid, shipped=True)
            tx.session.add(roles[slug])
    tx.session.flush()
    changed = False
    for source, grants in (("core", CORE_GRANTS), *((p.slug, p.roles) for p in plugins)):
        offered = _offered(tx, source)
        for grant in grants:
            key = f"{grant.role} {grant.permission}"
            held = {row.permission for row in roles[grant.role].permissions}
            if key not in offered and grant.permission not in held:
                row = RolePermission(permission=grant.permission, reach=grant.reach, source=source)
                roles[grant.role].permissions.append(row)
                changed = True
            offered.add(key)
        settings.remember(tx, offered_key(source), sorted(offered))
    tx.session.flush()
    if changed:
        raise_epoch(tx.session)


def offered_key(source: str) -> str:
    """Return under which name the portal remembers what a plugin (or core) has offered to roles."""
    return f"offered:{source}"


def _offered(tx: UnitOfWork, source: str) -> set[str]:
    return set(settings.remembered(tx, offered_key(source)) or ())
