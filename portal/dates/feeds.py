"""Secret addresses of one's own calendar: made, followed, and ended with everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update

from portal.auth.models import Account
from portal.auth.sessions import hashed, new_token
from portal.errors import NotFound, ValidationFailed
from portal.guard import GuardedSession, kernel_execute
from portal.messages import message
from portal.orm import new_public_id
from portal.people.models import Person
from portal.work import UnitOfWork

from .models import CalendarFeed

MOST = 10  # addresses of one person
USED_EVERY = timedelta(hours=1)
feeds, people, accounts = CalendarFeed.__table__, Person.__table__, Account.__table__


@dataclass(frozen=True, kw_only=True)
class AddFeed:
    """What an address is called, and how much it shows: mine, departments or all."""

    name: str
    whose: str = "mine"


def feeds_of(tx: UnitOfWork) -> Sequence[Any]:
    """Return the addresses the actor has, the newest first."""
    mine = select(feeds).where(feeds.c.owner_id == tx.actor.person_id, feeds.c.revoked_at.is_(None))
    found: Sequence[Any] = kernel_execute(tx.session, mine.order_by(feeds.c.id.desc())).all()
    return found


def add_feed(tx: UnitOfWork, command: AddFeed) -> str:
    """Make an address and return its secret, which nobody can find out again.

    Raises ValidationFailed without a name, or for one address too many.
    """
    name = command.name.strip()
    if not name:
        raise ValidationFailed({"name": message("Say on which device it is followed.")})
    mine = (feeds.c.owner_id == tx.actor.person_id, feeds.c.revoked_at.is_(None))
    counted = select(func.count()).select_from(feeds).where(*mine)
    if kernel_execute(tx.session, counted).scalar_one() >= MOST:
        raise ValidationFailed(
            {"name": message("You have {most} addresses. End one first.", most=MOST)}
        )
    token = new_token()
    row = {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "name": name,
        "whose": command.whose,
        "token_hash": hashed(token),
        "digest": "",
        "created_at": tx.now,
        "changed_at": tx.now,
    }
    kernel_execute(tx.session, insert(feeds).values(row))
    tx.audit("core.calendar_feed_added", feed=row["public_id"], name=name, whose=command.whose)
    return token


def revoke_feed(tx: UnitOfWork, public_id: str) -> str:
    """End one of the actor's addresses and return its name, or raise NotFound."""
    mine = (feeds.c.owner_id == tx.actor.person_id, feeds.c.public_id == public_id)
    name = _end(tx.session, tx.now, *mine)
    if not name:
        raise NotFound
    tx.audit("core.calendar_feed_revoked", feed=public_id, name=name[0])
    return str(name[0])


def revoke_feeds(session: GuardedSession, now: datetime, person_id: int) -> int:
    """End every address of a person's calendar and return how many there were."""
    return len(_end(session, now, feeds.c.owner_id == person_id))


def _end(session: GuardedSession, now: datetime, *which: Any) -> list[Any]:
    ended = update(feeds).where(feeds.c.revoked_at.is_(None), *which).values(revoked_at=now)
    return list(kernel_execute(session, ended.returning(feeds.c.name)).scalars())


def find_feed(tx: UnitOfWork, token: str) -> Any | None:
    """Return the feed behind a secret while it holds and its owner may use the portal, or None."""
    wanted = (
        select(*feeds.c)
        .join_from(feeds, people, feeds.c.owner_id == people.c.id)
        .join(accounts, accounts.c.person_id == people.c.id)
        .where(
            feeds.c.token_hash == hashed(token),
            feeds.c.revoked_at.is_(None),
            accounts.c.active,
            people.c.active_from <= tx.today,
            or_(people.c.active_until.is_(None), people.c.active_until > tx.today),
        )
    )
    return kernel_execute(tx.session, wanted).one_or_none()


def is_due(feed: Any, digest: str, now: datetime) -> bool:
    """Return whether something of a feed has to be noted: that it was used, or has changed."""
    return feed.digest != digest or feed.used_at is None or now - feed.used_at >= USED_EVERY


def note_use(tx: UnitOfWork, feed: Any, digest: str) -> datetime:
    """Note that a feed was used, at most once an hour, and when it last changed; return that."""
    changed: datetime = feed.changed_at if feed.digest == digest else tx.now.replace(microsecond=0)
    still = and_(feeds.c.id == feed.id, feeds.c.revoked_at.is_(None))
    values = {"used_at": tx.now, "digest": digest, "changed_at": changed}
    kernel_execute(tx.session, update(feeds).where(still).values(values))
    return changed
