"""What people of the demo's clinic have asked the store room for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from portal.api import Place, UnitOfWork, next_number

from ..models import Balance, Item, ItemUnit, Point, Substitute
from ..services import ledger
from ..services.ledger import Entry
from . import approving, estimating
from .models import Requisition, RequisitionLine
from .records import lines_of
from .rules import status
from .services import SERIES

ROOM = "STORE"


@dataclass(frozen=True)
class Line:
    """So many of an item, and so many of them handed out; None while nobody has answered."""

    sku: str
    pieces: int
    given: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Request:
    """Who asked, for which department, how many days ago, for when, and what."""

    person: str
    department: str
    days: int
    needed: int | None
    note: str
    lines: tuple[Line, ...]


REQUESTS = (
    Request(
        "Fajar Nugraha",
        "Laboratory",
        6,
        None,
        "",
        (Line("PAP-001", 2, 2), Line("WRI-001", 5, 3, "Sisanya minggu depan.")),
    ),
    Request(
        "Intan Permatahati",
        "Laboratory",
        3,
        None,
        "",
        (Line("WRI-002", 12, 0, "Pakai stok di laci laboratorium dulu."),),
    ),
    Request("Yoga Pranata", "Nursing", 1, 2, "Untuk ronde pagi", (Line("WRI-001", 6),)),
    Request("Fajar Nugraha", "Laboratory", 0, 5, "", (Line("PAP-001", 3), Line("WRI-002", 4))),
)
SUBSTITUTES = (("WRI-001", "WRI-002"),)


@dataclass(frozen=True)
class Wished:
    """Something in words, how many, and what one of it may cost in whole rupiah."""

    text: str
    pieces: int
    each: int
    found_at: str = ""


@dataclass(frozen=True)
class Wishes:
    """What somebody asks to be bought; ``approved_by`` is who approved it and for whom, if so."""

    person: str
    days: int
    needed: int
    note: str
    wishes: tuple[Wished, ...] = ()
    lines: tuple[Line, ...] = ()
    approved_by: tuple[str, str] | None = None


WISHES = (
    Wishes(
        "Putri Maharani",
        0,
        12,
        "Untuk ruang tunggu lantai dua",
        wishes=(
            Wished("Dispenser air minum", 1, 1_850_000),
            Wished("Lampu meja LED", 2, 145_000, "Toko Terang, Jl. Melati 12"),
        ),
    ),
    Wishes(
        "Nadia Anggraini",
        2,
        6,
        "",
        wishes=(Wished("Papan tulis kecil", 1, 230_000),),
        lines=(Line("WRI-001", 70),),
        approved_by=("Hendra Saputro", "Ratna Wulansari"),
    ),
    Wishes(
        "Wening Prastiwi",
        3,
        4,
        "Map untuk arsip baru",
        lines=(Line("WRI-001", 34), Line("PAP-001", 40)),
        approved_by=("Ratna Wulansari", ""),
    ),
)


def fill(
    tx: UnitOfWork,
    items: Mapping[str, Item],
    people: Mapping[str, int],
    departments: Mapping[str, int],
    keeper: int,
) -> None:
    """Write the requests, and the movements by which some were answered."""
    for one, other in SUBSTITUTES:
        first, second = sorted((items[one].id, items[other].id))
        tx.session.add(Substitute(item_id=first, other_id=second))
    room = tx.one(select(Place), code=ROOM)
    for asked in REQUESTS:
        at = tx.now - timedelta(days=asked.days, hours=1)
        needed = tx.today + timedelta(days=asked.needed) if asked.needed is not None else None
        row = Requisition(
            number=next_number(tx, SERIES),
            place_id=room.id,
            owner_id=people[asked.person],
            department_id=departments[asked.department],
            needed_on=needed,
            note=asked.note,
            asked_at=at,
        )
        tx.session.add(row)
        tx.session.flush()
        for line in asked.lines:
            _add(tx, row, line, items[line.sku], room, keeper)
        tx.session.flush()
        tx.session.refresh(row)
        row.status = status(line.state for line in row.lines)
        if row.status != "asked":
            row.answered_at = at + timedelta(hours=2)
    tx.session.flush()
    for wished in WISHES:
        _wish(tx, wished, items, people, departments["Back office"], room)


def _in_words(row: Requisition, one: Wished) -> RequisitionLine:
    return RequisitionLine(
        requisition_id=row.id,
        text=one.text,
        unit_text="buah",
        found_at=one.found_at,
        price=one.each * 100,
        quantity=one.pieces * 1_000,
        entered=one.pieces * 1_000,
    )


def _wish(
    tx: UnitOfWork,
    wished: Wishes,
    items: Mapping[str, Item],
    people: Mapping[str, int],
    department_id: int,
    room: Place,
) -> None:
    """Write a request to buy: it waits for its approval, or has it and waits to be bought."""
    at = tx.now - timedelta(days=wished.days, hours=2)
    row = Requisition(
        number=next_number(tx, SERIES),
        place_id=room.id,
        owner_id=people[wished.person],
        department_id=department_id,
        needed_on=tx.today + timedelta(days=wished.needed),
        note=wished.note,
        asked_at=at,
    )
    tx.session.add(row)
    tx.session.flush()
    for line in wished.lines:
        _add(tx, row, line, items[line.sku], room, 0)
    tx.session.add_all([_in_words(row, one) for one in wished.wishes])
    tx.session.flush()
    row.estimate = estimating.fill(tx, lines_of(tx, row))
    tx.session.flush()
    if wished.approved_by is None:
        asker = replace(tx.actor, person_id=row.owner_id, name=wished.person)
        approving.ask(replace(tx, actor=asker), row)
        return
    by, instead_of = wished.approved_by
    row.decided_by_id, row.decided_at = people[by], at + timedelta(hours=1)
    row.decided_for_id = people[instead_of] if instead_of else None
    for made in lines_of(tx, row):
        made.state = "to_buy"
    tx.session.flush()


def _add(
    tx: UnitOfWork, row: Requisition, line: Line, item: Item, room: Place, keeper: int
) -> None:
    piece = tx.one(
        select(ItemUnit).filter_by(item_id=item.id, unit_id=item.base_unit_id, active=True)
    )
    made = RequisitionLine(
        requisition_id=row.id,
        item_id=item.id,
        item_unit_id=piece.id,
        quantity=line.pieces * 1_000,
        entered=line.pieces * 1_000,
        answer=line.answer,
    )
    if line.given is not None:
        at = row.asked_at + timedelta(hours=2)
        made.answered_by_id, made.answered_at = keeper, at
        made.state = "handed_out" if line.given else "declined"
    if line.given:
        made.given, made.given_item_id = line.given * 1_000, item.id
        made.movement_id = _issue(tx, row, item, piece, line.given * 1_000, room, keeper)
    tx.session.add(made)


def _issue(
    tx: UnitOfWork,
    row: Requisition,
    item: Item,
    piece: ItemUnit,
    quantity: int,
    room: Place,
    keeper: int,
) -> int:
    shelf = select(Point).join(Place, Place.id == Point.place_id).where(Place.parent_id == room.id)
    source = tx.session.scalars(shelf.where(Point.id.in_(_held(item, quantity)))).first()
    assert source is not None, item.sku
    entry = Entry(
        type="issue",
        item_id=item.id,
        from_point=source,
        to_point=tx.one(select(Point), kind="consumption"),
        quantity=quantity,
        entered=quantity,
        item_unit_id=piece.id,
        occurred_on=tx.today,
        for_person_id=row.owner_id,
        for_department_id=row.department_id,
        actor_id=keeper,
        key=f"demo {row.number} {item.sku}",
    )
    (movement,), _ = ledger.post(tx, [entry])
    return movement


def _held(item: Item, quantity: int) -> Select[Any]:
    return select(Balance.point_id).where(Balance.item_id == item.id, Balance.quantity >= quantity)
