"""``kantor demo``: an invented clinic to look around in, apart from any real data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click

SEED = 2026
MUCH = 5_000_000_00  # from where on the executive approves a request as well


@click.group()
def demo() -> None:
    """Look around in an invented clinic."""


@demo.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
@click.pass_obj
def run(desk: Any, host: str, port: int, threads: int) -> None:
    """Make the demo if there is none, print its accounts and serve it with its worker."""
    from portal import config

    from .serving import serve_portal

    config.make_key(desk.home)
    desk.__dict__["config"] = config.load(
        desk.home,
        base_url=f"http://{host}:{port}",
        database_url=f"sqlite:///{desk.home.resolve() / 'kantor.db'}",  # never a real database
        log_format="text",
        log_level="WARNING",
    )
    if make(desk.app):
        click.echo("The demo is made.")
    print_accounts()
    serve_portal(desk, host=host, port=port, threads=threads, with_worker=True)


@demo.command()
@click.pass_obj
def fill(desk: Any) -> None:
    """Fill an empty database with the demo and mark it as one."""
    if not make(desk.app):
        click.echo("The demo is there already.")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def accounts(as_json: bool) -> None:
    """Print the accounts of the demo."""
    if as_json:
        click.echo(json.dumps(listed_accounts(), ensure_ascii=False, indent=2))
    else:
        print_accounts()


def listed_accounts() -> list[dict[str, Any]]:
    """Return name, username, password, role and department of every demo account."""
    from portal import demo as data

    names = {person.key: person.name for person in data.people(datetime.now(UTC).date())}
    departments = {department.code: department.name for department in data.DEPARTMENTS}
    return [
        {
            "name": names[account.person],
            "username": account.username,
            "password": account.password,
            "role": account.role,
            "department": departments.get(account.department or "", ""),
        }
        for account in data.ACCOUNTS
    ]


def print_accounts() -> None:
    """Print a small table of the demo accounts."""
    rows = listed_accounts()
    width = max(len(row["username"]) for row in rows) + 2
    click.echo("\nSign in as one of these (they work on this machine only):")
    for row in rows:
        where = f", {row['department']}" if row["department"] else ""
        click.echo(f"  {row['username']:<{width}} {row['password']:<32} {row['role']}{where}")
    click.echo("")


def make(app: Any) -> bool:
    """Build and fill the demo in an empty database; return False when it is one already, refuse any
    other.
    """
    from portal import migrate
    from portal.db import db, unscoped
    from portal.settings.services import facts

    registry = app.extensions["kantor"]
    with app.app_context():
        if migrate.is_empty(db.engine):
            migrate.upgrade(registry)
            with unscoped(reason="demo") as tx:
                _found(tx)
            app.extensions["kantor_facts"].forget()
        else:
            migrate.upgrade(registry)
        with unscoped(reason="demo") as tx:
            known = facts(tx)
            if known["kind"] != "demo":
                raise click.ClickException("this database is not a demo; nothing was changed")
            if known.get("filled") == "yes":
                return False
        _fill(registry)
    return True


def _found(tx: Any) -> None:
    from portal import demo as data

    from .init import found

    found(
        tx,
        kind="demo",
        organisation=data.ORGANISATION,
        language=data.LANGUAGE,
        time_zone=data.TIME_ZONE,
        currency=data.CURRENCY,
    )


def _fill(registry: Any) -> None:
    """Write the clinic, then what every plugin adds to it; all in one transaction."""
    from portal.db import unscoped
    from portal.settings.services import write_facts

    with unscoped(reason="demo") as tx:
        with tx.session.no_autoflush:
            add_clinic(tx, registry.loaded)
        for plugin in registry.loaded.values():
            if plugin.demo is not None:
                click.echo(f"Adding the demo of {plugin.slug}")
                plugin.demo(tx, seed=SEED, today=tx.today)
        write_facts(tx, filled="yes")


def add_clinic(tx: Any, plugins: Any) -> None:
    """Write departments, people, accounts, places, contacts; switch every plugin on."""
    from portal import demo as data
    from portal.people.models import Department, Membership, Person
    from portal.plugins.models import PluginActivation

    departments: dict[str, int] = {}
    for department in data.DEPARTMENTS:
        row = Department(name=department.name, parent_id=departments.get(department.parent or ""))
        tx.session.add(row)
        tx.session.flush()
        departments[department.code] = row.id
    for slug in plugins:
        tx.session.add(PluginActivation(slug=slug, department_id=None))
    people: dict[str, Any] = {}
    for person in data.people(tx.today):
        people[person.key] = Person(
            name=person.name,
            email=person.email,
            phone=person.phone,
            language=person.language,
            active_from=person.active_from,
        )
        tx.session.add(people[person.key])
    tx.session.flush()
    for person in data.people(tx.today):
        for member in person.memberships:
            tx.session.add(
                Membership(
                    person_id=people[person.key].id,
                    department_id=departments[member.department],
                    kind=member.kind,
                    from_on=member.from_on,
                    until_on=member.until_on,
                )
            )
    _add_absences(tx, people)
    _add_deputies(tx, people)
    _add_accounts(tx, people, departments)
    _add_places(tx, departments)
    _add_contacts(tx, departments)
    tx.session.flush()
    _add_hours(tx, people, departments)
    if "inventory" in plugins:
        _add_approval_rules(tx)


def _add_approval_rules(tx: Any) -> None:
    """Let managers approve requests for supplies, and the executive what costs a lot as well."""
    from sqlalchemy import select

    from portal.approvals.models import ApprovalRule
    from portal.roles.models import Role

    executive = tx.one(select(Role), slug="executive").id
    kind = "inventory.requisition"
    for amount, step, role_id in ((0, 1, None), (MUCH, 1, None), (MUCH, 2, executive)):
        tx.session.add(
            ApprovalRule(
                kind=kind,
                from_amount=amount,
                step=step,
                who="role" if role_id else "manager",
                role_id=role_id,
                escalate_hours=24,
                slot=f"{kind} 0 {amount} {step}",
                made_at=tx.now,
            )
        )


def _add_absences(tx: Any, people: Any) -> None:
    from portal import demo_hours
    from portal.absences.models import Absence

    for absence in demo_hours.absences(tx.today):
        tx.session.add(
            Absence(
                person_id=people[absence.person].id,
                from_on=absence.from_on,
                last_on=absence.last_on,
                from_noon=absence.from_noon,
                until_noon=absence.until_noon,
            )
        )


def _add_deputies(tx: Any, people: Any) -> None:
    from portal import demo_hours
    from portal.delegation.models import Delegation

    for one in demo_hours.deputies(tx.today):
        tx.session.add(
            Delegation(
                principal_id=people[one.principal].id,
                deputy_id=people[one.deputy].id,
                from_on=one.from_on,
                last_on=one.last_on,
                only_when_absent=one.only_when_absent,
                created_by_id=people[one.principal].id,
            )
        )


def _add_accounts(tx: Any, people: Any, departments: Any) -> None:
    from portal import demo as data
    from portal.auth.models import Account
    from portal.auth.passwords import hashed

    from .finding import role_named
    from .people import assign

    first = tx.today - timedelta(days=540)
    for account in data.ACCOUNTS:
        tx.session.add(
            Account(
                person_id=people[account.person].id,
                username=account.username,
                password_hash=hashed(account.password),
                password_at=tx.now,
                demo=True,
                created_at=datetime.combine(first, time(8), UTC),
            )
        )
        assign(
            tx,
            people[account.person],
            role_named(tx, account.role),
            department_id=departments.get(account.department or ""),
            may_grant=account.role in {"administrator", "department_manager"},
            from_on=first,
        )


def _add_places(tx: Any, departments: Any) -> None:
    from portal import demo as data
    from portal.places.models import Place, PlaceServes

    made: dict[str, int] = {}
    for place in data.places():
        row = Place(
            code=place.code,
            name=place.name,
            kind=place.kind,
            parent_id=made.get(place.parent or ""),
            department_id=departments[place.department],
            walk_order=place.walk_order,
        )
        tx.session.add(row)
        tx.session.flush()
        made[place.code] = row.id
        for served in place.serves:
            tx.session.add(PlaceServes(place_id=row.id, department_id=departments[served]))


def _add_contacts(tx: Any, departments: Any) -> None:
    from portal import demo as data
    from portal.contacts.models import Contact, ContactPoint

    made: dict[str, int] = {}
    for contact in data.CONTACTS:
        row = Contact(
            kind=contact.kind,
            name=contact.name,
            works_for_id=made.get(contact.works_for or ""),
            note=contact.note,
            department_id=departments.get(contact.department or ""),
        )
        row.points = [ContactPoint(kind=kind, value=value) for kind, value in contact.points]
        tx.session.add(row)
        tx.session.flush()
        made[contact.name] = row.id


def _add_hours(tx: Any, people: Any, departments: Any) -> None:
    """Write when the clinic works, with the holidays of this year and the next."""
    from portal import demo_hours as data
    from portal.worktime import services
    from portal.worktime.models import WorksBy
    from portal.worktime.rules import read_windows

    morning = read_windows(data.MORNING)
    kept = services.add_list(tx, services.SaveList(name=data.HOLIDAYS, country="ID"))
    tx.session.flush()
    for year in (tx.today.year, tx.today.year + 1):
        services.import_year(tx, kept.public_id, services.ImportYear(year=year, joint=True))
        last = services.SaveHoliday(on=date(year, 12, 31), name=data.YEAR_END, windows=morning)
        services.add_holiday(tx, kept.public_id, last)
    for one in data.CALENDARS:
        days = [*[one.weekdays] * 4, one.friday, one.saturday, ""]
        row = services.add_calendar(
            tx,
            services.SaveCalendar(
                name=one.name,
                week=tuple(read_windows(day) for day in days),
                holiday_list=kept.public_id,
                usual=one.usual,
            ),
        )
        tx.session.flush()
        if one.usual:
            saturday = tx.today + timedelta(days=14 + (5 - tx.today.weekday()) % 7)
            day = services.SaveDay(on=saturday, name=data.STOCKTAKING, windows=morning)
            services.add_day(tx, row.public_id, day)
        else:
            whose = {
                "department_id": departments.get(one.department or ""),
                "person_id": people[one.person].id if one.person else None,
            }
            tx.session.add(WorksBy(calendar_id=row.id, **whose))
    tx.session.flush()
