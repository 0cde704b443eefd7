"""Roles are sets of (permission, reach); assignments give them to people in a department."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    or_,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, CoreOnly, Global, Named, Public, Versioned, one_of, people_in
from portal.people.models import Department, Person
from portal.reach import Held, Principal


class WrittenEverywhere(Global):
    """Rows that everybody may read, and that only a grant without a limit lets somebody write."""

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return true() if not writing or held.everything else false()


class Role(
    Public,
    Named,
    Versioned,
    WrittenEverywhere,
    CoreBase,
    reason="everybody may know which roles there are",
):
    """A set of permissions with their reach; a shipped one keeps its ``slug`` whatever it is
    called.
    """

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    note: Mapped[str] = mapped_column(default="")
    shipped: Mapped[bool] = mapped_column(default=False)
    permissions: Mapped[list[RolePermission]] = relationship(
        back_populates="role", cascade="all, delete-orphan", order_by="RolePermission.permission"
    )


class RolePermission(
    WrittenEverywhere, CoreBase, noun="role", reason="everybody may know what a role may do"
):
    """One permission of a role; ``source`` is the plugin that brought it, empty when an
    administrator did.
    """

    __tablename__ = "role_permission"
    __table_args__ = (
        UniqueConstraint("role_id", "permission"),
        CheckConstraint("reach IN ('own', 'team', 'department', 'tree', 'all')", name="reach"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"))
    permission: Mapped[str] = mapped_column(String(80), index=True)
    reach: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(20), default="")
    role: Mapped[Role] = relationship(back_populates="permissions")


class Assignment(Public, CoreOnly, CoreBase, noun="role"):
    """A person holds a role, measured from a department (none: the whole organisation), for a
    time.

    Read within the reach of a grant on roles, written by the portal alone; one that was ended
    before it began stays as an empty range.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="range"),
        Index("ix_assignment_person_id", "person_id", "from_on"),
        Index("ix_assignment_role_id", "role_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id", ondelete="RESTRICT"))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True
    )
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    may_grant: Mapped[bool] = mapped_column(default=False)
    approved: Mapped[bool] = mapped_column(default=True)  # False: waits for a second administrator
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    granted_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    role: Mapped[Role] = relationship()
    department: Mapped[Department | None] = relationship()

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if writing or held.everything:
            return false() if writing else true()
        parts: list[ColumnElement[bool]] = []
        if held.own or held.team:
            parts.append(entity.person_id == who.person_id)
        departments = held.departments | (who.managed if held.team else frozenset())
        if departments:
            parts.append(one_of(entity.department_id, departments))
            parts.append(entity.person_id.in_(people_in(departments, who)))
        return or_(false(), *parts)


class CaseAccess(CoreOnly, CoreBase):
    """Who may read the rows of a case, and for how long."""

    __tablename__ = "case_access"
    __table_args__ = (UniqueConstraint("person_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
