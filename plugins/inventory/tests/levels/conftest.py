"""A shelf from which about nine pens a week were taken for half a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kantor_inventory.levels.services import computing, ruling
from kantor_inventory.models import Balance, Item, Point, StockRule, Supplier
from kantor_inventory.ordering.models import PurchaseOrder
from kantor_inventory.services import stock, suppliers
from portal.api import Contact, Place


class Desk:
    """What the tests of levels do and look at."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.supplier = self.other = ""

    def add_supplier(self, name: str = "Toko Kertas", rank: int = 1, **more: Any) -> str:
        """Add a supplier of boxes of pens; return its public id."""
        with self.shop.work(None) as tx:
            contact = Contact(name=name, kind="organisation")
            tx.session.add(contact)
            tx.session.flush()
            terms = {"lead_days": 6, "order_every": 14} | more
            made = suppliers.add_supplier(
                tx, suppliers.AddSupplier(contact=contact.public_id, **terms)
            )
            price = suppliers.SetPrice(
                supplier=made.public_id, unit=self.shop.box, price=24_000_00, rank=rank
            )
            suppliers.set_price(tx, price)
            return made.public_id

    def use(self, *weekly: int, keep: int = 100_000) -> None:
        """Receive pens and take so many in each week, the last one this week; ``keep`` are left."""
        with self.shop.work() as tx:
            start = tx.today - timedelta(days=7 * len(weekly))
            stock.receive(
                tx,
                stock.Receive(
                    item=self.shop.pen,
                    quantity=sum(weekly) * 1000 + keep,
                    to_place=self.shop.shelf,
                    occurred_on=start,
                ),
            )
            for week, quantity in enumerate(weekly):
                if quantity:
                    self.issue(tx, quantity * 1000, start + timedelta(days=7 * week + 1))

    def issue(self, tx: Any, quantity: int, day: Any) -> Any:
        command = stock.Issue(
            item=self.shop.pen,
            quantity=quantity,
            from_place=self.shop.shelf,
            for_department=self.shop.office,
            occurred_on=day,
        )
        return stock.issue(tx, command)

    def set_rule(self, minimum: int | None = 20_000, maximum: int | None = 40_000, **more: Any):
        command = stock.SetRule(
            item=self.shop.pen, place=self.shop.shelf, minimum=minimum, maximum=maximum, **more
        )
        with self.shop.work() as tx:
            return ruling.set_rule(tx, command).id

    def rule(self) -> Any:
        with self.shop.work(None) as tx:
            row = tx.session.scalars(select(StockRule)).one()
            tx.session.expunge(row)
            return row

    def balance(self) -> Any:
        with self.shop.work(None) as tx:
            found = (
                select(Balance)
                .join(Balance.item)
                .join(Balance.point)
                .join(Point.place)
                .where(Item.public_id == self.shop.pen, Place.public_id == self.shop.shelf)
            )
            row = tx.session.scalars(found).one()
            tx.session.expunge(row)
            return row

    def night(self) -> Any:
        """Do what the worker does every night; return what it found and did."""
        with self.shop.work(None) as tx:
            night = computing.look(tx)
        for write in computing.pieces(night):
            with self.shop.work(None) as tx:
                write(tx)
        with self.shop.work(None) as tx:
            computing.finish(tx, night)
        return night

    def delivered(self, *days: int, promised: int = 6, **more: Any) -> None:
        """Note complete deliveries that took so many days each, the oldest first."""
        with self.shop.work(None) as tx:
            supplier = tx.session.scalars(select(Supplier).order_by(Supplier.id)).first()
            department = self.shop.world.departments["office"]
            for place, took in enumerate(days):
                placed = tx.now - timedelta(days=100 + 3 * (len(days) - place))
                values = {
                    "number": f"PO-T-{place}-{promised}",
                    "status": "received",
                    "placed_at": placed,
                    "placed_by": "phone",
                    "made_at": placed,
                    "received_at": placed + timedelta(days=took),
                    "expected_on": (placed + timedelta(days=promised)).astimezone(tx.zone).date(),
                }
                tx.session.add(
                    PurchaseOrder(
                        supplier_id=supplier.id, department_id=department, **(values | more)
                    )
                )


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.supplier = desk.add_supplier()
    return desk
