"""What is asked, which steps it takes, who decided, and the rules that say who may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import RULE, CoreBase, CoreOnly, Public, Versioned, inner, metadata
from portal.people.models import Department, Person
from portal.reach import Held, Principal
from portal.roles.models import Role, WrittenEverywhere

PENDING: dict[str, Any] = {
    "sqlite_where": text("state = 'pending'"),
    "postgresql_where": text("state = 'pending'"),
}


class ApprovalRule(
    Public,
    WrittenEverywhere,
    CoreBase,
    noun="approval",
    reason="everybody may know who decides what",
):
    """One step of what a kind of request takes, in a department and all below, from an amount on.

    A rule never changes: another takes its place, and what was asked before keeps the old one.
    ``slot`` says of the rules in force that there is one for each step; it is empty afterwards.
    """

    __tablename__ = "approval_rule"
    __table_args__ = (
        CheckConstraint("who IN ('manager', 'role', 'people')", name="who"),
        CheckConstraint("(who = 'role') = (role_id IS NOT NULL)", name="role"),
        CheckConstraint("from_amount >= 0 AND step BETWEEN 1 AND 9", name="place"),
        CheckConstraint("needed BETWEEN 1 AND 9", name="needed"),
        CheckConstraint("remind_hours BETWEEN 1 AND 400", name="remind"),
        CheckConstraint("escalate_hours IS NULL OR escalate_hours > remind_hours", name="escalate"),
        CheckConstraint("(slot IS NULL) = (retired_at IS NOT NULL)", name="slot"),
        UniqueConstraint("slot"),
        Index("ix_approval_rule_kind", "kind", "retired_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True
    )
    from_amount: Mapped[int] = mapped_column(BigInteger, default=0)
    step: Mapped[int] = mapped_column(default=1)
    who: Mapped[str] = mapped_column(String(12), default="manager")
    role_id: Mapped[int | None] = mapped_column(
        ForeignKey("role.id", ondelete="RESTRICT"), index=True
    )
    needed: Mapped[int] = mapped_column(default=1)
    remind_hours: Mapped[int] = mapped_column(default=8)
    escalate_hours: Mapped[int | None]
    slot: Mapped[str | None] = mapped_column(String(140))
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    retired_at: Mapped[datetime | None]
    department: Mapped[Department | None] = relationship()
    role: Mapped[Role | None] = relationship()
    people: Mapped[list[ApprovalRulePerson]] = relationship(
        order_by="ApprovalRulePerson.id", cascade="all, delete-orphan"
    )


class ApprovalRulePerson(
    WrittenEverywhere, CoreBase, noun="approval", reason="everybody may know who decides what"
):
    """Somebody whom a rule names."""

    __tablename__ = "approval_rule_person"
    __table_args__ = (UniqueConstraint("rule_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("approval_rule.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    person: Mapped[Person] = relationship()


class ApprovalRequest(Public, Versioned, CoreOnly, CoreBase, noun="portal"):
    """Something that somebody asks for and others decide.

    ``together`` is the amount with what the same person asked just before. Of the step that is
    open, ``deciding`` is 0 if whoever leads the department decides, else the rule that says who,
    and ``spent`` names those whose voice is given already. Whoever asked, gains by it or decided
    reads it; who decides now is asked at that moment, by the portal itself.
    """

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'approved', 'refused', 'withdrawn', 'expired', 'void')",
            name="state",
        ),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount"),
        Index("uq_approval_open", "kind", "subject", unique=True, **PENDING),
        Index("ix_approval_subject", "kind", "subject", "id"),
        Index("ix_approval_due", "due_at", "id", **PENDING),
        Index("ix_approval_arm", "deciding", "department_id", "due_at", "id", **PENDING),
        Index(
            "ix_approval_asker",
            *("deciding", "department_id", "requester_id", "due_at", "id"),
            **PENDING,
        ),
        Index(
            "ix_approval_spent",
            *("deciding", "department_id", "spent"),
            sqlite_where=text("state = 'pending' AND spent <> ''"),
            postgresql_where=text("state = 'pending' AND spent <> ''"),
        ),
        Index(
            "ix_approval_late",
            *("deciding", "department_id", "due_at", "id"),
            sqlite_where=text("state = 'pending' AND escalated = 1"),
            postgresql_where=text("state = 'pending' AND escalated"),
        ),
        Index(
            "ix_approval_gains",
            *("beneficiary_id", "due_at", "id"),
            sqlite_where=text("state = 'pending' AND beneficiary_id IS NOT NULL"),
            postgresql_where=text("state = 'pending' AND beneficiary_id IS NOT NULL"),
        ),
        Index("ix_approval_requester_id", "requester_id", "asked_at", "id"),
        Index("ix_approval_beneficiary_id", "beneficiary_id", "asked_at", "id"),
        Index("ix_approval_department_id", "department_id"),
        Index("ix_approval_asked_at", "asked_at", "id", **PENDING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(300))
    gaps: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    together: Mapped[int | None] = mapped_column(BigInteger)
    requester_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    beneficiary_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id", ondelete="RESTRICT"))
    digest: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(12), default="pending")
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    open_step: Mapped[int] = mapped_column(default=1)
    deciding: Mapped[int] = mapped_column(default=0)
    escalated: Mapped[bool] = mapped_column(default=False)
    spent: Mapped[str] = mapped_column(String(200), default="")
    requester: Mapped[Person] = relationship(foreign_keys=requester_id)
    beneficiary: Mapped[Person | None] = relationship(foreign_keys=beneficiary_id)
    department: Mapped[Department] = relationship()

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if writing or not held:
            return false()
        made = inner(metadata.tables["approval_decision"])
        decided = select(made.c.approval_id).where(
            or_(made.c.person_id == who.person_id, made.c.on_behalf_of_id == who.person_id)
        )
        return or_(
            entity.requester_id == who.person_id,
            entity.beneficiary_id == who.person_id,
            entity.id.in_(decided._annotate({RULE: True})),
        )

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return frozenset({"approval_decision"})


class ApprovalStep(CoreOnly, CoreBase, noun="portal"):
    """A step of a request: the rule who decides, never a person.

    It is open from ``opened_at`` until ``closed_at``; the instants of reminder and escalation are
    reckoned when it opens.
    """

    __tablename__ = "approval_step"
    __table_args__ = (
        UniqueConstraint("approval_id", "n"),
        CheckConstraint("needed BETWEEN 1 AND 9", name="needed"),
        Index(
            "ix_approval_step_remind_at",
            *("remind_at", "id"),
            sqlite_where=text("reminded_at IS NULL AND closed_at IS NULL"),
            postgresql_where=text("reminded_at IS NULL AND closed_at IS NULL"),
        ),
        Index(
            "ix_approval_step_escalate_at",
            *("escalate_at", "id"),
            sqlite_where=text("escalated_at IS NULL AND closed_at IS NULL"),
            postgresql_where=text("escalated_at IS NULL AND closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id", ondelete="RESTRICT"))
    n: Mapped[int]
    rule_id: Mapped[int | None] = mapped_column(
        ForeignKey("approval_rule.id", ondelete="RESTRICT"), index=True
    )
    needed: Mapped[int] = mapped_column(default=1)
    remind_hours: Mapped[int]
    escalate_hours: Mapped[int | None]
    opened_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    escalate_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    rule: Mapped[ApprovalRule | None] = relationship()


class ApprovalDecision(CoreOnly, CoreBase, noun="portal"):
    """What somebody decided, in their own right or for somebody else; nobody changes it later."""

    __tablename__ = "approval_decision"
    __table_args__ = (
        UniqueConstraint("step_id", "person_id"),
        CheckConstraint("verdict IN ('approve', 'refuse')", name="verdict"),
        CheckConstraint("verdict = 'approve' OR comment <> ''", name="reason"),
        CheckConstraint("on_behalf_of_id <> person_id", name="not_oneself"),
        Index("ix_approval_decision_person_id", "person_id", "at", "id"),
        Index("ix_approval_decision_on_behalf_of_id", "on_behalf_of_id", "at", "id"),
        Index("ix_approval_decision_approval_id", "approval_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id", ondelete="RESTRICT"))
    step_id: Mapped[int] = mapped_column(ForeignKey("approval_step.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT")
    )
    way: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    approval: Mapped[ApprovalRequest] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    on_behalf_of: Mapped[Person | None] = relationship(foreign_keys=on_behalf_of_id)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        if writing or not held:
            return false()
        mine = entity.on_behalf_of_id == who.person_id
        return or_(entity.person_id == who.person_id, mine)
