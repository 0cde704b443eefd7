"""A code before the camera opens what it is on; without a camera it is typed, or sent by a hand
scanner.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Page, expect

from tests.gallery.browse import FLAGS, chromium, violations
from tests.pages.test_browser import COMBINATIONS, Window

WIDTH = HEIGHT = 480


def picture_of(text: str) -> bytes:
    """Return one frame of grey values: a QR code of ``text`` on white paper."""
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(scale=8, border=6)]
    grey = bytearray(b"\xeb" * (WIDTH * HEIGHT))
    top, left = (HEIGHT - len(rows)) // 2, (WIDTH - len(rows[0])) // 2
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                grey[(top + y) * WIDTH + left + x] = 16
    return bytes(grey)


def film(folder: Path, *texts: str) -> Path:
    """Write a film that Chromium takes for its camera: each text before it for three seconds."""
    path = folder / "camera.y4m"
    colour = b"\x80" * (WIDTH * HEIGHT // 2)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg\n".encode())
        for text in texts:
            out.write((b"FRAME\n" + picture_of(text) + colour) * 15)
    return path


@pytest.fixture
def camera(opened, served_clinic, tmp_path):
    """Return a function: a window of Hendra whose camera sees these codes."""
    windows = []
    # A second Playwright in this thread needs the loop of the first: borrow its own browser type.
    kind = opened.browser_type

    def window(*texts: str, allowed: bool = True, size: str = "dark-390") -> Page:
        flags = [f"--use-file-for-fake-video-capture={film(tmp_path, *texts)}"]
        flags += ["--use-fake-device-for-media-stream"]
        flags += ["--use-fake-ui-for-media-stream"] if allowed else ["--deny-permission-prompts"]
        browser = kind.launch(executable_path=chromium(), args=[*FLAGS, *flags])
        made = Window(browser, served_clinic, COMBINATIONS[size])
        windows.append((browser, made))
        return made.page("hendra")

    yield window
    for browser, made in windows:
        made.close()
        browser.close()
        assert made.heard == []


def test_what_is_before_the_camera_opens(camera):
    page = camera("PAP-001")
    page.goto("/scan")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"), timeout=60_000)
    expect(page.locator("main")).to_contain_text("PAP-001")


def test_a_list_keeps_every_code_and_names_those_nobody_knows(camera):
    page = camera("PAP-001", "WHO-KNOWS", "PAP-002")
    page.goto("/scan?many=1")
    rows = page.locator("#scanned li")
    expect(rows).to_have_count(3, timeout=60_000)
    expect(page.locator("#scanned")).to_contain_text("PAP-002")
    expect(rows.filter(has_text="WHO-KNOWS")).to_contain_text("Tidak dikenal")
    assert violations(page) == []
    expect(page.locator("#code")).to_have_value("")


def test_without_leave_for_the_camera_the_code_is_typed(camera):
    page = camera("PAP-001", allowed=False, size="light-1440")
    page.goto("/scan")
    expect(page.locator("[data-camera-off]")).to_be_visible(timeout=30_000)
    expect(page.locator("#code")).to_be_focused()
    assert violations(page) == []
    page.keyboard.type("pap-001")  # as a hand scanner does, with Enter at the end
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))


def test_the_bar_of_a_phone_leads_to_the_camera(camera):
    page = camera("PAP-001")
    page.goto("/")
    page.locator(".mbar .scan").click()
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"), timeout=60_000)
