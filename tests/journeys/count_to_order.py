"""From counting to the order list, and every number on the sheet worked out anew from the books."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.live.server import live_server

from .first_day import sign_in, submit
from .journey import Journey, people, worker
from .stationery import ITEMS, KEPT, MISREAD, PASSWORDS, Kept, prepare


def travel() -> Journey:
    """Live through a count and the orders that come of it; return what was seen."""
    journey = Journey(
        "2-count-to-order",
        "From counting to the order list",
        "An assistant counts forty items on a phone, a second person counts two of them again, and"
        " the manager reviews, posts and orders. `make journey` lives through this in a real"
        " browser and works out every number on the order list anew from what was written.",
    )
    with (
        live_server("sqlite", fill=prepare) as server,
        worker(server.environment),
        people(journey, server.address) as window,
    ):
        dewi, sari = window(), window(phone=True)
        count = plan(journey, dewi)
        count_on_a_phone(journey, sari, count)
        meanwhile(journey, dewi)
        send_in(journey, sari, count)
        review(journey, dewi, count)
        count_again(journey, window(phone=True), count)
        post(journey, dewi, count)
        order(journey, dewi)
        delivery(journey, sari)
        last_look(journey, dewi)
    expected = ("422", "404", "409")
    rest = [c for c in journey.complaints if not any(code in c for code in expected)]
    assert not rest, rest
    return journey


def follow(page: Page, link: Any, *, tap: bool = False) -> None:
    """Follow a link and wait for the page it leads to."""
    with page.expect_navigation(wait_until="networkidle", timeout=60_000):
        link.tap() if tap else link.click()


def plan(journey: Journey, page: Page) -> str:
    """Plan a blind count of the store; return its address."""
    journey.chapter("The manager plans a count")
    sign_in(page, "dewi", PASSWORDS["dewi"])
    page.goto("/inventory/counts")
    follow(page, page.get_by_role("link", name="Plan a count").first)
    journey.step(
        "Dewi plans a count of the store room. Whoever counts is not shown what the books say.",
        page,
    )
    submit(page, "Plan the count")
    expect(page.locator("main")).to_contain_text(f"0 of {ITEMS}")
    journey.step("Forty lines, in the order one walks past the shelves.", page)
    found = re.search(r"/inventory/counts/([a-z0-9]{12})", page.url)
    assert found is not None, page.url
    return found[1]


def count_on_a_phone(journey: Journey, page: Page, count: str) -> None:
    """Count all forty on a phone: one item, one number; wrong taps are taken back at once."""
    journey.chapter("Sari counts, with the phone in one hand")
    sign_in(page, "sari", PASSWORDS["sari"])
    page.goto(f"/inventory/counts/{count}/sheet")
    journey.step("The sheet on a phone: what is to be counted, and nothing of the books.", page)
    follow(page, page.get_by_role("link", name="Count one by one"), tap=True)
    for step in range(ITEMS):
        item = shown_item(page)
        blind(page, item)
        if step == 0:
            journey.step("One item, one number, one button.", page)
            wrong_taps(journey, page, item)
        enter(page, MISREAD.get(item.sku, item.there))
        if step == 19:
            journey.step("Half of it is done.", page)


def shown_item(page: Page) -> Kept:
    """Return the item whose line is open."""
    sku = page.locator("main .mono").first.inner_text().strip()
    return KEPT[sku]


def blind(page: Page, item: Kept) -> None:
    """Make sure that nothing on the page says what the books say."""
    text = page.locator("main").inner_text()
    for secret in (f"{item.book} piece", "In the books", "Difference", "Should be"):
        assert secret not in text, (item.sku, secret)


def enter(page: Page, number: int) -> None:
    """Type a number and go on; where the page asks, confirm what it understood."""
    before = page.url
    page.locator("#quantity").fill(str(number))
    with page.expect_navigation(wait_until="networkidle", timeout=60_000):
        page.locator("#count button.p").tap()
    if page.url == before and page.locator("[name=understood]").count():
        with page.expect_navigation(wait_until="networkidle", timeout=60_000):
            page.locator("#count button.p").tap()


def wrong_taps(journey: Journey, page: Page, item: Kept) -> None:
    """Tap what was not meant: Not found, then a wrong number; both are mended in the next tap."""
    line = page.url
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="Not found").tap()
    page.goto(line)
    expect(page.locator("main")).to_contain_text("Not found")
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="Not counted after all").tap()
    page.goto(line)
    enter(page, 999)
    page.goto(line)
    expect(page.locator("main")).to_contain_text("999")
    journey.step(
        "A wrong tap costs nothing: she goes back, and the new figure takes the place of the old.",
        page,
    )


def meanwhile(journey: Journey, page: Page) -> None:
    """Issue something that was counted already: the count must not undo that."""
    page.goto("/inventory/items?q=ATK-007")
    follow(page, page.get_by_role("link", name=KEPT["ATK-007"].name))
    page.get_by_role("link", name="Issue", exact=True).first.click()
    page.locator("main").get_by_label("Quantity").fill("2")
    page.locator("#for_department").select_option(label="Back office")
    submit(page)
    while page.locator("main form button.p").count():
        submit(page)
    journey.step(
        "While Sari still counts, Dewi hands out two of an item that was counted already. Nothing"
        " is locked, and the two will stay handed out.",
        page,
    )


def send_in(journey: Journey, page: Page, count: str) -> None:
    """Send the sheet in."""
    page.goto(f"/inventory/counts/{count}/submit")
    expect(page.locator("main")).to_contain_text(f"All {ITEMS} lines are counted")
    journey.step("All forty are counted. Sari sends the sheet in.", page)
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("main form button.p").tap()


def review(journey: Journey, page: Page, count: str) -> None:
    """Look at the differences and send the two strange ones back."""
    journey.chapter("The manager reviews")
    page.goto(f"/inventory/counts/{count}/review")
    journey.step(
        "Only now the books are shown beside the figures, with what moved since.", page, full=True
    )
    for sku in MISREAD:
        decide(page, count, KEPT[sku].name, "Count it again")
    page.goto(f"/inventory/counts/{count}/review")
    submit(page, "Send 2 lines back to be counted again")
    page.goto(f"/inventory/counts/{count}")
    journey.step("Two figures look like slips of the pen: they go back, for somebody else.", page)


def decide(page: Page, count: str, name: str, what: str, reason: str = "") -> None:
    """Decide one line of the review."""
    page.goto(f"/inventory/counts/{count}/review")
    row = page.locator("li.rv", has=page.get_by_text(name, exact=True))
    follow(page, row.get_by_role("link", name=re.compile("^(Decide|Change)")))
    page.get_by_label(what, exact=True).check(force=True)
    if reason:
        page.locator("#reason").fill(reason)
    submit(page, "Decide")


def count_again(journey: Journey, page: Page, count: str) -> None:
    """Tono counts the two lines again; Sari's figures are not shown to him."""
    sign_in(page, "tono", PASSWORDS["tono"])
    page.goto(f"/inventory/counts/{count}/sheet")
    journey.step("Tono finds just those two on his phone, and nobody's figures.", page)
    follow(page, page.get_by_role("link", name="Count one by one"), tap=True)
    for _ in MISREAD:
        item = shown_item(page)
        blind(page, item)
        assert str(MISREAD[item.sku]) not in page.locator("#count").inner_text()
        enter(page, item.there)
    page.goto(f"/inventory/counts/{count}/submit")
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("main form button.p").tap()


