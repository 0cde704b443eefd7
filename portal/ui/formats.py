"""How numbers, money, dates and times are written; portal.numbers is the reading half.

Every function is pure: it is told the language and, where it matters, the zone and the present.
Lists call these once per cell, so what can be looked up is looked up once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from portal.messages import Message, message, translations
from portal.numbers import minor_digits

MINUS = "\u2212"
_GROUP = {"id": "."}
_DECIMAL = {"id": ","}
_TIME = {"id": "%H.%M"}
_PATTERNS = {
    "long": "d MMMM y",
    "short": "d MMM y",
    "tick": "d MMM",
    "mon": "MMM yy",
    "month": "MMMM y",
    "weekday": "EEEE d MMMM",
    "full": "EEEE, d MMMM y",
}
_SYMBOLS = {"IDR": "Rp ", "EUR": "€", "USD": "US$", "GBP": "£", "JPY": "¥"}
_EXACT_UNTIL = 1000

_TODAY = message("today {time}")
_YESTERDAY = message("yesterday {time}")
_TOMORROW = message("tomorrow {time}")
_JUST_NOW = message("just now")


def number(value: int, language: str) -> str:
    """Return a whole number, its thousands grouped: Indonesian ``1.000``, English ``1,000``."""
    shown = str(abs(value)) if -1000 < value < 1000 else f"{abs(value):,}"
    if language in _GROUP:
        shown = shown.replace(",", _GROUP[language])
    return MINUS + shown if value < 0 else shown


def count(value: int, language: str, *, exact_until: int = _EXACT_UNTIL) -> str:
    """Return a count that was capped: exact to a thousand, then ``1,000+``."""
    return number(value, language) if value <= exact_until else number(exact_until, language) + "+"


def quantity(thousandths: int, language: str, unit: str = "") -> str:
    """Return a quantity without trailing zeros and, when given, its unit: ``1,5 kg``."""
    whole, rest = divmod(abs(thousandths), 1000)
    shown = number(whole, language)
    if rest:
        shown += _DECIMAL.get(language, ".") + f"{rest:03d}".rstrip("0")
    if thousandths < 0:
        shown = MINUS + shown
    return f"{shown} {unit}" if unit else shown


def change(thousandths: int, language: str, unit: str = "") -> str:
    """Return a quantity that was added or taken, always with its sign."""
    shown = quantity(thousandths, language, unit)
    return f"+{shown}" if thousandths > 0 else shown


def money(minor: int, currency: str, language: str) -> str:
    """Return an amount with its currency, without decimals that are all zero: ``Rp 2.450.000``."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    shown = number(whole, language)
    if rest:
        shown += _DECIMAL.get(language, ".") + f"{rest:0{digits}d}"
    sign = MINUS if minor < 0 else ""
    return f"{sign}{_SYMBOLS.get(currency, currency + ' ')}{shown}"


def money_to_compare(minor: int, currency: str, language: str) -> str:
    """Return an amount beside others: from 1,000 on without what is behind the decimal point."""
    unit = 10 ** minor_digits(currency)
    if abs(minor) >= 1000 * unit:
        minor = (minor + unit // 2) // unit * unit
    return money(minor, currency, language)


def roughly(minor: int, currency: str, language: str) -> str:
    """Return an amount in few signs and without its currency: ``12.5K``, in Indonesian ``12,5 rb``.

    For the grid of a chart; the exact amounts stand beside it.
    """
    from babel.numbers import format_compact_decimal

    whole = Decimal(minor).scaleb(-minor_digits(currency))
    return str(format_compact_decimal(whole, locale=language, fraction_digits=1))


@lru_cache(maxsize=4096)
def day(value: date, language: str, style: str = "long") -> str:
    """Return a date; ``style`` is long, short, tick, mon, month, weekday or full."""
    from babel.dates import (
        format_date,
    )  # Only the process that shows dates pays for the locale data.

    return format_date(value, _PATTERNS[style], locale=_locale(language))


def clock(value: datetime | time, language: str) -> str:
    """Return the time of day: ``16.40`` in Indonesian, ``16:40`` in English."""
    return value.strftime(_TIME.get(language, "%H:%M"))


def moment(value: datetime, language: str, zone: tzinfo) -> str:
    """Return an instant in full, for titles and exports: ``21 November 2026, 16.40``."""
    local = _aware(value).astimezone(zone)
    return f"{day(local.date(), language)}, {clock(local, language)}"


def instant(value: datetime, language: str, *, zone: tzinfo, now: datetime) -> str:
    """Return an instant as people say it: relative for two days, then the date alone."""
    value = _aware(value)
    passed = now - value
    if timedelta(0) <= passed < timedelta(minutes=1):
        return _JUST_NOW.in_language(language)
    if timedelta(0) <= passed < timedelta(hours=1):
        minutes = passed // timedelta(minutes=1)
        return _minutes_ago(minutes, language)
    local = value.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    near = {0: _TODAY, -1: _YESTERDAY, 1: _TOMORROW}.get(days)
    if near is not None:
        return Message(near.msgid, {"time": clock(local, language)}).in_language(language)
    return day(local.date(), language, "short")


def phone(number: str, region: str = "ID") -> str:
    """Return a phone number as it is dialled and read; what is no number comes back as it was."""
    import phonenumbers  # 48 MB on disk and slow to import; most pages show no phone number.

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    at_home = parsed.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if at_home else style.INTERNATIONAL)


def size(octets: int, language: str) -> str:
    """Return the size of a file: ``340 kB``, ``1,5 MB``."""
    for unit, step in (("B", 1), ("kB", 1000), ("MB", 1000**2)):
        if octets < step * 1000 or unit == "MB":
            tenths = octets * 10 // step
            return quantity(tenths * 100 if tenths < 100 else tenths // 10 * 1000, language, unit)
    raise AssertionError("the last unit takes everything")


def initials(name: str) -> str:
    """Return one or two letters for an avatar: the first of the first and of the last word."""
    words = [word for word in name.replace(".", ". ").split() if word[0].isalpha()]
    named = [word for word in words if not word.endswith(".")] or words
    if not named:
        return "?"
    return (named[0][0] + (named[-1][0] if len(named) > 1 else "")).upper()


def _minutes_ago(minutes: int, language: str) -> str:
    text = translations(language).ngettext("{count} minute ago", "{count} minutes ago", minutes)
    return text.format(count=minutes)


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _locale(language: str) -> str:
    return "en_GB" if language == "en" else language
