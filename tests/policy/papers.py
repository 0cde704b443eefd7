"""What belongs to one person, and to nobody: files, imports, jobs, accounts, links."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from kantor_inventory.models import (
    Item,
)
from portal.auth import sessions
from portal.auth.models import Account, AccountFactor, AccountLink, AccountSession
from portal.auth.sessions import hashed, new_token
from portal.dates.models import CalendarFeed
from portal.files.models import StoredFile, Upload
from portal.guard import kernel_execute
from portal.home.models import HomeWidget
from portal.imports.history import pack
from portal.imports.models import ImportRun
from portal.jobs.models import Job, Outbox
from portal.links.services import link_codes
from portal.lists.models import ListPreference, SavedView, ViewMail
from portal.mail.models import MailRow
from portal.notices.models import Notice, NoticeChoice, NoticeEpisode
from portal.orm import new_public_id
from portal.testing import add_person
from portal.undo.models import UndoStep
from tests.policy.stand import Stand

if TYPE_CHECKING:
    from tests.policy.world import World

LIST = "Kode;Nama barang;Satuan;Stok;Lokasi\nNEW-1;New thing;piece;1;{place}\n"


def add_papers(tx: Any, world: World, stand: Stand) -> None:
    """Uploads, import files, jobs, devices, a link: what belongs to one person, and to nobody."""
    store = stand.app.extensions["kantor_files"]
    owners: list[tuple[str, str, int]] = [
        ("own", role, actor["id"]) for role, actor in world.actors.items()
    ]
    owners += [(r, "*", world.common[f"colleague_{r}"]) for r in ("same", "elsewhere")]
    content = store.put(_file(LIST.format(place=world.places["same"]["code"])))
    file_row = {"sha256": content.sha256, "size": content.size, "created_at": tx.now}
    stored = StoredFile.__table__
    file_id = kernel_execute(
        tx.session, insert(stored).values(file_row).returning(stored.c.id)
    ).scalar_one()
    known = tx.session.scalars(select(Item).where(Item.public_id == world.common["item"])).one()
    undone = {"column": "status", "value": known.status}
    undone["items"] = [[known.public_id, "use_up", known.version]]
    for relation, role, owner in owners:
        for kind, purpose in (("upload", "note"), ("import_file", "import inventory.items")):
            public_id = new_public_id()
            row = {
                "public_id": public_id,
                "owner_id": owner,
                "file_id": file_id,
                "name": "list.csv",
                "purpose": purpose,
                "created_at": tx.now,
                "expires_at": tx.now + timedelta(days=1),
            }
            kernel_execute(tx.session, insert(Upload.__table__).values(row))
            world.put(kind, relation, role, id=public_id)
        args = {
            "import": "inventory.items",
            "upload": world.get("import_file", relation, role)["id"],
            "choices": {"columns": {}, "number_format": None, "date_order": None, "grouped": False},
            "chosen": {},
        }
        job = _job(tx, "core.import", owner, "waiting", args)
        step = {"public_id": new_public_id(), "owner_id": owner, "name": "inventory.items_changed"}
        kernel_execute(
            tx.session,
            insert(UndoStep.__table__).values(step | {"args": undone, "created_at": tx.now}),
        )
        view = {"public_id": new_public_id(), "owner_id": owner, "list": "core.contacts"}
        view |= {"name": "View", "name_key": "view", "audience": "me", "asked": [["q", "a"]]}
        made = insert(SavedView.__table__).values(view | {"created_at": tx.now})
        view_id = kernel_execute(tx.session, made.returning(SavedView.__table__.c.id)).scalar_one()
        world.put("widget", relation, role, id=_widget(tx, owner, view_id))
        world.put("view_mail", relation, role, id=_view_mail(tx, owner, view_id))
        world.put("saved_view", relation, role, id=view["public_id"])
        world.put("undo_step", relation, role, id=step["public_id"])
        world.put("notice", relation, role, id=notice(tx, owner, "A notice"))
        world.put("import_job", relation, role, id=job)
        world.put("import_run", relation, role, id=import_run(tx, owner))
        world.put("device", relation, role, id=device(tx, owner))
        world.put("calendar_feed", relation, role, id=feed(tx, owner)[0])
    world.put("job", "any", id=_job(tx, "core.tidy", None, "failed", {}))
    world.put("event", "any", id=str(_event(tx)))
    world.put("mail", "any", id=_mail(tx))
    world.put("audit_entry", "any", id="1")
    world.put("plugin", "any", id="inventory")
    world.put("plugin_setting", "any", id="inventory")
    world.put("list", "any", id="core.contacts", name="core.contacts")
    world.put("link", "any", id=_link(tx))
    world.put("feed_address", "any", id=feed(tx, owners[0][2])[1])
    item = world.get("item", "any", "*")["id"]
    world.put("short_link", "any", id=link_codes(tx, "inventory.item", [item])[item])
    liked = {"person_id": owners[-1][2], "list": "core.contacts", "height": "compact"}
    kernel_execute(tx.session, insert(ListPreference.__table__).values(liked))
    tx.audit("core.test", None)


def feed(tx: Any, owner: int) -> tuple[str, str]:
    """Make an address of somebody's calendar; return what it is called, and its secret."""
    token = new_token()
    row = {"public_id": new_public_id(), "owner_id": owner, "name": "Phone", "whose": "all"}
    row |= {"token_hash": hashed(token), "digest": "", "created_at": tx.now, "changed_at": tx.now}
    kernel_execute(tx.session, insert(CalendarFeed.__table__).values(row))
    return str(row["public_id"]), token


