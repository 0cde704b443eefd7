"""How lists with the same headings were matched before: by the same person, or else by anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.work import UnitOfWork

from .matching import plain_heading
from .models import ImportMatching
from .rules import Import

matchings = ImportMatching.__table__


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was chosen for a list like this one, and whether it was the actor who did."""

    chosen: Mapping[str, str]
    mine: bool


def signature(header: Sequence[str]) -> str:
    """Return what lists with the same headings in the same order have in common."""
    text = "\x1f".join(plain_heading(heading) for heading in header)
    return hashlib.sha256(text.encode()).hexdigest()


def remember(
    tx: UnitOfWork, declared: Import, header: Sequence[str], chosen: Mapping[str, str]
) -> None:
    """Keep what the actor chose for lists with these headings."""
    key = {
        "owner_id": tx.actor.person_id,
        "name": declared.name,
        "signature": signature(header),
    }
    kept = {"chosen": {k: v for k, v in chosen.items() if k != "sheet"}, "used_at": tx.now}
    statement = (
        dialect_of(tx.session)
        .insert(matchings)
        .values(key | kept)
        .on_conflict_do_update(index_elements=[matchings.c[name] for name in key], set_=kept)
    )
    kernel_execute(tx.session, statement)


def recall(tx: UnitOfWork, declared: Import, header: Sequence[str]) -> Remembered | None:
    """Return what was last chosen for such a list, the actor's own choice before anybody's."""
    mine = matchings.c.owner_id == tx.actor.person_id
    wanted = (
        select(matchings.c.chosen, mine.label("mine"))
        .where(matchings.c.name == declared.name, matchings.c.signature == signature(header))
        .order_by(mine.desc(), matchings.c.used_at.desc())
        .limit(1)
    )
    found = kernel_execute(tx.session, wanted).one_or_none()
    return None if found is None else Remembered(found.chosen, bool(found.mine))
