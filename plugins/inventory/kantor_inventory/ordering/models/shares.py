"""For whom a line is ordered, where that is not the department of the order alone."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Department, Follows

from ...models import Base
from .orders import OrderLine


class OrderShare(Follows, Base, noun="order", follows=("line_id",)):
    """So much of a line, in thousandths of the base unit, is for a department, whose budget pays.

    What no share names is the order's own department's. ``request_line_id`` is the line of a
    request that it is ordered for.
    """

    __tablename__ = "inventory_order_share"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_inventory_order_share_line_id", "line_id", "id"),
        Index("ix_inventory_order_share_request_line_id", "request_line_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order_line.id", ondelete="RESTRICT")
    )
    # Not ``department_id``: who may see a share is who may see its order.
    for_department_id: Mapped[int] = mapped_column(ForeignKey("department.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    request_line_id: Mapped[int | None]
    line: Mapped[OrderLine] = relationship()
    for_department: Mapped[Department] = relationship(Department)
