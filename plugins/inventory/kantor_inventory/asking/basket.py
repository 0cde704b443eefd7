"""What is asked of a room, gathered line by line in one form; nothing is kept elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.api import (
    Message,
    Money,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    settings_of,
)

from ..models import Item
from ..rules import Amount, checked
from . import estimating, paying, rooms, substitutes
from .forms import BasketForm, LineForm, Together, WishForm
from .rules import LINES_AT_MOST, wants_approval
from .services import Wanted, Wish, colleagues

KEY = re.compile(r"w[0-9]{1,3}")
COST = "inventory.cost.view"


@dataclass
class Line:
    """A line of the basket as the page shows it."""

    item: Any
    base: str
    left: Amount | None  # None while it is being counted by who asks
    form: LineForm
    others: list[Any]
    unusual: Any = None
    meant: Any = None
    about: Money | None = None  # what it may cost, for who may know


@dataclass
class WishLine:
    """A line in words as the page shows it; ``key`` begins the names of its fields."""

    key: str
    form: WishForm
    about: Money | None = None


class Basket:
    """The lines of a form that was sent or is shown, and what is open about them."""

    def __init__(
        self,
        tx: UnitOfWork,
        room: Place,
        data: Any,
        ids: Iterable[str],
        *,
        said: Mapping[str, Any] | None = None,
        known: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.room, self.data = room, data
        self.lines: list[Line] = []
        self.wishes: list[WishLine] = []
        self.budgets: list[Message] = []  # what is left of them, filled by ``priced``
        self.known = known or {}  # what stands in the lines of a request that is changed
        self.form = form = BasketForm(data, data=dict(said or {}))
        form.beneficiary.choices = lambda: [(one.public_id, one.name) for one in colleagues(tx)]
        keys = [key for key in self.known if KEY.fullmatch(key)]
        keys += [key for key in data.getlist("wish") if KEY.fullmatch(key)] if data else []
        for key in dict.fromkeys(keys):
            self._add_wish(key)
        offered = rooms.departments(tx, room)
        form.department.choices = [(row.public_id, row.name) for row in offered]
        if form.department.data is None and offered:
            form.department.data = offered[0].public_id
        form.item.search = lambda words: rooms.search(tx, room, words)
        form.item.title = lambda public_id: rooms.name_of(tx, room, public_id)
        self._add(tx, ids)

    @property
    def all(self) -> Together:
        """All forms as one: what is wrong, and where."""
        every: list[Any] = [*self.lines, *self.wishes]
        return Together([*(line.form for line in every), self.form])

    @property
    def open(self) -> bool:
        """Whether something has to be asked about a line."""
        return any(line.unusual or line.meant for line in self.lines)

    def change(self, tx: UnitOfWork, do: str) -> bool:
        """Add, remove or switch a line, as a button says; return whether one did."""
        what, _, rest = do.partition(":")
        old, _, new = rest.partition(":")
        if what == "wish":
            taken = {wish.key for wish in self.wishes}
            self._add_wish(next(k for n in range(1000) if (k := f"w{n}") not in taken))
            if self.wishes and self.form.item.words:
                self.wishes[-1].form.text.data = self.form.item.words[:200]
                self.form.item.data, self.form.item.words = None, ""
            return True
        if what == "remove" and KEY.fullmatch(old):
            self.wishes = [wish for wish in self.wishes if wish.key != old]
            return True
        if what in ("remove", "switch"):
            before = next((line for line in self.lines if line.item.public_id == old), None)
            self.lines = [line for line in self.lines if line.item.public_id != old]
            known = len(self.lines)
            self._add(tx, [new])
            if before is not None and len(self.lines) > known:
                before.form.carry_to(self.lines[-1].form)
            return True
        picked = self.form.item
        if what != "add" and not picked.data and not picked.words:
            return False
        if picked.validate(self.form) and picked.data:
            self._add(tx, [picked.data])
            picked.data, picked.words = None, ""
        return True

    def settled(self, tx: UnitOfWork) -> bool:
        """Return whether every line is right, understood, and usual or meant."""
        every: list[Any] = [*self.lines, *self.wishes]
        good = [line.form.validate() for line in every] + [self.form.validate()]
        if not every:
            self.form.form_errors.append(message("Add what you need."))
        for wish in self.wishes:
            try:
                checked(wish.form.quantity.data or 0)
            except ValidationFailed as refused:
                wish.form.add_errors(refused.fields)
                good.append(False)
        if not all(good) or not every:
            return False
        for line in self.lines:
            if line.form.in_base_units() is None:
                return False
            chosen = self.data.get(f"{line.item.public_id}-answer", "")
            if not chosen and self.data.get("do") == "confirm":
                chosen = line.form.unit.data or ""
            line.unusual = line.form.doubt(tx, line.item, "ask", chosen)
            if line.unusual is None and not line.form.is_understood():
                line.meant = Amount(line.form.in_base_units() or 0, line.base)
        return not self.open

    def wanted(self) -> tuple[Wanted, ...]:
        """Return the lines as a command has them."""
        return tuple(
            Wanted(
                item=line.item.public_id,
                unit=line.form.unit.data or "",
                quantity=line.form.quantity.data or 0,
            )
            for line in self.lines
        )

    def wished(self) -> tuple[Wish, ...]:
        """Return the lines in words as a command has them."""
        return tuple(
            Wish(
                text=wish.form.text.data or "",
                quantity=wish.form.quantity.data or 0,
                unit=wish.form.unit.data or "",
                price=wish.form.price.data,
                found_at=wish.form.found_at.data or "",
            )
            for wish in self.wishes
        )

    def priced(self, tx: UnitOfWork) -> int | None:
        """Say beside each line what it may cost, to who may know; return the sum of all.

        What is left of the budgets is said to everybody, with figures to who may see these.
        """
        kept = [(line, line.form.in_base_units()) for line in self.lines if not line.form.errors]
        wanted = [(line, quantity) for line, quantity in kept if quantity]
        costs = estimating.of_items(tx, [(line.item.id, quantity) for line, quantity in wanted])
        total, known = 0, []
        for (line, _), cost in zip(wanted, costs, strict=True):
            if cost is not None:
                line.about, total = Money(cost, tx.currency), total + cost
                known.append((line.item.id, cost))
        for wish in self.wishes:
            cost = estimating.of_words(wish.form.price.data, wish.form.quantity.data or 0)
            if cost:
                wish.about, total = Money(cost, tx.currency), total + cost
                known.append((None, cost))
        if self.wants_approval(tx):
            self.budgets = paying.told(tx, self._department(tx), known)
        if not tx.actor.holds(COST):
            for line in self.lines:
                line.about = None
            return sum(cost for item_id, cost in known if item_id is None) or None
        return total or None

    def _department(self, tx: UnitOfWork) -> int | None:
        """Return for which department is asked, as far as it is chosen."""
        ids = {row.public_id: row.id for row in rooms.departments(tx, self.room)}
        return ids.get(self.form.department.data or "") or self.room.department_id

    def wants_approval(self, tx: UnitOfWork) -> bool:
        """Return whether this will wait for an approval, as far as the person can be told."""
        if not self.lines and not self.wishes:
            return False
        said = settings_of(tx, "inventory", self._department(tx)).get("request_approval")
        short = any(
            line.left is None or line.left.quantity < (line.form.in_base_units() or 0)
            for line in self.lines
            if not line.form.errors
        )
        return wants_approval(said, buys=bool(self.wishes) or short)

    def _add_wish(self, key: str) -> None:
        if len(self.lines) + len(self.wishes) >= LINES_AT_MOST:
            return
        sent = self.data if f"{key}-text" in self.data else None
        form = WishForm(sent, prefix=f"{key}-", data=dict(self.known.get(key, {})))
        self.wishes.append(WishLine(key, form))

    def _add(self, tx: UnitOfWork, ids: Iterable[str]) -> None:
        """Put items into the basket, each once, with what serves as well as they do."""
        known = {line.item.public_id for line in self.lines}
        more = LINES_AT_MOST - len(known) - len(self.wishes)
        wanted = [one for one in dict.fromkeys(ids) if one and one not in known][:more]
        if not wanted:
            return
        kept = rooms.kept(tx, self.room).where(Item.public_id.in_(wanted))
        found = {row.Item.public_id: row for row in tx.session.execute(kept)}
        own = [row.Item.id for row in found.values()]
        units, others = rooms.units(tx, own), substitutes.of(tx, own)
        every = [other.id for some in others.values() for other in some]
        held = rooms.held_at(tx, self.room, every)
        for public_id in wanted:
            if (row := found.get(public_id)) is None:
                continue
            sent = self.data if f"{public_id}-quantity" in self.data else None
            form = LineForm(sent, prefix=f"{public_id}-", data=dict(self.known.get(public_id, {})))
            form.offer(units[row.Item.id], row.unit)
            offered = [
                (other.public_id, other.name, Amount(there.quantity, other.unit))
                for other in others.get(row.Item.id, [])
                if (there := held.get(other.id)) and there.quantity and not there.closed
                if other.public_id not in known
            ]
            left = None if row.closed else Amount(row.quantity, row.unit)
            self.lines.append(Line(row.Item, row.unit, left, form, offered))
