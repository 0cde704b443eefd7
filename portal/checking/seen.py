"""The pages of a plugin in a browser: what axe finds in them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portal.gate import Portal
from portal.testing import PortalClient

from .findings import Finding, finding
from .loading import place_of_view
from .probing import Address
from .seeding import Scene
from .sources import Sources

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
NOT_LOOKED = "NO BROWSER: pages were not looked at with axe; install playwright and Chromium"


def chromium() -> str | None:
    """Return where this machine has a Chromium, if it has one that can be driven."""
    if find_spec("playwright") is None:
        return None
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def findings(app: Portal, sources: Sources, made: Scene, browser: PortalClient) -> list[Finding]:
    """Return what axe finds on the pages that are known to answer ``browser``, once a view."""
    known = {one.rule.endpoint: one for one in made.known}
    whole = [one for one in known.values() if _is_a_page(browser, one.path)]
    # A thread of its own: a test may have a browser open in this one.
    with served(app) as address, ThreadPoolExecutor(1) as pool:
        seen = pool.submit(_looked, app, browser, address, whole).result()
    return [
        finding("axe", place_of_view(sources, one.view), f"GET {one.rule} has {said}")
        for one, said in seen
    ]


def _is_a_page(browser: PortalClient, path: str) -> bool:
    """Return whether an address shows a whole page, not a file or a part of one."""
    answer = browser.get(path)
    return answer.mimetype == "text/html" and "<main" in answer.text


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application in a thread, as the portal is served; yield its address."""
    from waitress.server import create_server

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(timeout=5)


def _looked(
    app: Portal, browser: PortalClient, address: str, known: list[Address]
) -> list[tuple[Address, str]]:
    """Return, for each thing that axe finds, the page and what it is."""
    from playwright.sync_api import sync_playwright

    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    found = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            context = opened.new_context(viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
            page = context.new_page()
            for one in known:
                page.goto(f"{address}{one.path}", wait_until="load")
                found += [(one, said) for said in _violations(page)]
        finally:
            opened.close()
    return found


def _violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": TAGS, "resultTypes": ["violations"]}
    said = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']} at {' '.join(map(str, rule['nodes'][0]['target']))}: {rule['help']}"
        for rule in said["violations"]
    ]
