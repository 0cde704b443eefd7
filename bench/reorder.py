"""Replays ordering rules on invented usage: which levels last when a supplier becomes slower.

Nine kinds of office supplies over three years, ordered once a week in packs of ten; what is asked
for and not there is lost. The levels are those the plugin itself computes. Fixed minimums are set
once, from the first year and a lead time of five days, as people set them. Usage is drawn from a
seed and has the shape of an office's: seasons, weekdays and a monthly spread of 0.55 to 0.71.

    python -m bench.reorder [--seeds 10]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, sqrt
from statistics import fmean, pvariance, stdev

from kantor_inventory.levels import formulas
from kantor_inventory.levels.formulas import Demand, Lead

KINDS = {
    # name: usage of a day, spread of its months (standard deviation / mean)
    "Paper": (9.0, 0.55),
    "Binders": (10.0, 0.60),
    "Labels": (2.6, 0.66),
    "Envelopes": (1.9, 0.68),
    "Fasteners": (1.8, 0.71),
    "Pens and art": (5.6, 0.58),
    "Storage": (5.9, 0.57),
    "Cutters": (1.3, 0.70),
    "Appliances": (3.2, 0.62),
}
# By months: quiet in January and February, busy in September and before the year ends.
SEASON = (0.45, 0.35, 0.9, 0.8, 0.9, 0.85, 0.8, 0.85, 1.6, 1.0, 1.8, 1.7)
SIZES = (1, 2, 2, 3, 3, 4, 5, 5, 7, 9)  # of one request
GROWTH = 0.2  # of the average, each year
GROWTH_SPREAD = 0.03
YEAR = 364
YEARS = 3
DAYS = YEARS * YEAR
REVIEW = 7  # days from one order to the next
PACK = 10
SERVICE = 98
EMPIRICAL = 0.95
FAST, SLOW = 5, 14  # days
SEEDS = 10

Levels = Callable[[Sequence[int], int], tuple[float, float]]  # usage so far, lead time


@dataclass(frozen=True)
class Policy:
    """A rule of ordering: its levels, and whether it knows what is on its way."""

    name: str
    levels: Levels
    counts_on_order: bool = True


@dataclass
class Outcome:
    """What a policy did: asked for, handed out, stock of all days, lines of orders."""

    asked: int = 0
    served: int = 0
    stock_days: float = 0.0
    kinds: int = 0
    lines: int = 0

    @property
    def fill(self) -> float:
        """Percent of what was asked for that was there."""
        return 100 * self.served / self.asked

    @property
    def days(self) -> float:
        """For how many days the stock would last, on average."""
        return self.stock_days / self.kinds


def usage(kind: str, seed: int) -> list[int]:
    """Return what is asked for on each day: a few at once, more before the year ends, growing."""
    mean, spread = KINDS[kind]
    rng = random.Random(f"{kind} {seed}")
    each = fmean(SIZES)
    lumps = fmean(size**2 for size in SIZES) / each / (mean * 30)
    left = spread**2 - pvariance(SEASON) - GROWTH_SPREAD - lumps
    shape = 1 / max(left * 30 / 7, 0.05)  # of what chance does to a week
    days: list[int] = []
    while len(days) < DAYS:
        season = SEASON[len(days) % YEAR * 12 // YEAR]
        grown = 1 + GROWTH * (len(days) / YEAR - YEARS / 2)
        chance = rng.gammavariate(shape, 1 / shape)
        for weekday in range(7):
            often = 0.0 if weekday == 6 else mean / each * 7 / 6 * season * grown * chance
            days.append(sum(rng.choice(SIZES) for _ in range(_events(rng, often))))
    return days


def _events(rng: random.Random, mean: float) -> int:
    """Return a number of events, by Knuth's method: the means are small."""
    limit, count, product = exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def demand_of(past: Sequence[int]) -> Demand:
    """Return usage of a day from the whole weeks of the last year."""
    weeks = weekly(past)
    return Demand(mean=fmean(weeks) / 7, sd=stdev(weeks) / sqrt(7))


def weekly(past: Sequence[int]) -> list[int]:
    last = past[-YEAR:]
    return [sum(last[start : start + 7]) for start in range(0, len(last), 7)]


def fixed(days: int, gap: int = 0) -> Levels:
    """Return a minimum of so many days of the first year's usage, that nobody touches again."""

    def levels(past: Sequence[int], lead: int) -> tuple[float, float]:
        each = sum(past[:YEAR]) / YEAR
        return each * days, each * (days + gap)

    return levels


