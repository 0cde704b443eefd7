"""Keeping and checking passwords, at a cost that does not depend on whose they are."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from portal.errors import Unavailable
from portal.messages import message

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LONGEST = 256  # characters; more is nobody's password, only work for us
# 19 MiB, twice, on one core: about 25 ms. Two at once, so that a flood leaves room for the pages.
MEMORY_KIB, TIME_COST, PARALLELISM = 19 * 1024, 2, 1
AT_ONCE, PATIENCE = 2, 10.0
# Of random bytes that nobody kept: what a try costs when there is no password to compare with.
DUMMY = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$SDPWQI5mdy9nx08DVwaHyg$5AYhDq5Xmh9rrLXuqNm9T9CHfOgkoqJfQCoQeSC4OvA"
)
_turns = threading.BoundedSemaphore(AT_ONCE)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(
        time_cost=TIME_COST,
        memory_cost=MEMORY_KIB,
        parallelism=PARALLELISM,
        hash_len=32,
        salt_len=16,
    )


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for one of the few places; raise Unavailable when none gets free in time."""
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable(message("Too many people are signing in at once. Try again in a minute."))
    try:
        yield
    finally:
        _turns.release()


def normal(password: str) -> str:
    """Return a password as it is compared, so that two keyboards write the same letters."""
    return unicodedata.normalize("NFC", password)


def hashed(password: str) -> str:
    """Return what is stored of a password."""
    with _turn():
        return _hasher().hash(normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Return whether ``password`` is the stored one; always one verification, also of nothing."""
    from argon2.exceptions import InvalidHashError, VerificationError

    against = DUMMY if stored is None or len(password) > LONGEST else stored
    with _turn():
        try:
            _hasher().verify(against, normal(password[:LONGEST]))
        except (InvalidHashError, VerificationError):
            return False
    return against is not DUMMY


def outdated(stored: str) -> bool:
    """Return whether a stored hash was made with other costs than today's."""
    return _hasher().check_needs_rehash(stored)
