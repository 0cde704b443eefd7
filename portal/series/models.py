"""How far each series of numbers has come."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly


class SeriesYear(CoreOnly, CoreBase):
    """The last number of a series that was given out in a year."""

    __tablename__ = "series_year"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
