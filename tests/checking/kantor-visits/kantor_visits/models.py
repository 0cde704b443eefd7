from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import KeyText, Person, Public, Scoped, Versioned, declarative_base

Base = declarative_base("visits")


class Visit(Public, Versioned, Scoped, Base):
    """One guest on one day, of the department that was visited."""

    __tablename__ = "visits_visit"
    __table_args__ = (CheckConstraint("people > 0", name="people"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    guest: Mapped[str] = mapped_column(KeyText)
    note: Mapped[str] = mapped_column(String(500), default="")
    people: Mapped[int] = mapped_column(default=1)
    arrived_on: Mapped[date]
    host_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    host: Mapped[Person | None] = relationship(Person)
