"""The rights of somebody who is not the one who asks."""

from __future__ import annotations

from sqlalchemy import literal, or_, select

from portal.auth.models import Account
from portal.guard import kernel_execute
from portal.people.models import Person
from portal.reach import Principal
from portal.work import UnitOfWork

people, accounts = Person.__table__, Account.__table__


def principal_of(tx: UnitOfWork, person_id: int) -> Principal | None:
    """Return somebody with all their rights of today; None if they do not work here, or cannot
    sign in.
    """
    runtime = tx.session.runtime
    wanted = (
        select(
            people.c.id.label("person_id"),
            people.c.public_id,
            people.c.name,
            people.c.language,
            literal("system").label("theme"),
            literal("open").label("sidebar"),
        )
        .join_from(people, accounts, accounts.c.person_id == people.c.id)
        .where(
            people.c.id == person_id,
            people.c.active_from <= tx.today,
            or_(people.c.active_until.is_(None), people.c.active_until > tx.today),
            accounts.c.active,
        )
    )
    found = kernel_execute(tx.session, wanted).one_or_none()
    if runtime is None or found is None:
        return None
    principal: Principal = runtime.compiler.compile(tx.session, found, tx.now)[0]
    return principal
