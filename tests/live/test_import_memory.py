"""What a bomb costs the processes that serve and work: a real gunicorn, asked over HTTP."""

from __future__ import annotations

import re
import socket
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, insert, select

from portal.auth.models import Account
from portal.auth.passwords import hashed
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.imports.models import ImportRun
from portal.jobs.models import Job
from portal.people.models import Department, Membership, Person
from portal.places.models import Place
from portal.plugins.models import PluginActivation
from portal.testing import LONG_AGO, give_role
from tests.unit.imports.files import workbook

from .bombs import BOMBS
from .client import Client
from .server import LiveServer, live_server

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")

MOST = 50_000  # kB
PASSWORD = "a long pass phrase of the importer"
START = "/inventory/import/items"
LIST = "Code,Name,Unit\nGOOD-{n},Good {n},Piece\n"
PATIENCE = 120  # seconds


def fill(app):
    with app.app_context(), unscoped(reason="test data") as tx:
        office = Department(name="Office")
        tx.session.add(office)
        tx.session.flush()
        place = Place(code="A1", name="Shelf", kind="shelf", department_id=office.id)
        person = Person(name="Importer", active_from=LONG_AGO)
        tx.session.add_all([place, person, PluginActivation(slug="inventory", department_id=None)])
        tx.session.flush()
        tx.session.add(Membership(person_id=person.id, department_id=office.id, from_on=LONG_AGO))
        give_role(tx, person.id, "office_manager", department_id=None)
        row = {"person_id": person.id, "username": "importer", "password_hash": hashed(PASSWORD)}
        row |= {"password_at": tx.now, "created_at": tx.now, "active": True, "version": 1}
        kernel_execute(tx.session, insert(Account.__table__), row)


def most(pid: int) -> int:
    """Return how much memory a process has ever had, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def words(answer) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


@pytest.fixture(scope="module")
def server():
    settings = {"KANTOR_JOBS_URL": ""}
    with live_server("sqlite", fill=fill, workers=1, settings=settings) as started:
        yield started


@pytest.fixture(scope="module")
def client(server: LiveServer):
    """Return the browser of somebody who has imported before: all modules are loaded."""
    made = Client(server.port, timeout=PATIENCE)
    assert made.sign_in("importer", PASSWORD).status == 303
    rows = [["Code", "Name", "Unit"], *[[f"W{n}", f"Warm {n}", "Piece"] for n in range(200)]]
    for data in (workbook(rows), LIST.format(n=1).encode()):
        address = urlsplit(made.send_file(START, "good.csv", data).headers["Location"]).path
        assert made.get(address).status == 200
        assert made.get(f"{address}/check?{urlencode(CHOSEN)}").status == 200
    yield made
    made.close()


BESIDE = re.compile(r'id="file-error">.*?<span>[A-Z].{20,}\.</span>', re.DOTALL)
CHOSEN = {"c_sku": "0", "c_name": "1", "c_unit": "2", "number_format": "point", "mode": "add"}


@pytest.fixture(scope="module")
def before(server, client):
    """Return what the server has needed for good lists; all bombs together may add little."""
    return most(server.workers[0])


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_with_a_sentence_and_costs_the_server_little(
    server, client, before, what
):
    (pid,) = server.workers
    data = BOMBS[what]()
    client.close()  # The server has closed it: making the file took longer than it waits.
    answer = client.send_file(START, "list.xlsx", data)
    assert answer.status == 422, (answer.status, words(answer)[:500])
    assert BESIDE.search(answer.text), words(answer)[:500]
    assert most(pid) - before < MOST
    assert_nothing_is_imported(server, pid)


def assert_nothing_is_imported(server, pid):
    assert server.workers == [pid]
    with server.app.app_context(), looking(reason="test") as tx:
        asked = (select(func.count()).select_from(t.__table__) for t in (Job, ImportRun))
        assert [kernel_execute(tx.session, one).scalar_one() for one in asked] == [0, 0]


def test_a_list_that_is_wrong_in_all_its_cells_costs_the_server_little(server, client, before):
    (pid,) = server.workers
    client.close()
    heads = ["sku", "name", "unit", "category", "quantity", "place", "minimum", "maximum"]
    heads += ["price", "barcode", "pack", "pack_size"]
    cells = ",".join(f"\x07{n}" for n in range(len(heads)))
    data = "\n".join([",".join(heads), *[cells] * 10_000, ""]).encode()
    address = urlsplit(client.send_file(START, "wrong.csv", data).headers["Location"]).path
    chosen = CHOSEN | {f"c_{head}": str(column) for column, head in enumerate(heads)}
    page = client.get(f"{address}/check?{urlencode(chosen)}")
    assert page.status == 200
    told = re.search(r"The first 500 of ([0-9,]+)", words(page))
    assert told is not None, words(page)[:3000]
    assert 10_000 < int(told[1].replace(",", "")) < 20_000
    for wanted in ("csv", "xlsx"):
        file = client.get(f"{address}/check?{urlencode(chosen | {'format': wanted})}")
        assert file.status == 200
        assert wanted == "xlsx" or file.text.count("\n") > 10_000
    assert most(pid) - before < MOST
    assert_nothing_is_imported(server, pid)


def test_a_file_of_200_mb_is_refused_before_it_is_read(server, client, before):
    (pid,) = server.workers
    head = f"POST {START} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 200000000\r\n"
    head += "Cookie: " + "; ".join(f"{k}={v}" for k, v in client.cookies.items()) + "\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as wire:
        wire.sendall(head.encode())
        answer = wire.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"The file is too large. Send a smaller one." in answer
    assert most(pid) - before < MOST
    assert_nothing_is_imported(server, pid)
