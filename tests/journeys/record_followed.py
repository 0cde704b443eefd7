"""A record followed: what is said about a ream of paper, by whom, and how it is found again."""

from __future__ import annotations

import io
import re

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.live.server import live_server

from .count_to_order import follow
from .first_day import sign_in, submit
from .front_desk import PAPER, PASSWORDS, SUPPLIER, prepare
from .journey import Journey, people, worker
from .manager_away import said

TOLD_WITHIN = 150_000  # milliseconds: watchers are told once a minute


def travel() -> Journey:
    """Follow an item through comment, mention, photo, link, search and calendar."""
    journey = Journey(
        "5-a-record-followed",
        "A record followed",
        "Copy paper arrives damp. Hendra says so on its page, with a photo, names Dewi, links the"
        " supplier and puts the code right; Dewi is told, answers, and Lina reads what is hers to"
        " read. `make journey` lives through this in a real browser.",
    )
    with (
        live_server("sqlite", fill=prepare) as server,
        worker(server.environment),
        people(journey, server.address) as window,
    ):
        hendra, dewi, lina = window(), window(dark=True), window(phone=True)
        for page, name in ((hendra, "hendra"), (dewi, "dewi"), (lina, "lina")):
            sign_in(page, name, PASSWORDS[name])
        item = find(journey, hendra)
        speak(journey, hendra)
        answer(journey, dewi, item)
        link(journey, hendra, item)
        put_right(journey, hendra)
        keep_to_themselves(journey, hendra, lina, item)
        hear(journey, dewi, item)
        order_anew(journey, hendra, item)
        in_the_calendar(journey, hendra)
        look_back(journey, dewi, item)
    rest = [c for c in journey.complaints if not any(code in c for code in ("422", "404", "409"))]
    assert not rest, rest
    return journey


def find(journey: Journey, page: Page) -> str:
    """Open the item by a few letters of its name, without the mouse."""
    journey.chapter("Found in three letters")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("cop pap", delay=40)
    found = page.locator("#palette [role=option]").filter(has_text=PAPER).first
    expect(found).to_be_visible()
    journey.step("Ctrl K, the beginnings of two words, and the paper is there.", page)
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(PAPER)
    return page.url


def photo() -> bytes:
    """Return a photo of a damp carton that says where it was taken."""
    picture = Image.new("RGB", (1600, 1200), (176, 142, 104))
    drawn = ImageDraw.Draw(picture)
    drawn.ellipse((300, 500, 1300, 1150), fill=(120, 92, 66))
    drawn.rectangle((200, 150, 1400, 330), outline=(90, 66, 44), width=12)
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (6.0, 10.0, 30.0)
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=exif.tobytes())
    return target.getvalue()


