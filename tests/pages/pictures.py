"""The pictures of the pages for users, anew: ``python -m tests.pages.pictures``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.gallery.browse import browser
from tests.pages.addresses import pages
from tests.pages.office import office
from tests.pages.test_browser import DESK, Window

FOLDER = Path(__file__).parents[2] / "docs" / "images"
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
    "supplier": ("/inventory/suppliers/<public_id>", "hendra", 560),
    "ledger": ("/inventory/ledger", "hendra", 420),
    "place": ("/places/<public_id>", "ratna", 620),
    "contact": ("/contacts/<public_id>", "ratna", 520),
    "account": ("/account", "dewi", 900),
}
PHONE = {"count-phone"}  # taken as wide as one
QUESTIONS = {"running-low": "?view=low"}


def main() -> int:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, office("sqlite", Path(folder)) as made:
        known = {one.route: one.path for one in pages(made.app, made.known)}
        place = known["/inventory/places/<public_id>"].rpartition("/")[2]  # where things are used
        known["/places/<public_id>"] = f"/places/{place}"
        item = known["/inventory/items/<public_id>"].rpartition("/")[2]
        known["/inventory/ask/<place_id>"] += f"?item={item}"
        with browser() as opened:
            window = Window(opened, made, ("light", DESK, "en"))
            for name, (route, visitor, height) in PICTURES.items():
                page = window.page(visitor)
                width = 390 if name in PHONE else DESK["width"]
                page.set_viewport_size({"width": width, "height": height})
                page.goto(known[route] + QUESTIONS.get(name, ""), wait_until="networkidle")
                page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
            window.close()
    print(f"{len(PICTURES)} pictures in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
