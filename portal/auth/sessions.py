"""Signed-in devices: the cookie carries an opaque token, everything else is a row."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from portal.engine import AT_ONCE
from portal.guard import LIMITED, WRITE, GuardedSession, kernel_execute
from portal.notices.models import Notice
from portal.orm import Confidential, new_public_id
from portal.people.models import Person
from portal.reach import EVERYTHING, Principal, noun_of
from portal.retries import is_busy
from portal.roles.principals import Compiler
from portal.work import unit_of_work

from .models import Account, AccountFactor, AccountSession, AccountViewing

SEEN_EVERY = timedelta(minutes=1)
VIEWING = timedelta(minutes=30)  # at most through somebody else's eyes
MOST_UNREAD = 100  # counted for the bell, which says "99+" then
CACHED = 2_000
sessions, accounts, people = AccountSession.__table__, Account.__table__, Person.__table__
factors, notices = AccountFactor.__table__, Notice.__table__
viewings = AccountViewing.__table__


@dataclass(frozen=True)
class Visitor:
    """What Flask-Login holds: a principal and the session that proved it."""

    principal: Principal
    token: str
    session_id: int
    account_id: int
    proved_at: datetime
    demo: bool
    unread: int = 0  # notices
    second_step: bool = False  # whether the account has one
    viewed: Principal | None = None  # through whose eyes the pages are seen
    viewed_until: datetime | None = None
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the token: revoking its row signs the cookie out."""
        return self.token


