"""Files, imports, views, devices and wishes of every visitor and of one who never comes."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import insert, update

from portal.approvals.models import ApprovalRequest
from portal.files.models import StoredFile, Upload
from portal.guard import kernel_execute
from portal.lists.models import SavedView
from portal.orm import new_public_id
from tests.policy.canaries import Aviary, Canary, everywhere, holders
from tests.policy.planted.work import add_job


def plant(tx: Any, world: Any, aviary: Aviary, stand: Any) -> None:
    """Files, devices and imports of every visitor and of one who never comes."""
    store = stand.app.extensions["kantor_files"]
    people = {role: actor["id"] for role, actor in world.actors.items()}
    people |= {"": world.common["colleague_elsewhere"]}
    importers = set(holders("inventory.item.import", rule="anybody", relation="any"))
    for number, (role, person_id) in enumerate(people.items(), 1):
        owner = {role} - {""}
        content = aviary.word(f"file of {role}", owner)
        listed = aviary.word(f"list of {role}", owner & importers)
        named = aviary.word(f"name of the list of {role}", owner & importers)
        file_id = _stored(tx, store, content)
        list_id = _stored(tx, store, f"Kode;Nama barang;Satuan\n1;{listed};piece\n")
        upload = _upload(tx, person_id, file_id, "note.txt", "note")
        imported = _upload(tx, person_id, list_id, f"{named}.csv", "import inventory.items")
        failed = aviary.word(f"import of {role}", (owner & importers) | everywhere("core.job.view"))
        job = add_job(tx, "core.import", person_id, failed, upload=imported)
        past = aviary.word(
            f"past import of {role}",
            (owner & importers) | everywhere("inventory.item.import"),
        )
        run = world.import_run(tx, person_id, f"{past}.csv")
        aviary.addresses |= {
            "/inventory/import/items/past",
            f"/inventory/import/items/past/{run}",
            f"/files/{upload}",
            f"/inventory/import/items/{imported}",
            f"/inventory/import/items/{imported}/check?c_sku=0&c_name=1&c_unit=2",
            f"/inventory/import/items/result/{job}",
            f"/jobs/{job}",
        }
        view = {"public_id": new_public_id(), "owner_id": person_id, "list": "core.contacts"}
        name = aviary.word(f"view of {role}", owner)
        view |= {"name": name, "name_key": name, "audience": "me", "asked": [["q", name]]}
        kernel_execute(
            tx.session, insert(SavedView.__table__).values(view | {"created_at": tx.now})
        )
        aviary.addresses |= {
            f"/contacts?view={view['public_id']}",
            f"/lists/views/{view['public_id']}/edit",
        }
        address = f"198.51.100.{100 + number}"
        aviary.canaries.append(Canary(f"device of {role}", address, frozenset(owner)))
        world.device(tx, person_id, address)
        word = aviary.word(f"notice of {role}", owner, lists=("/notices",))
        told = world.notice(tx, person_id, word)
        aviary.addresses |= {"/notices", f"/notices/{told}"}


def plant_wishes(tx: Any, world: Any, aviary: Aviary) -> None:
    """Give what everybody asks for a title of its own."""
    table = ApprovalRequest.__table__
    for role in world.actors:
        mine = table.c.public_id == world.get("approval", "own", role)["id"]
        title = aviary.word(f"wish of {role}", {role}, lists=("/approvals/asked",))
        kernel_execute(tx.session, update(table).where(mine).values(title=title))


def _stored(tx: Any, store: Any, text: str) -> int:
    content = store.put(BytesIO(text.encode()))
    table = StoredFile.__table__
    row = {"sha256": content.sha256, "size": content.size, "created_at": tx.now}
    made = insert(table).values(row).returning(table.c.id)
    return int(kernel_execute(tx.session, made).scalar_one())


def _upload(tx: Any, owner: int, file_id: int, name: str, purpose: str) -> str:
    row = {
        "public_id": new_public_id(),
        "owner_id": owner,
        "file_id": file_id,
        "name": name,
        "purpose": purpose,
        "created_at": tx.now,
        "expires_at": tx.now + timedelta(days=1),
    }
    kernel_execute(tx.session, insert(Upload.__table__).values(row))
    return str(row["public_id"])
