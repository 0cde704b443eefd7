"""``kantor audit``: reading the audit and proving it whole."""

from __future__ import annotations

import sys
from typing import Any

import click


@click.group()
def audit() -> None:
    """Who did what."""


@audit.command()
@click.pass_obj
def verify(desk: Any) -> None:
    """Check every seal of the chain; exit 1 and name the entries that do not fit."""
    from sqlalchemy import func, select

    from portal.audit import services
    from portal.db import looking
    from portal.guard import kernel_execute

    with desk.app.app_context(), looking(reason="verify the audit", realm="core") as tx:
        total = kernel_execute(
            tx.session, select(func.count()).select_from(services.entries)
        ).scalar()
        found = list(services.broken(tx.session))
    for number in found:
        click.echo(f"entry {number} does not fit the one before it")
    click.echo(f"{total} entries, {len(found)} do not fit")
    sys.exit(1 if found else 0)


@audit.command()
@click.option("-n", "--number", default=20, show_default=True, help="How many entries.")
@click.pass_obj
def tail(desk: Any, number: int) -> None:
    """Print the newest entries."""
    from sqlalchemy import select

    from portal.audit.services import entries
    from portal.db import looking
    from portal.guard import kernel_execute

    with desk.app.app_context(), looking(reason="read the audit", realm="core") as tx:
        newest = select(entries).order_by(entries.c.id.desc()).limit(number)
        for row in reversed(kernel_execute(tx.session, newest).all()):
            when = row.at.isoformat(timespec="seconds")
            click.echo(
                f"{row.id} {when} {row.actor_name} {row.action} {row.subject_label}".rstrip()
            )
