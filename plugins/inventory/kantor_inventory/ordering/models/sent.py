"""What was said to the supplier and by them: sent, changed, confirmed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Follows, Person

from ...models import CHANNELS, Base, among
from .orders import PurchaseOrder


class Amendment(Follows, Base, noun="order", follows=("order_id",)):
    """A change of an order after it was placed: the whole order as it then was, never rewritten.

    ``number`` counts from 1; what was ordered first is the order's own ``snapshot``. ``changes``
    says line by line what is other than before.
    """

    __tablename__ = "inventory_order_amendment"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    number: Mapped[int]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500))
    amended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    amended_at: Mapped[datetime]
    order: Mapped[PurchaseOrder] = relationship()
    amended_by: Mapped[Person | None] = relationship(Person)


class Sending(Follows, Base, noun="order", follows=("order_id",)):
    """An order, or an amendment of it, on its way to the supplier: by mail or as somebody told.

    ``attempt`` counts from 1 for each amendment, so that one click too many sends nothing.
    ``letter`` is the public id of the mail that the portal sent itself.
    """

    __tablename__ = "inventory_order_sending"
    __table_args__ = (
        UniqueConstraint("order_id", "amendment", "attempt"),
        CheckConstraint(among("channel", CHANNELS), name="channel"),
        CheckConstraint("amendment >= 0 AND attempt > 0", name="attempt"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    amendment: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int]
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(254), default="")  # the address, or who took it
    confirmation: Mapped[str] = mapped_column(String(60), default="")  # their number, told at once
    subject: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    letter: Mapped[str | None] = mapped_column(String(20))
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    sent_at: Mapped[datetime]
    order: Mapped[PurchaseOrder] = relationship()
    sent_by: Mapped[Person | None] = relationship(Person)


class Confirmation(Follows, Base, noun="order", follows=("order_id",)):
    """The supplier said that they deliver: when, by which number, for which day."""

    __tablename__ = "inventory_order_confirmation"
    __table_args__ = (Index("ix_inventory_order_confirmation_order_id", "order_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    amendment: Mapped[int] = mapped_column(default=0)
    confirmed_on: Mapped[date]
    number: Mapped[str] = mapped_column(String(60), default="")
    promised_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    noted_at: Mapped[datetime]
    order: Mapped[PurchaseOrder] = relationship()
    noted_by: Mapped[Person | None] = relationship(Person)
