"""Pictures of the gallery and what axe finds in them: ``python -m tests.gallery.browse FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from portal.checking.seen import AXE, chromium, served
from tests.gallery.app import create_app

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("", "list", "empty", "form", "record", "stock", "sign-in", "error/404", "error/409")
SIZES = {"1440": (1440, 900), "390": (390, 844)}


def gallery() -> AbstractContextManager[str]:
    """Serve the gallery in a thread; give its address."""
    return served(create_app())


@contextmanager
def browser() -> Iterator[Any]:
    """Open the system's Chromium with an empty profile."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds on the open page, one line a node."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def look(page: Page, address: str, label: str) -> list[str]:
    """Open one page and return what is wrong with it."""
    page.goto(address, wait_until="networkidle")
    wrong = [f"{label} {line}" for line in violations(page)]
    return wrong + ([f"{label} scrolls sideways"] if scrolls_sideways(page) else [])


def main(folder: Path, wanted: list[str]) -> int:
    """Take every picture, print what is wrong, and return how much that is."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with gallery() as address, browser() as opened:
        for width, theme in product(SIZES, ("light", "dark")):
            size = {"width": SIZES[width][0], "height": SIZES[width][1]}
            page = opened.new_context(viewport=size).new_page()
            listen(page, wrong)
            for name in wanted or PAGES:
                label = f"{name.replace('/', '-') or 'components'}-{width}-{theme}"
                language = "id" if width == "390" else "en"
                wrong += look(page, f"{address}/{name}?theme={theme}&language={language}", label)
                page.screenshot(path=folder / f"{label}.png", full_page=True)
            page.context.close()
    print("\n".join(wrong) or "nothing wrong")
    return len(wrong)


def listen(page: Page, heard: list[str]) -> None:
    """Keep what the browser complains of, a refusal by the content policy above all."""
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]), sys.argv[2:]), 1))
