"""``kantor mail``: trying the mail server."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click


@click.group()
def mail() -> None:
    """Mail that the portal sends."""


@mail.command()
@click.argument("address")
@click.pass_obj
def test(desk: Any, address: str) -> None:
    """Send a mail to ADDRESS now, and say what the mail server answered."""
    from smtplib import SMTPException

    from portal.mail.outgoing import outgoing_of, read_address
    from portal.mail.posting import reason_of
    from portal.mail.rules import compose

    server = outgoing_of(desk.config, None)
    if server is None:
        click.echo("No mail server is set: set mail_url and mail_from in kantor.toml.", err=True)
        sys.exit(1)
    sender = read_address(server.sender)
    try:
        recipient = read_address(address)
    except ValueError:
        raise click.BadParameter(f"{address!r} is no e-mail address") from None
    content = compose(
        SimpleNamespace(
            message_id=f"<test.{secrets.token_hex(8)}@{sender.domain}>",
            sender=server.sender,
            recipient=str(recipient),
            reply_to=None,
            subject="Kantor can send mail",
            text=f"This mail was sent by `kantor mail test` for {server.base_url}.\n",
            html=None,
            created_at=datetime.now(UTC),
        ),
        (),
    )
    try:
        connection = server.connect()
        try:
            connection.sendmail(sender.addr_spec, [recipient.addr_spec], content)
        finally:
            connection.close()
    except (OSError, SMTPException) as error:
        where = f"{server.host}:{server.port}"
        click.echo(f"{where} did not take the mail: {reason_of(error)}", err=True)
        sys.exit(1)
    click.echo(f"{server.host}:{server.port} took the mail for {recipient.addr_spec}.")
