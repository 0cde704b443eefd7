"""What people were told, and how they like to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.jobs.sentences import packed, unpacked
from portal.messages import Message
from portal.orm import CoreBase, CoreOnly, Owned, Public


class Sentence(TypeDecorator[Message]):
    """A sentence with its gaps, spoken in the language of whoever reads it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else packed(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else unpacked(value)


class Notice(Public, Owned, CoreBase, noun="portal"):
    """One thing one person is told of; unread ones of a kind about one record are one row."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("way IN ('at_once', 'digest', 'never')", name="way"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_notice_newest", "owner_id", "unread", "told_at", "id"),
        Index("ix_notice_told_at", "owner_id", "told_at", "id"),
        Index("ix_notice_read_at", "read_at"),
        Index(
            "uq_notice_record",
            "owner_id",
            "kind",
            "record",
            unique=True,
            sqlite_where=text("read_at IS NULL AND record <> ''"),
            postgresql_where=text("read_at IS NULL AND record <> ''"),
        ),
        Index(
            "ix_notice_mail",
            "owner_id",
            "id",
            sqlite_where=text("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"),
            postgresql_where=text("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    record: Mapped[str] = mapped_column(String(160), default="")
    text: Mapped[Any] = mapped_column(Sentence)
    endpoint: Mapped[str] = mapped_column(String(120))
    address: Mapped[dict[str, Any]] = mapped_column(JSON)
    number: Mapped[int] = mapped_column(default=1)  # how often since it was read last
    way: Mapped[str] = mapped_column(String(8), default="never")  # how it goes out by mail
    unread: Mapped[int] = mapped_column(default=1)  # 1 or 0: the first in every order
    told_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]

    @classmethod
    def rows(cls, entity: Any, held: Any, who: Any, writing: bool) -> Any:
        """Only whom it tells reads it, whatever anybody may do."""
        return entity.owner_id == who.person_id if held else false()


class NoticeEpisode(CoreOnly, CoreBase):
    """What somebody was told of once and is not told again while it lasts."""

    __tablename__ = "notice_episode"
    __table_args__ = (UniqueConstraint("person_id", "kind", "episode"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(80))
    episode: Mapped[str] = mapped_column(String(160))
    told_at: Mapped[datetime] = mapped_column(index=True)


class NoticeChoice(CoreOnly, CoreBase):
    """How one person is told of one kind by mail; the empty kind says when mail may come."""

    __tablename__ = "notice_choice"
    __table_args__ = (UniqueConstraint("person_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(80))
    choice: Mapped[str] = mapped_column(String(8))
