"""What many large files at once cost the processes that serve: a real gunicorn, asked over HTTP."""

from __future__ import annotations

import io
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from PIL import Image
from sqlalchemy import func, insert, select

from portal.attachments.models import Attachment
from portal.auth.models import Account
from portal.auth.passwords import hashed
from portal.contacts.models import Contact
from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.testing import LONG_AGO, give_role

from .client import Client
from .server import live_server

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")

AT_ONCE = 20
LARGEST = 25 * 1024 * 1024
MOST = 60_000  # kB that a worker may grow by
PASSWORD = "a long pass phrase of the sender"
PATIENCE = 180  # seconds


@pytest.fixture(scope="module")
def server():
    firm: dict[str, str] = {}

    def fill(app):
        with app.app_context(), unscoped(reason="test data") as tx:
            office = Department(name="Office")
            person = Person(name="Sender", active_from=LONG_AGO)
            contact = Contact(name="Toko Kertas", kind="organisation")
            tx.session.add_all([office, person, contact])
            tx.session.flush()
            since = {"department_id": office.id, "from_on": LONG_AGO}
            tx.session.add(Membership(person_id=person.id, **since))
            give_role(tx, person.id, "office_manager", department_id=None)
            row = {"person_id": person.id, "username": "sender", "password_hash": hashed(PASSWORD)}
            row |= {"password_at": tx.now, "created_at": tx.now, "active": True, "version": 1}
            kernel_execute(tx.session, insert(Account.__table__), row)
            firm["id"] = contact.public_id

    with live_server("sqlite", fill=fill, workers=2, threads=10) as started:
        yield started, f"/records/core.contact/{firm['id']}/comments"


def most(pid: int) -> int:
    """Return how much memory a process has ever had, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def random_file(number: int) -> bytes:
    return number.to_bytes(4) + os.urandom(LARGEST - 4)


def noise(number: int) -> bytes:
    """Return a picture of nearly 25 MB that stays as large when it is drawn anew."""
    target = io.BytesIO()
    Image.frombytes("RGBA", (2550, 2550), os.urandom(2550 * 2550 * 4)).save(target, "PNG")
    return target.getvalue()


def small_picture(number: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGBA", (40, 40), (number, 0, 0, 9)).save(target, "PNG")
    return target.getvalue()


def signed_in(port):
    client = Client(port, timeout=PATIENCE)
    assert client.sign_in("sender", PASSWORD).status == 303
    return client


def send_together(port, path, name, contents):
    """Send each content by a browser of its own, all at one moment; return the answers."""
    clients, together = [signed_in(port) for _ in contents], Barrier(len(contents))

    def send(client, content):
        client.close()
        together.wait()
        with closing(client):
            return client.send_file(path, name, content, field="files")

    with ThreadPoolExecutor(len(contents)) as pool:
        return list(pool.map(send, clients, contents))


def attached(server):
    with server.app.app_context(), looking(reason="test") as tx:
        size = func.sum(Attachment.__table__.c.size)
        asked = select(func.count(), size).select_from(Attachment.__table__)
        return kernel_execute(tx.session, asked).one()


@pytest.mark.parametrize(
    ("name", "made", "warm"),
    [
        ("letters.bin", random_file, lambda number: b"x" * (number + 1)),
        ("n.png", noise, small_picture),
    ],
    ids=["files", "pictures"],
)
def test_twenty_large_files_at_once_cost_a_worker_little(server, figures, name, made, warm):
    started, path = server
    for answer in send_together(started.port, path, name, [warm(n) for n in range(AT_ONCE)]):
        assert answer.status == 303, answer.text[:500]
    workers, (before, size) = started.workers, attached(started)
    had = {pid: most(pid) for pid in workers}
    contents = [made(number) for number in range(AT_ONCE)]
    for answer in send_together(started.port, path, name, contents):
        assert answer.status == 303, answer.text[:500]
    count, sizes = attached(started)
    assert count == before + AT_ONCE
    assert sizes - size > AT_ONCE * LARGEST * 0.9
    assert started.workers == workers
    grown = {pid: most(pid) - had[pid] for pid in workers}
    figures.append(
        f"20 uploads of 25 MB at once, {name}: workers grew by {sorted(grown.values())} kB"
    )
    assert max(grown.values()) <= MOST


def test_what_is_too_large_is_refused_before_it_is_read(server):
    started, path = server
    with closing(signed_in(started.port)) as client:
        client.get("/")
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{started.port}\r\nCookie: {cookies}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 90000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", started.port), timeout=20) as wire:
        wire.sendall(head.encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 413 ")
