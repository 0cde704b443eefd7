"""What people said about records: a comment, a file, a link, a watcher on every contact."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image
from sqlalchemy import insert, select, update

from portal.attachments.models import Attachment
from portal.attachments.services import receive
from portal.comments.models import Comment
from portal.contacts.models import Contact
from portal.files.services import note_content
from portal.guard import kernel_execute
from portal.orm import new_public_id
from portal.places.models import Place
from portal.related.models import RecordLink
from portal.watchers.models import Watcher, WatcherMark
from tests.policy.stand import Stand

if TYPE_CHECKING:
    from tests.policy.world import World

KIND = "core.contact"


def add_talk(tx: Any, world: World, stand: Stand) -> None:
    """Let a colleague say something about every contact, and everybody about the one all know."""
    speaker = world.common["colleague_team"]
    for relation in ("same", "team", "below", "above", "elsewhere", "common"):
        facts = world.get("contact", relation, "*")
        contact = tx.session.scalars(select(Contact).filter_by(public_id=facts["id"])).one()
        at = {"kind": KIND, "public_id": contact.public_id, "id": contact.public_id}
        world.put("talk", relation, **at)
        said, number = comment(tx, contact, speaker, "Words")
        world.put("handled_comment", relation, id=said, version=1)
        file = picture(tx, contact, speaker, stand, number)
        world.put("talk_file", relation, id=file)
        world.put("handled_file", relation, id=file)
        world.put("handled_link", relation, **at, link_id=link(tx, contact, speaker, ""))
        watcher = {"kind": KIND, "record_id": contact.id, "person_id": speaker, "active": True}
        watcher["since"] = tx.now
        kernel_execute(tx.session, insert(Watcher.__table__).values(watcher))
    owners = [("own", role, actor["id"]) for role, actor in world.actors.items()]
    owners += [(r, "*", world.common[f"colleague_{r}"]) for r in ("same", "elsewhere")]
    for relation, role, owner in owners:
        said, _ = comment(tx, contact, owner, "Own words")
        world.put("own_comment", relation, role, id=said, version=1)
        world.put("binned", relation, role, part="comment", id=removed(tx, contact, owner))
    kernel_execute(tx.session, insert(WatcherMark.__table__).values(id=1, audit_id=1))


def removed(tx: Any, row: Any, who: int) -> str:
    """Let somebody say something about a record and remove it; return the public id."""
    said, number = comment(tx, row, who, "Removed words")
    table = Comment.__table__
    gone = {"removed_at": tx.now, "removed_by_id": who}
    kernel_execute(tx.session, update(table).where(table.c.id == number).values(gone))
    return said


def link(tx: Any, row: Any, maker: int, note: str) -> str:
    """Link a contact with a place; return the public id of the link."""
    place = tx.session.scalars(select(Place).where(Place.code == "P-same")).one()
    made = {"kind": KIND, "record_id": row.id, "other_kind": "core.place"}
    made |= {"other_id": place.id, "made_by_id": maker, "note": note, "at": tx.now}
    made["public_id"] = new_public_id()
    kernel_execute(tx.session, insert(RecordLink.__table__).values(made))
    return str(made["public_id"])


def comment(
    tx: Any, row: Any, author: int, text: str, *, internal: bool = False
) -> tuple[str, int]:
    """Let somebody say something about a record; return the public id and the number of it."""
    table, public_id = Comment.__table__, new_public_id()
    made = {"public_id": public_id, "version": 1, "kind": type(row).__kind__, "record_id": row.id}
    made |= {"author_id": author, "text": text, "mentions": {}, "internal": internal, "at": tx.now}
    number = kernel_execute(tx.session, insert(table).values(made).returning(table.c.id))
    return public_id, int(number.scalar_one())


def picture(
    tx: Any, row: Any, owner: int, stand: Stand, comment_id: int, *, name: str = "photo.png"
) -> str:
    """Put a picture with a comment on a record; return its public id."""
    drawn = BytesIO()
    Image.new("RGB", (4, 4)).save(drawn, "PNG")
    file = receive(stand.app.extensions["kantor_files"], [(name, drawn)])[0]
    assert file.preview is not None
    made = {"public_id": new_public_id(), "kind": type(row).__kind__, "record_id": row.id}
    made |= {"comment_id": comment_id, "internal": False, "owner_id": owner, "name": file.name}
    made |= {"file_id": note_content(tx, file.content), "type": file.type, "at": tx.now}
    made |= {"preview_id": note_content(tx, file.preview), "size": file.content.size}
    made |= {"width": file.width, "height": file.height}
    kernel_execute(tx.session, insert(Attachment.__table__).values(made))
    return str(made["public_id"])
