"""Who works here, in which department, since when."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, case, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, Global, Named, Public, Versioned, one_of, people_reached
from portal.reach import Held, Principal
from portal.search import Searched


class Department(
    Public, Named, Versioned, Global, CoreBase, reason="everybody sees the organisation"
):
    """A part of the organisation; the tree hangs on ``parent_id``."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True
    )
    active: Mapped[bool] = mapped_column(default=True)
    parent: Mapped[Department | None] = relationship(remote_side=[id])

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        return one_of(entity.id, held.departments)

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return cls.rows(entity, held, who, True)


class Person(Public, Named, Versioned, Global, CoreBase, reason="everybody sees who works here"):
    """Somebody who works here, with or without an account; ``epoch`` rises with every change of
    rights.
    """

    __tablename__ = "person"
    __searched__ = Searched(text=("name_key",))
    __table_args__ = (
        CheckConstraint("active_until IS NULL OR active_until >= active_from", name="active_range"),
        Index("ix_person_name_key", "name_key", "id"),
        Index("ix_person_active_from", "active_from"),
        Index("ix_person_active_until", "active_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str | None] = mapped_column(String(64))
    active_from: Mapped[date]
    active_until: Mapped[date | None]
    epoch: Mapped[int] = mapped_column(default=1)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        return people_reached(entity.id, held, who, own=held.own or held.team)

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return cls.rows(entity, held, who, True)


class Membership(Public, Global, CoreBase, reason="everybody sees who works in which department"):
    """A person's place in a department, from a day, until (not including) a day; one ended before
    it began is empty.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("kind IN ('member', 'manager', 'standing_deputy')", name="kind"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="range"),
        Index("ix_membership_person_id", "person_id", "from_on"),
        Index("ix_membership_department_id", "department_id", "kind", "from_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(20), default="member")
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    person: Mapped[Person] = relationship()
    department: Mapped[Department] = relationship()

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        return one_of(entity.department_id, held.departments)


# Those who lead a department come before its other members.
LEADERS_FIRST = case(
    (Membership.kind == "manager", 0), (Membership.kind == "standing_deputy", 1), else_=2
)


class CaseFile(Global, CoreBase, reason="a bare number; what it is about is in confidential rows"):
    """What confidential rows belong to."""

    __tablename__ = "case_file"

    id: Mapped[int] = mapped_column(primary_key=True)