def _widget(tx: Any, owner: int, view_id: int) -> str:
    """Put a view on its owner's home page."""
    row = {"public_id": new_public_id(), "owner_id": owner, "view_id": view_id, "shape": "list"}
    row |= {"position": 1, "made_at": tx.now}
    kernel_execute(tx.session, insert(HomeWidget.__table__).values(row))
    return str(row["public_id"])


def _view_mail(tx: Any, owner: int, view_id: int) -> str:
    """Have a view sent to its owner, long after these tests."""
    row = {"public_id": new_public_id(), "owner_id": owner, "view_id": view_id, "every": "day"}
    row |= {"hour": 7, "made_at": tx.now, "next_at": tx.now + timedelta(days=1000)}
    kernel_execute(tx.session, insert(ViewMail.__table__).values(row))
    return str(row["public_id"])


def notice(tx: Any, owner: int, text: str) -> str:
    """Tell a person something, with everything that may be kept about it."""
    row = {"public_id": new_public_id(), "owner_id": owner, "kind": "core.job_failed"}
    row |= {"text": text, "endpoint": "notices.notices", "address": {}, "told_at": tx.now}
    row |= {"record": "", "number": 1, "way": "never", "unread": 1}
    kernel_execute(tx.session, insert(Notice.__table__).values(row))
    told = {"person_id": owner, "kind": "core.job_failed"}
    for table, more in (
        (NoticeEpisode.__table__, {"episode": text, "told_at": tx.now}),
        (NoticeChoice.__table__, {"choice": "digest"}),
    ):
        here = select(table.c.id).where(table.c.person_id == owner)
        if kernel_execute(tx.session, here).first() is None:
            kernel_execute(tx.session, insert(table).values(told | more))
    return str(row["public_id"])


def import_run(tx: Any, owner: int, file_name: str = "list.csv") -> str:
    """Note an import that was done, with nothing left to take back."""
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "owner_id": owner,
        "name": "inventory.items",
        "file_name": file_name,
        "state": "done",
        "done_at": tx.now,
        "record": pack([]),
    }
    counts = dict.fromkeys(("new", "changed", "same", "wrong"), 0)
    kernel_execute(tx.session, insert(ImportRun.__table__).values(row | counts))
    return public_id


def _file(text: str) -> Any:
    from io import BytesIO

    return BytesIO(text.encode())


def _job(tx: Any, name: str, owner: int | None, state: str, args: dict[str, Any]) -> str:
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "name": name,
        "args": args,
        "state": state,
        "owner_id": owner,
        "created_at": tx.now,
        "sent_at": tx.now,
        "result": {},
    }
    kernel_execute(tx.session, insert(Job.__table__).values(row))
    return public_id


def _event(tx: Any) -> int:
    row = {"event": "core.test_happened", "subscriber": "inventory", "payload": {}, "attempts": 5}
    row |= {"created_at": tx.now, "due_at": tx.now, "error": "It is broken."}
    added = insert(Outbox.__table__).values(row).returning(Outbox.__table__.c.id)
    return int(kernel_execute(tx.session, added).scalar_one())


def _mail(tx: Any) -> str:
    row = {"public_id": new_public_id(), "key": "a mail", "message_id": "<a@b.example>"}
    row |= {"sender": "a@b.example", "recipient": "c@d.example", "subject": "s", "text": "t"}
    row |= {"state": "dead", "attempts": 12, "created_at": tx.now, "due_at": tx.now}
    kernel_execute(tx.session, insert(MailRow.__table__).values(row))
    return str(row["public_id"])


def account(tx: Any, person_id: int, *, active: bool = True) -> int:
    table = Account.__table__
    wanted = select(table.c.id).where(table.c.person_id == person_id)
    found = kernel_execute(tx.session, wanted).scalar()
    if found is None:
        row = {"person_id": person_id, "username": f"colleague-{person_id}", "version": 1}
        row |= {"created_at": tx.now, "active": active}
        made = insert(table).values(row).returning(table.c.id)
        found = kernel_execute(tx.session, made).scalar_one()
    return int(found)


def second_step(tx: Any, account_id: int) -> None:
    row = {"account_id": account_id, "seed": "sealed", "step": 0, "short": False, "since": tx.now}
    kernel_execute(tx.session, insert(AccountFactor.__table__).values(row))


def device(tx: Any, person_id: int, address: str = "127.0.0.1") -> str:
    public_id = new_public_id()
    row = {
        "account_id": account(tx, person_id),
        "public_id": public_id,
        "token_hash": sessions.hashed(public_id),
        "device": "another one",
        "address": address,
        "created_at": tx.now,
        "proved_at": tx.now,
        "seen_at": tx.now + timedelta(hours=6),
        "expires_at": tx.now + timedelta(hours=6),
    }
    kernel_execute(tx.session, insert(AccountSession.__table__).values(row))
    return public_id


def _link(tx: Any) -> str:
    token = "a-link-that-nobody-has-used-so-far-0123456789"
    person_id = add_person(tx, "Newcomer")
    row = {
        "account_id": account(tx, person_id),
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "purpose": "first_sign_in",
        "created_at": tx.now,
        "expires_at": tx.now + timedelta(hours=6),
    }
    kernel_execute(tx.session, insert(AccountLink.__table__).values(row))
    return token
