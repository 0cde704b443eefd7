"""Public holidays of countries, from the ``holidays`` package; it is loaded when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

HOME = "ID"  # offered first
JOINT = {"ID": "government"}  # country -> what the package calls days of joint leave
YEARS = range(2000, 2101)


class UnknownRegion(LookupError):
    """A region that the country has no holidays of its own for; ``known`` are those it has."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(known)
        self.known = known


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """Whose holidays are asked for, and in which language their names shall be."""

    country: str
    region: str
    language: str
    joint: bool = False


@lru_cache(maxsize=8)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Return the code and the name of every country whose holidays are known, Indonesia first."""
    from babel import Locale
    from holidays.registry import COUNTRIES

    names = Locale.parse("en_GB" if language == "en" else language).territories
    codes = {entry[1] for entry in COUNTRIES.values()}
    known = sorted((str(names[code]), code) for code in codes if code in names)
    known.sort(key=lambda one: one[1] != HOME)
    return tuple((code, name) for name, code in known)


def check_region(country: str, region: str) -> None:
    """Raise UnknownRegion unless the country has this region; an empty one is the whole country."""
    known = tuple(str(code) for code in _of(country, YEARS[0], "").subdivisions)
    if region and region not in known:
        raise UnknownRegion(known)


def of_year(asked: Published, year: int) -> Mapping[date, str]:
    """Return the holidays of a year by date, named in the language if the package can.

    Days that fall on one date share its name. Raises UnknownRegion for a region that is not there.
    """
    check_region(asked.country, asked.region)
    plain = _of(asked.country, year, asked.region)
    language = _spoken(asked.language, plain)
    found: dict[date, str] = {}
    joint = JOINT.get(asked.country) if asked.joint else None
    for category in ("public", *([joint] if joint else [])):
        days = _of(asked.country, year, asked.region, language=language, categories=(category,))
        for on, name in sorted(days.items()):
            found.setdefault(on, "; ".join(dict.fromkeys(str(name).split("; "))))
    return found


def _spoken(language: str, known: Any) -> str | None:
    """Return the package's name of a language, that of the country's own if it lacks it."""
    offered = (one for one in known.supported_languages if one.partition("_")[0] == language)
    # Without one it would take that of the machine it runs on.
    found: str | None = next(offered, known.default_language)
    return found


def _of(country: str, year: int, region: str, **more: Any) -> Any:
    import holidays

    return holidays.country_holidays(country, years=year, subdiv=region or None, **more)
