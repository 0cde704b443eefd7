"""What people ask a stock room for, and slips of paper that came too late to be movements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import (
    Department,
    Follows,
    Held,
    Owned,
    Person,
    Place,
    Principal,
    Public,
    Versioned,
    ids_in_reach,
    row_by_row,
)

from ..models import Base, Item, ItemUnit, Movement, among, partial

STATUSES = ("waiting", "asked", "answered", "withdrawn", "refused")
LINE_STATES = ("asked", "to_buy", "handed_out", "bought", "declined", "withdrawn", "refused")
SLIPS = ("receive", "issue", "transfer", "scrap")


class Requisition(Public, Versioned, Owned, Base):
    """What a person asks of one stock room with its shelves. The people of that room answer it.

    Its owner sees it and whoever reaches the owner; so does whom it is for, and those whose own the
    room is. That a room serves a department shows its people the stock, not what others ask for.
    While it is ``waiting`` somebody has to approve it first; ``decided_by`` is who did or refused,
    ``decided_for`` whom they stood in for. ``estimate`` is what all of it may cost, in minor units.
    """

    __tablename__ = "inventory_requisition"
    __table_args__ = (
        CheckConstraint(among("status", STATUSES), name="status"),
        CheckConstraint("estimate >= 0", name="estimate"),
        Index("ix_inventory_requisition_beneficiary_id", "beneficiary_id", "id"),
        Index("ix_inventory_requisition_place_id", "place_id", "status", "id"),
        Index("ix_inventory_requisition_status", "status", "id"),
        Index("ix_inventory_requisition_owner", "owner_id", "status", "id"),
        Index("ix_inventory_requisition_needed_on", "needed_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="RESTRICT"))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT")
    )
    status: Mapped[str] = mapped_column(String(10), default="asked")
    needed_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    beneficiary_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    estimate: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_for_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    decided_note: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    place: Mapped[Place] = relationship(Place)
    owner: Mapped[Person] = relationship(Person, foreign_keys="Requisition.owner_id")
    beneficiary: Mapped[Person | None] = relationship(Person, foreign_keys=[beneficiary_id])
    decided_by: Mapped[Person | None] = relationship(Person, foreign_keys=[decided_by_id])
    decided_for: Mapped[Person | None] = relationship(Person, foreign_keys=[decided_for_id])
    department: Mapped[Department | None] = relationship(Department)
    lines: Mapped[list[RequisitionLine]] = relationship(
        back_populates="requisition", order_by="RequisitionLine.id"
    )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        asked = super().rows(entity, held, who, writing)
        if held and not writing and not held.everything:
            asked = or_(asked, entity.beneficiary_id == who.person_id)
        if held.everything or not held.departments:
            return asked
        rooms = ids_in_reach(Place, held, who, writing=True)
        of_room = row_by_row(entity.place_id).in_(rooms)
        return or_(asked, entity.owner_id == who.person_id, of_room)

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return frozenset({Place.__tablename__, "membership"})


class RequisitionLine(
    Public,
    Versioned,
    Follows,
    Base,
    noun="requisition",
    follows=("requisition_id",),
    one_by_one=True,
):
    """So much of an item, or of what ``text`` says in words of its own, and what became of it.

    Of what has no item ``quantity`` is what was ``entered``, in thousandths of ``unit_text``, and
    ``price`` what one of these may cost. ``estimate`` is what the line may cost, None if nobody
    knows; ``paid`` is what it did cost where it was bought otherwise than by an order. ``to_buy``
    waits to be ordered, or for what is ordered.

    What was handed out may be less, or another item that serves as well: ``given`` of
    ``given_item``, by one movement.
    """

    __tablename__ = "inventory_requisition_line"
    __table_args__ = (
        CheckConstraint(among("state", LINE_STATES), name="state"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        CheckConstraint(
            "(state = 'handed_out') = (movement_id IS NOT NULL)"
            " AND (given IS NOT NULL) = (movement_id IS NOT NULL)"
            " AND (given_item_id IS NOT NULL) = (movement_id IS NOT NULL)",
            name="handed_out",
        ),
        CheckConstraint(
            "(item_id IS NULL) = (item_unit_id IS NULL) AND (item_id IS NOT NULL OR text <> '')",
            name="named",
        ),
        CheckConstraint("price >= 0 AND estimate >= 0", name="price"),
        CheckConstraint("(state = 'bought') = (paid IS NOT NULL) AND paid >= 0", name="paid"),
        Index("ix_inventory_requisition_line_requisition_id", "requisition_id", "id"),
        partial(
            "ix_inventory_requisition_line_to_buy", "id", "state = 'to_buy'", "state = 'to_buy'"
        ),
        Index("ix_inventory_requisition_line_item_id", "item_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_requisition.id", ondelete="RESTRICT")
    )
    item_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_item.id", ondelete="RESTRICT")
    )
    item_unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    quantity: Mapped[int] = mapped_column(BigInteger)
    entered: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(String(200), default="", server_default="")
    unit_text: Mapped[str] = mapped_column(String(40), default="", server_default="")
    found_at: Mapped[str] = mapped_column(String(500), default="", server_default="")
    price: Mapped[int | None] = mapped_column(BigInteger)
    estimate: Mapped[int | None] = mapped_column(BigInteger)
    paid: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    answer: Mapped[str] = mapped_column(String(500), default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    answered_at: Mapped[datetime | None]
    given: Mapped[int | None] = mapped_column(BigInteger)
    given_item_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_item.id", ondelete="RESTRICT")
    )
    movement_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    requisition: Mapped[Requisition] = relationship(back_populates="lines")
    item: Mapped[Item | None] = relationship(foreign_keys=[item_id])
    given_item: Mapped[Item | None] = relationship(foreign_keys=[given_item_id])
    item_unit: Mapped[ItemUnit | None] = relationship()
    movement: Mapped[Movement | None] = relationship()
    answered_by: Mapped[Person | None] = relationship(Person)

    @property
    def called(self) -> str:
        """What is asked for, by the name of its item or in the words of who asks."""
        return self.item.name if self.item is not None else self.text


class Reservation(Follows, Base, noun="requisition", follows=("line_id",), one_by_one=True):
    """So much of an item that lies at a point and is put aside for a line of a request.

    ``needed_on`` repeats the day of the request: what is missing is taken from the last ones.
    """

    __tablename__ = "inventory_reservation"
    __table_args__ = (
        UniqueConstraint("line_id", "item_id", "point_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_inventory_reservation_item_id", "item_id", "point_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_requisition_line.id", ondelete="RESTRICT")
    )
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    needed_on: Mapped[date | None]
    made_at: Mapped[datetime]
    line: Mapped[RequisitionLine] = relationship()


class Slip(Follows, Base, noun="stock", follows=("point_id",)):
    """A slip of paper that came after a count that knew of it already: a note, and no movement."""

    __tablename__ = "inventory_slip"
    __table_args__ = (
        CheckConstraint(among("type", SLIPS), name="type"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        Index("ix_inventory_slip_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    entered: Mapped[int] = mapped_column(BigInteger)
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    occurred_on: Mapped[date]
    counted_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
