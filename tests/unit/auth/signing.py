"""People with accounts, and browsers that use them, for tests."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy import select, update

from portal.auth import passwords, services
from portal.auth.models import Account, AccountSession
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.testing import add_person

PASSWORD = "ombak lewat jendela tua"
OTHER = "tali sepatu hijau di pagar"
WRONG = "bukan yang ini sama sekali"


@lru_cache(maxsize=4)
def stored(password=PASSWORD):
    return passwords.hashed(password)


def add_account(app, username="sari", *, person_id=None, password=PASSWORD, **columns):
    """Give a person (a new one unless given) an account and return it."""
    with app.app_context(), unscoped(reason="test data") as tx:
        person_id = person_id or add_person(tx, username.title())
        account = services.create_account(
            tx, person_id, username, password_hash=stored(password) if password else None
        )
        if columns:
            table = Account.__table__
            change = update(table).where(table.c.id == account.id).values(**columns)
            kernel_execute(tx.session, change)
        return account


def send(client, username="sari", password=PASSWORD, **more):
    """Send the sign-in form as the page's own form does."""
    return client.post("/sign-in", data={"username": username, "password": password}, **more)


def signed_in(app, username="sari", password=PASSWORD):
    """Return a browser in which somebody has signed in with their password."""
    client = app.test_client()
    assert send(client, username, password).status_code == 303
    return client


def copy_of(client, app):
    """Return a thief's browser with a copy of this one's cookie."""
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(stolen)
    return thief


def is_in(client):
    """Return whether the portal knows who this browser belongs to."""
    answer = client.get("/account", headers={"Accept": "application/json"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def rows(app, table, *where):
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, select(table).where(*where).order_by(table.c.id)).all()


def change(app, statement):
    with app.app_context(), unscoped(reason="test") as tx:
        kernel_execute(tx.session, statement)


def account_row(app, account):
    table = Account.__table__
    return rows(app, table, table.c.id == account.id)[0]


def live_sessions(app, account):
    table = AccountSession.__table__
    return rows(app, table, table.c.account_id == account.id, table.c.revoked_at.is_(None))


def masked(answer, username=""):
    """Return a page without what differs each time: nonce, tokens, and the name that was typed."""
    text = answer.get_data(as_text=True)
    text = re.sub(r'nonce="[^"]*"', 'nonce=""', text)
    text = re.sub(r'name="(csrf_token|_key|back)" value="[^"]*"', r'name="\1"', text)
    return text.replace(f'value="{username}"', 'value=""') if username else text
