"""A journey: steps in a real browser, each with a sentence and a picture, written down
as a page.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.gallery.browse import browser, listen

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "journeys"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class Journey:
    """Collects what was done and shown; ``write()`` makes the page and its pictures."""

    def __init__(self, name: str, title: str, introduction: str, *, folder: Path = FOLDER) -> None:
        self.name, self.folder = name, folder
        self.lines = [f"# {title}", "", introduction, ""]
        self.complaints: list[str] = []
        self._pictures: list[tuple[Path, bytes]] = []
        self._chapter = ""

    def chapter(self, title: str) -> None:
        """Begin a new part of the story."""
        self.lines += [f"## {title}", ""]

    def step(self, sentence: str, page: Page | None = None, *, full: bool = False) -> None:
        """Tell one step; with a page, show what it looks like now."""
        self.lines += [sentence, ""]
        if page is not None:
            page.wait_for_load_state("networkidle")
            number = len(self._pictures) + 1
            path = self.folder / self.name / f"{number:02}.png"
            self._pictures.append((path, page.screenshot(full_page=full, animations="disabled")))
            self.lines += [f"![{sentence}]({self.name}/{path.name})", ""]

    def typed(self, sentence: str, lines: list[str]) -> None:
        """Tell which commands were typed, one after the other."""
        self.lines += [sentence, "", "```", *lines, "```", ""]

    def write(self) -> Path:
        """Write the page and its pictures, and nothing of an earlier run beside them."""
        target = self.folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.png"):
            old.unlink()
        for path, content in self._pictures:
            path.write_bytes(content)
        page = self.folder / f"{self.name}.md"
        page.write_text("\n".join(self.lines).rstrip() + "\n", encoding="utf-8")
        return page


@contextmanager
def people(journey: Journey, address: str) -> Iterator[Any]:
    """Yield a function that opens a browser window for somebody: ``window(phone=False)``."""
    with browser() as opened:

        def window(*, phone: bool = False, language: str = "en-GB", dark: bool = False) -> Page:
            context = opened.new_context(
                viewport=PHONE if phone else DESKTOP,
                base_url=address,
                locale=language,
                color_scheme="dark" if dark else "light",
                accept_downloads=True,
                has_touch=phone,
            )
            page = context.new_page()
            listen(page, journey.complaints)
            page.on("dialog", lambda dialog: dialog.accept())  # leaving a form that was filled in
            return page

        yield window


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[None]:
    """Run ``kantor worker`` beside the server of a journey."""
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", "worker"], cwd=ROOT, env=os.environ | environment
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
