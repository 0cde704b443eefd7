"""When the organisation works, and who works by which calendar."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import CoreBase, Global, Named, Public, Versioned
from portal.people.models import Department, Person

Stored = list[list[int]]  # windows of a day as JSON keeps them


class HolidayList(
    Public, Named, Versioned, Global, CoreBase, noun="calendar", reason="holidays are no secret"
):
    """Holidays that several calendars share, and of which country and region they are."""

    __tablename__ = "holiday_list"
    __table_args__ = (UniqueConstraint("name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2), default="")
    region: Mapped[str] = mapped_column(String(12), default="")


class Holiday(Public, Global, CoreBase, noun="calendar", reason="holidays are no secret"):
    """A date of a list: closed (no windows), half a day, or kept although it is worked.

    ``windows`` None says that people work as usual: importing the year again leaves it so.
    """

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("list_id", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("holiday_list.id", ondelete="CASCADE"))
    on: Mapped[date]
    name: Mapped[str] = mapped_column(String(200))
    windows: Mapped[Stored | None] = mapped_column(JSON(none_as_null=True))


class WorkCalendar(
    Public, Named, Versioned, Global, CoreBase, noun="calendar", reason="everybody may know when"
):
    """A week of windows, and the holidays it keeps; one is everybody's who has no other.

    ``week`` holds seven days from Monday on, each a list of (begins, ends) in minutes after
    midnight; ``time_zone`` None is the organisation's.
    """

    __tablename__ = "work_calendar"
    __table_args__ = (
        UniqueConstraint("name_key"),
        Index(
            "uq_work_calendar_usual",
            "usual",
            unique=True,
            sqlite_where=text("usual = 1"),
            postgresql_where=text("usual"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    time_zone: Mapped[str | None] = mapped_column(String(64))
    week: Mapped[list[Stored]] = mapped_column(JSON)
    usual: Mapped[bool] = mapped_column(default=False)
    holiday_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("holiday_list.id", ondelete="RESTRICT"), index=True
    )
    holiday_list: Mapped[HolidayList | None] = relationship()


class WorkDay(Public, Global, CoreBase, noun="calendar", reason="everybody may know when"):
    """A date on which a calendar is otherwise than its week and its holidays say."""

    __tablename__ = "work_day"
    __table_args__ = (UniqueConstraint("calendar_id", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("work_calendar.id", ondelete="CASCADE"))
    on: Mapped[date]
    name: Mapped[str] = mapped_column(String(200), default="")
    windows: Mapped[Stored] = mapped_column(JSON)


class WorksBy(Global, CoreBase, noun="calendar", reason="everybody may know when"):
    """The calendar of a department and all below it, or of one person."""

    __tablename__ = "work_calendar_use"
    __table_args__ = (
        CheckConstraint("(department_id IS NULL) <> (person_id IS NULL)", name="one_of_both"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(
        ForeignKey("work_calendar.id", ondelete="CASCADE"), index=True
    )
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="CASCADE"), unique=True
    )
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), unique=True
    )
    calendar: Mapped[WorkCalendar] = relationship()
    department: Mapped[Department | None] = relationship()
    person: Mapped[Person | None] = relationship()
