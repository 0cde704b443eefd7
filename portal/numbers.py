"""Numbers, amounts, dates and yes/no as people write them: one meaning, or a problem in words.

A quantity comes back as thousandths of its unit, an amount in minor units of its currency. Nothing
is rounded and nothing is guessed: ``1.000`` is a thousand to some readers and one to others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portal.messages import Message, message

QUANTITY_DIGITS = 3
LARGEST_QUANTITY = 10**12  # thousandths: a thousand million units
LARGEST_AMOUNT = 10**15  # minor units; far below what 64 bits hold, so sums stay exact
LARGEST_INTEGER = 10**12
LONGEST = 40  # characters; longer text is no number

# ISO 4217 exponents other than 2.
_NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ")  # noqa: SIM905
)
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_SYMBOLS = {"IDR": ("rp.", "rp"), "EUR": ("€",), "USD": ("us$", "$"), "GBP": ("£",), "JPY": ("¥",)}

_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007"), " ")
_SHAPE = re.compile(r"([+-]?)([0-9](?:[0-9., ]*[0-9])?)")
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_DATE = re.compile(r"([0-9]{1,4})([/.\-])([0-9]{1,2})\2([0-9]{1,4})")

_YES = frozenset({"yes", "y", "true", "1", "x", "on", "ya", "iya", "benar", "aktif", "active"})
_NO = frozenset({"no", "n", "false", "0", "off", "tidak", "tdk", "salah", "nonaktif", "inactive"})


class NumberFormat(StrEnum):
    """Which sign is the decimal one; the other may only group thousands."""

    COMMA = "comma"
    POINT = "point"

    @property
    def decimal(self) -> str:
        return "," if self is NumberFormat.COMMA else "."

    @property
    def group(self) -> str:
        return "." if self is NumberFormat.COMMA else ","


class DateOrder(StrEnum):
    """In which order day, month and year are written; ISO dates are read in any case."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"


class Unreadable(ValueError):
    """The text has no single meaning; ``problem`` says why and what to write instead."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Scale:
    """How a kind of number is kept: its decimals, its limit, and whether 1.000 is a thousand."""

    digits: int
    largest: int
    grouped: bool


@dataclass(frozen=True, kw_only=True)
class _Written:
    """A number as written: sign, whole digits and decimals, still text."""

    negative: bool
    whole: str
    decimals: str

    def scaled(self, digits: int) -> int:
        value = int(self.whole + self.decimals.ljust(digits, "0"))
        return -value if self.negative else value


def parse_quantity(
    text: str,
    number_format: NumberFormat | str,
    *,
    minimum: int | None = None,
    grouped: bool = False,
) -> int:
    """Return the quantity in thousandths of its unit, or raise Unreadable.

    ``grouped`` means that somebody was asked and said: ``1.000`` (``1,000``) is a thousand here.
    """
    scale = _Scale(QUANTITY_DIGITS, LARGEST_QUANTITY, grouped)
    return _scaled(text, number_format, scale, minimum)


def parse_integer(
    text: str,
    number_format: NumberFormat | str,
    *,
    minimum: int | None = None,
    grouped: bool = False,
) -> int:
    """Return a whole number, or raise Unreadable."""
    return _scaled(text, number_format, _Scale(0, LARGEST_INTEGER, grouped), minimum)


def parse_money(
    text: str,
    number_format: NumberFormat | str,
    currency: str,
    *,
    minimum: int | None = None,
    grouped: bool = False,
) -> int:
    """Return the amount in minor units of ``currency``, or raise Unreadable."""
    number_format = NumberFormat(number_format)
    bare = _without_currency(text, number_format, currency)
    scale = _Scale(minor_digits(currency), LARGEST_AMOUNT, grouped)
    return _scaled(bare, number_format, scale, minimum)


def minor_digits(currency: str) -> int:
    """Return how many decimals ``currency`` has by ISO 4217 (2 for IDR and EUR, 0 for JPY)."""
    code = currency.upper()
    return 0 if code in _NO_DECIMALS else 3 if code in _THREE_DECIMALS else 2


def exact_thousandths(value: float, *, minimum: int | None = None) -> int:
    """Return a spreadsheet's typed number as thousandths, or raise Unreadable."""
    return scaled_number(value, QUANTITY_DIGITS, LARGEST_QUANTITY, minimum=minimum)


