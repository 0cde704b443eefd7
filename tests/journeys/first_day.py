"""The first day: from an empty portal to a department's own stock list, received into and issued
from.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook
from sqlalchemy import insert

from portal.auth.models import Account
from portal.auth.passwords import hashed
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.people.models import Person
from portal.settings.services import write_facts
from portal.testing import give_role
from tests.live.server import live_server

from .journey import Journey, people, worker

ADMIN_PASSWORD = "sepeda tua di halaman belakang"
SARI_PASSWORD = "pohon mangga berbuah lebat"
TONO_PASSWORD = "jendela kantor menghadap laut"
HEAD = "Kode Barang;Nama Barang;Satuan;Jumlah;Lokasi;Kategori;Harga;Kemasan;Isi;Min"
# What is planted: row, column of the file, value, and the cell it must be reported at.
PLANTED = (
    (12, 0, "3.01043E+13", "A13"),
    (25, 0, "ATK-0024", "A26"),
    (40, 0, "OLD-1", "A41"),
    (55, 2, "grosss", "C56"),
    (70, 4, "Gudang Z", "E71"),
    (85, 3, "-4", "D86"),
    (100, 3, "1,2345", "D101"),
    (130, 3, "1.000", "D131"),
    (160, 1, "", "B161"),
    (190, 6, "dua belas ribu", "G191"),
    (220, 8, "0", "I221"),
    (250, 3, "banyak", "D251"),
)


def stock_list(*, mended: bool) -> bytes:
    """Return 300 rows as an old spreadsheet saves them: BOM, semicolons, decimal commas."""
    rows = [
        [
            f"ATK-{number:04}",
            f"Barang nomor {number}" if number != 200 else "=cmd|' /C calc'!A0",
            ("pcs", "rim", "botol")[number % 3],
            f"{number % 40},5",
            "MS",
            ("Kertas", "Alat tulis")[number % 2],
            "12.500,50",
            "dus" if number % 2 else "",
            "12" if number % 2 else "",
            "5",
        ]
        for number in range(1, 301)
    ]
    if not mended:
        for number, column, text, _ in PLANTED:
            rows[number - 1][column] = text
            if column == 8:
                rows[number - 1][7] = "dus"
    lines = [HEAD, *[";".join(f'"{cell}"' for cell in row) for row in rows], ""]
    return "\r\n".join(lines).encode("utf-8-sig")


def prepare(app: Any) -> None:
    """Write what ``kantor init`` leaves behind: the organisation and its first administrator."""
    with app.app_context(), unscoped(reason="test data") as tx:
        write_facts(tx, kind="test", organisation="Kantor Contoh", time_zone="Asia/Jakarta")
        person = Person(name="Agus Prasetyo", active_from=date(2020, 1, 1))
        tx.session.add(person)
        tx.session.flush()
        give_role(tx, person.id, "administrator", department_id=None, may_grant=True)
        row = {"person_id": person.id, "username": "agus", "active": True, "version": 1}
        row |= {
            "password_hash": hashed(ADMIN_PASSWORD),
            "password_at": tx.now,
            "created_at": tx.now,
        }
        kernel_execute(tx.session, insert(Account.__table__), row)


def travel() -> Journey:
    """Live through the first day and return what was seen."""
    journey = Journey(
        "1-first-day",
        "The first day",
        "An administrator makes room for a department, and an assistant moves the office's own"
        " stock list in. `make journey` lives through this in a real browser and takes every"
        " picture anew.",
    )
    with (
        live_server("sqlite", fill=prepare) as server,
        worker(server.environment),
        people(journey, server.address) as window,
    ):
        links = set_up(journey, window())
        sari = window()
        first_sign_in(journey, sari, links["sari"])
        import_list(journey, sari)
        item = work(journey, sari)
        check_exports(journey, sari)
        stranger(journey, window(), links["tono"], item)
        on_a_phone(journey, window(phone=True, dark=True), item)
    if journey.complaints:
        expected = ("422", "404", "409")
        rest = [c for c in journey.complaints if not any(code in c for code in expected)]
        assert not rest, rest
    return journey


def sign_in(page: Page, username: str, password: str) -> None:
    """Sign in through the page."""
    page.goto("/sign-in")
    page.locator("main").get_by_label("User name").fill(username)
    page.locator("main").get_by_label("Password", exact=True).fill(password)
    submit(page, "Sign in")


def submit(page: Page, name: str = "") -> None:
    """Press the button of the form and wait for the page it leads to."""
    button = page.get_by_role("button", name=name) if name else page.locator("main form button.p")
    with page.expect_navigation(wait_until="networkidle", timeout=60_000):
        button.first.click()


def set_up(journey: Journey, page: Page) -> dict[str, str]:
    """Make department, place, role and people; return the sign-in links."""
    journey.chapter("The administrator makes room")
    page.goto("/sign-in")
    journey.step("Agus, the first administrator, comes to the sign-in page.", page)
    sign_in(page, "agus", ADMIN_PASSWORD)
    for name in ("Back office", "Laboratory"):
        page.goto("/people/departments/new")
        page.locator("main").get_by_label("Name").fill(name)
        if name == "Back office":
            journey.step("He adds the department that will keep the stock.", page)
        submit(page)
    page.goto("/places/new")
    page.locator("main").get_by_label("Name").fill("Main store")
    page.locator("main").get_by_label("Code").fill("MS")
    page.locator("#department").select_option(label="Back office")
    page.locator("main").get_by_label("Walking order").fill("10")
    journey.step("The store room is a place, and belongs to that department.", page)
    submit(page, "Save place")
    make_role(journey, page)
    links = {}
    for name, username, department in (
        ("Sari Wulandari", "sari", "Back office"),
        ("Tono Setiawan", "tono", "Laboratory"),
    ):
        told = journey if username == "sari" else None
        links[username] = add_person(told, page, name, username, department)
    page.goto("/plugins")
    page.locator("main").get_by_label("Inventory: Back office").check()
    journey.step("Inventory is switched on for the back office, and for nobody else.", page)
    submit(page, "Save changes")
    return links


def make_role(journey: Journey, page: Page) -> None:
    """Make a role that keeps a store room."""
    page.goto("/roles/new")
    page.locator("main").get_by_role("textbox", name="Name").fill("Storekeeper")
    for permission, reach in (
        ("inventory.item.view", "all"),
        ("inventory.item.edit", "all"),
        ("inventory.item.import", "department"),
        ("inventory.stock.view", "department"),
        ("inventory.stock.receive", "department"),
        ("inventory.stock.issue", "department"),
        ("inventory.stock.transfer", "department"),
        ("inventory.stock.reverse", "department"),
        ("inventory.stock.set_rule", "department"),
        ("inventory.cost.view", "department"),
    ):
        select = page.locator(".perm", has_text=permission).locator("select")
        values = select.locator("option").evaluate_all("all => all.map(one => one.value)")
        select.select_option(reach if reach in values else "all")
    journey.step(
        "A role says what its holders may do, and how far: here, in their department.", page
    )
    submit(page, "Add the role")


def add_person(
    journey: Journey | None, page: Page, name: str, username: str, department: str
) -> str:
    """Add a person with department and account, and for Sari the role; return the link."""
    page.goto("/people/new")
    page.locator("main").get_by_label("Name", exact=True).fill(name)
    submit(page)
    person = page.url
    page.get_by_role("link", name="Add to a department").click()
    page.locator("#department").select_option(label=department)
    submit(page)
    if journey is not None:
        page.goto(person)
        page.get_by_role("link", name="Give a role").click()
        page.locator("#role").select_option(label="Storekeeper")
        page.locator("#department").select_option(label=department)
        journey.step("Sari gets that role, measured from the back office.", page)
        submit(page, "Give the role")
    page.goto(person)
    page.get_by_role("link", name="Give an account").click()
    page.locator("main").get_by_label("User name").fill(username)
    submit(page, "Give an account")
    if journey is not None:
        journey.step("Her account comes with a link that works once; it is shown only now.", page)
    return str(page.locator("main").get_by_label("Link").input_value())


def first_sign_in(journey: Journey, page: Page, link: str) -> None:
    """Choose a password by link and see only what is hers."""
    journey.chapter("Sari signs in")
    page.goto(link)
    journey.step("Sari opens the link on her own machine and chooses a password.", page)
    page.locator("main").get_by_label(re.compile("^(New )?[Pp]assword$")).first.fill(SARI_PASSWORD)
    page.locator("main").get_by_label(re.compile("again|repeat|Repeat|Again|once more")).first.fill(
        SARI_PASSWORD
    )
    submit(page, "Save and sign in")
    page.goto("/")
    journey.step("She sees the menu of her department: Inventory, and no administration.", page)
    menu = page.get_by_role("navigation", name="Main", exact=True)
    expect(menu.get_by_role("link", name="Inventory")).to_be_visible()
    expect(menu.get_by_role("link", name="Roles")).to_have_count(0)
    expect(menu.get_by_role("link", name="Plugins")).to_have_count(0)
    page.goto(link)
    spent = re.compile("used|works once|no longer", re.IGNORECASE)
    expect(page.locator("main")).to_contain_text(spent)


def import_list(journey: Journey, page: Page) -> None:
    """Send the hostile list, read every error with its cell, mend it and import it."""
    journey.chapter("The office's own list moves in")
    add_known_item(page)
    send(page, stock_list(mended=False))
    journey.step(
        "The list comes from an old spreadsheet: byte order mark, semicolons, decimal commas. The"
        " columns are matched by their headings, and the first rows show what is understood.",
        page,
        full=True,
    )
    submit(page, "Check every row")
    text = page.locator("main").inner_text()
    missing = [cell for *_, cell in PLANTED if not re.search(rf"\b{cell}\b", text)]
    assert not missing, f"not reported: {missing}\n{text[:3000]}"
    expect(page.locator("main")).to_contain_text("12 problems: nothing is imported yet")
    journey.step(
        "Twelve cells are wrong. Each is named with its value and what to do; nothing is imported.",
        page,
        full=True,
    )
    page.goto("/inventory/items")
    expect(page.locator("main")).not_to_contain_text("Barang nomor")
    send(page, stock_list(mended=True))
    submit(page, "Check every row")
    expect(page.locator("main")).to_contain_text("Everything fits")
    journey.step("The mended list fits.", page)
    page.get_by_role("button", name=re.compile("^Import 300 rows")).click()
    expect(page.locator("main")).to_contain_text(re.compile("300"), timeout=60_000)
    onward = page.get_by_role("link", name=re.compile("list|items", re.IGNORECASE))
    onward.first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    journey.step("The worker has written all 300 rows in one piece.", page)
    page.goto("/inventory/items?q=ATK-0130")
    expect(page.locator("main")).to_contain_text("10.5")
    page.goto("/inventory/items")
    journey.step("Three hundred items, each with what is on hand.", page)


def add_known_item(page: Page) -> None:
    """Add the item whose code the list repeats."""
    page.goto("/inventory/items/new")
    page.locator("main").get_by_label("Name").fill("Old stamp")
    page.locator("main").get_by_label("Code", exact=True).fill("OLD-1")
    page.locator("main").get_by_label("Counted in").fill("pcs")
    submit(page)


def send(page: Page, content: bytes) -> None:
    """Upload a list and get to the columns page, decimal commas chosen."""
    page.goto("/inventory/import/items")
    file = {"name": "stok-barang.csv", "mimeType": "text/csv", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)
    submit(page)
    page.locator('input[name="number_format"][value="comma"]').check(force=True)
    page.wait_for_load_state("networkidle")


def work(journey: Journey, page: Page) -> str:
    """Receive, issue and reverse; return the item's address."""
    journey.chapter("A delivery, an issue, a mistake")
    page.goto("/inventory/items?q=ATK-0100")
    page.get_by_role("link", name="Barang nomor 100").click()
    page.wait_for_load_state("networkidle")
    item = page.url
    page.get_by_role("link", name="Receive").first.click()
    page.locator("main").get_by_label("Quantity").fill("24")
    journey.step("A delivery of 24 arrives.", page)
    submit(page)
    confirm(page)
    expect(page).to_have_url(item)
    page.get_by_role("link", name="Issue").first.click()
    page.locator("main").get_by_label("Quantity").fill("60")
    page.locator("#for_department").select_option(label="Laboratory")
    submit(page)
    confirm(page)
    journey.step("Issuing 60 is refused: so much is not there. What was typed stays.", page)
    expect(page.locator("main").get_by_label("Quantity")).to_have_value("60")
    page.locator("main").get_by_label("Quantity").fill("4")
    submit(page)
    confirm(page)
    expect(page).to_have_url(item)
    expect(page.locator("main")).to_contain_text("40.5")
    journey.step(
        "The page of the item tells how 20.5 became 40.5: received 24, issued 4.", page, full=True
    )
    page.get_by_role("link", name=re.compile("issued 4 ")).first.click()
    page.get_by_role("link", name="Reverse").click()
    page.locator("main").get_by_label("Why").fill("Wrong department")
    journey.step("The four went to the wrong department: the issue is reversed, not erased.", page)
    submit(page)
    expect(page).to_have_url(item)
    expect(page.locator("main")).to_contain_text("44.5")
    journey.step("44.5 are there again, and the whole story stays.", page, full=True)
    return item


