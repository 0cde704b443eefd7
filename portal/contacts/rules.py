"""What a number or an address looks like when it is stored."""

from __future__ import annotations

import re
from functools import lru_cache

from portal.messages import Message, message

KINDS = ("phone", "fax", "email", "web", "address")
REGION = "ID"
SHORT = re.compile(r"[0-9*#]{2,6}")  # an extension or a service number: dialled as it is
EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
WEB = re.compile(r"https?://[^\s/]+\.[^\s]+")
LONGEST = 500


class BadPoint(ValueError):
    """A number or address that cannot be stored; ``problem`` says what to write instead."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem.msgid)
        self.problem = problem


def stored(kind: str, text: str, region: str) -> str:
    """Return a number or address as it is stored, or raise BadPoint."""
    text = text.strip()
    if len(text) > LONGEST:
        raise BadPoint(message("Write at most {count} characters.", count=LONGEST))
    if kind in ("phone", "fax"):
        return _phone(text, region)
    if kind == "email" and not EMAIL.fullmatch(text):
        raise BadPoint(message("Write an e-mail address, as in name@example.org."))
    if kind == "web":
        address = text if "://" in text else f"https://{text}"
        if not WEB.fullmatch(address):
            raise BadPoint(message("Write a web address, as in www.example.org."))
        return address
    return text


def _phone(text: str, region: str) -> str:
    """Return a number in the international form of E.164, with its extension; a short one stays."""
    import phonenumbers  # 48 MB on disk and slow to import; most pages store no phone number.

    digits = re.sub(r"[\s.\-/()]", "", text)
    if SHORT.fullmatch(digits):
        return digits
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise BadPoint(
            message("This is no phone number. Write it as you dial it, or with + and the country.")
        )
    plain: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={parsed.extension}" if parsed.extension else plain


@lru_cache(maxsize=32)
def region_of(zone: str) -> str:
    """Return the country whose numbers are meant when none is written: that of the time zone."""
    from babel.core import get_global

    return str(get_global("zone_territories").get(zone, REGION))
