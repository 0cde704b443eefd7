"""What a code looks like, and how one that was typed is read."""

from __future__ import annotations

import re
import secrets

# No 0 O, 1 I L, no U (read as V): people type codes from labels that are dirty.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PRINTED = 8  # letters: 656,100,000,000 codes
LONGEST_TARGET = 80
_CODE = re.compile(f"[{LETTERS}]{{{PRINTED}}}")
_ADDRESS = re.compile(r"(?:https?://[^/?#\s]+)?/e/([^/?#\s]+)/?", re.IGNORECASE)


def new_code() -> str:
    """Return a random code; it goes into a QR code as it is, which takes capitals in less room."""
    return "".join(secrets.choice(LETTERS) for _ in range(PRINTED))


def read_code(text: str) -> str | None:
    """Return the code in what somebody typed, in either case and in groups; None for no code."""
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if _CODE.fullmatch(plain) else None


def code_in(text: str) -> str | None:
    """Return the code of a short link that was scanned, or of one that was typed without its
    address.
    """
    found = _ADDRESS.fullmatch(text.strip())
    return read_code(found[1] if found else text)


def in_groups(code: str) -> str:
    """Return a code as it is printed for people: ``7K3M-9QX2``."""
    return f"{code[:4]}-{code[4:]}"
