"""How much to order, and why: whole numbers in, whole numbers out; no database, no clock.

A minimum is the point below which one orders, a maximum the level one orders up to; a place with a
minimum alone is filled up to it. Exactly the minimum is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from portal.api import Message, message

from ..rules import ONE, Amount, Factor, to_base
from ..rules import Day as DayShown

WEEK = 7
KNOWN_AFTER = 28  # days with stock, before usage is said to be known
LOOKED_BACK = 84  # days


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a supplier sells an item: by the pack, at least so many, in multiples."""

    pack: Factor
    least: int = 1
    multiple: int = 1

    @property
    def step(self) -> int:
        """The packs by which an order grows, so that it comes out even in the base unit."""
        whole = Fraction(self.multiple * ONE * self.pack.num, self.pack.den)
        return self.multiple * whole.denominator

    @property
    def smallest(self) -> int:
        """The fewest packs one may order."""
        return -(-self.least // self.step) * self.step

    def base(self, packs: int) -> int:
        """Return what so many packs hold; raise UnevenQuantity if that is not a whole number."""
        return to_base(packs * ONE, self.pack)


@dataclass(frozen=True)
class Suggestion:
    """So many packs, and what rounding to packs did: nothing, ``fitted`` or ``over``.

    ``fitted`` was rounded down because one more would pass the maximum; ``over`` passes it all the
    same, because less would not even bring the place up to its minimum.
    """

    packs: int
    quantity: int
    rounded: str = ""


def position(*, on_hand: int, on_order: int, reserved: int = 0) -> int:
    """Return what a place holds once everything on its way has come, without what is put aside."""
    return on_hand - reserved + on_order


def needed(position: int, minimum: int | None, maximum: int | None) -> int:
    """Return what is missing, up to the maximum; nothing while the minimum is kept."""
    if minimum is None or position >= minimum:
        return 0
    return (minimum if maximum is None else maximum) - position


def suggest(
    position: int, minimum: int | None, maximum: int | None, terms: Terms
) -> Suggestion | None:
    """Return how many packs to order, or None while the minimum is kept.

    Rounded up to whole packs, and down again only where a maximum would be passed and the minimum
    is kept all the same.
    """
    missing = needed(position, minimum, maximum)
    if missing <= 0:
        return None
    packs, rounded = _up(missing, terms), ""
    if maximum is not None and position + terms.base(packs) > maximum:
        fitting = _down(missing, terms)
        if fitting >= terms.smallest and position + terms.base(fitting) >= (minimum or 0):
            packs, rounded = fitting, "fitted"
        else:
            packs, rounded = _up((minimum or 0) - position, terms), "over"
    return Suggestion(packs, terms.base(packs), rounded)


def top_up(position: int, maximum: int | None, terms: Terms) -> Suggestion:
    """Return what may be added to a place that still keeps its minimum: as much as fits."""
    packs = _down(maximum - position, terms) if maximum is not None else 0
    packs = max(packs, terms.smallest)
    over = maximum is not None and position + terms.base(packs) > maximum
    return Suggestion(packs, terms.base(packs), "over" if over else "")


def packs_for(quantity: int, terms: Terms) -> int:
    """Return how many packs hold at least so much, as they are sold."""
    return _up(quantity, terms)


def _up(quantity: int, terms: Terms) -> int:
    packs = ceil(_packs(quantity, terms.pack) / terms.step) * terms.step
    return max(packs, terms.smallest)


def _down(quantity: int, terms: Terms) -> int:
    return floor(_packs(quantity, terms.pack) / terms.step) * terms.step


def _packs(quantity: int, pack: Factor) -> Fraction:
    return Fraction(quantity * pack.den, ONE * pack.num)


def unrounded(found: Suggestion | None, missing: int, terms: Terms, packs: int) -> int | None:
    """Return how many packs were missing before they were rounded up to what is sold, if they were.

    None where nothing was rounded up, or where ``packs`` are not what was suggested.
    """
    if found is None or found.rounded or found.packs != packs or missing <= 0:
        return None
    wanted = ceil(_packs(missing, terms.pack))
    return wanted if wanted < packs else None


def allowed(packs: int, terms: Terms) -> bool:
    """Return whether a supplier sells so many packs."""
    return packs >= terms.least and packs % terms.multiple == 0


@dataclass
class Day:
    """What one day did to a place: what was used, and by how much the stock changed."""

    used: int = 0
    change: int = 0


def per_period(consumed: int, *, days: int, out: int, period: int) -> Fraction | None:
    """Return the usage of ``period`` days, as if there had always been stock; None if unknown."""
    return Fraction(consumed * period, days - out) if days > out else None


def weekly_use(
    days: Mapping[date, Day], *, on_hand: int, since: date, until: date, now: date
) -> int | None:
    """Return what a place uses in a week, or None if too little is known.

    ``days`` are those of the ledger up to ``now``, when ``on_hand`` is there; what is averaged
    begins ``since`` and ends before ``until``. Days that end without stock count for nothing, so
    the time before the first receipt does not either.
    """
    consumed = out = 0
    level, day = on_hand, now
    while day >= since:
        known = days.get(day)
        if day < until:
            consumed += known.used if known is not None else 0
            out += level <= 0
        level -= known.change if known is not None else 0
        day -= timedelta(days=1)
    length = max((until - since).days, 0)
    if length - out < KNOWN_AFTER or consumed <= 0:
        return None
    each = per_period(consumed, days=length, out=out, period=WEEK)
    return round(each) if each is not None else None


def cover(position: int, weekly: int | None) -> Fraction | None:
    """Return for how many weeks a position lasts, or None if nobody knows what is used."""
    return Fraction(position, weekly) if weekly else None


def soon_due(position: int, minimum: int | None, weekly: int | None, days: int) -> bool:
    """Return whether the minimum will be passed before somebody orders the next time."""
    if minimum is None or not weekly:
        return False
    return position >= minimum and position - Fraction(weekly * days, WEEK) < minimum


@dataclass(frozen=True)
class Sentence:
    """Clauses as one sentence."""

    clauses: tuple[Message, ...]

    def in_language(self, language: str) -> str:
        text = "; ".join(clause.in_language(language) for clause in self.clauses)
        return f"{text[:1].upper()}{text[1:]}."

    def __str__(self) -> str:
        return str(Message("{words}", {"words": self}))


def explain(why: Mapping[str, Any]) -> Sentence:
    """Return why so much was suggested, from the inputs that were kept."""
    base = why["base"]
    said = (*_about_telling(why), *_about_usage(why, base), *_about_stock(why, base))
    return Sentence((*said, *_about_packs(why, base)))


def explain_telling(why: Mapping[str, Any]) -> Sentence:
    """Return who said at the shelf that it is nearly empty; no words where nobody did."""
    return Sentence(_about_telling(why))


def explain_briefly(why: Mapping[str, Any], *, default: bool = True) -> Sentence:
    """Return what stands nowhere else where stock, limits and packs have columns of their own.

    With ``default`` what is there, where there is nothing else to say.
    """
    said = [*_about_telling(why), *_about_usage(why, why["base"])]
    if why["rounded"] == "over":
        said.append(_ROUNDED["over"])
    said += _about_rounding(why)
    return Sentence(tuple(said or (_about_stock(why, why["base"]) if default else ())))


def _about_telling(why: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return who said at the shelf that it is nearly empty, from ``told``: a name and a day."""
    if not why.get("told"):
        return ()
    name, day = why["told"][0], DayShown(date.fromisoformat(why["told"][1]))
    if not name:
        return (message("said to be nearly empty on {day}", day=day),)
    return (message("said to be nearly empty by {name} on {day}", name=name, day=day),)


def _about_usage(why: Mapping[str, Any], base: str) -> tuple[Message, ...]:
    if not why["weekly"]:
        return ()
    used = message("you use about {amount} a week", amount=about(why["weekly"], base))
    if why["lead_days"] is None:
        return (used,)
    takes = message(
        "the supplier takes {days} days and you order every {every}",
        days=why["lead_days"],
        every=why["every"],
    )
    return used, takes


def _about_stock(why: Mapping[str, Any], base: str) -> tuple[Message, ...]:
    left, coming = Amount(why["on_hand"], base), Amount(why["on_order"], base)
    there = (
        message("{left} are left and {coming} on order", left=left, coming=coming)
        if why["on_order"]
        else message("{left} are left and none on order", left=left)
    )
    minimum = Amount(why["minimum"], base)
    if not why["minimum"] and why["maximum"] is None:
        return (there,)
    if why["maximum"] is None:
        return there, message("at least {minimum} are wanted", minimum=minimum)
    maximum = Amount(why["maximum"], base)
    limits = message("between {minimum} and {maximum} are wanted", minimum=minimum, maximum=maximum)
    return there, limits


_ROUNDED = {
    "fitted": message("one pack more would be over the maximum"),
    "over": message("less would not reach the minimum"),
}


def _about_packs(why: Mapping[str, Any], base: str) -> tuple[Message, ...]:
    said = []
    if why["pack"] != [1, 1]:
        num, den = why["pack"]
        said.append(
            message("the pack is {amount}", amount=Amount(num * ONE, base))
            if den == 1
            else message("{count} packs hold {amount}", count=den, amount=Amount(num * ONE, base))
        )
    if why["rounded"]:
        said.append(_ROUNDED[why["rounded"]])
    return (*said, *_about_rounding(why))


def _about_rounding(why: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return why more are ordered than are missing; older lines did not keep that."""
    if not why.get("wanted"):
        return ()
    sums = {"wanted": why["wanted"], "packs": why["suggested"]}
    if why["multiple"] > 1:
        return (
            message(
                "rounded up from {wanted} to {packs}: they sell in multiples of {multiple}",
                multiple=why["multiple"],
                **sums,
            ),
        )
    return (
        message(
            "rounded up from {wanted} to {packs}: they sell at least {least}",
            least=why["least"],
            **sums,
        ),
    )


def about(quantity: int, unit: str) -> Amount:
    """Return a usage as people say it: whole from ten on, else with one decimal."""
    step = ONE if quantity >= 10 * ONE else ONE // 10
    return Amount(max(round(Fraction(quantity, step)) * step, step), unit)


def served(one: tuple[Any, date | None]) -> tuple[bool, date, int]:
    """Return what shares of a line are served by: requests first, by when they need it, then age.

    ``one`` is a share and that day. Who is served first gets what comes first, and pays for it.
    """
    share, needed_on = one
    return share.request_line_id is None, needed_on or date.max, share.id
