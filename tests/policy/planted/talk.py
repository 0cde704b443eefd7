"""What people say about private firms, openly and among those who handle them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.contacts.models import Contact
from tests.policy import talked
from tests.policy.canaries import Aviary, holders


def plant(tx: Any, world: Any, aviary: Aviary, stand: Any) -> None:
    """Let people talk about private firms, openly and among those who handle them."""
    for relation in ("same", "below", "above", "elsewhere", "team"):
        public_id = world.common[f"private_contact_{relation}"]
        firm = tx.session.scalars(select(Contact).where(Contact.public_id == public_id)).one()
        looking = holders("core.contact.view", rule="shared", relation=relation)
        handling = looking & holders("core.contact.edit", rule="shared", relation=relation)
        speaker = world.common["colleague_team"]
        said = aviary.word(f"comment on the firm of {relation}", looking)
        _, number = talked.comment(tx, firm, speaker, said)
        name = aviary.word(f"file of the firm of {relation}", looking)
        file = talked.picture(tx, firm, speaker, stand, number, name=f"{name}.png")
        note = aviary.word(f"internal note on the firm of {relation}", handling)
        talked.comment(tx, firm, speaker, note, internal=True)
        both = looking & holders("core.place.view", rule="anybody", relation="any")
        why = aviary.word(f"link of the firm of {relation}", looking, sure=frozenset(both))
        talked.link(tx, firm, speaker, why)
        story = f"/records/core.contact/{public_id}/story"
        aviary.addresses |= {story, f"{story}?show=comments", f"{story}?show=files"}
        aviary.addresses |= {f"/attachments/{file}", f"/records/core.contact/{public_id}/link"}