def exact_integer(value: float, *, minimum: int | None = None) -> int:
    """Return a spreadsheet's typed number as a whole number, or raise Unreadable."""
    return scaled_number(value, 0, LARGEST_INTEGER, minimum=minimum)


def exact_money(value: float, currency: str, *, minimum: int | None = None) -> int:
    """Return a spreadsheet's typed number in minor units of ``currency``, or raise Unreadable."""
    return scaled_number(value, minor_digits(currency), LARGEST_AMOUNT, minimum=minimum)


def scaled_number(value: float, digits: int, largest: int, *, minimum: int | None = None) -> int:
    """Return ``value`` times ten to the power ``digits``, exactly, or raise Unreadable."""
    shown = number_as_text(value)
    try:
        scaled = Decimal(shown).scaleb(digits)
    except ArithmeticError:
        raise no_number(shown) from None
    if not scaled.is_finite():
        raise no_number(shown)
    if scaled != scaled.to_integral_value():
        raise _too_fine(shown, digits)
    return _within(int(scaled), shown, largest, minimum)


def number_as_text(value: float) -> str:
    """Return a typed number as plain digits with the 15 places that spreadsheets keep."""
    if isinstance(value, int):
        return str(value)
    # Spreadsheets calculate in binary and show 15 places: 0.1 + 0.2 is 0.3 to the reader.
    digits = f"{value:.15g}"
    return format(Decimal(digits), "f") if "e" in digits else digits


def has_two_meanings(text: str) -> bool:
    """Say whether ``text`` is a number that two readers understand differently: ``1.000``."""
    return _AMBIGUOUS.fullmatch(_tidy(text).lstrip("+-")) is not None


def parse_date(text: str, order: DateOrder | str | None) -> date:
    """Return the date, or raise Unreadable. Without ``order`` it may have one meaning only."""
    shown = _tidy(text)
    if match := _ISO_DATE.fullmatch(shown):
        return _real_date(shown, *map(int, match.groups()))
    match = _DATE.fullmatch(shown)
    if match is None:
        raise Unreadable(
            message("“{value}” is not a date. Write it as 2026-08-24.", value=_clip(shown))
        )
    first, _, second, third = match.groups()
    if len(first) == 4 and len(third) <= 2:
        return _real_date(shown, int(first), int(second), int(third))
    if len(third) != 4 or len(first) > 2:
        raise Unreadable(
            message(
                "“{value}” can be read as more than one date. Write the year with four digits, "
                "as in 2026-08-24.",
                value=_clip(shown),
            )
        )
    return _ordered_date(
        shown, int(first), int(second), int(third), DateOrder(order) if order else None
    )


def parse_boolean(text: str) -> bool:
    """Return what a yes or no in English or Indonesian means, or raise Unreadable."""
    word = _tidy(text).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unreadable(message("“{value}” is neither yes nor no.", value=_clip(text)))


def looks_damaged(text: str) -> bool:
    """Say whether ``text`` is a long code that a spreadsheet has turned into ``3.01043E+13``."""
    return _EXPONENT.fullmatch(_tidy(text)) is not None


def damaged(text: str) -> Unreadable:
    """Return the problem of a code or number that lost its digits in a spreadsheet."""
    return Unreadable(
        message(
            "“{value}” was shortened by a spreadsheet and has lost digits. "
            "Format the column as text and enter it again.",
            value=_clip(text),
        )
    )


def _scaled(
    text: str, number_format: NumberFormat | str, scale: _Scale, minimum: int | None
) -> int:
    written = _read(text, NumberFormat(number_format), scale)
    if len(written.decimals) > scale.digits:
        raise _too_fine(_tidy(text), scale.digits)
    return _within(written.scaled(scale.digits), _tidy(text), scale.largest, minimum)


def _read(text: str, number_format: NumberFormat, scale: _Scale) -> _Written:
    shown = _tidy(text)
    if looks_damaged(shown):
        raise Unreadable(
            message("“{value}” leaves digits out. Write all of them.", value=_clip(shown))
        )
    match = _SHAPE.fullmatch(shown) if len(shown) <= LONGEST else None
    if match is None:
        raise no_number(shown)
    sign, body = match.groups()
    agreed = scale.grouped and number_format.group in body
    if _AMBIGUOUS.fullmatch(body) and not agreed:
        raise _ambiguous(shown, body, number_format, scale.digits)
    whole, _, decimals = body.partition(number_format.decimal)
    if not decimals.isdigit() and number_format.decimal in body:
        raise _other_format(shown, number_format)
    return _Written(
        negative=sign == "-", whole=_ungrouped(shown, whole, number_format), decimals=decimals
    )


