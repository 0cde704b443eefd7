"""One client of the ledger run, a process of its own: ``python -m tests.live.issuing JSON``."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import sys
import time
from pathlib import Path

from tests.live.client import Client

PASSWORD = "a long pass phrase of the ledger"


def run_client(
    port: int, number: int, issues: int, stock: dict[str, str], file: str, patient: bool
) -> None:
    """Issue one piece after another, each sent twice with its key; write down what was answered.

    The file is outside the server and synced line by line. A ``patient`` client sends again, with
    the same key, until it is answered.
    """
    client = Client(port)
    with Path(file).open("w") as acknowledged:
        _sign_in(client, number)
        for _ in range(issues):
            mark = secrets.token_hex(8)
            answers = [_issue(client, stock, mark, patient) for _ in range(2)]
            acknowledged.write(json.dumps([mark, answers]) + "\n")
            acknowledged.flush()
            os.fsync(acknowledged.fileno())


def _sign_in(client: Client, number: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.sign_in(f"client{number}", PASSWORD).status == 303 and client.csrf_token:
                return
        except (OSError, http.client.HTTPException, KeyError):
            pass
        time.sleep(0.2)
    raise TimeoutError("could not sign in")


def _issue(client: Client, stock: dict[str, str], mark: str, patient: bool) -> int:
    fields = {
        "quantity": "1",
        "understood": "1000",  # what the page has said that 1 means
        "unit": stock["unit"],
        "from_place": stock["place"],
        "for_department": stock["department"],
        "note": mark,
    }
    deadline = time.monotonic() + 60
    while True:
        try:
            status = client.post(f"/inventory/items/{stock['item']}/issue", fields, key=mark).status
            if not patient or status != 503:
                return status
        except (OSError, http.client.HTTPException):
            if not patient:
                raise
        if time.monotonic() > deadline:
            raise TimeoutError("never answered")
        time.sleep(0.05)


if __name__ == "__main__":
    run_client(**json.loads(sys.argv[1]))
