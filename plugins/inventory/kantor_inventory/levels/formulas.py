"""The arithmetic of stock levels: textbook formulas as functions; no database, no clock.

Usage, quantities and levels are in whatever unit the caller uses throughout, times in days unless
a name says otherwise. What is kept from here is rounded up to whole thousandths by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from statistics import NormalDist, fmean, stdev

LAST = 10  # deliveries that a lead time is measured over
MONTH = 30.5  # days
OFTEN = 1.32  # average weeks between demands, above which an item is intermittent
STEADY = 0.49  # squared coefficient of variation, above which sizes are erratic
_NORMAL = NormalDist()


def inventory_position(
    *, on_hand: int, reserved: int = 0, on_order: int = 0, in_transit: int = 0, approved: int = 0
) -> int:
    """Return what can be counted on: what is there and coming, less what is promised.

    ``approved`` is what may be ordered and is not ordered yet (Silver, Pyke, Peterson, chapter 7).
    """
    return on_hand - reserved + on_order + in_transit + approved


def z_of(service: float) -> float:
    """Return the standard normal quantile of a service level in percent, 0 < ``service`` < 100."""
    return _NORMAL.inv_cdf(service / 100)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Usage of one day: mean and standard deviation."""

    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True)
class Lead:
    """Days from order to arrival: mean and standard deviation."""

    mean: float
    sd: float = 0.0


def safety_stock(demand: Demand, lead: Lead, *, z: float, review: float = 0) -> float:
    """Return z·√((R+L)·σd² + d̄²·σL²).

    With ``review`` R = 0 it is that of continuous review (Chopra and Meindl, safety inventory);
    with a lead time that never varies z·σd·√L (Silver, Pyke, Peterson 1998).
    """
    variance = (review + lead.mean) * demand.sd**2 + demand.mean**2 * lead.sd**2
    return z * sqrt(variance)


def reorder_point(demand: Demand, lead: Lead, *, z: float, review: float = 0) -> float:
    """Return s = d̄·(R+L) + safety stock: what has to last until the order after next arrives."""
    expected = demand.mean * (review + lead.mean)
    return expected + safety_stock(demand, lead, z=z, review=review)


def order_up_to(point: float, demand: Demand, *, cover: float) -> float:
    """Return S = s + d̄·cover: ``cover`` days of usage above the reorder point."""
    return point + demand.mean * cover


@dataclass(frozen=True)
class Order:
    """How much to order, and whether a cap cut it short."""

    quantity: int
    capped: bool = False


