"""Units of work: one transaction, on whose behalf it runs, what happens once it is committed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import ClauseElement, bindparam, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from .audit import services as audit
from .errors import (
    EditConflict,
    NotFound,
    Refused,
    Shortfall,
    ValidationFailed,
)
from .guard import GuardedSession, kernel_execute, require_keys, require_pointed_at
from .idempotency import FormKey, claim, dialect_of, remembering
from .inserting import insert_numbered
from .jobs.models import Job
from .jobs.telling import store_events
from .messages import Message
from .orm import new_public_id
from .reach import EVERYTHING, Principal

_matched: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
SWEEP_AFTER = 60  # seconds after which a job that was not started is sent again
APPENDED_AT_ONCE = 2_000  # rows in one INSERT: more are not looked at sooner


class Runtime(Protocol):
    """What a unit needs to know of the running portal."""

    zone: ZoneInfo
    compiler: Any  # of the rights of people

    def currency_of(self) -> str: ...
    def services(self, active: frozenset[str]) -> Mapping[str, Any]: ...
    def series(self) -> Mapping[str, str]: ...
    def links(self) -> Mapping[str, Any]: ...
    def work_items(self) -> list[tuple[str, Any]]: ...
    def dates(self) -> list[tuple[str, Any]]: ...
    def alone(self, slug: str, part: str, tx: Any, ask: Any) -> list[Any] | None: ...
    def collect(self, hook: str, tx: Any, **arguments: Any) -> list[tuple[str, Any]]: ...
    def notices(self) -> Mapping[str, Any]: ...
    def approvals(self) -> Mapping[str, Any]: ...
    def subjects(self) -> Mapping[str, Any]: ...
    def subscribers(self, event: str) -> list[str]: ...
    def wake(self, jobs: Sequence[int], events: bool) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact, delivered after commit; its fields are ids and plain values. Days arrive as text,
    ``2027-03-05``.
    """

    name: ClassVar[str]


Doubt = Callable[["UnitOfWork"], Mapping[str, Message | str]]


