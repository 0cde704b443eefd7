"""The codes of the second step: what is shared with an app, what counts when, what is kept. Pure.

A code is of one half minute and works in it and in the next, once. A recovery code stands in for
it when the device is lost, once too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet
    from pyotp import TOTP

STEP = 30  # seconds
DIGITS = 6
RECOVERY_CODES = 10
# Without 0 and O, 1, I and L, which are mistaken for each other: 16 of them are 79 bits.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH, GROUP = 16, 4
LONGEST = 64  # characters of what is typed; more is no code


class Unreadable(ValueError):
    """What was sealed with a key that the portal no longer has, or was changed since."""


class Sealing:
    """Keeps seeds unreadable to whoever has the database alone: sealed with the portal's key.

    ``keys`` are the present secret key and the old ones, which still open what they sealed.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def _ring(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(_derived(key)) for key in self._keys])

    def seal(self, text: str) -> str:
        """Return ``text`` sealed with the present key."""
        return self._ring().encrypt(text.encode()).decode()

    def open(self, sealed: str, *, within: int | None = None) -> str:
        """Return what was sealed, at most ``within`` seconds ago, or raise Unreadable."""
        from cryptography.fernet import InvalidToken

        try:
            return self._ring().decrypt(sealed.encode(), ttl=within).decode()
        except (InvalidToken, UnicodeError):
            raise Unreadable from None


def _derived(key: str) -> bytes:
    """Return the key for seeds that follows from a secret key, which signs other things too."""
    found = hmac.new(key.encode(), b"kantor second step", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(found)


def new_seed() -> str:
    """Return a new secret of 160 bits, as an app takes it."""
    from pyotp import random_base32

    return random_base32()


def grouped(text: str) -> str:
    """Return a seed or code in groups that can be read out and typed."""
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def address(seed: str, username: str, organisation: str) -> str:
    """Return what the square of the set-up page says to an app."""
    return _totp(seed).provisioning_uri(name=username, issuer_name=f"Kantor {organisation}")


def _totp(seed: str) -> TOTP:
    from pyotp import TOTP

    return TOTP(seed, digits=DIGITS, interval=STEP)


def step_of(seed: str, code: str, now: datetime, *, after: int = -1) -> int | None:
    """Return the half minute a code is of, if that is the present one or the one before and later
    than ``after``, the last that was used.
    """
    typed = "".join(code.split())
    present = int(now.timestamp()) // STEP
    found = None
    for step in (present - 1, present):
        right = hmac.compare_digest(_totp(seed).at(step * STEP).encode(), typed.encode())
        if right and step > after:
            found = step
    return found


def is_recovery(code: str) -> bool:
    """Return whether what was typed is meant as a recovery code: it is longer than a code."""
    return sum(char.isalnum() for char in code) > DIGITS


def new_recovery_codes() -> tuple[str, ...]:
    """Return the codes for a lost device, in groups."""
    return tuple(
        grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH)))
        for _ in range(RECOVERY_CODES)
    )


def recovery_hash(account_id: int, code: str) -> str:
    """Return what is stored of a recovery code; case, blanks and hyphens do not count."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(f"{account_id} {plain}".encode()).hexdigest()
