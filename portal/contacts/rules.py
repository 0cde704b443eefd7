"""What a number or an address looks like when it is stored."""

from __future__ import annotations

from portal.errors import ValidationFailed
from portal.messages import message

REGION = "ID"
NO_NUMBER = message("This is no phone number. Write it as you dial it, or with + and the country.")


def stored_phone(text: str, region: str = REGION) -> str:
    """Return a phone number in the international form of E.164; raise ValueError for
    anything else.
    """
    import phonenumbers  # 48 MB on disk and slow to import; most pages store no phone number.

    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError(text)
    plain: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={parsed.extension}" if parsed.extension else plain


def stored_web(text: str) -> str:
    """Return a web address that begins with https:// or http://; raise
    ValidationFailed otherwise.
    """
    address = text if "://" in text else f"https://{text}"
    if not address.startswith(("https://", "http://")) or " " in address or "." not in address:
        raise ValidationFailed({"web": message("Write a web address, as in www.example.org.")})
    return address
