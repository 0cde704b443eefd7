"""Finding people, departments and roles by what an administrator types."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select


def department_named(tx: Any, name: str | None) -> int | None:
    """Return the id of the department with this name, None for no name; end the
    command if unknown.
    """
    from portal.orm import sort_key
    from portal.people.models import Department

    if name is None:
        return None
    found = tx.session.scalars(
        select(Department.id).where(Department.name_key == sort_key(name))
    ).all()
    return int(_only(found, f"department {name!r}"))


def person_named(tx: Any, name: str) -> Any:
    """Return the person with this name, user name or public id; end the command if unknown or not
    unique.
    """
    from portal.auth.models import Account
    from portal.orm import sort_key
    from portal.people.models import Person

    by_account = select(Account.person_id).where(Account.username == sort_key(name))
    found = tx.session.scalars(
        select(Person).where(
            (Person.name_key == sort_key(name))
            | (Person.public_id == name)
            | Person.id.in_(by_account)
        )
    ).all()
    return _only(found, f"person {name!r}")


def account_named(tx: Any, name: str) -> Any:
    """Return the account of the person with this name; end the command if there is none."""
    from portal.auth import services

    found = services.account_of(tx, person_named(tx, name).id)
    return _only([found] if found is not None else [], f"account of {name!r}")


def role_named(tx: Any, slug: str) -> Any:
    """Return the role with this slug; end the command if there is none."""
    from portal.roles.models import Role

    return _only(tx.session.scalars(select(Role).where(Role.slug == slug)).all(), f"role {slug!r}")


def _only(found: Any, what: str) -> Any:
    if not found:
        raise click.ClickException(f"there is no {what}")
    if len(found) > 1:
        raise click.ClickException(f"there is more than one {what}")
    return found[0]
