"""What searching costs: the words of one list, and words among everything, as people type them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

from bench import measure
from bench.client import Site

LISTS = ("/inventory/items", "/inventory/stock")
OF_A_LIST = ("paper", "paper black", "x-48", "pa", "t", "4711", "pap-0047", "zzzz")
# What every contact has, first and not first; only those of one department; and what nobody has.
OF_ALL = (*OF_A_LIST, "co", "contact", "contact so", "sons", "daughters", "po-2026", "#po", "@pers")
AGAINST_BARE = ("/search?q=contact", "/search?q=zzzz", "/search/palette?q=contact")
STATEMENTS = (
    ("SQL statements of a search", f"{LISTS[1]}?q=paper", "6", "4"),
    ("SQL statements of a search of everything", "/search?q=paper", "6", "4"),
    ("SQL statements of the palette", "/search/palette?q=paper", "6", "4"),
)
Line = tuple[str, str, str, str]
Taking = Callable[[Site, list[str]], dict[str, list[float]]]


def lines(keeper: Site, clerk: Site, took: Taking) -> Iterator[Line]:
    """Yield what it takes somebody who sees everything, and one who sees one department."""
    for who, start, words in (
        (keeper, LISTS[0], LISTS[0]),
        (keeper, LISTS[1], LISTS[1]),
        (clerk, LISTS[1], f"{LISTS[1]}, one department"),
    ):
        paths = {f"{words}, search for {term!r}": f"{start}?q={quote(term)}" for term in OF_A_LIST}
        yield from _against(who, start, paths, took)
    for who, whose in ((keeper, ""), (clerk, ", one department")):
        for page, what in (("/search", "search of everything"), ("/search/palette", "palette")):
            paths = {f"{what} for {term!r}{whose}": f"{page}?q={quote(term)}" for term in OF_ALL}
            yield from _against(who, LISTS[0], paths, took)


def _against(who: Site, start: str, paths: dict[str, str], took: Taking) -> Iterator[Line]:
    """Yield how much longer each takes than the first page of a list."""
    taken = took(who, [start, *paths.values()])
    for what, path in paths.items():
        yield what, f"{measure.slower(taken, path, start):.2f}x", "3x", "1.5x"