def post(journey: Journey, page: Page, count: str) -> None:
    """Keep what agrees, say what explains the rest, and post."""
    page.goto(f"/inventory/counts/{count}/review")
    for name in (r"^Keep (all|the) .* agrees?$", r"^Keep the .* small differences?$"):
        button = page.get_by_role("button", name=re.compile(name))
        if button.count():
            with page.expect_navigation(wait_until="networkidle"):
                button.first.click()
    for item in KEPT.values():
        page.goto(f"/inventory/counts/{count}/review")
        row = page.locator("li.rv", has=page.get_by_text(item.name, exact=True))
        if row.get_by_role("link", name=re.compile("^Decide")).count():
            decide(page, count, item.name, "Keep what was counted", "Taken without a slip")
    page.goto(f"/inventory/counts/{count}/review")
    journey.step("Every difference is decided, the large ones with what explains them.", page)
    submit(page, "Post the count")
    page.goto(f"/inventory/counts/{count}")
    journey.step("The count is posted: the books follow the shelves.", page, full=True)


@dataclass
class Line:
    """A row of the order list, as the page shows it."""

    sku: str
    on_hand: int
    minimum: int
    maximum: int
    on_order: int
    packs: int | None
    cost: int | None


def sheet_rows(page: Page, view: str) -> dict[str, Line]:
    """Read every row of the order list, page by page."""
    found: dict[str, Line] = {}
    address: str | None = f"/inventory/order-list?view={view}"
    by_name = {item.name: item.sku for item in KEPT.values()}
    while address:
        page.goto(address)
        for row in page.locator("table.par tbody tr:not(.gr)").all():
            cells = row.locator("td")
            name = cells.nth(0).locator("a").first.inner_text().strip()
            low, _, high = cells.nth(2).inner_text().partition("–")
            field = row.locator("td.ord input")
            typed = field.input_value() if field.count() else ""
            cost = cells.nth(5).inner_text().split("\n")[0]
            found[by_name[name]] = Line(
                sku=by_name[name],
                on_hand=figure(cells.nth(1).locator(".qn").inner_text()),
                minimum=figure(low),
                maximum=figure(high),
                on_order=figure(cells.nth(3).inner_text()),
                packs=int(typed) if typed else None,
                cost=figure(cost) if cost.strip() else None,
            )
        more = page.locator(".savebar a[rel=next]")
        address = more.get_attribute("href") if more.count() else None
    return found


