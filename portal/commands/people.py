"""``kantor person``, ``kantor account``, ``kantor role``: people from the command line, the first
one included.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import click

from .finding import account_named, department_named, person_named, role_named


def _unit() -> Any:
    from portal.db import unscoped

    return unscoped(reason="command line")


@click.group()
def person() -> None:
    """Who works here."""


@person.command(name="add")
@click.argument("name")
@click.option("--email")
@click.option("--phone")
@click.option("--department", help="Name of a department to be a member of from today.")
@click.option("--manager", is_flag=True, help="As its manager.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
@click.pass_obj
def person_add(
    desk: Any,
    name: str,
    email: str | None,
    phone: str | None,
    department: str | None,
    manager: bool,
    language: str,
) -> None:
    """Add a person."""
    from portal.people.models import Membership, Person

    with desk.app.app_context(), _unit() as tx:
        row = Person(name=name, email=email, phone=phone, language=language, active_from=tx.today)
        tx.session.add(row)
        tx.session.flush()
        if (department_id := department_named(tx, department)) is not None:
            kind = "manager" if manager else "member"
            tx.session.add(
                Membership(
                    person_id=row.id, department_id=department_id, kind=kind, from_on=tx.today
                )
            )
        tx.audit("core.person_added", row)
        public_id = row.public_id
    click.echo(public_id)


@person.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def person_list(desk: Any, as_json: bool) -> None:
    """Print everybody who works here today."""
    from sqlalchemy import select

    from portal.db import looking
    from portal.people.models import Person

    with desk.app.app_context(), looking(reason="command line") as tx:
        here = select(Person).where(
            Person.active_from <= tx.today,
            Person.active_until.is_(None) | (Person.active_until > tx.today),
        )
        rows = [
            {"id": p.public_id, "name": p.name, "email": p.email}
            for p in tx.session.scalars(here.order_by(Person.name_key, Person.id))
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['id']} {row['name']}")


@person.command(name="end")
@click.argument("name")
@click.option(
    "--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="First day not here; today when left out."
)
@click.pass_obj
def person_end(desk: Any, name: str, on: Any) -> None:
    """Note that somebody no longer works here: account, departments and roles end that day."""
    from datetime import timedelta

    from portal.people import services

    with desk.app.app_context(), _unit() as tx:
        row = person_named(tx, name)
        last = (on.date() if on else tx.today) - timedelta(days=1)
        command = services.EndPerson(version=row.version, last_day=last)
        services.end_person(tx, row.public_id, command)


@click.group()
def account() -> None:
    """How people sign in."""


@account.command(name="create")
@click.argument("person_name", metavar="PERSON")
@click.argument("username")
@click.pass_obj
def account_create(desk: Any, person_name: str, username: str) -> None:
    """Give a person an account and print the link for the first sign-in, once."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        made = services.create_account(tx, person_named(tx, person_name).id, username)
        token = services.make_link(tx, made, "first_sign_in")
    _print_link(desk, token)


@account.command(name="link")
@click.argument("name", metavar="PERSON")
@click.pass_obj
def account_link(desk: Any, name: str) -> None:
    """Print a single-use link with which somebody sets a new password."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        token = services.make_link(tx, account_named(tx, name))
    _print_link(desk, token)


def _print_link(desk: Any, token: str) -> None:
    with desk.app.test_request_context(base_url=desk.config.base_url):
        from flask import url_for

        path = url_for("sign.link", token=token)
    click.echo(f"{desk.config.base_url}{path}")


@account.command(name="disable")
@click.argument("name", metavar="PERSON")
@click.pass_obj
def account_disable(desk: Any, name: str) -> None:
    """Stop an account and sign it out everywhere."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        services.disable(tx, account_named(tx, name))


@account.command(name="enable")
@click.argument("name", metavar="PERSON")
@click.pass_obj
def account_enable(desk: Any, name: str) -> None:
    """Let an account sign in again."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        services.enable(tx, account_named(tx, name))


@account.command(name="sign-out")
@click.argument("name", metavar="PERSON")
@click.pass_obj
def account_sign_out(desk: Any, name: str) -> None:
    """Sign somebody out on every device."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        services.sign_out_everywhere(tx, account_named(tx, name))


@account.command(name="remove-second-step")
@click.argument("name", metavar="PERSON")
@click.pass_obj
def account_remove_second_step(desk: Any, name: str) -> None:
    """Let somebody sign in without a code who lost their device and their recovery codes."""
    from portal.auth import services

    with desk.app.app_context(), _unit() as tx:
        password_too = services.reset(tx, account_named(tx, name))
    if password_too:
        click.echo("The password was too short to be used alone and is gone: kantor account link")


@click.group()
def role() -> None:
    """What people may do."""


@role.command(name="list")
@click.pass_obj
def role_list(desk: Any) -> None:
    """Print the roles."""
    from sqlalchemy import select

    from portal.db import looking
    from portal.roles.models import Role

    with desk.app.app_context(), looking(reason="command line") as tx:
        for row in tx.session.scalars(select(Role).order_by(Role.slug)):
            click.echo(f"{row.slug} {row.name} ({len(row.permissions)} permissions)")


@role.command(name="assign")
@click.argument("name", metavar="PERSON")
@click.argument("slug", metavar="ROLE")
@click.option("--department", help="Name of the department; the whole organisation when left out.")
@click.option("--may-grant", is_flag=True, help="The person may pass the role on.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="First day without the role.")
@click.pass_obj
def role_assign(
    desk: Any, name: str, slug: str, department: str | None, may_grant: bool, until: Any
) -> None:
    """Give somebody a role. This is also how an administrator gets one of their own."""
    with desk.app.app_context(), _unit() as tx:
        assign(
            tx,
            person_named(tx, name),
            role_named(tx, slug),
            department_id=department_named(tx, department),
            may_grant=may_grant,
            until_on=until.date() if until else None,
        )


def assign(
    tx: Any,
    holder: Any,
    given: Any,
    *,
    department_id: int | None,
    may_grant: bool = False,
    from_on: date | None = None,
    until_on: date | None = None,
) -> None:
    """Write an assignment with the authority of whoever has the machine; audited like any other."""
    from portal.roles.models import Assignment
    from portal.roles.principals import raise_epoch

    tx.session.add(
        Assignment(
            person_id=holder.id,
            role_id=given.id,
            department_id=department_id,
            from_on=from_on or tx.today,
            until_on=until_on,
            may_grant=may_grant,
            granted_at=tx.now,
            reason="command line",
        )
    )
    raise_epoch(tx.session, person_id=holder.id)
    tx.audit(
        "core.role_assigned", holder, role=given.slug, department=department_id, may_grant=may_grant
    )