def speak(journey: Journey, page: Page) -> None:
    """Write a comment that names somebody, with a photo."""
    journey.chapter("Hendra says what he sees")
    field = page.locator("[data-composer] textarea")
    field.focus()
    page.keyboard.type("Three cartons came damp. @dew", delay=20)
    expect(page.locator("[data-composer] [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type("shall we send them back?")
    page.set_input_files(
        "input[name=files]",
        [{"name": "damp.jpg", "mimeType": "image/jpeg", "buffer": photo()}],
    )
    journey.step("Two letters behind an @ offer the name; the photo was dragged in.", page)
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Control+Enter")
    expect(page.locator(".words").first).to_contain_text("@Dewi Lestari")
    kept = page.request.get(page.locator(".thumb").first.get_attribute("href") or "")
    assert b"Exif" not in kept.body()
    journey.step("It stands on the page of the paper. The photo has lost its place.", page)


def answer(journey: Journey, page: Page, item: str) -> None:
    """Come from the bell to the record and answer."""
    journey.chapter("Dewi answers")
    page.goto("/notices")
    expect(page.locator("main")).to_contain_text(f"mentions you: {PAPER}")
    journey.step("The bell of Dewi says that she is named, and where.", page)
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("main").get_by_role("button", name="Open").first.click()
    assert page.url.split("#")[0] == item
    page.locator("[data-composer] textarea").fill("Yes. Keep one carton as proof.")
    submit(page, "Send")
    journey.step("She opens it, sees the photo and answers.", page)


def link(journey: Journey, page: Page, item: str) -> None:
    """Link the item with who sold it."""
    journey.chapter("Linked with who sold it")
    page.goto(item)
    follow(page, page.get_by_role("link", name="Link a record"))
    page.get_by_label("Record", exact=True).fill(SUPPLIER)
    page.get_by_label("What it has to do with it").fill("sold it damp")
    submit(page, "Link")
    expect(page.locator("#related")).to_contain_text(SUPPLIER)
    journey.step("The supplier's name is enough; the link shows on both pages.", page)


def put_right(journey: Journey, page: Page) -> None:
    """Change a fact where it stands."""
    journey.chapter("Put right where it stands")
    page.keyboard.press("e")
    choice = page.locator("form[data-here] select")
    expect(choice).to_be_focused()
    journey.step("The key e opens the first fact, where it stands.", page)
    page.keyboard.press("Escape")


def keep_to_themselves(journey: Journey, page: Page, other: Page, item: str) -> None:
    """Write a note for those who handle the item; somebody else does not see it."""
    journey.chapter("Between those who handle it")
    page.goto(item)
    page.locator("[data-composer] textarea").fill("The driver of Harapan left them in the rain.")
    page.get_by_label("Internal note").check()
    submit(page, "Send")
    journey.step("An internal note stands on another ground.", page)
    other.goto(item)
    assert "Three cartons came damp" in said(other)
    assert "left them in the rain" not in said(other)
    other.locator("#talk").scroll_into_view_if_needed()
    journey.step("Lina, on her phone, reads the comments and not the note.", other)


def hear(journey: Journey, page: Page, item: str) -> None:
    """Be told of what others did since, because one watches."""
    journey.chapter("Who watches is told")
    page.goto("/notices")
    for _ in range(TOLD_WITHIN // 2_000):
        if "commented" in said(page):
            break
        page.wait_for_timeout(2_000)
        page.reload()
    assert "Hendra" in said(page)
    journey.step("Dewi watches since she was named, and hears of what came after.", page)


def order_anew(journey: Journey, page: Page, item: str) -> None:
    """Order other paper in place of the damp one, by phone."""
    journey.chapter("Ordered anew")
    page.goto(item)
    page.locator("main summary", has_text="More").click()
    follow(page, page.get_by_role("link", name="Put on the order list"))
    page.get_by_label("How many").fill("10")
    submit(page, "Add to the order list")
    page.goto("/inventory/orders?view=draft")
    follow(page, page.get_by_role("link", name=SUPPLIER).first)
    follow(page, page.get_by_role("link", name=re.compile("Place the order")).first)
    page.locator("main").get_by_label("Phone", exact=True).check(force=True)
    page.locator("main").get_by_label("Who took it").fill("Ibu Ratna")
    submit(page, "Place the order")
    journey.step("Ten reams are ordered by phone; they are expected in three days.", page)


def in_the_calendar(journey: Journey, page: Page) -> None:
    """Find the delivery on its day."""
    journey.chapter("On its day in the calendar")
    page.goto("/calendar")
    delivery = page.locator("main a[href^='/inventory/orders/']:visible").first
    if not delivery.count():  # The last days of a month: the delivery comes in the next one.
        follow(page, page.get_by_role("link", name="Later", exact=True))
    expect(delivery).to_be_visible()
    journey.step("The delivery stands in the calendar, on the day it is expected.", page)
    follow(page, delivery)
    assert PAPER in said(page)


def look_back(journey: Journey, page: Page, item: str) -> None:
    """See the whole story."""
    journey.chapter("The whole story")
    page.goto(item)
    pid = item.rsplit("/", 1)[1]
    page.goto(f"/records/inventory.item/{pid}/story")
    for text in ("Three cartons came damp", "Keep one carton", "linked two records"):
        assert text.casefold() in said(page).casefold(), text
    journey.step(
        "Everything that was said and done, newest first; it can be narrowed.", page, full=True
    )
