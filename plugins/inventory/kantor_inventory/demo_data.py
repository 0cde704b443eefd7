"""Eighteen months of stock movements at the demo clinic: a pure function of a seed and a day.

The clinic lives day by day: departments fetch things, the office orders twice a week, suppliers
deliver, one of them late. Nothing ever leaves a place that is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any

from . import demo_catalogue
from .demo_catalogue import DemoItem, DemoPack, DemoSupplier
from .rules import ONE, to_base

DAYS = 548
GROWTH = 0.12  # over the whole time
JAKARTA = timezone(timedelta(hours=7))
OPENS, CLOSES = 8 * 60, 16 * 60 + 30  # minutes of the day between which things are written down

WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.9, 0.35, 0.0)  # Monday to Sunday; the clinic is shut on Sundays
MONTHS = (1.15, 1.2, 1.1, 1.0, 0.95, 0.9, 0.95, 1.0, 1.0, 1.0, 1.05, 0.85)
CLOSED = {(1, 1), (5, 1), (6, 1), (8, 17), (12, 25)}
LONG_HOLIDAYS = {  # the six days after the fasting month, by their first day
    2024: date(2024, 4, 8),
    2025: date(2025, 3, 30),
    2026: date(2026, 3, 19),
    2027: date(2027, 3, 9),
    2028: date(2028, 2, 25),
}

OFFICE = ("Hendra Saputro", "Dewi Kartikasari", "Putri Maharani", "Slamet Riyanto")
PEOPLE = {
    "Management": ("Maya Larasati", "Oktavia Rinjani"),
    "Back office": ("Slamet Riyanto", "Joko Sumantri", "Putri Maharani"),
    "Finance": ("Agung Setyabudi", "Citra Nareswari", "Dimas Kurniadi"),
    "Outpatient clinic": (
        "Anisa Fitriyani",
        "Irwan Syahputra",
        "Kurnia Dewanti",
        "Eka Puspitasari",
    ),
    "Nursing": ("Yoga Pranata", "Ayu Lestariningsih", "Endah Susilowati", "Krisna Adinugroho"),
    "Laboratory": ("Fajar Nugraha", "Lina Marpuah", "Tomi Haryadi"),
    "Pharmacy": ("Bima Setiaji", "Dony Iskandar", "Erna Suryaningsih"),
}
USERS = {  # who uses a category, with weights
    "paper": {
        "Outpatient clinic": 4,
        "Back office": 4,
        "Finance": 3,
        "Laboratory": 1,
        "Pharmacy": 1,
    },
    "forms": {"Outpatient clinic": 6, "Laboratory": 2, "Pharmacy": 2},
    "writing": {
        "Outpatient clinic": 3,
        "Nursing": 3,
        "Back office": 2,
        "Finance": 2,
        "Laboratory": 1,
    },
    "filing": {"Finance": 5, "Back office": 4, "Management": 1},
    "desk": {"Back office": 3, "Finance": 3, "Outpatient clinic": 2, "Management": 1},
    "print": {"Back office": 3, "Finance": 2, "Outpatient clinic": 3, "Laboratory": 1},
    "mail": {"Back office": 4, "Finance": 3, "Outpatient clinic": 3},
    "clean": {"Back office": 3, "Nursing": 3, "Outpatient clinic": 2, "Laboratory": 2},
    "pantry": {"Management": 2, "Back office": 3, "Outpatient clinic": 3},
    "medical": {"Nursing": 7, "Outpatient clinic": 3, "Laboratory": 1},
    "lab": {"Laboratory": 1},
    "electric": {"Back office": 2, "Outpatient clinic": 3, "Nursing": 2, "Laboratory": 1},
}
ROOMS = {"Outpatient clinic": ("REC", "CON1", "CON2", "CON3"), "Management": ("MEET", "DIR")}
# Second places that are filled up from the shelf: item -> place, its department.
CUPBOARDS = {
    "MED-001": ("N1", "Nursing"),
    "MED-002": ("N1", "Nursing"),
    "MED-004": ("N1", "Nursing"),
    "MED-005": ("N1", "Nursing"),
    "MED-009": ("N1", "Nursing"),
    "PAP-001": ("COPY", "Back office"),
    "PRN-005": ("COPY", "Back office"),
    "FRM-007": ("P1", "Pharmacy"),
    "FRM-012": ("P1", "Pharmacy"),
}
SCRAPPED = {  # what is thrown away now and then, and why
    "MED-005": "Past its date",
    "LAB-009": "Past its date",
    "LAB-001": "Rack dropped, tubes broken",
    "PAN-003": "Gone stale",
    "FRM-001": "Old print, address changed",
    "CLN-004": "Canister leaked",
    "ELC-005": "Broken on arrival, not returned in time",
}
MISCOUNTED = "WRI-001"  # its opening figure was written down in boxes instead of pens
LOST_ORDER_DAY = 300  # from here on the late supplier forgets an order


@dataclass(frozen=True, kw_only=True)
class DemoMovement:
    """One line of the clinic's ledger, in words: codes of items and places, names of people."""

    number: int
    kind: str
    posted_at: datetime
    occurred_on: date
    sku: str
    unit: str
    entered: int
    quantity: int
    actor: str
    from_place: str | None = None
    to_place: str | None = None
    price: int | None = None  # minor units for one whole ``unit``
    supplier: str | None = None
    for_person: str | None = None
    for_department: str | None = None
    for_place: str | None = None
    note: str = ""
    reverses: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Delivery:
    item: DemoItem
    packs: int
    supplier: DemoSupplier


