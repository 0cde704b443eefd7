"""Telling people in the commit of what they are told of, and noting what they have read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy import text as literal

from portal.auth.models import Account
from portal.errors import NotFound, Refused
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.mail import services as mail
from portal.mail.outgoing import mail_ready
from portal.messages import Message
from portal.orm import new_public_id
from portal.people.models import Person
from portal.work import UnitOfWork

from .mailing import write_at_once
from .models import Notice, NoticeChoice, NoticeEpisode
from .rules import MAIL, QUIET, NoticeKind

notices, episodes = Notice.__table__, NoticeEpisode.__table__
choices, people, accounts = NoticeChoice.__table__, Person.__table__, Account.__table__
KEPT, KEPT_EPISODES = timedelta(days=90), timedelta(days=366)
UNREAD = literal("read_at IS NULL AND record <> ''")  # as the index says it


def notify(  # long: what plugin authors ask, said in full
    tx: UnitOfWork,
    kind: str,
    people: Iterable[int],
    text: Message | str,
    *,
    endpoint: str,
    values: Mapping[str, Any] | None = None,
    record: str = "",
    episode: str | None = None,
    actor_too: bool = False,
) -> None:
    """Tell people, by person id, of something; the rows are part of this commit.

    Who acts is not told of it (unless ``actor_too``: what is done with somebody's account may not
    have been them), nor who does not work here or cannot sign in. ``endpoint`` and
    ``values`` are the page it leads to. Unread notices of one kind about one ``record`` (such as
    ``inventory.order:<public id>``) become one, with the newest text. Of one ``episode`` each
    person is told once. ``text`` must hold nothing beyond the title of the record: who may no
    longer see that still reads the notice. Raise Refused for a kind nobody has declared.
    """
    found = _kind(tx, kind)
    told = _reachable(tx, set(people) - (set() if actor_too else {tx.actor.person_id}))
    if told and episode is not None:
        told = _new_in(tx, told, kind, episode)
    if not told:
        return
    chosen = _chosen(tx, told, found)
    ids = _tell(
        tx,
        [
            {
                "public_id": new_public_id(),
                "owner_id": person,
                "kind": kind,
                "record": record,
                "text": text,
                "endpoint": endpoint,
                "address": dict(values or {}),
                "number": 1,
                "way": chosen[person],
                "unread": 1,
                "told_at": tx.now,
            }
            for person in told
        ],
    )
    if mail_ready() and "at_once" in chosen.values():
        write_at_once(tx, found, ids)


def _tell(tx: UnitOfWork, rows: list[dict[str, Any]]) -> list[int]:
    """Write notices, each into the unread one about its record if there is one."""
    insert: Any = dialect_of(tx.session).insert(notices).values(rows)
    newest = ("text", "endpoint", "address", "told_at", "way")
    again = {name: insert.excluded[name] for name in newest}
    grouped = insert.on_conflict_do_update(
        index_elements=[notices.c.owner_id, notices.c.kind, notices.c.record],
        index_where=UNREAD,
        set_=again | {"number": notices.c.number + 1, "mailed_at": None},
    )
    return list(kernel_execute(tx.session, grouped.returning(notices.c.id)).scalars().all())


def _kind(tx: UnitOfWork, name: str) -> NoticeKind:
    if not tx.writing or tx.session.runtime is None:
        raise Refused("tell people inside `with transaction()`")
    found = tx.session.runtime.notices().get(name)
    if found is None:
        raise Refused(f"notice kind {name!r} is not declared")
    return found


def _reachable(tx: UnitOfWork, ids: set[int]) -> list[int]:
    """Return those who work here today and can sign in, in the order of their numbers."""
    if not ids:
        return []
    wanted = select(people.c.id).where(
        people.c.id.in_(sorted(ids)),
        people.c.active_from <= tx.today,
        or_(people.c.active_until.is_(None), people.c.active_until > tx.today),
        exists().where(accounts.c.person_id == people.c.id, accounts.c.active),
    )
    found: list[int] = kernel_execute(tx.session, wanted.order_by(people.c.id)).scalars().all()
    return list(found)


def _new_in(tx: UnitOfWork, told: list[int], kind: str, episode: str) -> list[int]:
    """Return those who were not told of this episode, and note that they are."""
    rows = [
        {"person_id": person, "kind": kind, "episode": episode, "told_at": tx.now}
        for person in told
    ]
    insert = dialect_of(tx.session).insert(episodes).values(rows).on_conflict_do_nothing()
    made = kernel_execute(tx.session, insert.returning(episodes.c.person_id)).scalars().all()
    return sorted(made)


def _chosen(tx: UnitOfWork, told: list[int], kind: NoticeKind) -> dict[int, str]:
    wanted = select(choices.c.person_id, choices.c.choice).where(
        choices.c.person_id.in_(told), choices.c.kind == kind.name
    )
    said = dict(tuple(row) for row in kernel_execute(tx.session, wanted))
    return {person: said.get(person, kind.mail) for person in told}


def open_notice(tx: UnitOfWork, public_id: str) -> tuple[str, dict[str, Any]]:
    """Mark one of the actor's own notices as read; return endpoint and values of where it leads,
    or raise NotFound, as for those of others.
    """
    mine = (notices.c.public_id == public_id, notices.c.owner_id == tx.actor.person_id)
    wanted = select(notices.c.endpoint, notices.c.address).where(*mine)
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        raise NotFound
    _mark(tx, *mine)
    return found.endpoint, found.address


def read_all(tx: UnitOfWork) -> int:
    """Mark every notice of the actor as read; return how many were not."""
    return _mark(tx, notices.c.owner_id == tx.actor.person_id)


def _mark(tx: UnitOfWork, *which: Any) -> int:
    read = {"read_at": tx.now, "unread": 0}
    unread = update(notices).where(*which, notices.c.read_at.is_(None)).values(read)
    columns = (notices.c.public_id, notices.c.number)
    found = kernel_execute(tx.session, unread.returning(*columns)).all()
    mail.withdraw(tx, [mail_key(row.public_id, row.number) for row in found])
    return len(found)


def mail_key(public_id: str, number: int) -> str:
    """Return the key of the mail about a notice as it stood."""
    return f"notice {public_id} {number}"


def preferences(tx: UnitOfWork) -> dict[str, str]:
    """Return what the actor has chosen: kind -> how, and the empty kind -> when."""
    mine = select(choices.c.kind, choices.c.choice).where(choices.c.person_id == tx.actor.person_id)
    return dict(tuple(row) for row in kernel_execute(tx.session, mine))


def choose(tx: UnitOfWork, chosen: Mapping[str, str]) -> None:
    """Keep how the actor is told of each kind, and (the empty kind) when mail may come."""
    assert tx.session.runtime is not None
    known = tx.session.runtime.notices()
    for kind, choice in chosen.items():
        if choice not in (MAIL if kind else QUIET) or (kind and kind not in known):
            raise NotFound
        row = {"person_id": tx.actor.person_id, "kind": kind, "choice": choice}
        insert: Any = dialect_of(tx.session).insert(choices).values(row)
        kept = insert.on_conflict_do_update(
            index_elements=[choices.c.person_id, choices.c.kind], set_={"choice": choice}
        )
        kernel_execute(tx.session, kept)


def tidy(tx: UnitOfWork, now: datetime) -> None:
    """Forget what was read 90 days ago, and episodes of more than a year."""
    kernel_execute(tx.session, delete(notices).where(notices.c.read_at < now - KEPT))
    kernel_execute(tx.session, delete(episodes).where(episodes.c.told_at < now - KEPT_EPISODES))
