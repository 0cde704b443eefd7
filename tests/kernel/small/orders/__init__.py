"""Orders that use goods, for the kernel's tests."""

from flask import Blueprint
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from portal.api import Person, Scoped, declarative_base, message, visible
from portal.plugin import Permission, Plugin
from portal.web import policy, reading, redirect_to, transaction

from ..goods.models import Item

Base = declarative_base("orders")
blueprint = Blueprint("orders", __name__)
heard: list[dict[str, int]] = []


class Order(Scoped, Base):
    __tablename__ = "orders_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]
    item_id: Mapped[int | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    # Another plugin's row is held as a number; the tests join it all the same.
    item: Mapped[Item | None] = relationship(
        Item, primaryjoin=lambda: foreign(Order.item_id) == remote(Item.id), viewonly=True
    )
    reporter: Mapped[Person | None] = relationship(Person)


@blueprint.get("/orders/<int:order_id>")
@policy("orders.order.view")
def order(order_id):
    tx = reading()
    row = tx.one(visible(select(Order), "orders.order.view", tx.actor), id=order_id)
    return {"note": row.note, "item": row.item and row.item.name}


@blueprint.post("/orders/<int:order_id>/use-part")
@policy("orders.order.work")
def use_part(order_id):
    with transaction() as tx:
        row = tx.one(visible(select(Order), "orders.order.work", tx.actor), id=order_id)
        if stock := tx.service("goods.stock"):
            stock.issue(tx, 2, 1, note=f"order {row.id}")
        row.note += " +part"
        return redirect_to(tx, "orders.order", order_id=order_id)


plugin = Plugin(
    slug="orders",
    title=message("Orders"),
    package=__name__,
    requires=("goods",),
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="orders.order.view", title=message("See orders")),
        Permission(name="orders.order.work", title=message("Work on orders"), writes=True),
    ),
    subscribes={"goods.item_issued": lambda tx, payload: heard.append(payload)},
)
