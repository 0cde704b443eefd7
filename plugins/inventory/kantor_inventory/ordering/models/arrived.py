"""Deliveries: what came with which paper, what of it was kept, and what was not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Follows, KeyText, Person, Public

from ...models import Base, Movement
from .orders import OrderLine, PurchaseOrder

_COUNTED = text("note_key <> '' AND reversed_at IS NULL")


class Delivery(Public, Follows, Base, noun="order", follows=("order_id",)):
    """What came of an order at once.

    ``note_key`` is the number of the delivery note without spaces, strokes and capitals; it is
    booked once for an order and supplier, unless somebody says that it is another delivery, which
    then is ``copy`` 2. A delivery taken back as a whole frees its number.
    """

    __tablename__ = "inventory_delivery"
    __table_args__ = (
        CheckConstraint("copy > 0", name="copy"),
        Index(
            "uq_inventory_delivery_note",
            "supplier_id",
            "note_key",
            "order_id",
            "copy",
            unique=True,
            sqlite_where=_COUNTED,
            postgresql_where=_COUNTED,
        ),
        Index("ix_inventory_delivery_order_id", "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT")
    )
    delivery_note: Mapped[str] = mapped_column(String(60), default="")
    note_key: Mapped[str] = mapped_column(KeyText, default="")
    copy: Mapped[int] = mapped_column(default=1)
    came_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    received_at: Mapped[datetime]
    reversed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reversed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="")  # of taking it back
    order: Mapped[PurchaseOrder] = relationship()
    received_by: Mapped[Person | None] = relationship(Person, foreign_keys=[received_by_id])
    reversed_by: Mapped[Person | None] = relationship(Person, foreign_keys=[reversed_by_id])
    lines: Mapped[list[DeliveryLine]] = relationship(
        back_populates="delivery", order_by="DeliveryLine.id"
    )


class DeliveryLine(Follows, Base, noun="order", follows=("delivery_id",)):
    """What came for a line of the order, in thousandths of the base unit.

    ``counted`` is all that came; of it ``rejected`` was damaged or wrong and ``returned`` was more
    than was ordered: neither is in stock. ``free`` was more than was ordered and was kept for
    nothing. ``before`` is what had come by then. What is rejected is still to come, unless it is
    ``closed``: that much was given up.
    """

    __tablename__ = "inventory_delivery_line"
    __table_args__ = (
        UniqueConstraint("delivery_id", "line_id"),
        CheckConstraint(
            "counted > 0 AND noted >= 0 AND before >= 0 AND rejected >= 0 AND returned >= 0"
            " AND free >= 0 AND rejected + returned + free <= counted",
            name="counted",
        ),
        CheckConstraint("closed >= 0 AND closed <= rejected", name="closed"),
        CheckConstraint("rejected = 0 OR reason <> ''", name="reason"),
        CheckConstraint("(free > 0) = (free_movement_id IS NOT NULL)", name="free"),
        Index("ix_inventory_delivery_line_line_id", "line_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_delivery.id", ondelete="RESTRICT")
    )
    line_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order_line.id", ondelete="RESTRICT")
    )
    before: Mapped[int] = mapped_column(BigInteger)
    noted: Mapped[int | None] = mapped_column(BigInteger)  # on the delivery note, if typed in
    counted: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    reason: Mapped[str] = mapped_column(String(200), default="")
    closed: Mapped[int] = mapped_column(BigInteger, default=0)
    returned: Mapped[int] = mapped_column(BigInteger, default=0)
    free: Mapped[int] = mapped_column(BigInteger, default=0)
    free_movement_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    delivery: Mapped[Delivery] = relationship(back_populates="lines")
    line: Mapped[OrderLine] = relationship()


class Receipt(Follows, Base, noun="order", follows=("order_id",)):
    """A movement by which a line of an order came into stock, and the delivery it came with."""

    __tablename__ = "inventory_receipt"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_inventory_receipt_order_id", "order_id", "id"),
        Index("ix_inventory_receipt_line_id", "line_id", "id"),
        Index("ix_inventory_receipt_delivery_id", "delivery_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    line_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order_line.id", ondelete="RESTRICT")
    )
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_delivery.id", ondelete="RESTRICT")
    )
    movement_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    quantity: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[OrderLine] = relationship()
    delivery: Mapped[Delivery] = relationship()
    movement: Mapped[Movement] = relationship()
