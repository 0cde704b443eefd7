"""A plugin in an hour: the tutorial is typed as it stands, and a department works with it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.live.server import free_port
from tests.scaffold.pages import DOCS, Command, Machine, steps

from .count_to_order import follow
from .first_day import sign_in, submit
from .journey import Journey, people
from .manager_away import said

TUTORIAL = DOCS / "tutorial.md"
BY_PAGE = "kantor plugin enable"  # what the administrator does on a page here
DEPARTMENT, PLATE = "Back office", "B 1234 KLN"
LIST = (
    "Name,Number,Department,Note\n"
    "Ambulance,B 9011 KLN,Back office,Kept by the gate\n"
    "Motorcycle,B 3407 KLN,Back office,\n"
)


def travel() -> Journey:
    """Write a plugin, switch it on for a department and work with it."""
    journey = Journey(
        "4-a-plugin-in-an-hour",
        "A plugin in an hour",
        "The back office wants to keep its vehicles in the portal. The lines of [the tutorial]"
        "(../plugin-authors/tutorial.md) are typed on a machine that has the portal and nothing"
        " else, its blocks go where the page says, and the department works with its own plugin."
        " `make journey` lives through this in a real browser.",
    )
    with tempfile.TemporaryDirectory(prefix="kantor-journey-") as folder:
        machine = Machine(Path(folder))
        machine.run("kantor demo fill")
        type_it(journey, machine)
        known = json.loads(machine.run("kantor demo accounts --json"))
        passwords = {one["username"]: one["password"] for one in known}
        with served(machine) as address, people(journey, address) as window:
            bagus, putri, fajar = window(), window(), window(phone=True, dark=True)
            for page, name in ((bagus, "bagus"), (putri, "putri"), (fajar, "fajar")):
                sign_in(page, name, passwords[name])
            switch_on(journey, bagus)
            vehicle = add(journey, putri)
            talk(journey, putri)
            change(journey, putri)
            find(journey, putri, vehicle)
            bring(journey, putri)
            nothing(journey, fajar, vehicle)
            in_indonesian(journey, putri, vehicle)
    rest = [c for c in journey.complaints if not any(code in c for code in ("422", "404"))]
    assert not rest, rest
    return journey


@contextmanager
def served(machine: Machine) -> Iterator[str]:
    """Serve the demo of a machine with its worker; yield its address."""
    port = free_port()
    process = subprocess.Popen(
        [machine.bin / "kantor", "demo", "run", "--port", str(port)],
        env=machine.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: int = 120) -> None:
    """Return when the portal answers; raise TimeoutError when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the portal has ended"
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/ready")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the portal does not answer")


def type_it(journey: Journey, machine: Machine) -> None:
    """Type what the tutorial says."""
    journey.chapter("Typed")
    typed = [step.line for step in steps(TUTORIAL) if isinstance(step, Command)]
    folder = machine.here / "kantor-vehicles"
    machine.follow(TUTORIAL, folder=folder, package="kantor_vehicles", but=BY_PAGE)
    assert " passed" in machine.said["pytest"]
    assert "clean" in machine.said["kantor plugin check ."]
    journey.typed(
        "These lines are typed; the blocks between them go into the files the page names. Switching"
        " it on is left to the administrator.",
        [line for line in typed if not line.startswith(BY_PAGE)],
    )
    told = machine.said["pytest"].strip().splitlines()[-1].strip("= ")
    journey.step(
        f"The plugin's own tests say: {re.sub(r' in .*', '', told)}. The check says: clean."
    )


def switch_on(journey: Journey, page: Page) -> None:
    """See the plugin and switch it on for one department."""
    journey.chapter("Switched on for the back office")
    page.goto("/plugins")
    expect(page.locator("tr", has_text="vehicles").first).to_contain_text("Nowhere")
    journey.step("Bagus, the administrator, finds Vehicles installed, and on nowhere.", page)
    page.goto("/plugins/vehicles")
    journey.step("He reads what it lets people do before he switches it on.", page)
    page.goto("/plugins")
    page.locator("main").get_by_label(f"Vehicles: {DEPARTMENT}").check()
    submit(page, "Save changes")
    row = page.locator("#grid tr", has_text="Vehicles")
    row.scroll_into_view_if_needed()
    expect(page.locator("main").get_by_label(f"Vehicles: {DEPARTMENT}")).to_be_checked()
    journey.step("One tick: the back office has it from the next page on.", page)


def add(journey: Journey, page: Page) -> str:
    """Open the empty list and add a vehicle; return its address."""
    journey.chapter("The first vehicle")
    page.goto("/vehicles/")
    expect(page.locator("main")).to_contain_text("No vehicles yet")
    journey.step("Putri of the back office has Vehicles in her menu, and an empty list.", page)
    follow(page, page.locator("main").get_by_role("link", name="Add a vehicle").first)
    page.locator("main").get_by_label("Name").fill("Delivery van")
    page.locator("main").get_by_label("Number").fill(PLATE)
    page.locator("main").get_by_label("Inspect by").fill("2027-03-05")
    page.locator("#department").select_option(label=DEPARTMENT)
    page.locator("main").get_by_label("Note").fill("The key hangs beside the front door.")
    journey.step("She adds the van, with the day it must be inspected.", page)
    submit(page, "Save")
    expect(page.locator("h1")).to_have_text("Delivery van")
    return page.url


