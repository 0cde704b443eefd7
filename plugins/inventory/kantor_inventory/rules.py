"""The arithmetic of stock: whole numbers in, whole numbers out; no database, no clock, no request.

A quantity is a whole number of thousandths of the item's base unit, a value a whole number of minor
units of the portal's currency. Nothing here is ever a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor, gcd

from portal.api import Message, ValidationFailed, message

ONE = 1000  # one base unit, in thousandths
LARGEST = 10**12  # more than this is a barcode scanned into the quantity
LARGEST_VALUE = 10**15  # of one movement; so thousands of them fit into 64 bits
WORTH_TOO_MUCH = message("This price for this quantity is too large to be right.")


class UnevenQuantity(ValidationFailed):
    """The quantity does not come out even in thousandths of the base unit."""


class MissingFactor(ValidationFailed):
    """Nobody has said how many base units one of this unit holds."""


class QuantityOutOfRange(ValidationFailed):
    """Zero, negative, or larger than any office's stock."""


class ValueOutOfRange(ValidationFailed):
    """What is received is worth more than any office's stock."""


class BadBarcode(ValidationFailed):
    """A code that cannot be what is printed on the packet."""


class Rounding(StrEnum):
    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


class State(StrEnum):
    """How a place is off for one item."""

    OUT = "out"
    LOW = "low"
    ENOUGH = "enough"
    TOO_MUCH = "too_much"