def new_token() -> str:
    """Return a new secret of 256 bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Visitors:
    """Turns tokens into visitors, and keeps principals while their epoch and day last."""

    def __init__(
        self,
        session: Callable[[], GuardedSession],
        compiler: Compiler,
        *,
        idle: timedelta,
        absolute: timedelta,
    ) -> None:
        self.session, self.compiler = session, compiler
        self.idle, self.absolute = idle, absolute
        self._principals: dict[tuple[Any, ...], tuple[Principal, datetime]] = {}

    def load(self, token: str) -> Visitor | None:
        """Return the visitor behind ``token``, or None when revoked, expired, idle or disabled."""
        session, now = self.session(), datetime.now(UTC)
        asked = {"token": hashed(token), "now": now, "idle_since": now - self.idle}
        found = kernel_execute(session, _VISITOR, asked).one_or_none()
        if found is None:
            return None
        day = self.compiler.today(now)
        if found.active_from > day or (
            found.active_until is not None and found.active_until <= day
        ):
            return None
        principal = self._principal(session, found, now)
        if now - found.seen_at > SEEN_EVERY:
            self._touch(found.id, now)
        own = (found.id, found.account_id, found.proved_at, found.demo, found.unread)
        viewed = until = None
        if found.viewed_id is not None and now < (until := found.viewed_since + VIEWING):
            viewed = self._viewed(session, found.viewed_id, principal)
        second = bool(found.second_step)
        return Visitor(principal, token, *own, second, viewed=viewed, viewed_until=until)

    def _viewed(self, session: GuardedSession, person_id: int, own: Principal) -> Principal | None:
        """Return the rights of the person whose portal is looked at, without what is confidential,
        in the language and colours of whoever looks; None when they cannot sign in any more.
        """
        theirs = self.of_person(session, person_id)
        if theirs is None:
            return None
        key = ("viewed", own.language, own.time_zone, own.theme, own.collapsed, own.single_keys)
        seen: Principal = theirs.once(key, lambda: as_seen_by(theirs, own))
        return seen

    def count_page(self, session_id: int) -> None:
        """Count a page that was seen through somebody else's eyes."""
        mine = viewings.c.session_id == session_id
        with self._unit() as tx:
            counted = update(viewings).where(mine).values(pages=viewings.c.pages + 1)
            kernel_execute(tx.session, counted)

    def _principal(self, session: GuardedSession, found: Any, now: datetime) -> Principal:
        # Everything of the row that the principal carries is in the key, so a change shows at once.
        key = (
            found.person_id,
            found.epoch,
            found.name,
            found.language,
            found.time_zone,
            found.theme,
            found.sidebar,
            found.single_keys,
        )
        known, until = self._principals.get(key, (None, now))
        if known is not None and now < until:
            return known
        fresh = self.compiler.compile(session, found, now)
        if len(self._principals) >= CACHED:
            self._principals.clear()
        self._principals[key] = fresh
        return fresh[0]

    def of_person(self, session: GuardedSession, person_id: int) -> Principal | None:
        """Return the rights of somebody now who comes with no session, None for who may not use the
        portal.
        """
        now = datetime.now(UTC)
        day = self.compiler.today(now)
        wanted = (
            select(
                accounts.c.theme,
                accounts.c.sidebar,
                accounts.c.single_keys,
                people.c.id.label("person_id"),
                people.c.public_id,
                people.c.name,
                people.c.language,
                people.c.time_zone,
                people.c.epoch,
            )
            .join_from(accounts, people, accounts.c.person_id == people.c.id)
            .where(
                people.c.id == person_id,
                accounts.c.active,
                people.c.active_from <= day,
                or_(people.c.active_until.is_(None), people.c.active_until > day),
            )
        )
        found = kernel_execute(session, wanted).one_or_none()
        return None if found is None else self._principal(session, found, now)

    def sign_in(
        self, account_id: int, *, device: str, address: str, replacing: str | None = None
    ) -> str:
        """Store a new session in a unit of its own and return the token; see begin()."""
        with self._unit() as tx:
            return self.begin(
                tx.session, tx.now, account_id, device=device, address=address, replacing=replacing
            )

    def begin(
        self,
        session: GuardedSession,
        now: datetime,
        account_id: int,
        *,
        device: str,
        address: str,
        replacing: str | None = None,
    ) -> str:
        """Store a new session, end the one it replaces, and return the token."""
        if replacing:
            revoke(session, now, token=replacing)
        token = new_token()
        row = {
            "account_id": account_id,
            "public_id": new_public_id(),
            "token_hash": hashed(token),
            "device": device[:200],
            "address": address[:64],
            "created_at": now,
            "proved_at": now,
            "seen_at": now,
            "expires_at": now + self.absolute,
        }
        kernel_execute(session, insert(sessions), row)
        return token

    def _touch(self, session_id: int, now: datetime) -> None:
        """Move "last seen"; whoever comes second within the minute finds nothing to do.

        No page waits for that, or fails by it: while somebody else writes, the next one does it.
        """
        due = and_(sessions.c.id == session_id, sessions.c.seen_at < now - SEEN_EVERY)
        session = self.session()
        session.rollback()  # On SQLite a second writer would wait for this reader's own snapshot.
        options = {WRITE: True, AT_ONCE: True, LIMITED: EVERYTHING}
        try:
            with session._db.engine.execution_options(**options).begin() as connection:
                connection.execute(update(sessions).where(due).values(seen_at=now))
        except OperationalError as error:
            if not is_busy(error):
                raise

    def _unit(self) -> Any:
        session = self.session()
        session.rollback()  # On SQLite a second writer would wait for this reader's own snapshot.
        own = GuardedSession(session._db)
        own.act_as(Principal(name="Kantor", realm="core", reason="sessions"))
        return unit_of_work(own)


def as_seen_by(theirs: Principal, own: Principal) -> Principal:
    """Return somebody's rights as another may look through them: no case, nothing confidential."""
    hidden = confidential_nouns()
    grants = {name: held for name, held in theirs.grants.items() if noun_of(name) not in hidden}
    return dataclasses.replace(
        theirs,
        language=own.language,
        time_zone=own.time_zone,
        theme=own.theme,
        collapsed=own.collapsed,
        single_keys=own.single_keys,
        cases=frozenset(),
        grants=grants,
        writing=frozenset(),
    )