def _ungrouped(shown: str, whole: str, number_format: NumberFormat) -> str:
    if whole.isdigit():
        return whole
    for sign in (number_format.group, " "):
        head, *groups = whole.split(sign)
        digits = head.isdigit() and len(head) <= 3 and not head.startswith("0")
        if digits and groups and all(len(g) == 3 and g.isdigit() for g in groups):
            return "".join((head, *groups))
    raise _other_format(shown, number_format)


def _without_currency(text: str, number_format: NumberFormat, currency: str) -> str:
    bare = _tidy(text)
    for sign in (currency.lower(), *_SYMBOLS.get(currency.upper(), ())):
        if bare.lower().startswith(sign):
            bare = bare[len(sign) :].strip()
            break
        if bare.lower().endswith(sign):
            bare = bare[: -len(sign)].strip()
            break
    # "12.500,-" is how round prices are written by hand.
    end = number_format.decimal + "-"
    return bare.removesuffix(end) + number_format.decimal + "0" if bare.endswith(end) else bare


def _ordered_date(shown: str, first: int, second: int, year: int, order: DateOrder | None) -> date:
    if order is DateOrder.DAY_FIRST:
        return _real_date(shown, year, second, first)
    if order is DateOrder.MONTH_FIRST:
        return _real_date(shown, year, first, second)
    if order is None and first > 12:
        return _real_date(shown, year, second, first)
    if order is None and (second > 12 or first == second):
        return _real_date(shown, year, first, second)
    raise Unreadable(
        message(
            "“{value}” does not say which number is the day. Write it as 2026-08-24.",
            value=_clip(shown),
        )
    )


def _real_date(shown: str, year: int, month: int, day: int) -> date:
    try:
        read = date(year, month, day)
    except ValueError:
        raise Unreadable(message("There is no date “{value}”.", value=_clip(shown))) from None
    if not 1900 <= read.year <= 2200:
        raise Unreadable(message("The year of “{value}” cannot be right.", value=_clip(shown)))
    return read


def _within(value: int, shown: str, largest: int, minimum: int | None) -> int:
    if minimum is not None and value < minimum:
        if minimum == 0:
            raise Unreadable(message("“{value}” is negative. Write 0 or more.", value=_clip(shown)))
        raise Unreadable(message("“{value}” is too small.", value=_clip(shown)))
    if abs(value) > largest:
        raise Unreadable(message("“{value}” is too large.", value=_clip(shown)))
    return value


def _tidy(text: str) -> str:
    return text.translate(_SPACES).strip().replace("\u2212", "-")


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def no_number(shown: str) -> Unreadable:
    """Return the problem of what is no number, or one without an end."""
    return Unreadable(message("“{value}” is not a number.", value=_clip(shown)))


def _too_fine(shown: str, digits: int) -> Unreadable:
    if digits == 0:
        return Unreadable(message("“{value}” must be a whole number.", value=_clip(shown)))
    return Unreadable(
        message(
            "“{value}” has more than {digits} decimals. Nothing is rounded; write fewer.",
            value=_clip(shown),
            digits=digits,
        )
    )


def _ambiguous(shown: str, body: str, number_format: NumberFormat, digits: int) -> Unreadable:
    whole, decimals = re.split("[.,]", body)
    left = decimals.rstrip("0")
    if len(left) > digits:
        return Unreadable(
            message(
                "“{value}” has more than one meaning. If it is {large}, write {large}.",
                value=_clip(shown),
                large=whole + decimals,
            )
        )
    # A group never begins with 0, so 01,125 can only be a fraction.
    small = ("0" + whole if len(left) == 3 else whole) + (left and number_format.decimal + left)
    return Unreadable(
        message(
            "“{value}” has more than one meaning. Write {large} or {small}.",
            value=_clip(shown),
            large=whole + decimals,
            small=small,
        )
    )


def _other_format(shown: str, number_format: NumberFormat) -> Unreadable:
    if number_format is NumberFormat.COMMA:
        return Unreadable(
            message(
                "“{value}” is not written like 1.234,5. Write the digits without points or with "
                "them before every three digits.",
                value=_clip(shown),
            )
        )
    return Unreadable(
        message(
            "“{value}” is not written like 1,234.5. Write the digits without commas or with "
            "them before every three digits.",
            value=_clip(shown),
        )
    )
