"""A laboratory that asks the office's shelf, its manager who approves, and who buys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kantor_inventory.asking import buying, services
from kantor_inventory.asking.models import Requisition, Reservation
from kantor_inventory.models import Balance, Item, Point, Supplier, SupplierItem
from kantor_inventory.ordering.models import OrderLine, OrderShare, PurchaseOrder
from kantor_inventory.ordering.services import placing, receiving
from kantor_inventory.services import selfcheck
from portal.api import Contact, Place, approval_of
from portal.testing import add_person, sign_in, working_as

PRICE = 24_000_00  # of a box of twelve pens


@dataclass
class Clinic:
    """What the tests of buying move about; people are those of the room, and a manager."""

    room: Any
    manager: int = 0  # of the laboratory
    colleague: int = 0  # of the laboratory

    @property
    def shop(self):
        return self.room.shop

    def person(self, who):
        return getattr(self, who, 0) or getattr(self.room, who)

    def work(self, who=None):
        return working_as(self.shop.app, None if who is None else self.person(who))

    def client(self, who):
        return sign_in(self.shop.app, self.person(who))

    def say(self, **settings):
        """Set what the organisation decides about its stock."""
        setting = next(m.class_ for m in Place.registry.mappers if m.class_.__name__ == "Setting")
        with self.work() as tx:
            tx.session.add(setting(slug="inventory", values=settings))

    def wanted(self, quantity=5_000, item=None):
        item = item or self.shop.pen
        return services.Wanted(item=item, unit=self.room.pieces[item], quantity=quantity)

    def wish(self, text="Desk lamp", quantity=2_000, price=150_000_00, **more):
        return services.Wish(text=text, quantity=quantity, unit="piece", price=price, **more)

    def ask(self, who="clerk", *lines, needed=None, **more):
        """Ask for items and wishes; return the request's public id."""
        with self.work(who) as tx:
            made = services.ask(
                tx,
                services.Ask(
                    place=self.shop.shelf,
                    lines=tuple(one for one in lines if isinstance(one, services.Wanted)),
                    wishes=tuple(one for one in lines if isinstance(one, services.Wish)),
                    needed_on=None if needed is None else tx.today + timedelta(days=needed),
                    **more,
                ),
            )
            return made.public_id

    def edit(self, request, *lines, who="clerk", version=None):
        version = version or self.status(request)[1]
        with self.work(who) as tx:
            command = services.Edit(
                requisition=request,
                version=version,
                lines=tuple(one for one in lines if isinstance(one, services.Wanted)),
                wishes=tuple(one for one in lines if isinstance(one, services.Wish)),
            )
            return services.edit(tx, command).status

    def approval(self, request):
        with self.work() as tx:
            return approval_of(tx, kind="inventory.requisition", subject=request)

    def deciding(self, who, request, verdict="approve", comment="", client=None):
        """Read what is to be decided; return what sends the decision by the pages."""
        client = client or self.client(who)
        asked = self.approval(request)
        form = {"version": asked.version, "verdict": verdict, "comment": comment}
        return lambda: client.post(f"/approvals/{asked.public_id}/decide", data=form)

    def decide(self, *args, **more):
        """Decide by the pages, as people do; return the answer."""
        return self.deciding(*args, **more)()

    def approved(self, *lines, who="clerk", **more):
        """Ask, let the manager approve, and return the request."""
        request = self.ask(who, *lines, **more)
        if self.status(request)[0] == "waiting":
            assert self.decide("manager", request).status_code == 303
        return request

    def status(self, request):
        with self.work() as tx:
            row = tx.one(select(Requisition), public_id=request)
            return row.status, row.version

    def lines(self, request):
        """Return (public id, state) of the lines of a request."""
        with self.work() as tx:
            row = tx.one(select(Requisition), public_id=request)
            return [(line.public_id, line.state) for line in row.lines]

    def answer(self, request, action="hand_out", who="keeper", quantity=5_000, note="So"):
        (line, _), *_ = self.lines(request)
        with self.work(who) as tx:
            unit = self.room.pieces[self.shop.pen]
            given = services.Answer(
                line=line, action=action, quantity=quantity, unit=unit, note=note
            )
            return services.answer(tx, request, [given]).status

    def buy(self, *requests, who="keeper"):
        """Put all lines of these requests onto the order lists."""
        wanted = [line for request in requests for line, _ in self.lines(request)]
        with self.work(who) as tx:
            return buying.order(tx, wanted)

    def order_lines(self):
        with self.work() as tx:
            return [
                (row.packs, row.ordered, row.price, row.state)
                for row in tx.session.scalars(select(OrderLine).order_by(OrderLine.id))
            ]

    def shares(self):
        with self.work() as tx:
            rows = tx.session.scalars(select(OrderShare).order_by(OrderShare.id))
            return [(row.quantity, row.request_line_id is not None) for row in rows]

    def place_order(self, who="keeper"):
        with self.work(who) as tx:
            order = tx.session.scalars(select(PurchaseOrder).filter_by(status="draft")).one()
            command = placing.Place(order=order.public_id, version=order.version, placed_by="phone")
            return placing.place(tx, command).public_id

    def receive(self, order, boxes, who="keeper"):
        with self.work(who) as tx:
            row = tx.one(select(PurchaseOrder), public_id=order)
            came = receiving.Came(
                line=row.lines[0].public_id, unit=self.shop.box, quantity=boxes * 1_000
            )
            receiving.receive(tx, receiving.Receive(order=order, version=row.version, came=(came,)))

    def aside(self):
        """Return what is put aside of pens: beside the balance, and for each reservation."""
        with self.work() as tx:
            balance = tx.session.scalars(
                select(Balance)
                .join(Balance.item)
                .join(Balance.point)
                .join(Point.place)
                .where(Item.public_id == self.shop.pen, Place.public_id == self.shop.shelf)
            ).one()
            rows = tx.session.scalars(select(Reservation).order_by(Reservation.id)).all()
            return balance.reserved, [row.quantity for row in rows]

    def findings(self):
        with self.work() as tx:
            return selfcheck.findings(tx)

    def page(self, who, address):
        answer = self.client(who).get(address)
        assert answer.status_code == 200, (answer.status_code, answer.text[-500:])
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def clinic(room):
    made = Clinic(room)
    lab = room.shop.world.departments["lab"]
    with room.shop.work(None) as tx:
        made.manager = add_person(
            tx, "Lab Manager", department_id=lab, role="department_manager", kind="manager"
        )
        made.colleague = add_person(tx, "Lab Colleague", department_id=lab, role="employee")
        pen = tx.one(select(Item), public_id=room.shop.pen)
        box = next(unit for unit in pen.units if unit.unit.name == "box")
        contact = Contact(kind="organisation", name="Toko Pena")
        supplier = Supplier(contact=contact, order_by="phone", lead_days=3)
        tx.session.add(supplier)
        tx.session.flush()
        tx.session.add(
            SupplierItem(
                supplier_id=supplier.id, item_unit_id=box.id, price=PRICE, priced_on=tx.today
            )
        )
    return made
