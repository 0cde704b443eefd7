"""What inventory does for other plugins: ``tx.service("inventory.stock")``, ``...orders``,
``...budgets``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from portal.api import Message, Person, Place, UnitOfWork, message

from .budgets import services as budgets
from .counting import blind
from .models import Balance, Item, Movement, Point
from .ordering.models import OrderLine
from .services import stock
from .services.ledger import NotEnough


class Stock:
    """Stock for whoever is busy with something else: the caller's rights on stock do not matter."""

    def on_hand(self, tx: UnitOfWork, sku: str) -> int | None:
        """Return how much of an item there is in all places, in thousandths of its base unit.

        None while whoever asks is counting it blind: then no page may say how much there is.
        """
        with tx.acting_for("inventory", reason="stock on hand") as own:
            item = own.one(select(Item), sku=sku)
            if blind.item_is_hidden(own, item.id, tx.actor):
                return None
            rows = own.session.scalars(_places(item))
            return sum(row.quantity for row in rows)

    def issue(
        self,
        tx: UnitOfWork,
        sku: str,
        quantity: int,
        *,
        reason: str,
        for_place: str | None = None,
        key: str | None = None,
    ) -> int:
        """Issue from the place that holds most; return the movement's id or raise NotEnough.

        ``quantity`` is in thousandths of the base unit. The stock is for the person who acts and,
        when given, for the place with this public id. The same ``key`` posts once.
        """
        with tx.acting_for("inventory", reason=reason) as own:
            item = own.one(select(Item), sku=sku)
            fullest = own.session.scalars(_places(item).order_by(Balance.quantity.desc())).first()
            if fullest is None or fullest.point.place is None:
                raise NotEnough(message("There is no {item} in stock.", item=item.name))
            person = own.session.get(Person, tx.actor.person_id) if tx.actor.person_id else None
            command = stock.Issue(
                item=item.public_id,
                quantity=quantity,
                from_place=fullest.point.place.public_id,
                for_person=person.public_id if person is not None else None,
                for_place=for_place,
                note=reason,
                key=key,
            )
            return stock.issue(own, command).id

    def put_back(self, tx: UnitOfWork, movement_id: int, *, reason: str) -> int:
        """Take an issue back; return the reversal's id or raise AlreadyReversed."""
        with tx.acting_for("inventory", reason=reason) as own:
            movement = own.one(select(Movement), id=movement_id)
            command = stock.Reverse(movement=movement.public_id, note=reason)
            return stock.reverse(own, command).id


class Budgets:
    """What is left of the budget that pays, for whoever is about to ask for something."""

    def left(
        self, tx: UnitOfWork, department_id: int, category_id: int | None, amount: int
    ) -> Message:
        """Return in a sentence what is left today, and what would be after ``amount`` minor units.

        Whoever may not see the budget reads whether it is enough, without figures.
        """
        return budgets.budget_left(tx, department_id, category_id, amount)


class Orders:
    """What is on its way, for whoever waits for it."""

    def on_order(self, tx: UnitOfWork, sku: str) -> int:
        """Return how much of an item is still to come to all places, in thousandths."""
        with tx.acting_for("inventory", reason="stock on order") as own:
            item = own.one(select(Item), sku=sku)
            return sum(row.on_order for row in own.session.scalars(_places(item)))

    def expected_on(self, tx: UnitOfWork, sku: str) -> date | None:
        """Return the first day on which some of an item is expected, if any is on its way."""
        with tx.acting_for("inventory", reason="stock on order") as own:
            item = own.one(select(Item), sku=sku)
            first = select(func.min(OrderLine.expected_on)).where(
                OrderLine.item_id == item.id, OrderLine.state == "open"
            )
            found: date | None = own.session.scalar(first)
            return found


def _places(item: Item) -> Select[Any]:
    return (
        select(Balance)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(Balance.item_id == item.id)
    )
