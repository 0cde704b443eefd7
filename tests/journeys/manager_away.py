"""The manager is away: asked, approved by the deputy, ordered, mailed, received in two parts."""

from __future__ import annotations

import re
import time
from typing import Any

from playwright.sync_api import Page, expect

from portal.testing_smtp import MailServer, mail_server
from tests.live.server import live_server

from .count_to_order import follow
from .first_day import sign_in, submit
from .front_desk import (
    LEAST,
    MAIL,
    MULTIPLE,
    PAPER,
    PAPER_PRICE,
    PAPER_THERE,
    PASSWORDS,
    PEN,
    PEN_PACK,
    PEN_PRICE,
    SUPPLIER,
    prepare,
)
from .journey import Journey, people, worker

WANTED_PAPER, WANTED_PENS = 16, 20
BOARD, BOARD_PAID = "Small whiteboard", 215_000
PAPER_ORDERED = max(LEAST, -(-WANTED_PAPER // MULTIPLE) * MULTIPLE)
BOXES = -(-WANTED_PENS // PEN_PACK)
FIRST, SECOND = 10, 7  # reams that come in two deliveries; the rest never does


def travel() -> Journey:
    """Live through a request while the manager is away; return what was seen."""
    journey = Journey(
        "3-the-manager-is-away",
        "The manager is away",
        "Lina of the front desk needs three things. Her manager is away from today, so the deputy"
        " decides; the office orders what the store has not, the supplier delivers twice and not"
        " all, and the manager comes back. `make journey` lives through this in a real browser,"
        " with a real mail server beside it, and compares what every page says.",
    )
    with mail_server() as mail:
        settings = {"KANTOR_MAIL_URL": mail.url, "KANTOR_MAIL_FROM": "kantor@contoh.example"}
        with (
            live_server("sqlite", fill=prepare, settings=settings) as server,
            worker(server.environment),
            people(journey, server.address) as window,
        ):
            lina, budi, ratna, hendra = window(), window(phone=True), window(), window()
            for name, page in (("lina", lina), ("budi", budi), ("ratna", ratna)):
                sign_in(page, name, PASSWORDS[name])
            sign_in(hendra, "hendra", PASSWORDS["hendra"])
            leave(journey, ratna)
            request = ask(journey, lina)
            own_request(journey, budi)
            approve(journey, budi)
            told(journey, lina, request)
            order = buy(journey, hendra, request)
            mailed(journey, hendra, mail)
            receive(journey, hendra, order)
            agree(journey, hendra, ratna, lina, request, order)
            hand_out(journey, hendra, lina, request)
            come_back(journey, ratna)
    rest = [c for c in journey.complaints if not any(code in c for code in ("422", "404", "409"))]
    assert not rest, rest
    return journey


def said(page: Page) -> str:
    """Return what the page says, in one line."""
    return re.sub(r"\s+", " ", page.locator("main").inner_text())


def leave(journey: Journey, page: Page) -> None:
    """Ratna is away from today and names Budi."""
    journey.chapter("Ratna is away")
    page.goto("/away/new")
    submit(page, "Save")
    journey.step("Ratna notes that she is away today. Nobody stands in for her yet.", page)
    follow(page, page.get_by_role("link", name="Name a deputy"))
    pick(page, "deputy", "Budi")
    submit(page, "Save")
    journey.step("Budi stands in while she is away.", page)


def pick(page: Page, name: str, words: str) -> None:
    """Choose a match of a picker by these words."""
    page.locator(f"input[name={name}_q]").fill(words)
    offered = page.locator(f"[data-picker]:has(input[name={name}_q]) [role=option]")
    offered.filter(has_text=words).first.click()


def ask(journey: Journey, page: Page) -> str:
    """Lina asks for two items and something in words; return the address of the request."""
    journey.chapter("Lina asks for three things")
    page.goto("/inventory/ask")
    if page.locator("input[name=item_q]").count() == 0:
        follow(page, page.get_by_role("link", name="Main store"))
    for name, quantity in ((PAPER, WANTED_PAPER), (PEN, WANTED_PENS)):
        pick(page, "item", name)
        submit(page, "Add to the request")
        line = page.get_by_role("group", name=name)
        line.locator("input[name$=-quantity]").fill(str(quantity))
    submit(page, "It is not in the list")
    words = page.get_by_role("group", name="Something that is not in the list")
    words.locator("input[name$=-text]").fill(BOARD)
    words.locator("input[name$=-quantity]").fill("1")
    words.locator("input[name$=-unit]").fill("piece")
    words.locator("input[name$=-price]").fill("230000")
    journey.step(
        "Paper, pens, and a whiteboard that is in no list: said in words, with what it may cost.",
        page,
        full=True,
    )
    submit(page, "Ask for these")
    for _ in range(2):
        if page.get_by_role("button", name="Confirm and ask").count():
            submit(page, "Confirm and ask")
    expect(page.locator("main")).to_contain_text("REQ-")
    assert "Budi Hartono" in said(page)
    journey.step("It waits for Budi, who stands in for Ratna: the page says so.", page, full=True)
    return page.url


def own_request(journey: Journey, page: Page) -> None:
    """Budi asks for something himself, and may not approve it."""
    journey.chapter("Budi decides for Ratna")
    page.goto("/inventory/ask")
    if page.locator("input[name=item_q]").count() == 0:
        follow(page, page.get_by_role("link", name="Main store"))
    pick(page, "item", PEN)
    submit(page, "Add to the request")
    page.get_by_role("group", name=PEN).locator("input[name$=-quantity]").fill("2")
    submit(page, "Ask for these")
    for _ in range(2):
        if page.get_by_role("button", name="Confirm and ask").count():
            submit(page, "Confirm and ask")
    follow(page, page.get_by_role("link", name="Who decides"))
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert "Dewi Lestari" in said(page)
    journey.step(
        "Budi has a request of his own. He does not decide it, not for Ratna either: it goes to"
        " Dewi, above her.",
        page,
        full=True,
    )


def approve(journey: Journey, page: Page) -> None:
    """Budi finds Lina's request in My work and approves it on the phone."""
    page.goto("/work")
    assert "for Ratna Wulandari" in said(page)
    journey.step("In My work stands what Lina asked, for Ratna.", page)
    follow(page, page.get_by_role("link", name="Lina Marlina").first)
    journey.step(
        "What is asked, what it costs, what is left of the budget, and who decides.",
        page,
        full=True,
    )
    submit(page, "Approve")
    page.goto("/approvals/decided")
    assert "Lina" in said(page)
    journey.step("Decided, with both names beside it.", page)


def told(journey: Journey, page: Page, request: str) -> None:
    """Lina sees that it was approved, and by whom for whom."""
    page.goto(request)
    text = said(page)
    assert "Budi Hartono for Ratna Wulandari" in text, text
    journey.step("Lina sees it: approved by Budi for Ratna.", page, full=True)
    page.goto("/notices")
    assert "Approved" in said(page)


def buy(journey: Journey, page: Page, request: str) -> str:
    """Hendra buys what was asked for; return the address of the order."""
    journey.chapter("The office orders")
    page.goto("/work?part=pool")
    follow(page, page.get_by_role("link", name="Lina Marlina").first)
    page.goto(f"{request}/answer")
    for name in (PAPER, PEN):
        line = page.get_by_role("group", name=re.compile(f"^{name}"))
        line.get_by_label("Have it bought").check(force=True)
    sentence = "Hendra finds it in My work. The store has too little: it has to be bought."
    journey.step(sentence, page, full=True)
    submit(page, "Answer")
    if page.get_by_role("button", name="Confirm and answer").count():
        submit(page, "Confirm and answer")
    page.goto("/inventory/to-buy")
    if page.get_by_role("link", name="Bought otherwise").count():
        follow(page, page.get_by_role("link", name="Bought otherwise").first)
        price = page.locator("main form input[name=paid]")
        if price.count():
            price.fill(str(BOARD_PAID))
        submit(page)
        page.goto("/inventory/to-buy")
    text = said(page)
    assert PAPER in text, text
    assert PEN in text, text
    journey.step(
        "What people asked for and the store has not, by item: rounded up to packs and to what the"
        " supplier sells at least, with the reason. The whiteboard was bought in a shop.",
        page,
        full=True,
    )
    submit(page, "Put on the order lists")
    page.goto("/inventory/orders?view=draft")
    follow(page, page.get_by_role("link", name=SUPPLIER).first)
    journey.step("One order for the supplier.", page, full=True)
    follow(page, page.get_by_role("link", name=re.compile("Place the order")).first)
    page.locator("main").get_by_label("E-mail", exact=True).check(force=True)
    submit(page, "Place the order")
    return re.sub(r"/(send|place).*$", "", page.url)


def mailed(journey: Journey, page: Page, mail: MailServer) -> None:
    """The order goes out by mail, once, with its PDF."""
    expect(page.locator("main")).to_contain_text(MAIL)
    journey.step("The order has its number; the mail to the supplier can still be changed.", page)
    submit(page, "Send")
    until = time.monotonic() + 60
    while not any(MAIL in taken.recipients for taken in mail.taken) and time.monotonic() < until:
        time.sleep(0.5)
    (sent,) = [taken for taken in mail.taken if MAIL in taken.recipients]
    (paper,) = list(sent.message.iter_attachments())
    assert paper.get_content_type() == "application/pdf"
    assert paper.get_content().startswith(b"%PDF")
    page.reload(wait_until="networkidle")
    journey.step("The mail has arrived at the supplier's server, with the order as PDF.", page)


def receive(journey: Journey, page: Page, order: str) -> None:
    """Two deliveries come; of the second some is missing, and the order is closed short."""
    journey.chapter("Two deliveries, and not all of it")
    deliver(page, order, {PAPER: FIRST, PEN: BOXES}, "SJ-101")
    journey.step("All the pens, and ten reams of paper.", page, full=True)
    deliver(page, order, {PAPER: SECOND}, "SJ-102")
    journey.step(f"{SECOND} more; {PAPER_ORDERED - FIRST - SECOND} are missing.", page, full=True)
    close = page.get_by_role("link", name=re.compile("Close short|Close the order short"))
    if not close.count():
        page.locator("main details.menu summary").first.click()
    follow(page, close.first)
    page.locator("main textarea, main input[name=reason]").first.fill("The rest is not made now")
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("main form .submit button").first.click()
    journey.step("The rest will not come: the order is closed short.", page, full=True)


def deliver(page: Page, order: str, came: dict[str, int], note: str) -> None:
    """Type what came of each item in the unit it was ordered in."""
    page.goto(f"{order}/receive")
    for name, quantity in came.items():
        label = page.locator("main label", has_text=name).first
        page.locator(f"#{label.get_attribute('for')}").fill(str(quantity))
    page.locator("#delivery_note").fill(note)
    with page.expect_navigation(wait_until="networkidle"):
        page.get_by_role("button", name="Receive", exact=True).last.click()


def agree(
    journey: Journey, office: Page, manager: Page, asker: Page, request: str, order: str
) -> None:
    """Stock, budget, the order and the requester's page say the same."""
    journey.chapter("Everything says the same")
    stock = {row["name"]: row for row in rows(office, "/inventory/stock")}
    arrived = FIRST + SECOND
    assert number(stock[PAPER]["quantity"]) == PAPER_THERE + arrived, stock
    assert number(stock[PEN]["quantity"]) == BOXES * PEN_PACK, stock
    assert number(stock[PAPER]["reserved"]) == WANTED_PAPER, stock
    assert number(stock[PEN]["reserved"]) == WANTED_PENS, stock
    office.goto("/inventory/stock")
    journey.step("The stock holds what came, and what of it is put aside.", office)
    office.goto(order)
    assert "SJ-101" in said(office)
    assert "SJ-102" in said(office)
    (budget,) = rows(manager, "/inventory/budgets")
    # The front desk pays for what it asked for, the office for what goes to stock.
    share = (WANTED_PAPER * PAPER_PRICE + WANTED_PENS * PEN_PRICE // PEN_PACK) / 100
    assert number(budget["spent"]) == share + BOARD_PAID, budget
    assert number(budget["committed"]) == 0, budget
    manager.goto("/inventory/budgets")
    follow(manager, manager.locator("main td a").first)
    journey.step(
        "The budget of the front desk: what was spent, and what is still promised.", manager
    )
    asker.goto(request)
    text = said(asker)
    assert "Put aside" in text or "put aside" in text, text
    journey.step("Lina sees that her paper and pens have come and are put aside for her.", asker)
    asker.goto("/notices")
    journey.step("And she was told.", asker)


def rows(page: Page, address: str) -> list[dict[str, Any]]:
    """Return a list as the file of it has it."""
    found: list[dict[str, Any]] = page.request.get(f"{address}?format=json").json()
    return found


def number(value: Any) -> float:
    """Return a figure of a file."""
    return float(str(value or 0))


def hand_out(journey: Journey, office: Page, asker: Page, request: str) -> None:
    """Hendra hands out what was put aside; Lina's page says so."""
    office.goto(f"{request}/answer")
    journey.step("Hendra hands out what was put aside.", office, full=True)
    submit(office)
    asker.goto(request)
    assert "Handed out" in said(asker)
    journey.step("From the question to the thing in hand, on one page.", asker, full=True)


def come_back(journey: Journey, page: Page) -> None:
    """Ratna comes back and sees what was decided for her."""
    journey.chapter("Ratna comes back")
    page.goto("/away")
    follow(page, page.locator("td.pri a", has_text="Ratna Wulandari").first)
    submit(page, "Back since this morning")
    page.goto("/")
    assert "decided for you while you were away" in said(page)
    journey.step("The home page tells Ratna what was decided for her.", page)
    page.goto("/approvals/decided")
    text = said(page)
    assert "Budi Hartono" in text, text
    journey.step("By whom, what, and when.", page)
