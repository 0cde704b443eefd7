"""Why a level is what it is, in a sentence made of what was kept when it was worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from portal.api import Message, message

from ..ordering.rules import WEEK, Sentence, about
from ..rules import ONE, Amount
from ..rules import Day as DayShown

KEPT = {
    "short": message(
        "only {weeks} weeks of history are known, at least 8 are needed; so the levels stay as they"
        " were set"
    ),
    "few": message(
        "something was used in only {busy} weeks, at least 4 are needed; so the levels stay as they"
        " were set"
    ),
    "unsold": message("nobody sells it yet, so the levels stay as they were set"),
}


def explain(why: Mapping[str, Any], unit: str) -> Sentence:
    """Return why the levels are what they are, from the inputs that were kept with them."""
    if why.get("kept"):
        clause = KEPT[why["kept"]]
        facts = {"weeks": why.get("weeks", 0), "busy": why.get("busy", 0)}
        return Sentence((Message(clause.msgid, facts),))
    return Sentence(tuple(_clauses(why, unit)))


def _clauses(why: Mapping[str, Any], unit: str) -> Iterator[Message]:
    yield message("you use about {amount} a week", amount=about(why["weekly"], unit))
    yield message(
        "the supplier takes {days} days and you order every {every}",
        days=round(why["lead"] / ONE),
        every=why["review"],
    )
    yield message(
        "to run out at most once in {count} orders that takes a minimum of {minimum}",
        count=round(100 / (100 - why["service"])),
        minimum=Amount(why["minimum"], unit),
    )
    if why["at_cap"]:
        yield message("more than {cap} is never kept here", cap=Amount(why["cap"], unit))


def details(why: Mapping[str, Any], unit: str) -> list[Message]:
    """Return what else went into the levels: measured or agreed, what was left out."""
    if why.get("kept"):
        return []
    measured = message(
        "The supplier's days were measured over the last {count} deliveries.",
        count=why["measured"],
    )
    said = [measured if why["measured"] else message("The supplier's days are what was agreed.")]
    if why["out"]:
        said.append(
            message(
                "Nothing was there on {days} days; they are left out of the average.",
                days=why["out"],
            )
        )
    said += [
        message(
            "In the week until {day} unusually much was used, {used}; only {most} of it count.",
            day=DayShown(ends(why, place)),
            used=Amount(used, unit),
            most=Amount(most, unit),
        )
        for place, used, most in why["capped"]
    ]
    if why["way"] == "windows":
        said.append(
            message("It is used now and then, so the highest usage of as many days decides.")
        )
    return said


def ends(why: Mapping[str, Any], place: int) -> date:
    """Return the last day of one of the weeks that were kept."""
    until = date.fromisoformat(why["until"])
    return until - timedelta(days=WEEK * (why["weeks"] - place - 1) + 1)
