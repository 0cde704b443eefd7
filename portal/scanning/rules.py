"""What a scanned text is before anybody knows what it stands for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

LONGEST = 200
MOST = 60  # codes of one list


def cleaned(text: str) -> str:
    """Return a scanned text without what scanners add around it: spaces, line ends."""
    return text.strip()[:LONGEST].strip()


def counted(codes: Iterable[str]) -> dict[str, int]:
    """Return how often each code was scanned, the newest first, at most ``MOST`` of them."""
    read = [code for code in map(cleaned, codes) if code]
    times = Counter(read)
    newest_first = dict.fromkeys(reversed(read))
    return {code: times[code] for code in list(newest_first)[:MOST]}