@dataclass
class UnitOfWork:
    """One transaction as services see it; ``answer`` is where a repeated form is sent."""

    session: GuardedSession
    actor: Principal
    writing: bool
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    request_id: str = ""
    answer: str | None = None
    events: list[Event] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    letters: list[int] = field(default_factory=list)  # mails that were written
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day it is in the organisation's zone."""
        return self.now.astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        runtime = self.session.runtime
        return runtime.zone if runtime is not None else ZoneInfo("UTC")

    @property
    def currency(self) -> str:
        """The organisation's currency, an ISO 4217 code."""
        runtime = self.session.runtime
        return runtime.currency_of() if runtime is not None else "IDR"

    @property
    def language(self) -> str:
        """The language the actor reads."""
        return self.actor.language

    def publish(self, event: Event) -> None:
        """Tell subscribers after the commit; a rolled-back unit publishes nothing."""
        self.events.append(event)

    def audit(self, action: str, subject: Any = None, /, **detail: Any) -> None:
        """Record an act in the chain, sealed with this commit; ``detail`` holds plain values."""
        self.session.flush()  # A new subject gets its id.
        actor = self.actor
        self.entries.append(
            audit.entry(
                at=self.now,
                actor_id=actor.person_id,
                actor_name=actor.name,
                on_behalf_of_id=actor.on_behalf_of,
                action=action,
                subject=subject,
                detail=detail,
                request_id=self.request_id,
            )
        )

    def if_refused(self, faults: Doubt) -> None:
        """Say what it means if the database refuses the rows, for example a name twice.

        ``faults(tx)`` is asked after the rollback and returns field -> sentence, raised as
        ValidationFailed: who was a moment later than somebody else reads it beside the field.
        """
        self.doubts.append(faults)

    def service(self, name: str) -> Any | None:
        """Return what another active plugin provides under ``name``, or None."""
        runtime = self.session.runtime
        return None if runtime is None else runtime.services(self.actor.active).get(name)

    def ask(self, hook: str, /, **arguments: Any) -> list[Any]:
        """Return what the plugins that are on answer to a hook that a plugin offers; a fault costs
        its plugin's answers.
        """
        runtime = self.session.runtime
        found = [] if runtime is None else runtime.collect(hook, self, **arguments)
        return [answer for _slug, answer in found]

    def one(self, statement: Any, *, lock: bool = False, **criteria: Any) -> Any:
        """Return the one row that matches, or raise NotFound; ``lock`` holds it until commit."""
        wanted = frozenset((name, value is None) for name, value in criteria.items())
        found = _matching(statement, wanted, lock)
        row = self.session.scalars(found, criteria).unique().one_or_none()
        if row is None:
            raise NotFound()
        return row

    def adjust(
        self,
        row: Any,
        column: str,
        by: int,
        *,
        floor: int | None = 0,
        also: Mapping[str, int] | None = None,
        put: Mapping[str, Any] | None = None,
    ) -> int:
        """Add ``by`` to a column inside the database and return the new value, or raise Shortfall.

        Never read-modify-write; a row out of reach raises OutOfReach. ``also`` adds to further
        columns and ``put`` sets some, in the same UPDATE; ``floor`` None lets the value go below
        zero.
        """
        model, amount = type(row), getattr(type(row), column)
        conditions = [getattr(model, k) == getattr(row, k) for k in _key_names(model)]
        if floor is not None:
            conditions.append(amount + by >= floor)
        values = {column: amount + by, **(put or {})}
        values |= {name: getattr(model, name) + more for name, more in (also or {}).items()}
        touched = [getattr(model, name) for name in values]
        change = update(model).where(*conditions).values(values).returning(*touched)
        found = self.session.execute(
            change, execution_options={"synchronize_session": False}
        ).one_or_none()
        if found is None:
            keys = tuple(getattr(row, name) for name in _key_names(model))
            require_keys(self.session, model, [keys], writing=True)
            raise Shortfall() if floor is not None else NotFound()
        for name, value in zip(values, found, strict=True):
            set_committed_value(row, name, value)
        return int(found[0])

    def ensure(self, model: Any, *, defaults: Mapping[str, Any] | None = None, **key: Any) -> Any:
        """Return the row with this unique key, made if missing, or raise OutOfReach."""
        self._require_writing()
        self.session.flush()
        table = model.__table__
        names = {inspect(model).attrs[name].columns[0].name: value for name, value in key.items()}
        new = {**names, **(defaults or {})}
        if any(hasattr(value, "__clause_element__") for value in new.values()) or any(
            isinstance(value, ClauseElement) for value in new.values()
        ):
            raise Refused("give values, not SQL expressions: nothing limits what those read")
        statement = (
            dialect_of(self.session)
            .insert(table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(*table.primary_key.columns)
        )
        with self._all_or_nothing():
            made = kernel_execute(self.session, statement).one_or_none()
            if made is not None:
                self._require(model, [tuple(made)], [new])
        return self.one(select(model), **key)

    def append(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert many rows (column name -> value); return their ids, or raise OutOfReach."""
        self._require_writing()
        self.session.flush()
        table, ids = model.__table__, []
        key = next(iter(table.primary_key.columns))
        for start in range(0, len(rows), APPENDED_AT_ONCE):
            batch = [dict(row) for row in rows[start : start + APPENDED_AT_ONCE]]
            with self._all_or_nothing():
                made = insert_numbered(self.session, table, key, batch)
                self._require(model, [(made_id,) for made_id in made], batch)
            ids += made
        return ids

    def _require(self, model: Any, keys: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Raise OutOfReach unless the rows, and what they point at, are in reach."""
        require_keys(self.session, model, list(keys), writing=True)
        require_pointed_at(self.session, model, rows)

    def _all_or_nothing(self) -> Any:
        """Open a savepoint: what is refused after it was written must not stay if somebody
        catches the refusal.
        """
        return Session.connection(self.session).begin_nested()

    def _require_writing(self) -> None:
        if not self.writing:
            raise Refused("change rows inside `with transaction()`")

    def enqueue(self, name: str, *, args: Mapping[str, Any], key: str | None = None) -> str:
        """Have the worker run a job after the commit; return its public id (known key: the old)."""
        self._require_writing()
        table = Job.__table__
        row = {
            "public_id": new_public_id(),
            "name": name,
            "key": key,
            "args": dict(args),
            "state": "waiting",
            "done": 0,
            "total": 0,
            "attempts": 0,
            "owner_id": self.actor.person_id,
            "created_at": self.now,
            "sent_at": self.now,
        }
        statement = dialect_of(self.session).insert(table).values(row).on_conflict_do_nothing()
        made = kernel_execute(self.session, statement.returning(table.c.id)).scalar_one_or_none()
        if made is None:
            known = select(table.c.public_id).where(table.c.key == key)
            return str(kernel_execute(self.session, known).scalar_one())
        self.jobs.append(made)
        return str(row["public_id"])

    def expect_version(self, row: Any, version: int | None, **theirs: Any) -> None:
        """Raise EditConflict if ``row`` is no longer the one the form was made from."""
        if row.version != version:
            raise EditConflict(theirs=theirs)

    @contextmanager
    def acting_for(self, realm: str, *, reason: str) -> Iterator[UnitOfWork]:
        """Lend a unit in this transaction that may touch everything of one plugin, nothing else."""
        if realm == EVERYTHING:
            raise Refused("one acts for one plugin, never for all of them")
        self.session.flush()
        actor = _lent(self.actor, realm, reason)
        # A savepoint: a provider that fails leaves nothing, also when its caller goes on. Who only
        # reads has nothing to leave.
        own = GuardedSession(
            self.session._db,
            runtime=self.session.runtime,
            bind=Session.connection(self.session),
            join_transaction_mode="create_savepoint" if self.writing else "rollback_only",
            expire_on_commit=False,
        )
        try:
            with own as session:
                session.act_as(actor)
                session.unit = lent = dataclasses.replace(self, session=session, actor=actor)
                yield lent
                Session.commit(session)
        finally:
            if self.writing:
                self.session.expire_all()


def _matching(statement: Any, wanted: frozenset[tuple[str, bool]], lock: bool) -> Any:
    """Return ``statement`` for the row whose (column, is empty) are as ``wanted``.

    A column that is not empty equals the parameter of its name. Kept as long as the statement is:
    one that a module keeps is made once.
    """
    made = _matched.setdefault(statement, {})
    if (wanted, lock) not in made:
        entity = statement.column_descriptions[0]["entity"]
        found = statement.where(
            *[
                getattr(entity, name) == (None if is_empty else bindparam(name))
                for name, is_empty in sorted(wanted)
            ]
        )
        if lock:
            found = found.with_for_update(of=entity).execution_options(populate_existing=True)
        made[wanted, lock] = found
    return made[wanted, lock]


def _key_names(model: Any) -> list[str]:
    mapper = inspect(model)
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def portal_itself(realm: str, *, reason: str) -> Principal:
    """Return the principal for the portal's own work in one plugin, or in all (EVERYTHING)."""
    return Principal(name="Kantor", realm=realm, reason=reason)


def _lent(actor: Principal, realm: str, reason: str) -> Principal:
    """Return the portal at work in one plugin for ``actor``: made once, like what it then asks."""

    def make() -> Principal:
        return dataclasses.replace(
            portal_itself(realm, reason=reason),
            person_id=actor.person_id,
            name=actor.name,
            language=actor.language,
            on_behalf_of=actor.on_behalf_of,
            active=actor.active,
            lender=actor.lender or actor,
        )

    lent: Principal = actor.once(("lent", realm, reason), make)
    return lent


@contextmanager
def unit_of_work(
    session: GuardedSession, *, form: FormKey | None = None, request_id: str = ""
) -> Iterator[UnitOfWork]:
    """Commit at the end of the block, roll back on any exception; refuse to be nested."""
    if session.unit is not None:
        raise Refused("a unit of work is already open; pass `tx` on instead")
    if session.new or session.dirty or session.deleted:
        raise Refused("rows were changed before the unit of work began")
    assert session.principal is not None
    session.begin_writing()
    session.unit = tx = UnitOfWork(session, session.principal, True, request_id=request_id)
    owner = tx.actor.person_id or 0
    try:
        if form is not None:
            claim(tx.session, owner, form, tx.now)
        yield tx
        session.flush()
        sent = store_events(tx)
        remembered = None if form is None else remembering(owner, form, tx.answer)
        if tx.entries:
            audit.append(session, tx.entries, remembered)
        elif remembered is not None:
            kernel_execute(session, *remembered)
        Session.commit(session)
        session.committed = True
    except StaleDataError as error:
        Session.rollback(session)
        raise EditConflict() from error
    except IntegrityError as error:
        Session.rollback(session)
        faults = {field: text for ask in tx.doubts for field, text in ask(tx).items()}
        if not faults:
            raise
        raise ValidationFailed(faults) from error
    except BaseException:
        Session.rollback(session)
        raise
    finally:
        session.unit = None
    sent = sent or bool(tx.letters)
    if session.runtime is not None and (tx.jobs or sent):
        session.runtime.wake(tx.jobs, sent)


@contextmanager
def unscoped(
    new_session: Callable[[], GuardedSession], *, reason: str, realm: str = EVERYTHING
) -> Iterator[UnitOfWork]:
    """Open a unit for a job or an event handler: every row of one plugin, or of the portal."""
    with new_session() as session:
        session.act_as(portal_itself(realm, reason=reason))
        with unit_of_work(session) as tx:
            yield tx
