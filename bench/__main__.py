"""Prints the budgets of the project as ratios to a bare page, measured in this run.

Every figure is told with what it must be and what it should be; nothing fails, because a loaded
machine is no fault of the code. ``--items 10000`` makes a quick run of it; the whole compares the
pages at a million items with those at a hundred thousand, and takes minutes to make that million.
"""

from __future__ import annotations

import argparse
import itertools
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import create_engine, select

from bench import backing, importing, measure, searching, stand
from bench.client import Site
from bench.loading import public_id
from bench.measure import Work
from bench.seed import Size
from bench.seed_decisions import CHIEF, HEAD
from bench.stand import Server
from kantor_inventory.models import Item
from portal.db import db
from portal.testing import counting_statements
from portal.testing_databases import offered
from portal.ui.table import paging

LISTS = searching.LISTS
COUNT = f"/inventory/counts/{public_id(1)}/sheet"  # of two hundred lines
ORDER = f"/inventory/orders/{public_id(1)}"
WORK = ("/inventory/order-list", COUNT, "/inventory/counts", "/inventory/orders", ORDER)
PAGES = (
    *("/inventory/stock", "/inventory/ledger", "/inventory/alerts", "/inventory/overview"),
    *WORK,
)
RECORD = f"/inventory/items/{public_id(4711)}"
NEW = "/inventory/items/new"
CONNECTIONS = 4
PARTS = ("pages", "search", "work", "flat", "writing", "backup")
WAITING = ("/work", "/approvals", "/work?part=department")


@dataclass
class Report:
    """The lines of one run."""

    lines: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, value: str, must: str = "", goal: str = "") -> None:
        self.lines.append((what, value, must, goal))
        shown = re.sub(r"/[a-z0-9]{12}(?=/|$| )", "/…", what)
        print(f"  {shown:<62} {value:>30}   {must:<11} {goal:<11}", flush=True)