def figure(text: str) -> int:
    """Return the whole number in a text, 0 where there is none."""
    digits = re.sub(r"[^0-9]", "", text.split("\n")[0])
    return int(digits) if digits else 0


def written(page: Page, sku: str) -> int:
    """Add up the ledger of an item, as its list of movements gives it out."""
    address = page.goto(f"/inventory/items?q={sku}")
    assert address is not None
    link = page.get_by_role("link", name=KEPT[sku].name).first.get_attribute("href")
    lines = page.request.get(f"{link}/movements?format=json").json()
    total = 0
    for line in lines:
        total += round(float(line["quantity"])) if line["target"] else 0
        total -= round(float(line["quantity"])) if line["source"] else 0
    return total


def check(page: Page, view: str, ordered: dict[str, int]) -> dict[str, Line]:
    """Read the order list and work every number on it out anew; ``ordered`` is still to come."""
    rows = sheet_rows(page, view)
    for sku, row in rows.items():
        item = KEPT[sku]
        assert row.on_hand == written(page, sku), sku
        assert (row.minimum, row.maximum) == (item.minimum, item.maximum), sku
        assert row.on_order == ordered.get(sku, 0), sku
        if row.packs is not None:
            assert row.packs == wanted(item, row.on_hand + row.on_order), sku
            assert row.cost == row.packs * item.price // 100, sku
    return rows