@dataclass
class _Clinic:
    """The state of the simulation: what is where, what is on its way, what the day has brought."""

    rng: Random
    first: date
    on_hand: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    on_order: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    due: dict[date, list[_Delivery]] = field(default_factory=lambda: defaultdict(list))
    today: date = date.min
    day: list[DemoMovement] = field(default_factory=list)
    written: int = 0

    def note(
        self, item: DemoItem, kind: str, pack: DemoPack, entered: int, **more: Any
    ) -> DemoMovement:
        """Write a line down and move the stock."""
        self.written += 1
        line = DemoMovement(
            number=self.written,
            kind=kind,
            posted_at=datetime.combine(self.today, time(), JAKARTA),
            sku=item.sku,
            unit=pack.unit,
            entered=entered,
            quantity=to_base(entered, pack.factor),
            actor=self.rng.choice(OFFICE),
            **{"occurred_on": self.today} | more,
        )
        if line.from_place:
            self.on_hand[item.sku, line.from_place] -= line.quantity
        if line.to_place:
            self.on_hand[item.sku, line.to_place] += line.quantity
        self.day.append(line)
        return line

    def close(self) -> Iterator[DemoMovement]:
        """Yield the day's lines with the times at which they were written."""
        minutes = sorted(self.rng.sample(range(OPENS, CLOSES), len(self.day)))
        for minute, line in zip(minutes, self.day, strict=True):
            yield replace(line, posted_at=line.posted_at + timedelta(minutes=minute))
        self.day = []

    def open_books(self) -> None:
        """Enter what was counted on the first day; one figure goes in wrong and is put right."""
        for item in demo_catalogue.items():
            counted = (item.maximum or 4 * item.weekly or ONE) * self.rng.uniform(0.6, 1.0)
            entered = max(ONE, round(counted / ONE) * ONE)
            if item.sku == MISCOUNTED:
                box = item.packs[1]
                wrong = self.note(item, "opening", box, entered, **_counted(item, item.price * 12))
                self.note(
                    item,
                    "reversal",
                    box,
                    entered,
                    from_place=item.shelf,
                    reverses=wrong.number,
                    note="Pens were written down as boxes",
                )
            self.note(item, "opening", item.packs[0], entered, **_counted(item, item.price))

    def live(self, number: int, day: date, busy: float) -> None:
        """Let one working day pass."""
        self.today = day
        for delivery in self.due.pop(day, ()):
            self.receive(delivery, number)
        for item in demo_catalogue.items():
            self.fetch(item, busy, day)
            if item.sku in CUPBOARDS and day.weekday() == 0:
                self.fill_up(item, *CUPBOARDS[item.sku])
            if item.sku in SCRAPPED and self.rng.random() < 0.006:
                self.scrap(item)
        if day.weekday() in (1, 4):
            self.order(number, day)

    def fetch(self, item: DemoItem, busy: float, day: date) -> None:
        """Maybe let somebody take some of ``item``: as much as is there, or nothing."""
        weekly = item.weekly
        often = 0.85 if weekly >= 4 * ONE else 0.5 if weekly >= ONE else weekly / ONE
        if self.rng.random() >= often / 6 * busy:
            return
        wanted = max(1, round(weekly / ONE / often * self.rng.uniform(0.4, 1.6)))
        shelf, department = item.shelf, self._user_of(item)
        if item.sku in CUPBOARDS and self.rng.random() < 0.5:
            shelf, department = CUPBOARDS[item.sku]
        available = self.on_hand[item.sku, shelf] // ONE
        quantity = min(wanted, available)
        if quantity < 1:
            return
        pack = item.packs[0]
        bigger = item.packs[1] if len(item.packs) > 1 else pack
        if bigger.factor.den == 1 and quantity >= bigger.factor.num > 1 and self.rng.random() < 0.6:
            pack, quantity = bigger, quantity // bigger.factor.num
        more = self._receiver(department)
        if self.rng.random() < 0.04:
            more |= {"occurred_on": day - timedelta(days=1), "note": "Slip from yesterday"}
        issued = self.note(item, "issue", pack, quantity * ONE, from_place=shelf, **more)
        if self.rng.random() < 0.004:
            self.note(
                item,
                "reversal",
                pack,
                issued.entered,
                to_place=shelf,
                reverses=issued.number,
                note="Not fetched after all",
            )

    def _user_of(self, item: DemoItem) -> str:
        users = USERS[item.category]
        return self.rng.choices(list(users), weights=list(users.values()))[0]

    def _receiver(self, department: str) -> dict[str, Any]:
        drawn = self.rng.random()
        if drawn < 0.45:
            return {"for_person": self.rng.choice(PEOPLE[department]), "for_department": department}
        if drawn < 0.6 and department in ROOMS:
            return {"for_place": self.rng.choice(ROOMS[department]), "for_department": department}
        return {"for_department": department}

    def fill_up(self, item: DemoItem, cupboard: str, department: str) -> None:
        """Bring a cupboard up to a week's use from the shelf."""
        wanted = max(ONE, item.weekly // ONE * ONE)
        missing = wanted - self.on_hand[item.sku, cupboard]
        quantity = min(missing, self.on_hand[item.sku, item.shelf]) // ONE * ONE
        if quantity >= max(ONE, wanted // 3):
            self.note(
                item,
                "transfer",
                item.packs[0],
                quantity,
                from_place=item.shelf,
                to_place=cupboard,
                note=f"Weekly round, {department}",
            )

    def scrap(self, item: DemoItem) -> None:
        available = self.on_hand[item.sku, item.shelf] // ONE
        quantity = min(available, self.rng.randint(1, 4))
        if quantity:
            self.note(
                item,
                "scrap",
                item.packs[0],
                quantity * ONE,
                from_place=item.shelf,
                note=SCRAPPED[item.sku],
            )

    def order(self, number: int, day: date) -> None:
        """Order up to the maximum what has come down to the minimum, in whole packs."""
        suppliers = {s.code: s for s in demo_catalogue.suppliers()}
        for item in demo_catalogue.items():
            if item.minimum is None or item.maximum is None or item.status != "active":
                continue
            position = self.on_hand[item.sku, item.shelf] + self.on_order[item.sku]
            if position > item.minimum:
                continue
            size = to_base(ONE, item.order_pack.factor)
            packs = max(1, (item.maximum - position) // size)
            supplier = suppliers[item.supplier]
            delivery = _Delivery(item=item, packs=packs, supplier=supplier)
            self.on_order[item.sku] += packs * size
            self.due[self._arrival(supplier, number, day)].append(delivery)

    def _arrival(self, supplier: DemoSupplier, number: int, day: date) -> date:
        days = supplier.lead_days + self.rng.randint(-supplier.spread_days, supplier.spread_days)
        if supplier.code == "listrik" and LOST_ORDER_DAY <= number < LOST_ORDER_DAY + 30:
            days += 35
        arrives = day + timedelta(days=max(1, days))
        while not busyness(arrives):
            arrives += timedelta(days=1)
        return arrives

    def receive(self, delivery: _Delivery, number: int) -> None:
        """Book a delivery in; now and then a pack is missing and comes a week later."""
        item, packs = delivery.item, delivery.packs
        pack = item.order_pack
        size = to_base(ONE, pack.factor)
        if packs > 2 and self.rng.random() < 0.05:
            rest = _Delivery(item=item, packs=1, supplier=delivery.supplier)
            self.due[self._later(number)].append(rest)
            packs -= 1
        rise = 1000 + number // 60 * 6 + self.rng.choice((-5, 0, 0, 0, 5))
        price = item.price * size // ONE * rise // 1000
        self.on_order[item.sku] -= packs * size
        self.note(
            item,
            "receive",
            pack,
            packs * ONE,
            to_place=item.shelf,
            price=price // 5000 * 5000 or price,
            supplier=delivery.supplier.code,
            note="One pack short" if packs < delivery.packs else "",
        )

    def _later(self, number: int) -> date:
        day = self.first + timedelta(days=number + 7)
        while not busyness(day):
            day += timedelta(days=1)
        return day


def busyness(day: date) -> float:
    """Return how busy ``day`` is compared with an ordinary one; 0 when the clinic is shut."""
    feast = LONG_HOLIDAYS.get(day.year)
    if (day.month, day.day) in CLOSED or (feast and feast <= day < feast + timedelta(days=6)):
        return 0.0
    return WEEKDAYS[day.weekday()] * MONTHS[day.month - 1]


def movements(seed: int, today: date) -> Iterator[DemoMovement]:
    """Yield the ledger of the months before ``today``, in the order in which it was written."""
    first = today - timedelta(days=DAYS)
    while not busyness(first):
        first += timedelta(days=1)
    clinic = _Clinic(rng=Random(seed), first=first, today=first)
    clinic.open_books()
    yield from clinic.close()
    for number in range(1, (today - first).days):
        day = first + timedelta(days=number)
        if busy := busyness(day):
            clinic.live(number, day, busy * (1 + GROWTH * number / DAYS))
            yield from clinic.close()


def _counted(item: DemoItem, price: int) -> dict[str, Any]:
    return {"to_place": item.shelf, "price": price, "note": "Counted when the books were opened"}