@dataclass(frozen=True)
class Factor:
    """How many base units one unit is, as an exact fraction in lowest terms."""

    num: int
    den: int = 1

    def __post_init__(self) -> None:
        if self.num <= 0 or self.den <= 0:
            raise ValueError("a unit factor is a positive fraction")
        common = gcd(self.num, self.den)
        object.__setattr__(self, "num", self.num // common)
        object.__setattr__(self, "den", self.den // common)


BASE = Factor(1)
_ROUND: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.UP: ceil,
    Rounding.DOWN: floor,
    Rounding.NEAREST: round,
}


def to_base(entered: int, factor: Factor | None, *, rounding: Rounding | None = None) -> int:
    """Return thousandths of a unit as thousandths of the base unit, rounded once at most.

    Raises MissingFactor without a factor, and UnevenQuantity when the result is not whole and no
    rounding was asked for.
    """
    if factor is None:
        raise MissingFactor({"unit": message("Say how many base units one of this unit holds.")})
    exact = Fraction(entered * factor.num, factor.den)
    if exact.denominator == 1:
        return exact.numerator
    if rounding is None:
        raise UnevenQuantity(
            {"quantity": message("This does not come out even in the unit the item is counted in.")}
        )
    return _ROUND[rounding](exact)


def checked(quantity: int) -> int:
    """Return a quantity that may be posted, or raise QuantityOutOfRange."""
    if quantity <= 0:
        raise QuantityOutOfRange({"quantity": message("Enter a quantity above zero.")})
    if quantity > LARGEST:
        raise QuantityOutOfRange({"quantity": message("This quantity is too large to be right.")})
    return quantity


def half_even(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest whole number, a tie to the even one."""
    return round(Fraction(numerator, denominator))


def value_of_issue(*, on_hand: int, value: int, quantity: int) -> int:
    """Return what leaves with ``quantity``: its share of the value, the rest with the last unit."""
    return value if quantity >= on_hand else half_even(value * quantity, on_hand)


def value_of_receipt(*, entered: int, price: int) -> int:
    """Return what ``entered`` thousandths of a unit cost at ``price`` for one whole unit.

    Raises ValueOutOfRange when that is more than the ledger can add up.
    """
    value = half_even(entered * price, ONE)
    if value > LARGEST_VALUE:
        raise ValueOutOfRange({"price": WORTH_TOO_MUCH})
    return value


def unit_cost(*, on_hand: int, value: int) -> int | None:
    """Return what one base unit costs on average, for reading only; None where there is none."""
    return half_even(value * ONE, on_hand) if on_hand > 0 else None


def value_at_average(*, on_hand: int, value: int, quantity: int) -> int:
    """Return what a receipt without a price is worth, so that the average cost stays as it is."""
    return half_even(value * quantity, on_hand) if on_hand > 0 else 0


def value_of_reversal(*, on_hand: int, value: int, quantity: int, original: int) -> int:
    """Return what leaves when a receipt is taken back: what it brought, if that is still there.

    Stock bought since at another price may have left with part of that value; a place never holds
    value without stock, nor stock that owes value.
    """
    return value if quantity >= on_hand else min(original, value)


def cost_after_receipt(*, on_hand: int, value: int, quantity: int, price: int) -> int:
    """Return the average cost of one base unit once ``quantity`` has come in at ``price`` each."""
    if on_hand <= 0:
        return price
    return half_even(value * ONE + quantity * price, on_hand + quantity)


def is_below(quantity: int, minimum: int | None) -> bool:
    """Return whether less is there than the minimum; exactly the minimum is enough."""
    return minimum is not None and quantity < minimum


def state(quantity: int, minimum: int | None = None, maximum: int | None = None) -> State:
    """Return the one word for a place's stock of an item."""
    if quantity <= 0:
        return State.OUT
    if is_below(quantity, minimum):
        return State.LOW
    if maximum is not None and quantity > maximum:
        return State.TOO_MUCH
    return State.ENOUGH


def alarm(quantity: int, minimum: int | None, maximum: int | None) -> State | None:
    """Return what an alert says of a place: nothing left, too little, too much; None if it fits.

    Without limits there is nothing to say. Exactly the minimum is enough, exactly the maximum is
    not too much.
    """
    if is_below(quantity, minimum):
        return State.OUT if quantity <= 0 else State.LOW
    if maximum is not None and quantity > maximum:
        return State.TOO_MUCH
    return None


def gtin_check_digit(digits: str) -> int:
    """Return the last digit of the GTIN that begins with ``digits``."""
    weighted = sum(
        int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(reversed(digits))
    )
    return -weighted % 10


def is_gtin(code: str) -> bool:
    """Return whether ``code`` is a GTIN of 8, 12, 13 or 14 digits with the right check digit."""
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", code):
        return False
    return gtin_check_digit(code[:-1]) == int(code[-1])


def barcode_key(code: str) -> str:
    """Return what two prints of one code have in common, or raise BadBarcode.

    A GTIN is kept as 14 digits, because scanners and spreadsheets add and drop leading zeros. Any
    other code is kept as it is, but for the spaces round it.
    """
    code = code.strip()
    if not code or len(code) > 80 or not code.isprintable():
        raise BadBarcode({"code": message("This is not a code a scanner can read.")})
    if re.fullmatch(r"[0-9]+[.,]?[0-9]*[eE]\+?[0-9]+", code):
        raise BadBarcode(
            {"code": message("A spreadsheet has shortened this code. Scan or type it again.")}
        )
    if re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", code):
        if not is_gtin(code):
            raise BadBarcode(
                {"code": message("A digit of this code is wrong: its check digit does not fit.")}
            )
        return code.zfill(14)
    return code


# What a scanner says first about the kind of code, and the GTIN among the fields of a GS1 code.
_GS1 = re.compile(r"(?:\](?:C1|d2|Q3|e0))?\x1d?(?:\(01\)|01)([0-9]{14}).*", re.DOTALL)


def scanned_key(code: str) -> str | None:
    """Return the key of what was scanned, of a GS1 code that of its GTIN; None for no barcode."""
    found = _GS1.fullmatch(code.strip())
    if found is not None and is_gtin(found[1]):
        return found[1]
    try:
        return barcode_key(code)
    except BadBarcode:
        return None


@dataclass(frozen=True)
class Amount:
    """A quantity with its unit, written in the reader's language."""

    quantity: int
    unit: str

    def in_language(self, language: str) -> str:
        return f"{number(self.quantity, language)} {self.unit}"

    def __str__(self) -> str:
        return _aloud(self)


@dataclass(frozen=True)
class Day:
    """A day, written in the reader's language."""

    day: date

    def in_language(self, language: str) -> str:
        from babel.dates import format_date  # Only who shows dates pays for the locale data.

        return format_date(self.day, "d MMMM y", locale=language)

    def __str__(self) -> str:
        return _aloud(self)


@dataclass(frozen=True)
class Listed:
    """Several parts of a sentence as one, separated by commas."""

    parts: tuple[Message, ...]

    def in_language(self, language: str) -> str:
        return ", ".join(part.in_language(language) for part in self.parts)

    def __str__(self) -> str:
        return _aloud(self)


def _aloud(words: Amount | Day | Listed) -> str:
    """Return words in the language of whoever reads, as a message with nothing else in it."""
    return str(Message("{words}", {"words": words}))


def number(quantity: int, language: str = "en") -> str:
    """Return thousandths as a decimal number: ``1234500`` is 1,234.5, in Indonesian 1.234,5."""
    thousands, point = (".", ",") if language == "id" else (",", ".")
    whole, rest = divmod(abs(quantity), ONE)
    text = f"{whole:,}".replace(",", thousands)
    if rest:
        text += point + f"{rest:03d}".rstrip("0")
    return f"−{text}" if quantity < 0 else text


def explain_state(quantity: int, minimum: int | None, maximum: int | None, unit: str) -> Message:
    """Return why a place is low, out or over-full, in one sentence."""
    left = Amount(quantity, unit)
    match state(quantity, minimum, maximum):
        case State.OUT if minimum:
            return message("None left; {minimum} are wanted.", minimum=Amount(minimum, unit))
        case State.OUT:
            return message("None left.")
        case State.LOW:
            return message(
                "{left} left, fewer than the {minimum} wanted.",
                left=left,
                minimum=Amount(minimum or 0, unit),
            )
        case State.TOO_MUCH:
            return message(
                "{left} here, more than the {maximum} that should be.",
                left=left,
                maximum=Amount(maximum or 0, unit),
            )
    return _wanted(minimum, maximum, unit)


def _wanted(minimum: int | None, maximum: int | None, unit: str) -> Message:
    """Return the limits of a place that keeps them."""
    if minimum and maximum is not None:
        return message(
            "Between {minimum} and {maximum} are wanted.",
            minimum=Amount(minimum, unit),
            maximum=Amount(maximum, unit),
        )
    if minimum:
        return message("At least {minimum} are wanted.", minimum=Amount(minimum, unit))
    if maximum is not None:
        return message("At most {maximum} are wanted.", maximum=Amount(maximum, unit))
    return message("No limit is set.")


_CHANGES = {
    "opening": message("{amount} opening stock"),
    "receive": message("{amount} received"),
    "issue": message("{amount} issued"),
    "transfer_in": message("{amount} brought in from other places"),
    "transfer_out": message("{amount} taken to other places"),
    "scrap": message("{amount} scrapped"),
    "usage": message("{amount} counted as used up"),
    "variance_in": message("{amount} found by counting"),
    "variance_out": message("{amount} missing when counted"),
    "reversal_in": message("{amount} put back by reversals"),
    "reversal_out": message("{amount} taken out by reversals"),
}


def explain_change(before: int, after: int, sums: Mapping[str, int], unit: str) -> Message:
    """Return how one figure became the other, from the sums of the movements between them."""
    parts = tuple(
        Message(sentence.msgid, {"amount": Amount(sums[kind], unit)})
        for kind, sentence in _CHANGES.items()
        if sums.get(kind)
    )
    if not parts:
        return message("Nothing moved: {left} before and after.", left=Amount(after, unit))
    return message(
        "{before} became {after}: {changes}.",
        before=Amount(before, unit),
        after=Amount(after, unit),
        changes=Listed(parts),
    )
