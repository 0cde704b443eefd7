"""Items of departments, for the kernel's tests."""

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, request
from sqlalchemy import select

from portal.api import Event, message, visible
from portal.plugin import Permission, Plugin
from portal.web import policy, reading, redirect_to, transaction

from .models import Base, Item, Movement

blueprint = Blueprint("goods", __name__)


@dataclass(frozen=True, kw_only=True)
class GoodsIssued(Event):
    name: ClassVar[str] = "goods.item_issued"
    item_id: int
    quantity: int


class Stock:
    """What goods provides: parts for other plugins, whoever asks."""

    def issue(self, tx, item_id, quantity, *, note):
        with tx.acting_for("goods", reason=note) as own:
            issue(own, own.one(select(Item), id=item_id), quantity, note=note)


def issue(tx, item, quantity, *, note):
    tx.adjust(item, "quantity", -quantity)
    tx.session.add(Movement(item_id=item.id, department_id=item.department_id, note=note))
    tx.publish(GoodsIssued(item_id=item.id, quantity=quantity))


@blueprint.get("/items")
@policy("goods.item.view")
def items():
    tx = reading()
    rows = tx.session.scalars(visible(select(Item).order_by(Item.id), "goods.item.view", tx.actor))
    return {"items": [[row.id, row.name, row.quantity] for row in rows]}


@blueprint.get("/items/<int:item_id>")
@policy("goods.item.view")
def item(item_id):
    tx = reading()
    row = tx.one(visible(select(Item), "goods.item.view", tx.actor), id=item_id)
    return {"name": row.name, "version": row.version, "movements": [m.note for m in row.movements]}


@blueprint.get("/as-static", endpoint="static")
@policy("goods.item.view")
def named_like_files():
    return {"items": "secret"}


@blueprint.post("/items/<int:item_id>/issue")
@policy("goods.item.adjust")
def issue_item(item_id):
    with transaction() as tx:
        row = tx.one(visible(select(Item), "goods.item.adjust", tx.actor), id=item_id)
        issue(tx, row, int(request.form["quantity"]), note="by hand")
        return redirect_to(tx, "goods.item", item_id=item_id)


@blueprint.post("/items/<int:item_id>/rename")
@policy("goods.item.edit")
def rename(item_id):
    with transaction() as tx:
        row = tx.one(visible(select(Item), "goods.item.edit", tx.actor), id=item_id)
        tx.expect_version(row, int(request.form["version"]), name=row.name)
        row.name = request.form["name"]
        return redirect_to(tx, "goods.item", item_id=item_id)


plugin = Plugin(
    slug="goods",
    title=message("Goods"),
    package=__name__,
    models=Base,
    blueprint=blueprint,
    permissions=(
        Permission(name="goods.item.view", title=message("See stock")),
        Permission(name="goods.item.adjust", title=message("Issue stock"), writes=True),
        Permission(name="goods.item.edit", title=message("Edit cards"), writes=True),
        Permission(name="goods.supplier.edit", title=message("Edit suppliers"), writes=True),
        Permission(name="goods.memo.view", title=message("Read memos")),
        Permission(name="goods.memo.write", title=message("Write memos"), writes=True),
        Permission(name="goods.stock.view", title=message("See shelves")),
        Permission(name="goods.stock.move", title=message("Move between shelves"), writes=True),
    ),
    provides={"goods.stock": Stock()},
)
