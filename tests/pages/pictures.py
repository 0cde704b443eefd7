"""The pictures of the pages for users, anew: ``python -m tests.pages.pictures``, or only some of
them: ``python -m tests.pages.pictures home calendar``.

Each is taken in English, and in Indonesian where a page in that language shows it.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.gallery.browse import browser
from tests.pages.addresses import GAP, asked, pages
from tests.pages.office import office
from tests.pages.test_browser import DESK, Window

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "images"
# Picture -> route, who looks, how high the picture is.
PICTURES = {
    "home": ("/", "hendra", 760),
    "item": ("/inventory/items/<public_id>", "hendra", 1120),
    "issue": ("/inventory/items/<public_id>/issue", "hendra", 800),
    "ask": ("/inventory/ask/<place_id>", "fajar", 640),
    "request": ("/inventory/requests/<public_id>", "hendra", 560),
    "answer": ("/inventory/requests/<public_id>/answer", "hendra", 760),
    "limits": ("/inventory/items/<public_id>/rules/<place_id>", "hendra", 520),
    "running-low": ("/inventory/alerts", "hendra", 620),
    "counts": ("/inventory/counts", "hendra", 720),
    "count-sheet": ("/inventory/counts/<public_id>/sheet", "hendra", 760),
    "count-review": ("/inventory/counts/<public_id>/review", "hendra", 900),
    "count-phone": ("/inventory/counts/lines/<public_id>", "hendra", 844),
    "order-list": ("/inventory/order-list", "hendra", 1000),
    "order": ("/inventory/orders/<public_id>", "hendra", 820),
    "receive-order": ("/inventory/orders/<public_id>/receive", "hendra", 900),
    "budgets": ("/inventory/budgets/<public_id>", "hendra", 1000),
    "supplier": ("/inventory/suppliers/<public_id>", "hendra", 560),
    "ledger": ("/inventory/ledger", "hendra", 420),
    "place": ("/places/<public_id>", "ratna", 620),
    "contact": ("/contacts/<public_id>", "ratna", 520),
    "import": ("/inventory/import/items", "hendra", 900),
    "import-match": ("/inventory/import/items/<upload>", "hendra", 1000),
    "import-check": ("/inventory/import/items/<upload>/check", "hendra", 1000),
    "import-past": ("/inventory/import/items/past/<run>", "hendra", 800),
    "overview": ("/inventory/overview", "hendra", 1000),
    "due": ("/inventory/due", "hendra", 700),
    "labels": ("/inventory/labels", "hendra", 800),
    "scan": ("/scan", "hendra", 560),
    "columns": ("/inventory/stock", "hendra", 700),
    "away": ("/away", "ratna", 900),
    "deputies": ("/deputies", "ratna", 600),
    "working-hours": ("/calendars/<public_id>", "bagus", 900),
    "my-work": ("/work", "ratna", 620),
    "team": ("/work/team", "ratna", 900),
    "account": ("/account", "dewi", 900),
    "talking": ("/inventory/items/<public_id>", "hendra", 900),
    "finding": ("/search", "hendra", 900),
    "calendar": ("/calendar", "ratna", 960),
    "notices": ("/notices", "ratna", 640),
    "approvals": ("/approvals", "ratna", 640),
    "to-buy": ("/inventory/to-buy", "hendra", 900),
    "compare": ("/inventory/suppliers/compare", "hendra", 620),
    "computed": ("/inventory/items/<public_id>/rules/<place_id>", "hendra", 1100),
}
PHONE = {"count-phone"}  # taken as wide as one
QUESTIONS = {
    "running-low": "?view=low",
    "my-work": "?part=department",
    "finding": "?q=pen",
    "talking": "#talk",
}
# Pictures of another record than the one that is looked at elsewhere.
RECORDS = {
    "talking": "SELECT public_id FROM inventory_item WHERE sku = 'PAP-001'",
    "computed": (
        "SELECT i.public_id, p.public_id FROM inventory_stock_rule r"
        " JOIN inventory_item i ON i.id = r.item_id JOIN inventory_point q ON q.id = r.point_id"
        " JOIN place p ON p.id = q.place_id WHERE r.method <> 'manual' ORDER BY r.id"
    ),
}


def main() -> int:
    """Take every picture, or those that are named."""
    wanted = set(sys.argv[1:]) or set(PICTURES)
    with tempfile.TemporaryDirectory() as folder, office("sqlite", Path(folder)) as made:
        known = _addresses(made)
        with browser() as opened:
            taken = _take(opened, made, known, "en", FOLDER, wanted)
            taken += _take(opened, made, known, "id", FOLDER / "id", wanted & shown_in_indonesian())
    print(f"{taken} pictures in {FOLDER}")
    return 0


def shown_in_indonesian() -> set[str]:
    """Return the pictures that the pages in Indonesian show."""
    pages = (page.read_text(encoding="utf-8") for page in (DOCS / "users" / "id").glob("*.md"))
    return {name for page in pages for name in re.findall(r"images/id/([\w-]+)\.png", page)}


def _addresses(made: Any) -> dict[str, str]:
    known = {one.route: one.path for one in pages(made.app, made.known)}
    place = known["/inventory/places/<public_id>"].rpartition("/")[2]  # where things are used
    known["/places/<public_id>"] = f"/places/{place}"
    item = known["/inventory/items/<public_id>"].rpartition("/")[2]
    known["/inventory/ask/<place_id>"] += f"?item={item}"
    return known


def _filled(route: str, values: Sequence[str]) -> str:
    """Return the address of a route with these in its gaps."""
    left = iter(values)
    return GAP.sub(lambda gap: str(next(left)), route)


def _take(
    opened: Any, made: Any, known: dict[str, str], language: str, folder: Path, names: set[str]
) -> int:
    """Take these pictures in a language; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    window = Window(opened, made, ("light", DESK, language))
    for name in sorted(names):
        route, visitor, height = PICTURES[name]
        page = window.page(visitor)
        width = 390 if name in PHONE else DESK["width"]
        page.set_viewport_size({"width": width, "height": height})
        address = (
            _filled(route, asked(made.app, RECORDS[name])[0]) if name in RECORDS else known[route]
        )
        page.goto(address + QUESTIONS.get(name, ""), wait_until="networkidle")
        page.screenshot(path=folder / f"{name}.png", animations="disabled")
    window.close()
    return len(names)


if __name__ == "__main__":
    sys.exit(main())
