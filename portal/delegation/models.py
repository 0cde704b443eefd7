"""Who stands in for whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, Global, Public, Versioned, people_reached
from portal.people.models import Department, Person
from portal.reach import Held, Principal

from .rules import ALL, Given


class Delegation(
    Public, Versioned, Global, CoreBase, reason="everybody may know who stands in for whom"
):
    """A deputy decides what the principal would, both days included, until it is revoked.

    ``department_id`` limits it to a department and all below, ``scope`` to a kind of matters,
    ``max_amount`` to what costs no more, in the smallest unit of the organisation's money.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("last_on >= from_on", name="range"),
        CheckConstraint("deputy_id <> principal_id", name="not_oneself"),
        CheckConstraint("scope IN ('approvals', 'tasks', 'tickets', 'all')", name="scope"),
        CheckConstraint("max_amount IS NULL OR max_amount >= 0", name="amount"),
        Index("ix_delegation_principal_id", "principal_id", "last_on"),
        Index("ix_delegation_deputy_id", "deputy_id", "last_on"),
        Index("ix_delegation_from_on", "from_on", "id"),
        Index("ix_delegation_last_on", "last_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True
    )
    scope: Mapped[str] = mapped_column(String(12), default=ALL)
    max_amount: Mapped[int | None] = mapped_column(BigInteger)
    from_on: Mapped[date]
    last_on: Mapped[date]
    only_when_absent: Mapped[bool] = mapped_column(default=True)
    revoked_at: Mapped[datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    principal: Mapped[Person] = relationship(foreign_keys=principal_id)
    deputy: Mapped[Person] = relationship(foreign_keys=deputy_id)
    department: Mapped[Department | None] = relationship()

    @property
    def given(self) -> Given:
        """The delegation as rules know it."""
        return Given(
            id=self.id,
            principal_id=self.principal_id,
            deputy_id=self.deputy_id,
            from_on=self.from_on,
            last_on=self.last_on,
            department_id=self.department_id,
            scope=self.scope,
            max_amount=self.max_amount,
            only_when_absent=self.only_when_absent,
            revoked_at=self.revoked_at,
        )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if not writing or held.everything:
            return true()
        # Whoever may name anybody's deputy may name their own, wherever the role is held.
        return people_reached(entity.principal_id, held, who, own=True)

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return cls.rows(entity, held, who, True)
