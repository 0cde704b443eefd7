"""Who acts, and which rows that person may reach. Immutable, so safe to cache and to share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, bindparam, false, func, inspect, select, true, tuple_
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.elements import True_


class Reach(StrEnum):
    """How far a permission goes, measured from the department of its assignment."""

    OWN = "own"
    TEAM = "team"
    DEPARTMENT = "department"
    TREE = "tree"
    ALL = "all"


EVERYTHING = "*"  # the realm of the portal's own work


@dataclass(frozen=True, slots=True)
class Held:
    """What all assignments together give for one permission; grants add up, there is no deny."""

    own: bool = False
    team: bool = False
    departments: frozenset[int] = frozenset()
    everything: bool = False

    def __or__(self, other: Held) -> Held:
        return Held(
            self.own or other.own,
            self.team or other.team,
            self.departments | other.departments,
            self.everything or other.everything,
        )

    def __bool__(self) -> bool:
        return self.own or self.team or self.everything or bool(self.departments)


NOTHING = Held()


def noun_of(permission: str) -> str:
    """Return the noun of ``<slug>.<noun>.<verb>``, slug included."""
    return permission.rpartition(".")[0]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Principal:
    """One actor with all that is needed to decide, compiled once, valid until the epoch rises."""

    person_id: int | None = None
    public_id: str = ""
    name: str = "nobody"
    language: str = "en"
    time_zone: str = ""  # one's own, for showing instants; empty is the organisation's
    theme: str = "system"
    collapsed: bool = False
    single_keys: bool = True
    today: date = date.min
    managed: frozenset[int] = frozenset()  # departments this person manages today
    member_of: frozenset[int] = frozenset()  # departments with a membership today
    cases: frozenset[int] = frozenset()
    active: frozenset[str] = frozenset()  # slugs of the plugins switched on for this person
    grants: Mapping[str, Held] = field(default_factory=dict)
    writing: frozenset[str] = frozenset()  # names of the granted permissions that change rows
    realm: str | None = None  # a plugin's slug, or EVERYTHING: set for the portal's own work only
    reason: str = ""
    on_behalf_of: int | None = None
    lender: Principal | None = field(default=None, repr=False)  # who asked for a lent unit
    _built: dict[Any, Any] = field(default_factory=dict, repr=False, init=False)
    # Statements of this person, each with what the guard made of it; they go with the statement.
    limited: WeakKeyDictionary[Any, Any] = field(
        default_factory=WeakKeyDictionary, repr=False, init=False
    )
    # Statements with what visible() made of each, by permission; they go with the statement too.
    narrowed: WeakKeyDictionary[Any, dict[str, Any]] = field(
        default_factory=WeakKeyDictionary, repr=False, init=False
    )

    def __repr__(self) -> str:
        return f"<Principal {self.person_id or self.realm}>"

    def holds(self, permission: str) -> bool:
        """Return whether this person has the permission in any reach."""
        return permission in self.grants

    def owns(self, model: Any) -> bool:
        """Return whether this is the portal itself, at work in the plugin that owns ``model``."""
        return self.realm is not None and self.realm in (EVERYTHING, model.__slug__)

    def wall(self, model: Any, *, writing: bool) -> Any:
        """Return the loader option that limits ``model`` to this actor's rows; None: no limit."""
        return self._once(
            "wall", model, writing, lambda limit: Wall(model, limit, include_aliases=True)
        )

    def count(self, model: Any, *, writing: bool) -> Any:
        """Return a statement that counts which of ``:keys`` are in reach, or None for no limit."""

        def build(limit: ColumnElement[bool]) -> Any:
            mapper = inspect(model)
            key = tuple_(
                *[getattr(model, mapper.get_property_by_column(c).key) for c in mapper.primary_key]
            )
            chosen = key.in_(bindparam("keys", expanding=True))
            return select(func.count()).select_from(model).where(chosen, limit)

        return self._once("count", model, writing, build)

    def once(self, key: Any, build: Callable[[], Any]) -> Any:
        """Return what ``build`` first made under ``key``; it must be immutable."""
        if key not in self._built:
            self._built[key] = build()
        return self._built[key]

    def _once(
        self, what: str, model: Any, writing: bool, build: Callable[[ColumnElement[bool]], Any]
    ) -> Any:
        def limited() -> Any:
            limit = self.reachable(model, writing=writing)
            return None if limit is None else build(limit)

        return self.once((what, model, writing), limited)

    def reachable(self, model: Any, *, writing: bool) -> ColumnElement[bool] | None:
        """Return the rows any grant on the model's noun gives, or None for no limit."""
        if self.owns(model) or (model.reads_freely and not writing):
            return None
        names: Iterable[str] = self.writing if writing else self.grants
        held = NOTHING
        for name in names:
            if noun_of(name) == model.__noun__:
                held |= self.grants[name]
        if writing and not held:
            return false()
        limit = model.rows(model, held, self, writing)
        return None if isinstance(limit, True_) else limit


class Wall(LoaderCriteriaOption):
    """with_loader_criteria() for a plain expression; also right for an alias with its own ON."""

    _traverse_internals = LoaderCriteriaOption._traverse_internals  # The cache key is the parent's.

    def _resolve_where_criteria(self, entity: Any) -> ColumnElement[bool]:
        # Adapted, never rebuilt: its bind parameters must be those of the cache key.
        criteria = super()._resolve_where_criteria(entity)
        return entity._adapter.traverse(criteria) if entity.is_aliased_class else criteria


def permits(entity: Any, permission: str, actor: Principal) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may use ``permission`` on a row of ``entity``."""
    model = inspect(entity).mapper.class_
    if noun_of(permission) != model.__noun__:
        raise ValueError(f"{permission} is not a permission on {model.__noun__}")
    if entity is not model:
        return _permitted(model, entity, permission, actor)
    key = ("permits", model, permission)
    return actor.once(key, lambda: _permitted(model, model, permission, actor))


def _permitted(model: Any, entity: Any, permission: str, actor: Principal) -> ColumnElement[bool]:
    if actor.owns(model):
        return true()
    held = actor.grants.get(permission)
    if not held:
        return false()
    return model.rows(entity, held, actor, permission in actor.writing)


def visible(statement: Select[Any], permission: str, actor: Principal) -> Select[Any]:
    """Return ``statement`` limited to the rows of its first entity that ``permission`` gives.

    One that is made once, as a name of its module, is limited once for each actor.
    """
    made: dict[str, Select[Any]] = actor.narrowed.setdefault(statement, {})
    if permission not in made:
        entity = statement.column_descriptions[0]["entity"]
        made[permission] = statement.where(permits(entity, permission, actor))
    return made[permission]
