"""The guarded session: every ORM statement is limited to its principal's rows.

Everything else is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ClauseElement,
    Executable,
    Update,
    event,
    inspect,
)
from sqlalchemy.orm import ORMExecuteState, Session

from .errors import NoPrincipal, OutOfReach, ReadOnly, Refused
from .naming import entities_once, guarded_names, levels
from .orm import MODELS, SCOPE_COLUMNS
from .reach import EVERYTHING, Principal

LIMITED = (
    "kantor_limited"  # execution option: names of the tables whose rows this statement has limited
)
WRITE = "kantor_write"  # execution option of a connection: this transaction will write
ASKED = "kantor_asked"  # attribute of a flush: the states whose old side is in reach
Change = tuple[Update, Mapping[str, Any]]  # a statement of the portal's own and its parameters
_flushing: ContextVar[bool] = ContextVar("kantor_flushing", default=False)


class GuardedSession(Session):
    """A session that is one principal's for life: its identity map never holds a foreign row."""

    def __init__(self, db: Any, *, runtime: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self._db = db
        self.runtime = runtime
        self.principal: Principal | None = None
        self.unit: Any = None
        self.committed = False

    def act_as(self, principal: Principal) -> None:
        """Bind the principal; a session never changes hands."""
        if self.principal not in (None, principal):
            raise Refused("this session already belongs to somebody else")
        self.principal = principal

    @property
    def writing(self) -> bool:
        return self.unit is not None and self.unit.writing

    def get_bind(self, *args: Any, bind: Any = None, **kwargs: Any) -> Any:
        return bind or self.bind or self._db.engine

    def begin_writing(self) -> None:
        """Begin to write from the newest state, whatever was read before.

        PostgreSQL shows it to each statement (READ COMMITTED), so what was begun for reading goes
        on.
        """
        if self._goes_on():
            self.expire_all()
            return
        self.rollback()
        Session.connection(self, execution_options={WRITE: True})

    def _goes_on(self) -> bool:
        if not self.in_transaction():
            return False
        connection = Session.connection(self)
        if connection.dialect.name == "sqlite":
            return False
        driver: Any = connection.connection.driver_connection
        return bool(driver.info.transaction_status.name == "INTRANS")  # Nothing has failed in it.

    def _flush(self, objects: Any = None) -> None:
        token = _flushing.set(True)
        try:
            super()._flush(objects)
        finally:  # A failed flush must not leave the tripwire disarmed.
            _flushing.reset(token)

    def rollback(self) -> None:
        """End the reading so far; inside a unit only the unit itself does that."""
        if self.unit is not None:
            self._refuse()
        self._end_reading()

    def close(self) -> None:
        """End the reading and give the connection back."""
        if self.unit is None:
            self._end_reading()
        super().close()

    def _end_reading(self) -> None:
        """Commit what was only read: after a ROLLBACK psycopg forgets the prepared statements.

        PostgreSQL then plans each statement anew, which takes it longer than running it.
        """
        if self.is_active and not (self.new or self.dirty or self.deleted):
            super().commit()
        else:
            super().rollback()

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise Refused("not offered by the guarded session; see docs/plugin-authors/data.md")

    connection = commit = merge = query = _refuse
    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _refuse


def kernel_execute(session: Session, statement: Executable, parameters: Any = None) -> Any:
    """Run a statement of the portal itself without limits; it returns values, no mapped rows."""
    options = {LIMITED: EVERYTHING}
    if getattr(statement, "_propagate_attrs", {}):  # It names mapped classes.
        return session.execute(statement, parameters, execution_options=options)
    return Session.connection(session).execute(statement, parameters, execution_options=options)


@event.listens_for(GuardedSession, "do_orm_execute")
def _limit(state: ORMExecuteState) -> None:
    session: Any = state.session
    if state.execution_options.get(LIMITED) == EVERYTHING and not state.all_mappers:
        return
    if session.principal is None:
        raise NoPrincipal("no principal is bound to this session")
    if (state.is_insert or state.is_update or state.is_delete) and not session.writing:
        raise ReadOnly("change rows inside `with transaction()`")
    if session.principal.realm == EVERYTHING:
        state.update_execution_options(**{LIMITED: EVERYTHING})
        return
    if not state.is_orm_statement or state.is_from_statement:
        raise Refused("Core and text statements need unscoped(reason=...)")
    if state.is_insert:
        raise Refused("bulk INSERT is not checked row by row; add objects to the session")
    if state.is_update or state.is_delete:
        _refuse_unchecked_dml(state)
    asked, kept = state.statement, session.principal.limited
    reading = state.is_select and not state.is_column_load
    if reading and (found := kept.get(asked)) is not None:
        state.statement, names = found
        state.update_execution_options(**{LIMITED: names})
        return
    models = entities_once(asked)
    if state.is_column_load:  # Loader criteria skip refreshes, so say it in the WHERE clause.
        limits = [
            session.principal.reachable(mapper.class_, writing=False)
            for mapper in state.all_mappers
        ]
        state.statement = cast(Any, state.statement).where(
            *[limit for limit in limits if limit is not None]
        )
    walls = [session.principal.wall(model, writing=not state.is_select) for model in models]
    present = set(state.statement._with_options)
    state.statement = state.statement.options(
        *[w for w in walls if w is not None and w not in present]
    )
    names = frozenset(t.name for m in models for t in inspect(m).tables)
    names = names.union(*(m.leans_on() for m in models))
    state.update_execution_options(**{LIMITED: names})
    if reading:  # The same statement, asked by the same person again, is walked once.
        kept[asked] = state.statement, names


def _refuse_unchecked_dml(state: ORMExecuteState) -> None:
    """Refuse the bulk statements whose effect the criteria do not limit."""
    if state.parameters:
        raise Refused("bulk UPDATE by primary key carries no criteria; use where() and values()")
    statement, target = state.statement, cast(Any, state.bind_mapper)
    values = getattr(statement, "_values", None) or {}
    named = {
        target.get_property_by_column(target.local_table.c[getattr(key, "name", key)]).key
        for key in values
    }
    if decisive := named & _watched(target.class_).keys():
        raise Refused(f"{decisive.pop()} decides who may see what: change it through the object")
    outside_subqueries = next(levels(statement))
    if any(e._annotations.get("parententity", target) is not target for e in outside_subqueries):
        raise Refused("UPDATE ... FROM and DELETE ... USING carry no criteria; use a subquery")


@event.listens_for(GuardedSession, "detached_to_persistent")
def _refuse_strangers(session: GuardedSession, row: Any) -> None:
    if session.principal is None or not session.principal.owns(type(row)):
        raise Refused("a row loaded by another session cannot be attached to this one")


@event.listens_for(GuardedSession, "before_flush")
def _check_old_side(session: GuardedSession, context: Any, instances: Any) -> None:
    changed = _changed(session)
    if not session.writing and (changed or session.new or session.deleted):
        raise ReadOnly("change rows inside `with transaction()`")
    for row in (*session.new, *changed):
        if any(
            isinstance(inspect(row).dict.get(key), ClauseElement) for key in _watched(row.__class__)
        ):
            raise Refused(
                "give a value, not an SQL expression, to a column that decides who may see what"
            )
    touched = {inspect(row): row for row in (*changed, *session.deleted, *_orphans(session))}
    context.attributes[ASKED] = touched.keys()
    _require(session, touched.values(), writing=True)


@event.listens_for(GuardedSession, "after_flush")
def _check_new_side(session: GuardedSession, context: Any) -> None:
    """Ask the database whether what was written, and what it now points at, is in reach."""
    for state, (deleted, only_listed) in context.states.items():
        if deleted and not only_listed and state not in context.attributes[ASKED]:
            if session.principal.reachable(state.class_, writing=True) is not None:  # type: ignore[union-attr]
                raise Refused(
                    f"{state.class_.__name__}: deleted before anybody could ask whose it is"
                )
    new = set(session.new)
    written = [row for row in (*new, *_changed(session)) if not _is_deleted(context, row)]
    _require(session, written, writing=True)
    targets: dict[type, set[Any]] = {}
    for row in written:
        for key, model in _watched(row.__class__).items():
            if model is not None and (row in new or inspect(row).attrs[key].history.has_changes()):
                targets.setdefault(model, set()).add(getattr(row, key))
    _require_targets(session, targets)


def require_pointed_at(
    session: GuardedSession, model: Any, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Raise OutOfReach unless all that ``rows`` (column name -> value) point at may be seen."""
    mapper: Any = inspect(model)
    targets: dict[type, set[Any]] = {}
    for key, target in _watched(model).items():
        if target is not None:
            name = mapper.attrs[key].columns[0].name
            targets.setdefault(target, set()).update(row.get(name) for row in rows)
    _require_targets(session, targets)


def _require_targets(session: GuardedSession, targets: Mapping[type, set[Any]]) -> None:
    for model, values in targets.items():
        require_keys(session, model, [(value,) for value in values - {None}], writing=False)


def _orphans(session: GuardedSession) -> Iterator[Any]:
    """Yield the rows that this flush will delete because their parent gave them up."""
    for parent in session.dirty:
        state: Any = inspect(parent)
        for relationship in state.mapper.relationships:
            if relationship.cascade.delete_orphan:
                given_up = state.attrs[relationship.key].history.deleted or ()
                yield from (child for child in given_up if inspect(child).persistent)


def _is_deleted(context: Any, row: Any) -> bool:
    """Return whether this flush deleted the row: an orphan is not among ``session.deleted``."""
    deleted, _ = context.states.get(inspect(row), (False, False))
    return bool(deleted)


def _changed(session: GuardedSession) -> list[Any]:
    return [row for row in session.dirty if session.is_modified(row, include_collections=False)]


@cache
def _watched(model: Any) -> dict[str, type | None]:
    """Return the attributes that decide who may see a row, and the guarded class each points at."""
    mapper: Any = inspect(model)
    watched: dict[str, type | None] = {}
    for column in mapper.local_table.c:
        targets = [
            MODELS[fk.column.table.name]
            for fk in column.foreign_keys
            if _is_guarded(fk.column.table)
        ]
        if targets or column.name in SCOPE_COLUMNS:
            watched[mapper.get_property_by_column(column).key] = targets[0] if targets else None
    return watched


def _require(session: GuardedSession, rows: Iterable[Any], *, writing: bool) -> None:
    by_model: dict[type, list[Any]] = {}
    for row in rows:
        key = inspect(row).identity or inspect(row).mapper.primary_key_from_instance(row)
        by_model.setdefault(type(row), []).append(tuple(key))
    for model, keys in by_model.items():
        require_keys(session, model, keys, writing=writing)


def require_keys(session: GuardedSession, model: Any, keys: list[Any], *, writing: bool) -> None:
    """Raise OutOfReach unless every key is among the rows the principal may write (or read)."""
    assert session.principal is not None
    statement = session.principal.count(model, writing=writing)
    if statement is None or not keys:
        return
    if kernel_execute(session, statement, {"keys": keys}).scalar_one() != len(keys):
        verb = "change" if writing else "see"
        refusal = OutOfReach()  # The reader is told what a missing row is told; the log more.
        refusal.add_note(
            f"{model.__name__}: not all among what {session.principal.name} may {verb}"
        )
        raise refusal


def _is_guarded(table: Any) -> bool:
    name = getattr(table, "name", None)
    return name in MODELS and not MODELS[name].reads_freely


def trip_unguarded_sql(
    connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
) -> None:
    """Raise Refused when SQL names a guarded table that no guarded statement has limited."""
    named = guarded_names(sql)
    limited = (context.execution_options if context else connection.get_execution_options()).get(
        LIMITED, ()
    )
    if not named or limited == EVERYTHING or named <= frozenset(limited):
        return
    if _flushing.get() and context is not None and context.compiled is not None:
        return
    raise Refused(f"SQL on {', '.join(sorted(named))} went round the guarded session")
