"""People with a second step, for tests: the seed from the page, codes from pyotp."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyotp
from sqlalchemy import update

from portal.auth.models import AccountFactor
from tests.unit.auth.signing import change, signed_in

factors = AccountFactor.__table__
PAGE = "/account/second-step"


def code_of(seed, ago=0):
    """Return the code an app shows now, or showed ``ago`` half minutes before."""
    return pyotp.TOTP(seed).at(datetime.now(UTC), counter_offset=-ago)


def seed_on(page):
    """Return the secret that the set-up page offers for typing, and its hidden form field."""
    typed = re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
    return typed, re.search(r'name="seed" type="hidden" value="([^"]+)"', page).group(1)


def set_up(client):
    """Set the second step up in a browser; return the seed and the recovery codes."""
    seed, sealed = seed_on(client.get(PAGE).text)
    answer = client.post(PAGE, data={"seed": sealed, "code": code_of(seed)})
    assert answer.status_code == 200, answer.text
    return seed, re.findall(r"<li>((?:[A-Z2-9]{4} ){3}[A-Z2-9]{4})</li>", answer.text)


def let_time_pass(app):
    """Let the code of this half minute count again, as if the one used were long ago."""
    change(app, update(factors).values(step=0))


def with_step(app, username="sari"):
    """Return the seed and recovery codes of somebody who has just set the second step up."""
    found = set_up(signed_in(app, username))
    let_time_pass(app)
    return found
