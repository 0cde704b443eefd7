"""The sheet on which a request is answered: every open line with what there is to hand out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import Message, UnitOfWork, message

from ..amount_form import like, unit_title
from ..models import Item
from ..rules import Amount
from ..services import reserving
from . import forms, reading, rooms, substitutes
from .forms import AnswerForm, WordsForm
from .models import Requisition
from .rules import ACTIONS, ANSWER, OPEN, possible
from .services import Answer, Incomplete, Short

HAND_OUT, DECLINE, LATER = "hand_out", "decline", "later"
ACTS = (HAND_OUT, DECLINE, "order", "put_aside")


@dataclass
class Line:
    """An open line: what was asked, what is left, what serves as well, and its form."""

    row: Any
    asked: Amount
    entered: Amount | str
    left: Amount | None  # None while it is being counted by who answers
    coming: Amount | None
    short: bool
    others: list[tuple[str, str, Amount]]  # unit to hand out, name, how much is here
    form: Any  # AnswerForm, or WordsForm for what is not kept
    units: dict[str, tuple[Any, int, str]]  # public id -> unit, item id, what it is counted in
    unusual: Any = None
    meant: Amount | None = None
    aside: Amount | None = None

    @property
    def in_words(self) -> bool:
        """Whether no stock room keeps it."""
        return self.row.item_id is None

    @property
    def as_asked(self) -> bool:
        """Whether exactly that is handed out which was asked for and seen then."""
        chosen = self.units.get(self.form.unit.data or "")
        return (
            chosen is not None
            and chosen[1] == self.row.item_id
            and self.form.in_base_units() == self.row.quantity
        )

    def switch(self, unit: str) -> None:
        """Hand out another item: as much as was typed, in the same unit if it comes in that."""
        before, (_, item_id, base) = self.units.get(self.form.unit.data or ""), self.units[unit]
        meant = self.form.in_base_units() if self.form.quantity.typed else None
        self.form.action.data = HAND_OUT
        own = [one for one, of, _ in self.units.values() if of == item_id]
        same = like(before[0], own) if before is not None and meant is not None else None
        if same is not None:
            self.form.unit.data = same.public_id
            return
        self.form.unit.data, self.form.quantity.typed = unit, None
        fits = meant is not None and before is not None and before[2] == base
        self.form.quantity.data = meant if fits else self.row.quantity


class Sheet:
    """All open lines of a request with their forms."""

    def __init__(self, lines: list[Line], gone: dict[str, str]) -> None:
        self.lines = lines
        self.gone = gone  # line -> its answer, of lines that are not open any more
        self.errors: list[Any] = []

    def switch(self, do: str) -> bool:
        """Hand out what serves as well, if a button says so; return whether one did."""
        what, _, rest = do.partition(":")
        name, _, unit = rest.partition(":")
        if what != "switch":
            return False
        for line in self.lines:
            if line.row.public_id == name and unit in line.units:
                line.switch(unit)
        return True

    @property
    def open(self) -> bool:
        """Whether something has to be asked about a line."""
        return any(line.unusual or line.meant for line in self.lines)

    def settled(self, tx: UnitOfWork, data: Any) -> bool:
        """Return whether what is handed out is as it was asked for, or understood and meant."""
        good = True
        for line in self.lines:
            if line.form.action.data != HAND_OUT or line.as_asked:
                continue
            if line.form.in_base_units() is None:
                good = good and not line.form.errors  # An empty one is refused with all others.
                continue
            chosen = data.get(f"{line.row.public_id}-answer", "")
            if not chosen and data.get("do") == "confirm":
                chosen = line.form.unit.data or ""
            _, item_id, base = line.units[line.form.unit.data or ""]
            item = tx.one(select(Item), id=item_id)
            line.unusual = line.form.doubt(tx, item, "issue", chosen)
            if line.unusual is None and not line.form.is_understood():
                line.meant = Amount(line.form.in_base_units() or 0, base)
        return good and not self.open

    def validate(self) -> bool:
        """Return whether all forms can be read."""
        return min((line.form.validate() for line in self.lines), default=True)

    def answers(self) -> tuple[Answer, ...]:
        """Return what was answered, without what is left for later."""
        open_ones = [
            Answer(
                line=line.row.public_id,
                action=line.form.action.data or LATER,
                unit=None if line.in_words else line.form.unit.data,
                quantity=None if line.in_words else line.form.quantity.data,
                note=line.form.note.data or "",
            )
            for line in self.lines
            if line.form.action.data != LATER
        ]
        gone = [Answer(line=line, action=action) for line, action in self.gone.items()]
        return (*gone, *open_ones)

    def refuse(self, refused: Incomplete | Short) -> None:
        """Say beside its field why a line cannot be answered like that."""
        for line in self.lines:
            if (found := refused.lines.get(line.row.public_id)) is not None:
                field, text = found if isinstance(found, tuple) else ("quantity", found)
                line.form.add_errors({field: text})


def sheet(tx: UnitOfWork, requisition: Requisition, data: Any) -> Sheet:
    """Return the sheet of a request, filled with what was sent."""
    every = reading.lines(tx, requisition)
    rows = [row for row in every if row.state in OPEN]
    aside = reserving.of_lines(tx, [row.id for row in rows])
    items = [row.item_id for row in rows if row.item_id is not None]
    others = substitutes.of(tx, items)
    all_items = {*items, *(other.id for some in others.values() for other in some)}
    units = rooms.units(tx, all_items)
    held = rooms.held_at(tx, requisition.place, all_items, rooms.ISSUE)
    coming = rooms.on_order(tx, requisition.place, all_items)
    lines = [
        _in_words(row, data)
        if row.item_id is None
        else _line(row, units, others.get(row.item_id, []), held, coming, data, aside)
        for row in rows
    ]
    sent = {row.public_id: data.get(f"{row.public_id}-action") for row in every}
    gone = {
        row.public_id: sent[row.public_id]
        for row in every
        if row.state not in OPEN and sent[row.public_id] in ACTS
    }
    return Sheet(lines, gone)


def _in_words(row: Any, data: Any) -> Line:
    """Return a line that no stock room keeps: it can be declined, or left to who buys."""
    prefix = f"{row.public_id}-"
    sent = data if f"{prefix}action" in data else None
    return Line(
        row=row,
        asked=Amount(row.quantity, row.unit),
        entered="",
        left=None,
        coming=None,
        short=False,
        others=[],
        form=WordsForm(sent, prefix=prefix, data={"action": LATER}),
        units={},
    )


def _line(row: Any, units: Any, others: Any, held: Any, coming: Any, data: Any, aside: Any) -> Line:
    prefix, there = f"{row.public_id}-", held.get(row.item_id, rooms.Held())
    kept = sum(quantity for pair, quantity in aside.get(row.id, ()) if pair[0] == row.item_id)
    short = there.lacks(row.quantity - kept)
    choices: list[tuple[str, Message | str]] = [
        (unit.public_id, unit_title(unit, name, row.unit)) for unit, name, _ in units[row.item_id]
    ]
    known = dict(choices)
    every = {unit.public_id: (unit, row.item_id, row.unit) for unit, _, _ in units[row.item_id]}
    asked_unit = row.unit_id if row.unit_id in known else choices[0][0]
    instead = []
    for other in others:
        here = held.get(other.id, rooms.Held())
        for unit, name, _ in units[other.id]:
            title = unit_title(unit, name, other.unit)
            choices.append((unit.public_id, message("{item}: {unit}", item=other.name, unit=title)))
            every[unit.public_id] = (unit, other.id, other.unit)
            if unit.num == unit.den and here.quantity and not here.closed:
                instead.append((unit.public_id, other.name, Amount(here.quantity, other.unit)))
    amount = row.entered if asked_unit == row.unit_id else row.quantity
    said = {"action": LATER if short else HAND_OUT, "quantity": amount, "unit": asked_unit}
    form = AnswerForm(data if f"{prefix}action" in data else None, prefix=prefix, data=said)
    acts = [name for name in possible(row.state, ANSWER) if name in ACTS]
    form.action.choices = [*((name, ACTIONS[name]) for name in acts), (LATER, forms.LATER)]
    form.offer([(unit, "", None) for unit, _, _ in every.values()], row.unit)
    form.unit.choices = choices
    on_the_way = coming.get(row.item_id, 0)
    return Line(
        row=row,
        asked=Amount(row.quantity, row.unit),
        entered=Amount(row.entered, row.entered_unit) if row.entered_unit != row.unit else "",
        left=None if there.closed else Amount(there.quantity, row.unit),
        coming=Amount(on_the_way, row.unit) if on_the_way else None,
        short=short,
        others=instead,
        form=form,
        units=every,
        aside=Amount(kept, row.unit) if kept else None,
    )
