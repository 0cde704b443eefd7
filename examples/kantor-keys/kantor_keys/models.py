from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Global, KeyText, Person, Public, Versioned, declarative_base

Base = declarative_base("keys")


class Key(Public, Versioned, Global, Base, reason="everybody may see which keys exist"):
    """One physical key; ``holder`` is None while it hangs in the cabinet."""

    __tablename__ = "keys_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(KeyText, unique=True)
    room: Mapped[str]
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    lent_at: Mapped[datetime | None]
    holder: Mapped[Person | None] = relationship(Person)
