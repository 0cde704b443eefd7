"""Departments' items, a shared supplier, and stock that follows its shelf."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal.api import (
    Contact,
    Follows,
    Global,
    Held,
    Person,
    Place,
    Principal,
    Scoped,
    Versioned,
    declarative_base,
)

Base = declarative_base("goods")


class Supplier(Global, Base, reason="a public company"):
    __tablename__ = "goods_supplier"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    favourite_id: Mapped[int | None] = mapped_column(
        ForeignKey("goods_item.id", ondelete="SET NULL")
    )
    favourite: Mapped[Item | None] = relationship(foreign_keys=[favourite_id])


class Item(Versioned, Scoped, Base):
    __tablename__ = "goods_item"
    __table_args__ = (CheckConstraint("quantity >= 0", name="not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=0)
    worth: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    keeper: Mapped[Person | None] = relationship(Person)
    maker: Mapped[Contact | None] = relationship(Contact)
    movements: Mapped[list[Movement]] = relationship(back_populates="item")
    memos: Mapped[list[Memo]] = relationship(cascade="all, delete-orphan")


class Movement(Scoped, Base, noun="item"):
    __tablename__ = "goods_movement"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("goods_item.id", ondelete="RESTRICT"))
    note: Mapped[str]
    item: Mapped[Item] = relationship(back_populates="movements")


class Memo(Follows, Base, follows=("item_id",)):
    """A note on an item: whoever reaches the item in this permission reaches the note."""

    __tablename__ = "goods_memo"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("goods_item.id", ondelete="RESTRICT"))
    text: Mapped[str]


class Point(Global, Base, noun="stock", reason="both ends of a transfer are named"):
    """A shelf, or (without place) the world outside, which belongs to nobody."""

    __tablename__ = "goods_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int | None] = mapped_column(
        ForeignKey("place.id", ondelete="RESTRICT"), unique=True
    )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        place = aliased(Place)
        return entity.place_id.in_(select(place.id).where(Place.reached(place, held, who, writing)))

    @classmethod
    def reached(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        return cls.rows(entity, held, who, writing)

    @classmethod
    def real(cls, entity: Any) -> ColumnElement[bool]:
        return entity.place_id.is_not(None)


class Balance(Follows, Base, noun="stock", follows=("point_id",)):
    __tablename__ = "goods_balance"
    __table_args__ = (UniqueConstraint("point_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("goods_point.id", ondelete="RESTRICT"))
    name: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=0)
    value: Mapped[int] = mapped_column(default=0)
    below: Mapped[bool] = mapped_column(default=False)


class Transfer(Follows, Base, noun="stock", follows=("from_point_id", "to_point_id")):
    __tablename__ = "goods_transfer"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_point_id: Mapped[int] = mapped_column(ForeignKey("goods_point.id", ondelete="RESTRICT"))
    to_point_id: Mapped[int] = mapped_column(ForeignKey("goods_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int]
