"""When levels are worked out and how far they may move: whole numbers in, whole numbers out.

Usage comes as days of the ledger, levels are thousandths of the base unit. No database, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, sqrt
from statistics import quantiles, stdev
from typing import Any

from ..ordering.rules import WEEK, Day
from ..rules import ONE
from . import formulas
from .formulas import Demand, Lead

WEEKS = 52  # looked back
LEAST_WEEKS = 8  # of history, below which nobody can tell
LEAST_USED = 4  # weeks in which something was used
LARGEST_MOVE = 30  # percent of a level, in one night
LEARNED = 8  # weeks with usage, before one of them can be called unusual


@dataclass(frozen=True)
class Week:
    """What was used in a week, and on how many of its days nothing was there."""

    used: int
    out: int = 0


@dataclass(frozen=True, kw_only=True)
class Past:
    """Weeks since the first receipt, the oldest first; the last one ends before ``until``.

    ``busy`` is in how many of them usage was written down, ``every`` how many weeks apart.
    """

    weeks: tuple[Week, ...]
    until: date
    busy: int
    every: Fraction = Fraction(1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a rule asks for: to last in so many of a hundred orders, at most so much."""

    service: int
    review: int  # days from one order to the next
    cap: int | None = None
    lead: Lead
    measured: int = 0  # deliveries that the lead time was measured over


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Minimum and maximum, in thousandths."""

    minimum: int | None
    maximum: int | None


@dataclass(kw_only=True)
class Found:
    """What was worked out, or why it was not (``kept``), and what from."""

    levels: Levels | None = None
    kept: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """The levels from now on, and what waits for somebody to confirm it."""

    levels: Levels
    proposed: Levels | None = None


def past_of(
    days: Mapping[date, Day], *, on_hand: int, until: date, now: date, counts: Sequence[date] = ()
) -> Past:
    """Return the weeks before ``until``, from the days of the ledger up to ``now``.

    They begin with the first receipt that is known. What ``counts`` found used up is spread over
    the days since the count before: nobody takes a month's paper on the last of it.
    """
    since = until - timedelta(days=WEEKS * WEEK)
    used, out = [0] * WEEKS, [0] * WEEKS
    level, after = on_hand, now + timedelta(days=1)
    first = None
    for day in sorted((one for one in days if one >= since), reverse=True):
        _empty(out, since, day, min(after, until), level)
        if day < until:
            used[(day - since).days // WEEK] += days[day].used
        level -= days[day].change
        first = day if days[day].change > 0 else first
        after = day
    _empty(out, since, since, min(after, until), level)
    begins = 0
    if level <= 0:
        begins = WEEKS if first is None else min(-(-(first - since).days // WEEK), WEEKS)
    busy = sum(one > 0 for one in used[begins:])
    every = Fraction(1)
    if counts:
        used, every = _spread(used, since, counts), _apart(counts)
    weeks = tuple(Week(max(u, 0), o) for u, o in zip(used[begins:], out[begins:], strict=True))
    return Past(weeks=weeks, until=until, busy=busy, every=every)


def _empty(out: list[int], since: date, start: date, end: date, level: int) -> None:
    """Note the days from ``start`` until ``end`` as days without stock, if there was none."""
    if level > 0:
        return
    at = (max(start, since) - since).days
    last = (end - since).days
    while at < last:
        week = at // WEEK
        upto = min((week + 1) * WEEK, last)
        out[week] += upto - at
        at = upto


def _spread(used: Sequence[int], since: date, counts: Sequence[date]) -> list[int]:
    """Return the weeks with what each count found spread over those since the one before."""
    marks = sorted({(day - since).days // WEEK for day in counts if day >= since})
    spread, begin = [0] * len(used), 0
    for mark in (mark for mark in marks if mark < len(used)):
        span, total = mark - begin + 1, sum(used[begin : mark + 1])
        for place in range(begin, mark + 1):
            # Whole numbers that add up to the total.
            done = place - begin
            spread[place] = total * (done + 1) // span - total * done // span
        begin = mark + 1
    spread[begin:] = used[begin:]
    return spread


def _apart(counts: Sequence[date]) -> Fraction:
    """Return how many weeks lie between two counts on average, at least one."""
    ordered = sorted(set(counts))
    if len(ordered) < 2:
        return Fraction(1)
    span = Fraction((ordered[-1] - ordered[0]).days, WEEK * (len(ordered) - 1))
    return max(span, Fraction(1))


def work_out(past: Past, wanted: Wanted) -> Found:
    """Return the levels that follow from the past, or why the old ones are kept."""
    said: dict[str, Any] = _told(past) | {
        "service": wanted.service,
        "review": wanted.review,
        "lead": _thousandths(wanted.lead.mean),
        "lead_sd": _thousandths(wanted.lead.sd),
        "measured": wanted.measured,
        "cap": wanted.cap,
    }
    if len(past.weeks) < LEAST_WEEKS:
        return Found(kept="short", inputs=said | {"kept": "short"})
    if past.busy < LEAST_USED:
        return Found(kept="few", inputs=said | {"kept": "few"})
    usual, capped = _without_outliers(past.weeks)
    demand = _demand(usual, past.every)
    if demand is None:
        return Found(kept="few", inputs=said | {"kept": "few"})
    kind = formulas.demand_class([week.used for week in usual])
    point, way = _point(usual, demand, kind, wanted)
    levels, at_cap = _rounded(point, demand, wanted, grid(past.weeks))
    said |= {
        "weekly": _thousandths(demand.mean * WEEK / ONE),
        "sd": _thousandths(demand.sd * sqrt(WEEK) / ONE),
        "out": sum(week.out for week in past.weeks),
        "capped": capped,
        "kind": kind,
        "way": way,
        "at_cap": at_cap,
        "minimum": levels.minimum,
        "maximum": levels.maximum,
    }
    return Found(levels=levels, inputs=said)


def unsold(past: Past) -> Found:
    """Return that nothing is worked out where nobody knows how long an order takes."""
    return Found(kept="unsold", inputs=_told(past) | {"kept": "unsold"})


def _told(past: Past) -> dict[str, Any]:
    return {
        "until": past.until.isoformat(),
        "chart": [week.used for week in past.weeks],
        "weeks": len(past.weeks),
        "busy": past.busy,
        "step": grid(past.weeks),
    }


def _thousandths(value: float) -> int:
    return round(value * ONE)


def _without_outliers(weeks: Sequence[Week]) -> tuple[list[Week], list[list[int]]]:
    """Return the weeks with what was unusual cut, and [place, used, counted as] of each cut.

    Unusual is what lies far outside (three times the middle half above it, Tukey 1977), and more
    than twice what a busy week takes.
    """
    sizes = sorted(week.used for week in weeks if week.used > 0)
    if len(sizes) < LEARNED:
        return list(weeks), []
    low, _, high = quantiles(sizes, n=4, method="inclusive")
    most = ceil(max(high + 3 * (high - low), 2 * high))
    capped = [[place, week.used, most] for place, week in enumerate(weeks) if week.used > most]
    return [Week(min(week.used, most), week.out) for week in weeks], capped


def _demand(weeks: Sequence[Week], every: Fraction) -> Demand | None:
    """Return usage of a day as if there had always been stock; None if there hardly ever was."""
    out, days = sum(week.out for week in weeks), WEEK * len(weeks)
    if days - out < LEAST_WEEKS * WEEK // 2:
        return None
    mean = sum(week.used for week in weeks) / (days - out)
    stocked = [week.used * WEEK / (WEEK - week.out) for week in weeks if 2 * week.out < WEEK]
    spread = stdev(stocked) if len(stocked) > 1 else mean * WEEK
    # What counts found is averaged over the weeks between them, which hides how these differ.
    return Demand(mean=mean, sd=spread * sqrt(every) / sqrt(WEEK))


def _point(weeks: Sequence[Week], demand: Demand, kind: str, wanted: Wanted) -> tuple[float, str]:
    """Return the reorder point and how it was found.

    What is used now and then follows no normal curve: where a whole year is known, what was used
    in as many weeks as an order takes says more.
    """
    if kind in ("intermittent", "lumpy") and len(weeks) >= WEEKS:
        long = ceil((wanted.review + wanted.lead.mean + wanted.lead.sd) / WEEK)
        series = [week.used for week in weeks]
        return formulas.window_level(series, long, wanted.service / 100), "windows"
    z = formulas.z_of(wanted.service)
    return formulas.reorder_point(demand, wanted.lead, z=z, review=wanted.review), "normal"


def grid(weeks: Iterable[Week]) -> int:
    """Return the steps in which levels go: whole units, tenths where parts of one are used."""
    return ONE if all(week.used % ONE == 0 for week in weeks) else ONE // 10


def _rounded(point: float, demand: Demand, wanted: Wanted, step: int) -> tuple[Levels, bool]:
    """Return minimum and maximum, rounded up, at most the cap; and whether that cut them."""
    minimum = max(_up(point, step), step)
    maximum = max(_up(formulas.order_up_to(point, demand, cover=wanted.review), step), minimum)
    cap = wanted.cap
    if cap is None or maximum <= cap:
        return Levels(minimum=minimum, maximum=maximum), False
    return Levels(minimum=min(minimum, cap), maximum=cap), True


def _up(value: float, step: int) -> int:
    return ceil(round(value / step, 6)) * step


def move(now: Levels, wanted: Levels, *, waiting: bool, step: int = ONE) -> Step:
    """Return how far levels move in one run: at most 30 %; the rest waits to be confirmed.

    While something waits nothing moves further: otherwise it would have moved all the way after a
    few nights, confirmed by nobody. Where there was no level there is nothing to move from.
    """
    minimum = _towards(now.minimum, wanted.minimum or 0, step)
    maximum = max(_towards(now.maximum, wanted.maximum or 0, step), minimum)
    if (minimum, maximum) == (wanted.minimum, wanted.maximum):
        return Step(levels=wanted)
    if waiting:
        return Step(levels=now, proposed=wanted)
    return Step(levels=Levels(minimum=minimum, maximum=maximum), proposed=wanted)


def _towards(now: int | None, wanted: int, step: int) -> int:
    """Return ``wanted``, or what lies nearest to it within 30 % of ``now``."""
    if not now:
        return wanted
    most = now * (100 + LARGEST_MOVE) // 100 // step * step
    least = -(-now * (100 - LARGEST_MOVE) // (100 * step)) * step
    if wanted > now:
        return min(wanted, max(most, now))
    return max(wanted, min(least, now))
