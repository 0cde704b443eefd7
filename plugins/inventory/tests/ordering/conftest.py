"""An office that is short of pens and has a supplier who sells them by the box of twelve."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from kantor_inventory.models import Balance, Item, Point, Supplier, SupplierItem
from kantor_inventory.ordering.models import Delivery, OrderLine, PurchaseOrder
from kantor_inventory.ordering.services import (
    amending,
    deliveries,
    drafts,
    placing,
    receiving,
)
from kantor_inventory.services import stock, suppliers
from portal.api import Contact, Place

PRICE = 24_000_00  # of a box


def kept(row: Any) -> Any:
    """Return the columns of a row, to be read after its unit has ended."""
    return SimpleNamespace(**{c.key: getattr(row, c.key) for c in row.__mapper__.column_attrs})


@dataclass
class Office:
    """What the tests of ordering move about."""

    shop: Any
    supplier: str = ""
    other: str = ""

    def balance(self, place: str | None = None, item: str | None = None) -> Any:
        with self.shop.work(None) as tx:
            found = (
                select(Balance)
                .join(Balance.item)
                .join(Balance.point)
                .join(Point.place)
                .where(
                    Item.public_id == (item or self.shop.pen),
                    Place.public_id == (place or self.shop.shelf),
                )
            )
            return kept(tx.session.scalars(found).one())

    price = PRICE

    def order(self) -> Any:
        """Return the newest order."""
        with self.shop.work(None) as tx:
            newest = select(PurchaseOrder).order_by(PurchaseOrder.id.desc()).limit(1)
            return kept(tx.session.scalars(newest).one())

    def lines(self) -> list[Any]:
        with self.shop.work(None) as tx:
            return [
                kept(row) for row in tx.session.scalars(select(OrderLine).order_by(OrderLine.id))
            ]

    def want(self, packs: int = 4, place: str | None = None, role: str = "office_manager") -> Any:
        with self.shop.work(role) as tx:
            line = drafts.Wanted(item=self.shop.pen, place=place or self.shop.shelf, packs=packs)
            return drafts.add_lines(tx, drafts.AddLines(lines=(line,)))

    def place(self, role: str = "office_manager", **changes: Any) -> Any:
        order = self.order()
        command = placing.Place(
            **{"order": order.public_id, "version": order.version, "placed_by": "phone"} | changes
        )
        with self.shop.work(role) as tx:
            return kept(placing.place(tx, command))

    def came(
        self, quantity: int, *, unit: str | None = None, of_it: Any = None, **changes: Any
    ) -> Any:
        """Return the command that receives so much of the newest order's only line."""
        order, line = self.order(), self.lines()[-1]
        came = receiving.Came(
            line=line.public_id, unit=unit or self.shop.box, quantity=quantity, **(of_it or {})
        )
        return receiving.Receive(
            **{"order": order.public_id, "version": order.version, "came": (came,)} | changes
        )

    def receive(self, quantity: int, role: str = "office_manager", **changes: Any) -> Any:
        command = self.came(quantity, **changes)
        with self.shop.work(role) as tx:
            return [kept(row) for row in receiving.receive(tx, command)]

    def amend(self, packs: int | None = None, role: str = "office_manager", **changes: Any) -> Any:
        """Change how many packs the newest order's last line has, or what is given."""
        order, line = self.order(), self.lines()[-1]
        new = {"line": line.public_id, "packs": packs or line.packs, "expected_on": None}
        new["expected_on"] = line.expected_on
        command = amending.Amend(
            **{
                "order": order.public_id,
                "version": order.version,
                "reason": "they asked",
                "lines": (amending.LineChange(**new | changes.pop("line", {})),),
            }
            | changes
        )
        with self.shop.work(role) as tx:
            return kept(amending.amend(tx, command))

    def deliveries(self) -> list[Any]:
        with self.shop.work(None) as tx:
            return [kept(row) for row in tx.session.scalars(select(Delivery).order_by("id"))]

    def take_back(self, delivery: str, role: str = "office_manager") -> Any:
        with self.shop.work(role) as tx:
            command = deliveries.TakeBack(delivery=delivery, reason="wrong order")
            return kept(deliveries.take_back(tx, command))

    def offer(self, supplier: str) -> int:
        """Return the id of the offer of a supplier."""
        with self.shop.work(None) as tx:
            found = select(SupplierItem.id).join(SupplierItem.supplier)
            return int(tx.session.scalars(found.where(Supplier.public_id == supplier)).one())

    @property
    def piece(self) -> str:
        """The public id of the unit pens are counted in."""
        with self.shop.work(None) as tx:
            item = tx.one(select(Item), public_id=self.shop.pen)
            return next(unit.public_id for unit in item.units if unit.num == unit.den)

    def end(self, service: Any, reason: str = "not needed", role: str = "office_manager") -> Any:
        order = self.order()
        command = placing.End(order=order.public_id, version=order.version, reason=reason)
        with self.shop.work(role) as tx:
            return kept(service(tx, command))


@pytest.fixture
def office(shop):
    """Return the shop with 5 pens of 20 to 60 wanted, and two suppliers of boxes."""
    office = Office(shop)
    with shop.work(None) as tx:
        for name, rank in (("Toko Kertas", 1), ("Toko Lain", 2)):
            contact = Contact(name=name, kind="organisation")
            tx.session.add(contact)
            tx.session.flush()
            made = suppliers.add_supplier(
                tx,
                suppliers.AddSupplier(
                    contact=contact.public_id, lead_days=6, free_delivery_from=200_000_00
                ),
            )
            suppliers.set_price(
                tx,
                suppliers.SetPrice(
                    supplier=made.public_id, unit=shop.box, price=PRICE * rank, rank=rank
                ),
            )
            office.supplier, office.other = office.supplier or made.public_id, made.public_id
    with shop.work() as tx:
        stock.receive(
            tx, stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.shelf, price=1_000_00)
        )
        stock.set_rule(
            tx, stock.SetRule(item=shop.pen, place=shop.shelf, minimum=20_000, maximum=60_000)
        )
    return office
