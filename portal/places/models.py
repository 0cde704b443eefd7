"""Sites, rooms and shelves, in one tree."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.orm import (
    CoreBase,
    Global,
    KeyText,
    Named,
    Public,
    Versioned,
    inner,
    metadata,
    one_of,
    sort_key,
)
from portal.people.models import Department
from portal.reach import Held, Principal
from portal.search import Searched


class Place(Public, Named, Versioned, Global, CoreBase, reason="everybody finds their way"):
    """A place where things are; what stands there is reached through its department."""

    __tablename__ = "place"
    __searched__ = Searched(text=("name_key",), codes=("code_key",))
    __table_args__ = (
        CheckConstraint("kind IN ('site', 'room', 'shelf')", name="kind"),
        Index("ix_place_name_key", "name_key", "id"),
        Index("ix_place_walk_order", "walk_order", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    code_key: Mapped[str] = mapped_column(
        KeyText, unique=True
    )  # one place per code, however written
    kind: Mapped[str] = mapped_column(String(10), default="room")
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("place.id", ondelete="RESTRICT"), index=True
    )
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True
    )
    walk_order: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    parent: Mapped[Place | None] = relationship(remote_side=[id])
    department: Mapped[Department | None] = relationship()

    @validates("code")
    def _keep_code_key(self, _key: str, value: str) -> str:
        self.code_key = sort_key(value)
        return value

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        return one_of(entity.department_id, held.departments)

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        """Return the places whose things are reached; a served department sees but
        does not touch.
        """
        if held.everything:
            return true()
        own = one_of(entity.department_id, held.departments) if held.departments else false()
        if writing or not held.departments:
            return own
        serves = inner(metadata.tables["place_serves"])
        served = select(serves.c.place_id).where(one_of(serves.c.department_id, held.departments))
        return or_(own, entity.id.in_(served))

    @classmethod
    def in_reach(cls, held: Held, who: Principal, writing: bool) -> Select[tuple[int]]:
        """Return the ids of the places whose things are reached, for models that name a place."""
        # A table, not the class: inside a wall the class would be limited by its own wall again.
        place = inner(cls.__table__)
        return select(place.c.id).where(cls.reached(place.c, held, who, writing))


class PlaceServes(
    Global, CoreBase, noun="place", reason="everybody may know which room serves whom"
):
    """A department that sees the stock of a shared room."""

    __tablename__ = "place_serves"
    __table_args__ = (UniqueConstraint("place_id", "department_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    department_id: Mapped[int] = mapped_column(
        ForeignKey("department.id", ondelete="CASCADE"), index=True
    )
