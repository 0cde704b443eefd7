"""The counts of the demo: two in the books, one of them miscounted, one to review, one open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.api import UnitOfWork, next_number

from .counting.models import Count, CountEntry, CountLine, CountPlace
from .demo_data import JAKARTA
from .models import Balance, Item, Movement, Point
from .rules import ONE
from .services import ledger
from .services.ledger import Entry

BOXES_AS_PENS = "WRI-001"  # on the shelf of pens somebody wrote three boxes down as three pens
PUTRI, SLAMET, HENDRA = "Putri Maharani", "Slamet Riyanto", "Hendra Saputro"


@dataclass(frozen=True, kw_only=True)
class DemoCount:
    """A count of one shelf: who counts, how far it is, and by how much lines differ, by their place
    in the order.
    """

    shelf: str
    title: str
    status: str
    counter: str
    days_ago: int
    begins: time
    off: Mapping[int, int]
    counted: int | None = None  # how many lines, None for all
    due_in: int | None = None


COUNTS = (
    DemoCount(
        shelf="A6",
        title="Shelf A6, desk supplies",
        status="posted",
        counter=PUTRI,
        days_ago=1,
        begins=time(16, 35),
        off={1: -1, 4: 2, 6: -1},
    ),
    DemoCount(
        shelf="A4",
        title="Shelf A4, pens",
        status="posted",
        counter=PUTRI,
        days_ago=1,
        begins=time(17, 5),
        off={3: -2},
    ),
    DemoCount(
        shelf="B4",
        title="Shelf B4, pantry",
        status="submitted",
        counter=SLAMET,
        days_ago=1,
        begins=time(17, 40),
        off={0: -6, 2: -1, 5: 1},
    ),
    DemoCount(
        shelf="B2",
        title="Shelf B2, envelopes",
        status="counting",
        counter=PUTRI,
        days_ago=1,
        begins=time(18, 10),
        off={1: -3},
        counted=3,
        due_in=2,
    ),
)


def fill_counts(tx: UnitOfWork, clinic: Any, today: date) -> None:
    """Write the counts of the clinic beside a ledger that ends the day before ``today``."""
    for planned in COUNTS:
        _write(tx, clinic, planned, today)


def _write(tx: UnitOfWork, clinic: Any, planned: DemoCount, today: date) -> None:
    point = clinic.points[planned.shelf]
    began = datetime.combine(today - timedelta(days=planned.days_ago), planned.begins, JAKARTA)
    balances = tx.session.execute(
        select(Balance, Item)
        .join(Item, Item.id == Balance.item_id)
        .where(Balance.point_id == point.id)
        .order_by(Item.name_key, Item.id)
    ).all()
    count = Count(
        number=next_number(tx, "inventory.count"),
        title=planned.title,
        status="counting",
        department_id=clinic.departments["Back office"],
        due_on=today + timedelta(days=planned.due_in) if planned.due_in else None,
        assigned_to_id=clinic.people[planned.counter],
        planned_by_id=clinic.people[HENDRA],
        planned_at=began - timedelta(hours=1),
        started_at=began,
    )
    tx.session.add(count)
    tx.session.flush()
    tx.session.add(CountPlace(count_id=count.id, point_id=point.id))
    last = tx.session.scalar(select(func.max(Movement.id))) or 0
    lines = []
    for place, (balance, item) in enumerate(balances):
        line = CountLine(count_id=count.id, item_id=item.id, point_id=point.id, position=place + 1)
        tx.session.add(line)
        tx.session.flush()
        if planned.counted is None or place < planned.counted:
            counted = max(balance.quantity + planned.off.get(place, 0) * ONE, 0)
            at = began + timedelta(minutes=1 + place)
            entries = _entries(clinic, planned, count, line, item, balance, counted, at, last)
            tx.session.add_all(entries)
            lines.append((line, item, balance, entries[-1]))
    tx.session.flush()
    if planned.status in ("submitted", "posted"):
        count.status = "submitted"
        count.submitted_by_id = clinic.people[planned.counter]
        count.submitted_at = sent = lines[-1][3].counted_at + timedelta(minutes=2)
        if planned.status == "posted":
            _post(tx, clinic, count, point, lines, sent + timedelta(minutes=4))
    tx.session.flush()


def _entries(
    clinic: Any,
    planned: DemoCount,
    count: Count,
    line: CountLine,
    item: Item,
    balance: Balance,
    counted: int,
    at: datetime,
    last: int,
) -> list[CountEntry]:
    """Return the figures of a line: one, or a wrong one and that of who counted again."""
    unit = clinic.units[item.sku, item.base_unit.name].id
    more = {
        "count_id": count.id,
        "line_id": line.id,
        "book": balance.quantity,
        "book_value": balance.value,
        "book_seq": last,
    }

    def figure(quantity: int, who: str, when: datetime, round: int = 1) -> CountEntry:
        return CountEntry(
            round=round,
            counted=quantity,
            entered=[[unit, quantity]],
            counted_at=when,
            counted_by_id=clinic.people[who],
            **more,
        )

    if item.sku != BOXES_AS_PENS or planned.status != "posted":
        return [figure(counted, planned.counter, at)]
    count.round = line.round = 2
    return [
        figure(3 * ONE, planned.counter, at),
        figure(counted, SLAMET, at + timedelta(minutes=12), 2),
    ]


def _post(
    tx: UnitOfWork,
    clinic: Any,
    count: Count,
    point: Point,
    lines: Sequence[tuple[CountLine, Item, Balance, CountEntry]],
    at: datetime,
) -> None:
    """Post what differs, and close the count."""
    off = [row for row in lines if row[3].counted != row[3].book]
    entries = [_movement(clinic, point, row, at) for row in off]
    ids, _new = ledger.post(tx, entries)
    moved = dict(zip((line.id for line, *_rest in off), ids, strict=True))
    for line, _item, balance, entry in lines:
        line.decision, line.open = "keep", False
        line.decided_by_id, line.decided_at = clinic.people[HENDRA], at
        line.movement_id = moved.get(line.id)
        balance.counted_at = entry.counted_at
    count.status, count.closed_by_id, count.closed_at = "posted", clinic.people[HENDRA], at
    count.lines_counted, count.lines_right = len(lines), len(lines) - len(off)


def _movement(
    clinic: Any, point: Point, row: tuple[CountLine, Item, Balance, CountEntry], at: datetime
) -> Entry:
    line, item, _balance, entry = row
    change = entry.counted - entry.book
    used = change < 0 and item.mode == "periodic"
    end = clinic.outside["consumption" if used else "variance"]
    return Entry(
        type="usage" if used else "variance",
        item_id=item.id,
        from_point=end if change > 0 else point,
        to_point=point if change > 0 else end,
        quantity=abs(change),
        entered=abs(change),
        item_unit_id=clinic.units[item.sku, item.base_unit.name].id,
        occurred_on=entry.counted_at.astimezone(JAKARTA).date(),
        for_department_id=clinic.departments["Back office"] if used else None,
        key=f"count line {line.public_id}",
        posted_at=at,
        actor_id=clinic.people[HENDRA],
    )
