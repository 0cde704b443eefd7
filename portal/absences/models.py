"""Who is away."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, Global, Public, Versioned, people_reached
from portal.people.models import Person
from portal.reach import Held, Principal

from .rules import Away


def days_in(row: Any) -> Away:
    """Return the days in a row of absences as rules know them."""
    return Away(
        from_on=row.from_on,
        last_on=row.last_on,
        from_noon=row.from_noon,
        until_noon=row.until_noon,
    )


class Absence(
    Public, Versioned, Global, CoreBase, reason="everybody may know who is away, nobody why"
):
    """Whole or half days on which somebody is away, both days included; never the reason.

    ``source`` says who entered it: the person (own), somebody for them (other), or a plugin's slug.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("last_on >= from_on", name="range"),
        CheckConstraint("last_on > from_on OR NOT (from_noon AND until_noon)", name="not_empty"),
        Index("ix_absence_person_id", "person_id", "last_on"),
        Index("ix_absence_from_on", "from_on", "id"),
        Index("ix_absence_last_on", "last_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    from_on: Mapped[date]
    last_on: Mapped[date]
    from_noon: Mapped[bool] = mapped_column(default=False)
    until_noon: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(20), default="own")
    person: Mapped[Person] = relationship()

    @property
    def away(self) -> Away:
        """The days as rules know them."""
        return days_in(self)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        # Whoever may note anybody's may note their own, wherever the role is held.
        return people_reached(entity.person_id, held, who, own=True)

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return cls.rows(entity, held, who, True)