@dataclass
class Run:
    """One kind of database, measured."""

    kind: str
    size: Size
    rounds: int
    seconds: float
    parts: tuple[str, ...]
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.small = Size(self.size.items // 10, self.size.movements // 10)
        self.large = Size(self.size.items * 10, self.size.movements * 2)
        begun = time.perf_counter()
        self.url = stand.database(self.kind, self.size)
        self.seeded = time.perf_counter() - begun
        self.cookie = stand.cookie(self.url)

    def all(self) -> None:
        """Measure everything and print it line by line, with how long it took."""
        print(f"\n{self.kind}: {self.size.items:,} items, {self.size.movements:,} movements")
        self.report.add("", "measured", "must", "goal")
        self.report.add("  (rows put in by bulk, or found there, in)", f"{self.seeded:.0f} s")
        for part in self.parts:
            begun = time.perf_counter()
            getattr(self, part)()
            self.report.add(f"  ({part} measured in)", f"{time.perf_counter() - begun:.0f} s")

    def pages(self) -> None:
        """Measure reading: throughput, depth, sorts, exports, statements, memory."""
        with (
            stand.serving("bench.bare:application", self.url) as bare,
            stand.serving("wsgi:application", self.url) as server,
        ):
            site = Site(server.port, self.cookie)
            self.starts(bare, server)
            self.throughput(bare, server, site)
            self.depth_and_sorts(site)
            self.exports(server, site)
        with stand.serving("wsgi:application", self.url) as server:
            self.residence(server, Site(server.port, self.cookie))
        self.statements()

    def work(self) -> None:
        """Measure what waits for people, of as many open requests as there are items."""
        people = {"who decides nearly all": CHIEF, "who decides a twelfth": HEAD}
        with (
            stand.serving("bench.bare:application", self.url) as bare,
            stand.serving("wsgi:application", self.url) as server,
        ):
            page = Work(bare, measure.forever(Site(bare.port).request("GET", "/items")))
            for who, person in people.items():
                site = Site(server.port, stand.cookie(self.url, person))
                for path in WAITING:
                    mine = Work(server, measure.forever(site.request("GET", path)))
                    what = f"{path} of {self.size.items:,} open, {who}, against bare"
                    self.report.add(what, self._compared(mine, page))
            self._second_page(server)
        self._count(stand.cookie(self.url, CHIEF), ((f"SQL statements of {p}", p) for p in WAITING))

    def _second_page(self, server: Server) -> None:
        """Compare the second page of what waits for the one with most with the first."""
        site = Site(server.port, stand.cookie(self.url, CHIEF))
        following = re.findall(r'href="(/approvals\?[^"]*after=[^"]+)"', site.get("/approvals")[1])
        took = self._took(site, ["/approvals", following[0].replace("&amp;", "&")])
        value = f"{measure.slower(took, *reversed(took)):.2f}x"
        self.report.add("/approvals, page 2 against page 1", value, "1.2x", "1.1x")

    def flat(self) -> None:
        """Measure whether ten times the rows are felt."""
        self.ten_times(stand.database(self.kind, self.large), self.large)

    def writing(self) -> None:
        """Measure what writes, in copies: reading is measured in seeded databases."""
        stand.database(self.kind, self.small)
        with (
            stand.copied(self.kind, self.size) as large,
            stand.copied(self.kind, self.small) as little,
        ):
            self.creations(large, little)
            self.imports(large)

    def backup(self) -> None:
        """Measure a backup, and a list that is asked for meanwhile."""
        with stand.serving("wsgi:application", self.url) as server:
            made = backing.beside(Site(server.port, self.cookie), LISTS[0], self.url)
        gigabytes = stand.bytes_of(self.url) / 1e9
        what = f"backup of {gigabytes:.2f} GB into {made.size / 1e6:.0f} MB, seconds for a GB"
        value = f"{made.seconds / gigabytes:.0f} s ({made.seconds:.1f} s)"
        self.report.add(what, value, "60 s")
        value = f"{made.slower(0.5):.2f}x / {made.slower(0.95):.2f}x"
        self.report.add("  the list meanwhile, against before: middle / p95", value, "2x")

    def imports(self, url: str) -> None:
        """Import stock lists, alone and while others create items."""
        rows = f"import of {importing.ROWS:,} rows with ledger"
        person = importing.Person(url)
        with importing.working(url), stand.serving("wsgi:application", url) as server:
            person.wait()
            mark = secrets.token_hex(3).upper()
            took = person.imports(importing.stock_list(mark))
            self.report.add(rows, f"{took:.1f} s", "20 s", "6 s")
            took = person.imports(importing.limits_list(mark), mode="update", by="sku")
            self.report.add(
                "  the limits of all of them changed by a list", f"{took:.1f} s", "20 s"
            )
            self.report.add("  that list taken back", f"{person.undoes():.1f} s", "20 s")
            person.imports(importing.stock_list())
            self.report.add("  a list of new items taken back", f"{person.undoes():.1f} s", "20 s")
            posts = measure.made(new_item(stand.writers(server, url)))
            with importing.Lock(url) as lock, importing.Others(server, posts) as others:
                took = person.imports(importing.stock_list())
        self.report.add(f"{rows}, others writing", f"{took:.1f} s", "20 s", "6 s")
        self.report.add("  these others: middle / p99 / longest", str(others))
        self.report.add("  writing lock held at a time for at most", str(lock), "3 s")

    def starts(self, bare: Server, server: Server) -> None:
        value = f"{server.started:.2f} s (bare {bare.started:.2f} s)"
        self.report.add("start of a worker, to the first answer", value, "3 s", "1.5 s")

    def throughput(self, bare: Server, server: Server, site: Site) -> None:
        """Compare the list, the record and the making of one with their bare likes."""
        plain = Site(bare.port)
        page = Work(bare, measure.forever(plain.request("GET", "/items")))
        for what, path, must, goal in (
            ("list page 1, requests a second against bare", LISTS[0], ">= 0.15", ">= 0.30"),
            ("record page against bare", RECORD, ">= 0.12", ">= 0.30"),
        ):
            mine = Work(server, measure.forever(site.request("GET", path)))
            self.report.add(what, self._compared(mine, page), must, goal)
        for path in PAGES:
            mine = Work(server, measure.forever(site.request("GET", path)))
            self.report.add(f"{path} against bare", self._compared(mine, page))

    def creations(self, large: str, small: str) -> None:
        """Have items made, in copies of the databases: reading is measured in seeded ones."""
        must, goal = ">= 0.20", ">= 0.40"
        with (
            stand.serving("bench.bare:application", large) as bare,
            stand.serving("wsgi:application", large) as server,
        ):
            plain = Site(bare.port)
            posts = Work(server, measure.made(new_item(stand.writers(server, large))), b"303")
            inserts = Work(bare, measure.made(lambda: bare_item(plain)), b"303")
            value = self._compared(posts, inserts)
            self.report.add("create against a bare INSERT with commit", value, must, goal)
            person = Site(server.port, stand.cookie(large))
            figures = Work(server, measure.made(new_figure(person)), b"303")
            value = self._compared(figures, inserts, connections=1)
            self.report.add("figure of a count against the same", value)
        with (
            stand.serving("wsgi:application", large) as much,
            stand.serving("wsgi:application", small) as little,
        ):
            one, other = (
                Work(server, measure.made(new_item(stand.writers(server, url))), b"303")
                for server, url in ((much, large), (little, small))
            )
            value = self._compared(one, other, connections=1)
            self.report.add("10x the rows: create, requests a second", value, "flat", "flat")

    def _compared(self, mine: Work, theirs: Work, connections: int = CONNECTIONS) -> str:
        return str(
            measure.against(
                mine, theirs, rounds=self.rounds, seconds=self.seconds, connections=connections
            )
        )

    def depth_and_sorts(self, site: Site) -> None:
        deep = self.deep_page()
        took = self._took(site, [LISTS[0], deep])
        number = self.size.items // 50
        value = f"{measure.slower(took, deep, LISTS[0]):.2f}x"
        self.report.add(f"page {number:,} against page 1", value, "1.2x", "1.1x")
        for start in LISTS:
            sorts = sorted(set(re.findall(rf'href="({start}\?sort=[^"&]+)"', site.get(start)[1])))
            took = self._took(site, [start, *sorts])
            for path in sorts:
                self.report.add(path, f"{measure.slower(took, path, start):.2f}x", "1.5x", "1.2x")

    def deep_page(self) -> str:
        """Return the address of the last page of items."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(
                select(Item.name_key, Item.id)
                .order_by(Item.name_key, Item.id)
                .offset(self.size.items - 51)
                .limit(1)
            ).one()
        engine.dispose()
        order = paging.Order("name", (Item.name_key, Item.id))
        return f"{LISTS[0]}?after={paging.cursor(order, found)}"

    def search(self) -> None:
        """Measure searching one list, and everything."""
        with stand.serving("wsgi:application", self.url) as server:
            keeper = Site(server.port, self.cookie)
            clerk = Site(server.port, stand.cookie(self.url, stand.CLERK))
            for line in searching.lines(keeper, clerk, self._took):
                self.report.add(*line)
            with stand.serving("bench.bare:application", self.url) as bare:
                page = Work(bare, measure.forever(Site(bare.port).request("GET", "/items")))
                for path in searching.AGAINST_BARE:
                    mine = Work(server, measure.forever(keeper.request("GET", path)))
                    self.report.add(f"{path} against bare", self._compared(mine, page))
        self._count(self.cookie, searching.STATEMENTS)

    def _took(self, site: Site, paths: list[str]) -> dict[str, list[float]]:
        return measure.latencies(site, paths, rounds=self.rounds, each=10)

    def exports(self, server: Server, site: Site) -> None:
        for wanted in ("csv", "xlsx", "json"):
            self.export(server, site, wanted, self.size.items)

    def export(self, server: Server, site: Site, wanted: str, rows: int) -> None:
        site.get(f"{LISTS[0]}?format={wanted}&q=4711")  # What is imported once is not growth.
        with measure.Memory(server) as memory:
            first, last, size = measure.download(site, f"{LISTS[0]}?format={wanted}")
        value = f"{first:.2f} s, {memory.growth:.0f} MB"
        what = f"export of {rows:,} items as {wanted} ({size / 1e6:.0f} MB in {last:.1f} s)"
        self.report.add(what, value, "0.2 s 60 MB", "0.1 s 40 MB")

    def residence(self, server: Server, site: Site) -> None:
        """Ask two hundred pages of every kind and look at what the worker then holds."""
        found = set(re.findall(r'href="(/[a-z][^"?#]*)"', site.get("/")[1]))
        paths = [p for p in sorted(found) if "static" not in p and "sign" not in p]
        for turn in range(200):
            site.get(paths[turn % len(paths)])
        value = f"{server.memory():.0f} MB"
        what = f"resident after 200 requests to {len(paths)} pages"
        self.report.add(what, value, "160 MB", "110 MB")

    def statements(self) -> None:
        """Count the SQL of the second visit to a page."""
        pages = (
            ("SQL statements of the list", LISTS[0], "6", "4"),
            ("SQL statements of the stock list", LISTS[1], "6", "4"),
            ("SQL statements of the record", RECORD, "12", "8"),
            ("SQL statements of the order list", WORK[0], "12", "8"),
            ("SQL statements of a count of 200 lines", COUNT, "12", "8"),
            ("SQL statements of an order", ORDER, "12", "8"),
        )
        self._count(self.cookie, pages)

    def _count(self, cookie: str, pages: Iterable[tuple[str, ...]]) -> None:
        app = stand.portal(self.url)
        client = app.test_client()
        name, value = cookie.split("=", 1)
        client.set_cookie(name, value)
        for what, path, *budget in pages:
            client.get(path)
            with counting_statements(app) as sent:
                assert client.get(path).status_code == 200, path
            self.report.add(what, str(len(sent)), *(f"<= {most}" for most in budget))
        with app.app_context():
            db.engine.dispose()

    def ten_times(self, url: str, size: Size) -> None:
        """Compare with ten times the items."""
        sizes = f"{size.items:,} items against {self.size.items:,}"
        with (
            stand.serving("wsgi:application", url) as large,
            stand.serving("wsgi:application", self.url) as little,
        ):
            sites = Site(large.port, stand.cookie(url)), Site(little.port, self.cookie)
            for path in (*LISTS, *PAGES[1:], f"/inventory/items/{public_id(471)}"):
                value = measure.by_turns(sites, path, rounds=self.rounds, each=10)
                self.report.add(f"{sizes}: {path}", f"{value:.2f}x", "flat", "flat")
            self.export(large, sites[0], "csv", size.items)
        with stand.copied(self.kind, size) as copy:
            person = importing.Person(copy)
            with importing.working(copy), stand.serving("wsgi:application", copy):
                person.wait()
                took = person.imports(importing.stock_list())
        rows = f"import of {importing.ROWS:,} rows with ledger at {size.items:,} items"
        self.report.add(rows, f"{took:.1f} s", "20 s", "6 s")


def new_item(sites: list[Site]) -> Callable[[], bytes]:
    """Return a maker of requests that each create an item by the portal's own form, by turns."""
    turns = itertools.cycle([(site, _token(site)) for site in sites])
    fixed = {"unit": "Piece", "mode": "perpetual", "note": ""}

    def make() -> bytes:
        code = secrets.token_hex(8)
        site, token = next(turns)
        more = {"name": f"bench item {code}", "sku": f"BENCH-{code}", "_key": code}
        return site.request("POST", NEW, fixed | more | {"csrf_token": token})

    return make


def new_figure(site: Site) -> Callable[[], bytes]:
    """Return a maker of requests that each enter a figure of a count, of one line after another."""
    token, page = _token(site), site.get(COUNT)[1]
    lines = sorted(set(re.findall(r"/inventory/counts/lines/([a-z0-9]{12})", page)))
    turns, seen = itertools.cycle(lines), {}
    for line in lines:
        shown = site.get(f"/inventory/counts/lines/{line}")[1]
        found = re.search(r'name="seen"[^>]*value="(\d*)"', shown)
        seen[line] = found[1] if found else ""

    def make() -> bytes:
        line, code = next(turns), secrets.token_hex(8)
        form = {"quantity": str(secrets.randbelow(900)), "act": "save", "seen": seen[line]}
        path = f"/inventory/counts/lines/{line}"
        return site.request("POST", path, form | {"_key": code, "csrf_token": token})

    return make


def _token(site: Site) -> str:
    """Return the token of a form, and have ``site`` keep its twin, which lies in the cookie."""
    status, page, headers = site.get(NEW)
    if status != 200:
        raise RuntimeError(f"{status} to {NEW}")
    site.cookie = headers.get("Set-Cookie", site.cookie).split(";")[0]
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def bare_item(site: Site) -> bytes:
    return site.request("POST", "/items", {"name": f"bare item {secrets.token_hex(8)}"})


def main() -> int:
    """Measure on every database this machine offers."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--movements", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    size = Size(chosen.items, chosen.movements or chosen.items * 10)
    for kind in [chosen.database] if chosen.database else offered(durable=True):
        Run(kind, size, chosen.rounds, chosen.seconds, tuple(chosen.only)).all()
    print("\nPlans of every order, filter and search: `make test PYTEST_ARGS=tests/plans`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
