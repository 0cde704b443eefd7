"""What is asked of a room, gathered line by line in one form; nothing is kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.api import Place, UnitOfWork, message

from ..models import Item
from ..rules import Amount
from . import rooms, substitutes
from .forms import BasketForm, LineForm, Together
from .rules import LINES_AT_MOST
from .services import Wanted


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


class Basket:
    """The lines of a form that was sent or is shown, and what is open about them."""

    def __init__(self, tx: UnitOfWork, room: Place, data: Any, ids: Iterable[str]) -> None:
        self.room, self.data = room, data
        self.lines: list[Line] = []
        self.form = form = BasketForm(data)
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
        return Together([*(line.form for line in self.lines), self.form])

    @property
    def open(self) -> bool:
        """Whether something has to be asked about a line."""
        return any(line.unusual or line.meant for line in self.lines)

    def change(self, tx: UnitOfWork, do: str) -> bool:
        """Add, remove or switch a line, as a button says; return whether one did."""
        what, _, rest = do.partition(":")
        old, _, new = rest.partition(":")
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
        good = [line.form.validate() for line in self.lines] + [self.form.validate()]
        if not self.lines:
            self.form.form_errors.append(message("Add what you need."))
        if not all(good) or not self.lines:
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

    def _add(self, tx: UnitOfWork, ids: Iterable[str]) -> None:
        """Put items into the basket, each once, with what serves as well as they do."""
        known = {line.item.public_id for line in self.lines}
        more = LINES_AT_MOST - len(known)
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
            form = LineForm(sent, prefix=f"{public_id}-")
            form.offer(units[row.Item.id], row.unit)
            offered = [
                (other.public_id, other.name, Amount(there.quantity, other.unit))
                for other in others.get(row.Item.id, [])
                if (there := held.get(other.id)) and there.quantity and not there.closed
                if other.public_id not in known
            ]
            left = None if row.closed else Amount(row.quantity, row.unit)
            self.lines.append(Line(row.Item, row.unit, left, form, offered))
