"""The shared address book."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, Follows, Named, Public, Scoped, Versioned
from portal.people.models import Department
from portal.search import Searched


class Contact(Public, Named, Versioned, Scoped, CoreBase, shared_when_null=True):
    """An outside person or organisation; private to a department when one is set."""

    __tablename__ = "contact"
    __searched__ = Searched(text=("name_key",))
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        Index("ix_contact_name_key", "name_key", "id"),
        Index("ix_contact_kind", "kind", "name_key", "id"),
        Index("ix_contact_active", "active", "name_key", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(14), default="organisation")
    works_for_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    works_for: Mapped[Contact | None] = relationship(remote_side=[id])
    department: Mapped[Department | None] = relationship()
    points: Mapped[list[ContactPoint]] = relationship(
        back_populates="contact", cascade="all, delete-orphan", order_by="ContactPoint.id"
    )


class ContactPoint(Follows, CoreBase, noun="contact", follows=("contact_id",), one_by_one=True):
    """A number or address of a contact."""

    __tablename__ = "contact_point"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'fax', 'email', 'address', 'web')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(500))
    label: Mapped[str] = mapped_column(String(60), default="")
    contact: Mapped[Contact] = relationship(back_populates="points")