def confidential_nouns() -> frozenset[str]:
    """Return the nouns of everything that only people with access to a case may read."""
    found, left = set(), list(Confidential.__subclasses__())
    while left:
        model = left.pop()
        left += model.__subclasses__()
        if "__tablename__" in model.__dict__:
            found.add(model.__noun__)
    return frozenset(found)


def _unread() -> Any:
    """The number at the bell comes with what is asked for every page anyway."""
    mine = (notices.c.owner_id == people.c.id, notices.c.unread == 1)
    few = select(notices.c.id).where(*mine).limit(MOST_UNREAD).correlate(people).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


_VISITOR = (
    select(
        sessions.c.id,
        sessions.c.seen_at,
        sessions.c.proved_at,
        accounts.c.id.label("account_id"),
        accounts.c.demo,
        accounts.c.theme,
        accounts.c.sidebar,
        accounts.c.single_keys,
        people.c.id.label("person_id"),
        people.c.public_id,
        people.c.name,
        people.c.language,
        people.c.time_zone,
        people.c.epoch,
        people.c.active_from,
        people.c.active_until,
        _unread().label("unread"),
        exists().where(factors.c.account_id == accounts.c.id).label("second_step"),
        viewings.c.person_id.label("viewed_id"),
        viewings.c.since.label("viewed_since"),
    )
    .join_from(sessions, accounts, sessions.c.account_id == accounts.c.id)
    .outerjoin(viewings, viewings.c.session_id == sessions.c.id)
    .join(people, accounts.c.person_id == people.c.id)
    .where(
        sessions.c.revoked_at.is_(None),
        accounts.c.active,
        sessions.c.token_hash == bindparam("token"),
        sessions.c.expires_at > bindparam("now"),
        sessions.c.seen_at > bindparam("idle_since"),
    )
)


def renew(session: GuardedSession, now: datetime, session_id: int) -> str | None:
    """Give a session whose password was given again a new token; None when it has ended."""
    token = new_token()
    still = and_(sessions.c.id == session_id, sessions.c.revoked_at.is_(None))
    change = update(sessions).where(still).values(token_hash=hashed(token), proved_at=now)
    renewed = kernel_execute(session, change.returning(sessions.c.id)).one_or_none()
    return token if renewed else None


def revoke(
    session: GuardedSession,
    now: datetime,
    *,
    token: str | None = None,
    public_id: str | None = None,
    account_id: int | None = None,
    but: int | None = None,
) -> int:
    """End sessions by token, device or account, but not session ``but``; return how many."""
    whose = []
    if token is not None:
        whose.append(sessions.c.token_hash == hashed(token))
    if public_id is not None:
        whose.append(sessions.c.public_id == public_id)
    if account_id is not None:
        whose.append(sessions.c.account_id == account_id)
    if not whose:
        raise ValueError("say whose sessions end")
    if but is not None:
        whose.append(sessions.c.id != but)
    return _end(session, now, *whose)


def revoke_sessions_of_person(session: GuardedSession, now: datetime, *person_ids: int) -> int:
    """End every session of these people and return how many ended.

    Whoever takes a role away calls this in the same transaction: a copied cookie ends with it.
    """
    theirs = select(accounts.c.id).where(accounts.c.person_id.in_(person_ids))
    return _end(session, now, sessions.c.account_id.in_(theirs))


def _end(session: GuardedSession, now: datetime, *which: Any) -> int:
    still = sessions.c.revoked_at.is_(None)
    ended = update(sessions).where(still, *which).values(revoked_at=now).returning(sessions.c.id)
    return len(kernel_execute(session, ended).all())


def open_sessions(
    session: GuardedSession, account_id: int, now: datetime, *, idle: timedelta
) -> Any:
    """Return the devices an account is signed in on, the last seen first."""
    mine = (
        sessions.c.account_id == account_id,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.seen_at > now - idle,
    )
    return kernel_execute(
        session, select(sessions).where(*mine).order_by(sessions.c.seen_at.desc()).limit(100)
    ).all()