def computed(past: Sequence[int], lead: int) -> tuple[float, float]:
    """Return reorder point and level of periodic review, as the plugin computes them."""
    demand = demand_of(past)
    point = formulas.reorder_point(demand, Lead(mean=lead), z=formulas.z_of(SERVICE), review=REVIEW)
    return point, formulas.order_up_to(point, demand, cover=REVIEW)


def empirical(past: Sequence[int], lead: int) -> tuple[float, float]:
    """Return the quantile of what was used in as many days as an order takes."""
    point = formulas.window_level(past[-YEAR:], REVIEW + lead, EMPIRICAL)
    return point, formulas.order_up_to(point, demand_of(past), cover=REVIEW)


def naive(past: Sequence[int], lead: int) -> tuple[float, float]:
    """Return what is used while one waits, and a pack: no safety stock at all."""
    point = demand_of(past).mean * lead + PACK
    return point, point + demand_of(past).mean * REVIEW


FIXED_40 = Policy("fixed minimum of 40 days", fixed(40))
COMPUTED = Policy("computed, R+L, 98 %", computed)
POLICIES = (
    Policy("fixed minimum of 30 days", fixed(30)),
    FIXED_40,
    Policy("fixed minimum of 50 days", fixed(50)),
    Policy("fixed minimum of 35 days, maximum 14 above", fixed(35, 14)),
    Policy("fixed minimum of 30 days, on order ignored", fixed(30), counts_on_order=False),
    COMPUTED,
    Policy("windows of the last year, 95 %", empirical),
    Policy("usage of the lead time and a pack", naive),
)


def replay(policy: Policy, lead: int, seeds: int = SEEDS) -> Outcome:
    """Return what a policy does over the second and third year of every kind and seed."""
    found = Outcome()
    for seed in range(seeds):
        for kind in KINDS:
            _replay(policy, lead, usage(kind, seed), found)
    found.lines = round(found.lines / seeds)
    return found


def _replay(policy: Policy, lead: int, asked: Sequence[int], found: Outcome) -> None:
    """Begin the second year with what the policy wants, and order every week."""
    stock = ceil(policy.levels(asked[:YEAR], lead)[1] / PACK) * PACK
    coming: dict[int, int] = {}
    held = 0
    for day in range(YEAR, DAYS):
        stock += coming.pop(day, 0)
        served = min(stock, asked[day])
        stock -= served
        held += stock
        found.asked += asked[day]
        found.served += served
        if day % REVIEW == 0:
            point, level = policy.levels(asked[:day], lead)
            on_order = sum(coming.values()) if policy.counts_on_order else 0
            position = formulas.inventory_position(on_hand=stock, on_order=on_order)
            order = formulas.order_quantity(position, int(point), ceil(level), multiple=PACK)
            if order.quantity:
                coming[day + lead] = coming.get(day + lead, 0) + order.quantity
                found.lines += 1
    found.stock_days += held / (sum(asked[YEAR:]) or 1)
    found.kinds += 1


def lost(policy: Policy, seeds: int = SEEDS) -> float:
    """Return how many points of its fill rate a policy loses when the supplier becomes slower."""
    return replay(policy, FAST, seeds).fill - replay(policy, SLOW, seeds).fill


def verdict(computed_loss: float, fixed_loss: float) -> str:
    """Return in a sentence whether computed levels follow a changed lead time."""
    follows = computed_loss < 3 and fixed_loss > 5
    told = "follow" if follows else "DO NOT FOLLOW"
    return (
        f"Computed levels {told} a lead time that changes from {FAST} to {SLOW} days: they lose"
        f" {computed_loss:.1f} points of their fill rate, a fixed minimum of 40 days loses"
        f" {fixed_loss:.1f}."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the verdict."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--seeds", type=int, default=SEEDS)
    seeds = asked.parse_args(arguments).seeds
    print(f"{'fill rate / days of stock / order lines':<46} {'5 days':>22} {'14 days':>22}")
    fills: dict[str, float] = {}
    for policy in POLICIES:
        both = [replay(policy, lead, seeds) for lead in (FAST, SLOW)]
        cells = [f"{one.fill:.1f} % / {one.days:.1f} / {one.lines}" for one in both]
        print(f"{policy.name:<46} {cells[0]:>22} {cells[1]:>22}", flush=True)
        fills[policy.name] = both[0].fill - both[1].fill
    print(verdict(fills[COMPUTED.name], fills[FIXED_40.name]))


if __name__ == "__main__":
    main()
