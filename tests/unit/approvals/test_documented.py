"""What the page for plugin authors shows, run as it stands there."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from portal.api import approval_of, ask_approval, message, withdraw_approval

from .wishes import Wish

PAGE = Path(__file__).parents[3] / "docs" / "plugin-authors" / "approvals.md"


def test_the_code_of_the_page_does_what_it_says(office):
    declares, asks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    known = {"select": select, "Wish": Wish, "sha256": sha256, "message": message}
    exec(compile(declares, PAGE.name, "exec"), known)
    with office.work() as tx:
        wish = Wish(what="chair", amount=5)
        tx.session.add(wish)
        tx.session.flush()
        subject = wish.public_id
        assert known["describe"](tx, subject).title == "chair"
        assert len(known["digest"](tx, subject)) <= 128
    with office.work("clerk") as tx:
        known |= {"tx": tx, "wish": subject, "department_id": office.places["stores"]}
        known |= {"ask_approval": ask_approval, "approval_of": approval_of}
        exec(compile(asks, PAGE.name, "exec"), known | {"withdraw_approval": withdraw_approval})
    assert office.told(subject) == ["withdrawn"]
