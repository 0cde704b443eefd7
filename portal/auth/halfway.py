"""Between the password and the code: who has given the first, in a signed token for minutes.

It is no session: it opens the page that asks for the code, and nothing else.
"""

from __future__ import annotations

import hashlib

from flask import current_app, session
from itsdangerous import BadData, URLSafeTimedSerializer

from .proving import accounts, find_account, may_come_in
from .services import Proof

LASTS = 300  # seconds
KEPT = "second_step"  # where in the cookie


def begin(proof: Proof) -> None:
    """Remember in the visitor's cookie that they have given the password."""
    session[KEPT] = _signer().dumps([proof.account_id, _mark(proof.stored)])


def who() -> Proof | None:
    """Return what was proved at most five minutes ago, if it still holds."""
    try:
        account_id, mark = _signer().loads(session.get(KEPT, ""), max_age=LASTS)
    except (BadData, TypeError, ValueError):
        return None
    found = find_account(accounts.c.id == account_id)
    if found is None or _mark(found.password_hash) != mark or not may_come_in(found):
        return None
    return Proof(
        account_id=found.id,
        person_id=found.person_id,
        person_name=found.name,
        stored=found.password_hash,
        username=found.username,
    )


def end() -> None:
    """Forget it."""
    session.pop(KEPT, None)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="kantor-second-step")


def _mark(stored: str | None) -> str:
    """Return what changes with the password."""
    return hashlib.sha256((stored or "").encode()).hexdigest()[:20]
