"""Budgets and the ledger of what was committed and spent of each.

Amounts are minor units of the organisation's currency. The entries are the truth; the columns of a
budget are what they add up to, kept in the transaction that adds an entry.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Department, Follows, Person, Public, Scoped, Versioned

from ..models import Base, Category, among

MODES = ("stop", "warn")
KINDS = ("commit", "release", "spend", "refund")


class Budget(Public, Versioned, Scoped, Base, noun="budget"):
    """What a department may spend from a day until (not including) a day: on one category of items,
    or on everything.

    ``committed`` is ordered and has not come, ``spent`` has come; ``available`` is what is left. A
    budget that stops never goes below nothing, one that warns may.
    """

    __tablename__ = "inventory_budget"
    __table_args__ = (
        CheckConstraint(among("mode", MODES), name="mode"),
        CheckConstraint("until_on > from_on", name="period"),
        CheckConstraint("amount >= 0 AND committed >= 0 AND spent >= 0", name="positive"),
        CheckConstraint("available = amount - committed - spent", name="sum"),
        CheckConstraint("available >= 0 OR mode = 'warn'", name="available"),
        Index("ix_inventory_budget_until_on", "until_on", "id"),
        Index("ix_inventory_budget_from_on", "from_on", "id"),
        Index("ix_inventory_budget_available", "available", "id"),
        Index("ix_inventory_budget_department", "department_id", "from_on", "id"),
        Index("ix_inventory_budget_category_id", "category_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_category.id", ondelete="RESTRICT")
    )
    from_on: Mapped[date]
    until_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BigInteger)
    committed: Mapped[int] = mapped_column(BigInteger, default=0)
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    available: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[str] = mapped_column(String(4), default="stop")
    note: Mapped[str] = mapped_column(String(500), default="")
    department: Mapped[Department] = relationship(Department)
    category: Mapped[Category | None] = relationship()

    @property
    def last_on(self) -> date:
        """The last day it is for."""
        return self.until_on - timedelta(days=1)

    @property
    def stops(self) -> bool:
        """Whether it refuses what it has not left."""
        return self.mode == "stop"


class BudgetEntry(Follows, Base, noun="budget", follows=("budget_id",)):
    """One booking on a budget, never changed: what a ``source`` ("order line 12") commits,
    releases, spends or is refunded.

    Of a spend, ``reserved`` is what had been committed; of a refund, what is committed again. A
    booking is made once for each source, kind and number. ``about`` is what it was for, as it was
    then called.
    """

    __tablename__ = "inventory_budget_entry"
    __table_args__ = (
        CheckConstraint(among("kind", KINDS), name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "reserved >= 0 AND reserved <= amount"
            " AND (reserved = 0 OR kind IN ('spend', 'refund'))",
            name="reserved",
        ),
        UniqueConstraint("source", "kind", "number"),
        Index("ix_inventory_budget_entry_budget_id", "budget_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey("inventory_budget.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    source: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column(BigInteger)
    about: Mapped[str] = mapped_column(String(200), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    booked_on: Mapped[date]  # the day it was, for the organisation
    budget: Mapped[Budget] = relationship()
    actor: Mapped[Person | None] = relationship(Person)
