"""What may be a user name, which passwords are too easy to guess, and what a device is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from portal.messages import Message, message

from .passwords import LONGEST

SHORTEST = 15  # characters, while a password is the only proof
SHORTEST_BESIDE = 8  # beside a second step
LEFT_OVER = 6  # letters that must remain when everything guessable is taken away
COMMON = Path(__file__).with_name("common_passwords.txt")
USERNAME = re.compile(r"[^\W_](?:[\w.@+-]{0,98}[^\W_])?")
_LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_NEIGHBOURS = frozenset(
    pair for row in _ROWS for one, other in pairwise(row) for pair in (one + other, other + one)
)
_SHORTEST_RUN = 4


def normal_username(text: str) -> str:
    """Return a user name as it is stored and compared."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def username_problem(name: str) -> Message | None:
    """Return what is wrong with a normal user name, or None."""
    if not name:
        return message("Fill this in.")
    if not USERNAME.fullmatch(name):
        return message("Use letters, digits, dots, hyphens and @, as in sari.wulandari.")
    return None


def password_problem(
    password: str, about: Iterable[str] = (), *, shortest: int = SHORTEST
) -> Message | None:
    """Return why a password cannot be taken, or None; ``about`` are names guessed first."""
    if len(password) < shortest:
        return message(
            "Use {count} characters or more. Four or five words are easy to remember.",
            count=shortest,
        )
    if len(password) > LONGEST:
        return message("Write at most {count} characters.", count=LONGEST)
    if is_guessable(password, about):
        return message(
            "This is easy to guess: common words, names, or a simple pattern. "
            "Choose a few words that do not belong together."
        )
    return None


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Return whether little is left of a password without common words, names and patterns."""
    text = unicodedata.normalize("NFKC", password).casefold()
    known = {
        part for name in about for part in re.split(r"[\W_]+", name.casefold()) if len(part) > 2
    }
    plain = _without_runs(_once(text))
    words = sorted(known | common(), key=len, reverse=True)
    return any(
        _letters_left(variant, words) < LEFT_OVER
        for variant in (_letters(plain), _letters(plain.translate(_LOOK_ALIKES)), _letters(text))
    )


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _letters_left(text: str, words: Iterable[str]) -> int:
    for word in words:
        # A gap stays, so that what lay round a word does not become another one.
        text = text.replace(word, " ")
    return sum(char.isalpha() for char in text)


def _once(text: str) -> str:
    """Return the part a text is made of when it only repeats itself."""
    for length in range(1, len(text) // 2 + 1):
        unit = text[:length]
        if (unit * (len(text) // length + 1)).startswith(text):
            return unit
    return text


def _without_runs(text: str) -> str:
    """Return a text without its runs along the alphabet, the digits or the keyboard."""
    kept, run = "", text[:1]
    for before, char in pairwise(text):
        if abs(ord(char) - ord(before)) <= 1 or before + char in _NEIGHBOURS:
            run += char
            continue
        kept += run if len(run) < _SHORTEST_RUN else " "
        run = char
    return kept + (run if len(run) < _SHORTEST_RUN else "")


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """Return what passwords are made of most often, casefolded and without blanks."""
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(
        _letters(line.casefold()) for line in lines if line and not line.startswith("#")
    )


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> Message | str:
    """Return what people call the device behind a User-Agent: its browser and system."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return message("{browser} on {system}", browser=browser, system=system)
    return browser or system or message("Unknown device")


def is_mobile(user_agent: str) -> bool:
    """Return whether a device is one that is held in the hand."""
    return any(mark in user_agent for mark in ("Android", "iPhone", "iPad"))