def wanted(item: Kept, position: int) -> int:
    """Return the packs that fill a place up: rounded up, unless that passes the maximum."""
    missing = item.maximum - position
    packs = -(-missing // item.pack)
    if position + packs * item.pack > item.maximum:
        fitting = missing // item.pack
        if fitting and position + fitting * item.pack >= item.minimum:
            return fitting
        return max(-(-(item.minimum - position) // item.pack), 1)
    return packs


def order(journey: Journey, page: Page) -> None:
    """Read why, put everything on the list, and place an order with each supplier."""
    journey.chapter("From counted to ordered")
    rows = check(page, "to_order", {})
    assert rows
    low = {s for s, item in KEPT.items() if written(page, s) < item.minimum}
    assert rows.keys() == low
    page.goto("/inventory/order-list")
    journey.step(
        "The order list: counted, should be, on order, and how much to order from whom. Under each"
        " item stands why.",
        page,
        full=True,
    )
    submit(page, "Add to the order list")
    for supplier in ("Toko Harapan", "Sumber Kertas"):
        page.goto("/inventory/orders?view=draft")
        follow(page, page.get_by_role("link", name=supplier).first)
        follow(page, page.get_by_role("link", name=re.compile("Place the order")).first)
        page.locator("main").get_by_label("Phone", exact=True).check(force=True)
        page.locator("main").get_by_label("Who took it").fill("Ibu Ratna")
        journey.step(f"The order goes to {supplier}, by phone; who took it is kept.", page)
        submit(page, "Place the order")
        journey.step(
            f"It has its number now. {supplier} is expected to deliver in three days.", page
        )
    ordered = {sku: row.packs * KEPT[sku].pack for sku, row in rows.items() if row.packs}
    assert check(page, "to_order", ordered) == {}
    check(page, "all", ordered)
    page.goto("/inventory/order-list")
    journey.step("Nothing needs ordering any more: what is missing is on its way.", page)


def delivery(journey: Journey, page: Page) -> None:
    """One supplier brings a part, which is counted and typed; the other brings everything."""
    journey.chapter("A part of it arrives")
    to_receive(page, "Toko Harapan")
    fields = page.locator("input[name^=quantity-]")
    assert {field.input_value() for field in fields.all()} == {""}
    name = page.locator(f"label[for='{fields.first.get_attribute('id')}']").inner_text()
    item = next(one for one in KEPT.values() if one.name in name)
    fields.first.fill(str(still_to_come(page, item) // item.pack))
    page.locator("#delivery_note").fill("SJ-0815")
    journey.step(
        "Only the first line has come. Sari counts it, types the figure and leaves the others"
        " empty.",
        page,
        full=True,
    )
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("main form button.p").last.tap()
    journey.step("The order shows what has come and what is still to come.", page, full=True)
    to_receive(page, "Sumber Kertas")
    page.locator("#delivery_note").fill("SK-77")
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="All came as ordered").tap()
    expect(page.get_by_role("link", name="Receive", exact=True)).to_have_count(0)
    journey.step("Sumber Kertas has brought everything: that is one button.", page)


def to_receive(page: Page, supplier: str) -> None:
    """Open the form that takes in a delivery of the order with a supplier."""
    page.goto("/inventory/orders?view=placed")
    follow(page, page.get_by_role("link", name=supplier).first, tap=True)
    follow(page, page.get_by_role("link", name="Receive").first, tap=True)


def still_to_come(page: Page, item: Kept) -> int:
    """Return how many pieces of an item the order on the page still waits for."""
    lines = page.request.get(page.url.split("/receive")[0] + "/lines?format=json").json()
    return next(round(float(line["outstanding"])) for line in lines if line["sku"] == item.sku)


def last_look(journey: Journey, page: Page) -> None:
    """Work the whole sheet out once more from what the orders say."""
    still: dict[str, int] = {}
    page.goto("/inventory/orders?view=placed")
    links = page.locator("td.pri a").evaluate_all("all => all.map(one => one.pathname)")
    received = 0
    for link in links:
        for line in page.request.get(f"{link}/lines?format=json").json():
            still[line["sku"]] = still.get(line["sku"], 0) + round(float(line["outstanding"]))
            received += round(float(line["received"]))
    assert received > 0
    rows = check(page, "all", still)
    assert len(rows) == ITEMS
    page.goto("/inventory/order-list?view=all")
    journey.step(
        "Every number on this page was worked out once more: on hand from the ledger, on order from"
        " the orders, the rest from the limits and the packs. They agree.",
        page,
    )
