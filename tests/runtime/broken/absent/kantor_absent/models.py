from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.api import Global, declarative_base

Base = declarative_base("absent")


class Thing(Global, Base, reason="nobody ever sees it"):
    """Points at a table that does not exist either."""

    __tablename__ = "absent_thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("absent_other.id"))
