"""The page of a record in a browser: facts changed where they stand, people named, files kept
files.
"""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, Window

SCRIPT = b"<script>window.__x = 1; parent.__x = 1</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.__x=1">' + SCRIPT + b"</svg>"


@pytest.fixture
def window(served_clinic, opened):
    made = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    yield made
    made.close()


@pytest.fixture
def page(window):
    yield window.page("hendra")
    # What the portal refuses the browser says too: a form with faults, a file in a frame.
    assert [each for each in window.heard if "422" not in each and "Framing" not in each] == []


def open_item(page, code="PAP-001"):
    page.goto(f"/inventory/items?q={code}")
    page.locator("td.pri a").first.click()
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))
    return page.url


def drawn():
    target = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 160)).save(target, "JPEG")
    return target.getvalue()


def test_a_fact_is_changed_where_it_stands_by_keyboard_alone(page):
    open_item(page)
    before = page.locator("dd[data-fact] span").first.inner_text()
    page.keyboard.press("e")
    choice = page.locator("form[data-here] select")
    expect(choice).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("form[data-here]")).to_have_count(0)
    expect(page.locator("[data-edit]").first).to_be_focused()
    page.keyboard.press("e")
    expect(choice).to_be_focused()
    others = [each for each in choice.locator("option").all_inner_texts() if each.strip() != before]
    choice.select_option(label=others[-1])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    expect(page.locator("dd[data-fact] span").first).to_have_text(others[-1].strip())
    page.keyboard.press("u") if page.locator("[data-undo]").count() else None


def test_somebody_is_named_by_a_few_letters_and_the_comment_sent_by_keyboard(page):
    item = open_item(page)
    field = page.locator("[data-composer] textarea")
    field.focus()
    page.keyboard.type("Please look @putri", delay=20)
    expect(page.locator("[data-composer] [role=option]")).to_have_count(1)
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Please look @Putri Maharani ")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".words").first).to_have_text("Please look @Putri Maharani")
    assert page.url.split("#")[0] == item
    expect(page.locator(".words .at").first).to_have_text("@Putri Maharani")


def test_no_file_runs_a_script_and_a_photo_is_shown(page):
    item = open_item(page, "PAP-002")
    files = [
        {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": SVG},
        {"name": "x.png", "mimeType": "image/png", "buffer": SVG},
        {"name": "x.html", "mimeType": "text/html", "buffer": SCRIPT},
        {"name": "both.html", "mimeType": "text/html", "buffer": drawn() + SCRIPT},
        {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": drawn()},
    ]
    page.set_input_files("input[name=files]", files)
    expect(page.locator("[data-chosen] .chip")).to_have_count(5)
    text = "<script>window.__x=1</script> {{7*7}} <a hx-get='/account' hx-trigger='load'>x</a>"
    page.locator("[data-composer] textarea").fill(text)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".words").first).to_have_text(text)
    expect(page.locator(".thumbs").first.locator("img")).to_have_count(2)
    wide = page.locator(".thumb img").first.evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    assert wide == 64
    assert page.evaluate("window.__x") is None
    assert not [url for url in asked if url.endswith("/account")]
    for link in page.locator(".thumbs").first.locator("a").all():
        address = link.get_attribute("href")
        answer = page.request.get(address)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        kind = answer.headers["content-type"]
        assert kind in ("image/jpeg", "application/octet-stream")
        if kind == "application/octet-stream":
            assert answer.headers["content-disposition"].startswith("attachment")
        framed = page.evaluate(
            """async address => { const f = document.createElement('iframe'); f.src = address;
            document.body.append(f); await new Promise(r => setTimeout(r, 300)); f.remove();
            return window.__x ?? null; }""",
            address,
        )
        assert framed is None
    assert page.url.split("#")[0] == item


def test_a_file_that_is_refused_costs_no_word(page):
    open_item(page)
    page.set_input_files(
        "input[name=files]",
        [{"name": "big.exe", "mimeType": "application/x", "buffer": b"MZ" + b"\0" * 700_000}],
    )
    page.locator("[data-composer] textarea").fill("Words that stay")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#talk-error")).to_contain_text("Programs cannot be attached")
    expect(page.locator("[data-composer] textarea")).to_have_value("Words that stay")
    page.set_input_files("input[name=files]", [])
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".words").first).to_have_text("Words that stay")


def test_files_that_are_too_large_are_said_before_they_are_sent_and_the_words_stay(page):
    item = open_item(page, "PAP-003")
    page.locator("[data-composer] textarea").fill("All the plans")
    plan = {"mimeType": "application/pdf", "buffer": b"%PDF" + bytes(14_000_000)}
    files = [plan | {"name": "first.pdf"}, plan | {"name": "second.pdf"}]
    page.locator("input[name=files]").set_input_files(files)
    page.locator("[data-composer] button").click()
    expect(page.locator("#talk-error")).to_have_text("Together these files are larger than 25 MB.")
    expect(page.locator("[data-composer] textarea")).to_have_value("All the plans")
    page.locator("input[name=files]").set_input_files(files[:1])
    page.locator("[data-composer] button").click()
    expect(page.locator(".words").first).to_have_text("All the plans")
    assert page.url.split("#")[0] == item