def confirm(page: Page) -> None:
    """Press once more where the page shows what it understood first."""
    if page.locator("main form button.p").count() and page.locator(".errs").count() == 0:
        submit(page)


def check_exports(journey: Journey, page: Page) -> None:
    """Take the list out again: the formula in a name stays text everywhere."""
    got = page.request.get("/inventory/items?format=csv")
    rows = list(csv.reader(io.StringIO(got.body().decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row if "=cmd" in cell]
    assert cells
    assert all(cell.startswith("'=") for cell in cells), cells
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(page.request.get("/inventory/items?format=xlsx").body())
    )
    values = [cell for row in book.get_sheet_by_index(0).to_python() for cell in row]
    assert any("=cmd" in str(cell) for cell in values)
    journey.step(
        "Exported, the name `=cmd|' /C calc'!A0` is text in CSV and XLSX: no spreadsheet runs it."
    )


def stranger(journey: Journey, page: Page, link: str, item: str) -> None:
    """Somebody of another department finds nothing there."""
    journey.chapter("A stranger")
    page.goto(link)
    page.locator("input[type=password]").nth(0).fill(TONO_PASSWORD)
    page.locator("input[type=password]").nth(1).fill(TONO_PASSWORD)
    submit(page, "Save and sign in")
    answer = page.goto(item)
    assert answer is not None
    assert answer.status == 404, answer.status
    journey.step(
        "Tono of the laboratory follows the same address: for him there is no such page.", page
    )


def on_a_phone(journey: Journey, page: Page, item: str) -> None:
    """The same page in a pocket, in the dark."""
    sign_in(page, "sari", SARI_PASSWORD)
    page.goto(item)
    journey.step("In the evening Sari looks once more, on her phone.", page)
