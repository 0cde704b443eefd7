"""When the invented clinic works, and who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .demo import person_key


@dataclass(frozen=True, kw_only=True)
class DemoAbsence:
    """Days on which somebody is away; ``person`` is a key."""

    person: str
    from_on: date
    last_on: date
    from_noon: bool
    until_noon: bool


@dataclass(frozen=True, kw_only=True)
class DemoDeputy:
    """Who stands in for whom on which days; both people are keys."""

    principal: str
    deputy: str
    from_on: date
    last_on: date
    only_when_absent: bool


@dataclass(frozen=True, kw_only=True)
class DemoCalendar:
    """Working hours: of Monday to Thursday, of Friday and of Saturday, and who works by them."""

    name: str
    weekdays: str
    friday: str
    saturday: str = ""
    usual: bool = False
    department: str | None = None
    person: str | None = None


HOLIDAYS = "Public holidays"
YEAR_END = "Year-end closing"  # half a day
STOCKTAKING = "Stocktaking"  # on a Saturday that is worked otherwise than others
MORNING = "08:00-12:00"
CALENDARS = (
    DemoCalendar(
        name="Office hours",
        weekdays="08:00-12:00, 13:00-17:00",
        friday="08:00-11:30, 13:00-16:30",
        usual=True,
    ),
    DemoCalendar(
        name="Clinic hours",
        weekdays="07:30-12:00, 13:00-16:00",
        friday="07:30-11:30, 13:00-16:00",
        saturday="07:30-12:30",
        department="outpatient",
    ),
    DemoCalendar(name="Mornings", weekdays=MORNING, friday="08:00-11:30", person="nadia.anggraini"),
)

# name | first day and last day, counted from this week's Monday | which of them is a half day
_ABSENCES = """
Slamet Riyanto|-4|6|
Putri Maharani|9|9|until
Nadia Anggraini|7|11|
Joko Sumantri|14|17|from
Hendra Saputro|21|22|
Citra Nareswari|0|4|
Dimas Kurniadi|10|10|from
Bayu Hermawan|0|6|
Irwan Syahputra|-10|-6|
Laras Setyowati|8|9|until
Heni Marlinawati|2|3|from
Kartini Widyastuti|15|18|
Lina Marpuah|14|25|
Zainal Mustakim|16|18|until
"""


def absences(today: date) -> tuple[DemoAbsence, ...]:
    """Return who is away around ``today``; it goes by weeks, so that nobody is away on a Sunday
    alone.
    """
    monday = today - timedelta(days=today.weekday())
    lines = (line.split("|") for line in _ABSENCES.strip().splitlines())
    return tuple(
        DemoAbsence(
            person=person_key(name),
            from_on=monday + timedelta(days=int(first)),
            last_on=monday + timedelta(days=int(last)),
            from_noon=half == "from",
            until_noon=half == "until",
        )
        for name, first, last, half in lines
    )


# whose | by whom | first day and last day, counted from this week's Monday | only while away
_DEPUTIES = """
Hendra Saputro|Dewi Kartikasari|21|22|y
Kartini Widyastuti|Rudi Hartawan|15|18|y
Zainal Mustakim|Vina Oktaviani|16|18|y
Ratna Wulansari|Hendra Saputro|0|13|
Slamet Riyanto|Putri Maharani|-4|6|y
"""


def deputies(today: date) -> tuple[DemoDeputy, ...]:
    """Return who stands in for whom around ``today``."""
    monday = today - timedelta(days=today.weekday())
    lines = (line.split("|") for line in _DEPUTIES.strip().splitlines())
    return tuple(
        DemoDeputy(
            principal=person_key(principal),
            deputy=person_key(deputy),
            from_on=monday + timedelta(days=int(first)),
            last_on=monday + timedelta(days=int(last)),
            only_when_absent=bool(away),
        )
        for principal, deputy, first, last, away in lines
    )