def order_quantity(
    position: int,
    point: int,
    up_to: int,
    *,
    least: int = 1,
    multiple: int = 1,
    cap: int | None = None,
) -> Order:
    """Return what to order at a position: nothing above the point, else rounded up to multiples.

    Where that would pass ``cap`` it is the largest multiple that fits, and marked.
    """
    if position > point:
        return Order(0)
    wanted = max(up_to - position, least)
    quantity = -(-wanted // multiple) * multiple
    if cap is None or position + quantity <= cap:
        return Order(quantity)
    fits = max(floor((cap - position) / multiple) * multiple, 0)
    return Order(fits if fits >= least else 0, capped=True)


def economic_quantity(*, order_cost: float, holding: float, demand: float) -> float:
    """Return Q* = √(2KD/h), Harris 1913; a hint and never a mandate, the cost is flat around it.

    ``demand`` and ``holding`` (of one unit) are of the same period.
    """
    return sqrt(2 * order_cost * demand / holding)


def cost_against_best(quantity: float, best: float) -> float:
    """Return by what factor ordering ``quantity`` costs more than the economic quantity."""
    return (quantity / best + best / quantity) / 2


def weeks_between_orders(quantity: float, weekly: float) -> int:
    """Return about every how many weeks one orders so much; at least one."""
    return max(round(quantity / weekly), 1)


def loss(z: float) -> float:
    """Return the standard normal loss G(z) = φ(z) - z·(1 - Φ(z))."""
    return _NORMAL.pdf(z) - z * (1 - _NORMAL.cdf(z))


def fill_rate(*, sd: float, z: float, quantity: float) -> float:
    """Return β = 1 - σ·G(z)/Q, the share of usage met from the shelf; ``sd`` is of R+L days."""
    return min(max(1 - sd * loss(z) / quantity, 0.0), 1.0)


def used_between(
    first: int, last: int, *, received: int = 0, came: int = 0, went: int = 0, scrapped: int = 0
) -> int:
    """Return what was used between two counts, from what came and went in between."""
    return first + received + came - went - scrapped - last


def corrected_usage(consumed: float, *, months: float, days_out: float) -> float | None:
    """Return monthly usage as if there had always been stock (MSH); None if there never was."""
    stocked = months - days_out / MONTH
    return consumed / stocked if stocked > 0 else None


def months_rule(*, most: float, lead_months: float, usage: float, available: float) -> float:
    """Return what the months-of-stock rule suggests to order; nothing below zero."""
    return max((most + lead_months) * usage - available, 0.0)


def months_of_stock(available: float, usage: float) -> float | None:
    """Return for how many months there is stock; None if nothing is used."""
    return available / usage if usage > 0 else None


def weeks_of_cover(position: float, weekly: float) -> float | None:
    """Return for how many weeks a position lasts; None if nothing is used."""
    return position / weekly if weekly > 0 else None


@dataclass(frozen=True)
class Intermittent:
    """Croston's two averages: the size of a demand and the periods between two."""

    size: float
    interval: float
    alpha: float

    @property
    def croston(self) -> float:
        """Usage of one period, Croston 1972."""
        return self.size / self.interval

    @property
    def sba(self) -> float:
        """The same without its bias, Syntetos and Boylan 2005."""
        return self.croston * (1 - self.alpha / 2)


def intermittent(series: Sequence[float], *, alpha: float = 0.1) -> Intermittent | None:
    """Return Croston's averages of a series of periods; None where nothing was used."""
    size = interval = None
    since = 0
    for used in series:
        since += 1
        if used <= 0:
            continue
        size = used if size is None else size + alpha * (used - size)
        interval = float(since) if interval is None else interval + alpha * (since - interval)
        since = 0
    if size is None or interval is None:
        return None
    return Intermittent(size, interval, alpha)


def demand_class(series: Sequence[float]) -> str:
    """Return smooth, erratic, intermittent, lumpy or none, by ADI 1.32 and CV² 0.49."""
    sizes = [used for used in series if used > 0]
    if not sizes:
        return "none"
    spread = (stdev(sizes) / fmean(sizes)) ** 2 if len(sizes) > 1 else 0.0
    if len(series) / len(sizes) <= OFTEN:
        return "erratic" if spread > STEADY else "smooth"
    return "lumpy" if spread > STEADY else "intermittent"


def quantile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    place = ceil(round(share * len(ordered), 9))
    return ordered[min(max(place, 1), len(ordered)) - 1]


def window_level(series: Sequence[float], periods: int, share: float) -> float:
    """Return the quantile of usage over all windows of so many periods: free of distributions."""
    length = min(max(periods, 1), len(series))
    total = sum(series[:length])
    sums = [total]
    for leaving, coming in zip(series, series[length:], strict=False):
        total += coming - leaving
        sums.append(total)
    return quantile(sums, share)


def lead_time(days: Sequence[int], *, floor: int, last: int = LAST) -> Lead:
    """Return mean and spread of the last deliveries, never faster than the ``floor`` agreed.

    Orders that were written down when the goods stood there would push it to nothing otherwise.
    """
    newest = days[-last:]
    if not newest:
        return Lead(mean=float(floor))
    return Lead(mean=max(fmean(newest), float(floor)), sd=stdev(newest) if len(newest) > 1 else 0.0)
