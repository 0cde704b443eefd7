"""What the portal remembers of how somebody likes a list. A list is named ``<slug>.<its name>``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, KeyText, Public


class ListPreference(CoreOnly, CoreBase):
    """How one person likes one list: which columns in which order, and how high the rows are."""

    __tablename__ = "list_preference"
    __table_args__ = (
        UniqueConstraint("person_id", "list"),
        CheckConstraint("height IN ('normal', 'compact')", name="height"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    list: Mapped[str] = mapped_column(String(80))
    columns: Mapped[str | None] = mapped_column(JSON(none_as_null=True))  # keys; None: as delivered
    height: Mapped[str] = mapped_column(String(8), default="normal")
    opens: Mapped[str] = mapped_column(String(40), default="")  # the view it opens with


class SavedView(Public, CoreOnly, CoreBase):
    """What a list was asked, under a name: its owner's alone, or for a role or everybody to use.

    It says what is shown, never who may see which rows. A role that is gone leaves it to its owner.
    """

    __tablename__ = "list_view"
    __table_args__ = (
        UniqueConstraint("owner_id", "list", "name_key"),
        CheckConstraint("audience IN ('me', 'role', 'everybody')", name="audience"),
        CheckConstraint("role_id IS NULL OR audience = 'role'", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    list: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(KeyText)
    audience: Mapped[str] = mapped_column(String(10), default="me")
    role_id: Mapped[int | None] = mapped_column(
        ForeignKey("role.id", ondelete="SET NULL"), index=True
    )
    asked: Mapped[Any] = mapped_column(JSON)  # what stands in the address: [[name, value], ...]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ViewMail(Public, CoreOnly, CoreBase):
    """A view that is sent to somebody by mail: every working day, week or month at a full hour.

    ``weekday`` is 0 for Monday, ``day`` the day of the month or, in a shorter one, its last;
    ``endpoint`` is the page of the list. Paused: it goes on when its owner says so.
    """

    __tablename__ = "list_view_mail"
    __table_args__ = (
        UniqueConstraint("view_id", "owner_id"),
        CheckConstraint("every IN ('day', 'week', 'month')", name="every"),
        CheckConstraint("hour >= 0 AND hour <= 23", name="hour"),
        CheckConstraint("weekday >= 0 AND weekday <= 6", name="weekday"),
        CheckConstraint("day >= 1 AND day <= 31", name="day"),
        CheckConstraint("format IN ('csv', 'xlsx')", name="format"),
        CheckConstraint("state IN ('active', 'paused')", name="state"),
        Index("ix_list_view_mail_next_at", "state", "next_at"),
        Index("ix_list_view_mail_owner_id", "owner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("list_view.id", ondelete="CASCADE"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(String(120), default="")
    every: Mapped[str] = mapped_column(String(5))
    hour: Mapped[int]
    weekday: Mapped[int] = mapped_column(default=0)
    day: Mapped[int] = mapped_column(default=1)
    format: Mapped[str] = mapped_column(String(4), default="xlsx")
    only_some: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(6), default="active")
    next_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