def photo() -> bytes:
    """Return a photo of a van."""
    picture = Image.new("RGB", (1200, 800), (188, 206, 220))
    drawn = ImageDraw.Draw(picture)
    drawn.rectangle((0, 600, 1200, 800), fill=(120, 124, 128))
    drawn.rounded_rectangle((180, 220, 1020, 620), 60, fill=(236, 238, 240))
    drawn.polygon([(830, 260), (960, 260), (1005, 420), (830, 420)], fill=(90, 112, 130))
    drawn.rectangle((180, 470, 1020, 500), fill=(32, 122, 118))
    for left in (290, 770):
        drawn.ellipse((left, 540, left + 150, 690), fill=(40, 42, 46))
        drawn.ellipse((left + 45, 585, left + 105, 645), fill=(180, 184, 188))
    target = io.BytesIO()
    picture.save(target, "JPEG")
    return target.getvalue()


def talk(journey: Journey, page: Page) -> None:
    """Comment, with a photo."""
    journey.chapter("Talked about")
    page.locator("[data-composer] textarea").fill("A scratch at the rear door, since Monday.")
    page.set_input_files(
        "input[name=files]", [{"name": "van.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
    )
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("[data-composer] textarea").press("Control+Enter")
    expect(page.locator(".words").first).to_contain_text("A scratch")
    expect(page.locator(".thumb").first).to_be_visible()
    journey.step("Nobody wrote a line for this: comments, photos, who watches, links.", page)


def change(journey: Journey, page: Page) -> None:
    """Change a fact where it stands."""
    journey.chapter("Put right where it stands")
    page.locator("[data-edit=inspect_by]").click()
    field = page.locator("form[data-here] input[type=date]")
    expect(field).to_be_focused()
    journey.step("The pencil beside the day opens it where it stands.", page)
    field.fill("2027-04-09")
    page.locator("form[data-here] button.p").click()
    expect(page.locator("main")).to_contain_text("9 April 2027")
    page.reload()
    expect(page.locator(".diff").first).to_contain_text("5 March 2027")
    journey.step("The story tells what it was before, and who changed it.", page, full=True)


def find(journey: Journey, page: Page, vehicle: str) -> None:
    """Find it by its number."""
    journey.chapter("Found by its number")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("B 1234", delay=40)
    found = page.locator("#palette [role=option]").filter(has_text="Delivery van").first
    expect(found).to_be_visible()
    journey.step("Ctrl K and a part of the number plate.", page)
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    assert page.url.split("#")[0] == vehicle


def bring(journey: Journey, page: Page) -> None:
    """Bring the list the department has."""
    journey.chapter("The list they have")
    page.goto("/vehicles/")
    follow(page, page.locator("main").get_by_role("link", name="Import"))
    file = {"name": "vehicles.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    page.locator("input[type=file]").set_input_files(file)
    submit(page)
    submit(page, "Check every row")
    expect(page.locator("main")).to_contain_text("Everything fits")
    journey.step("Her spreadsheet is read and checked before anything is written.", page)
    page.get_by_role("button", name=re.compile("^Import 2 rows")).click()
    page.get_by_role("link", name=re.compile("list", re.IGNORECASE)).first.wait_for(timeout=60_000)
    page.goto("/vehicles/")
    expect(page.locator("main")).to_contain_text("Ambulance")
    journey.step("Three vehicles, and a list that sorts, filters, exports.", page)


def nothing(journey: Journey, page: Page, vehicle: str) -> None:
    """Somebody of another department finds nothing of it."""
    journey.chapter("For the back office alone")
    for address in ("/vehicles/", vehicle):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404
    journey.step("Fajar of the laboratory asks for the same address: there is no such page.", page)
    page.goto("/search?q=B+1234")
    assert "Delivery van" not in said(page)
    journey.step("And his search finds nothing.", page)


def in_indonesian(journey: Journey, page: Page, vehicle: str) -> None:
    """Read the same in the other language."""
    journey.chapter("In the other language")
    page.goto("/account")
    page.locator("#preferences input[name=language][value=id]").check(force=True)
    with page.expect_navigation(wait_until="networkidle"):
        page.locator("#preferences button.p").click()
    page.goto("/vehicles/")
    expect(page.locator("main")).to_contain_text("Uji sebelum")
    journey.step("Putri changes her language, and the plugin speaks it.", page)
    page.goto(vehicle)
    expect(page.locator("main")).to_contain_text("9 April 2027")
    journey.step("The page of the van in Indonesian.", page)
