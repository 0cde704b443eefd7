"""The demo organisation: an invented clinic, with its departments, people, places and address book.

Only data lives here, in days before today, so that the demo is never stale. Names are made up;
nobody and nothing in this file exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

ORGANISATION = "Klinik Sinar Medika"
TIME_ZONE = "Asia/Jakarta"
CURRENCY = "IDR"
LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True)
class DemoDepartment:
    code: str
    name: str
    parent: str | None


@dataclass(frozen=True, kw_only=True)
class DemoMembership:
    department: str
    kind: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """Somebody who works at the clinic; ``key`` is how other demo data names them."""

    key: str
    name: str
    email: str
    phone: str | None
    language: str
    active_from: date
    memberships: tuple[DemoMembership, ...]


@dataclass(frozen=True, kw_only=True)
class DemoAccount:
    """An account to sign in with; ``department`` is where the role is held, None for everywhere."""

    person: str
    username: str
    role: str
    department: str | None

    @property
    def password(self) -> str:
        return PASS_PHRASES[self.role]


@dataclass(frozen=True, kw_only=True)
class DemoPlace:
    code: str
    name: str
    kind: str
    parent: str | None
    department: str
    walk_order: int
    serves: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DemoContact:
    kind: str
    name: str
    works_for: str | None
    points: tuple[tuple[str, str], ...]
    note: str = ""
    department: str | None = None


DEPARTMENTS = (
    DemoDepartment(code="management", name="Management", parent=None),
    DemoDepartment(code="backoffice", name="Back office", parent="management"),
    DemoDepartment(code="finance", name="Finance", parent="backoffice"),
    DemoDepartment(code="outpatient", name="Outpatient clinic", parent="management"),
    DemoDepartment(code="nursing", name="Nursing", parent="outpatient"),
    DemoDepartment(code="laboratory", name="Laboratory", parent="outpatient"),
    DemoDepartment(code="pharmacy", name="Pharmacy", parent="management"),
)

# One phrase for each role. These accounts work on a loopback address only.
PASS_PHRASES = {
    "administrator": "kunci besar di laci atas",
    "department_manager": "rapat pagi tanpa kopi dingin",
    "office_manager": "gudang rapi tiap hari senin",
    "executive": "telepon berdering tiga kali",
    "assistant": "map biru di rak ketiga",
    "employee": "payung kuning di depan pintu",
}

# person | user name | role | where it is held
_ACCOUNTS = """
bagus.adiwinata|bagus|administrator|
ratna.wulansari|ratna|department_manager|backoffice
hendra.saputro|hendra|office_manager|backoffice
dewi.kartikasari|dewi|executive|backoffice
putri.maharani|putri|assistant|backoffice
yoga.pranata|yoga|employee|nursing
intan.permatahati|intan|department_manager|laboratory
fajar.nugraha|fajar|assistant|laboratory
"""
ACCOUNTS = tuple(
    DemoAccount(person=person, username=username, role=role, department=department or None)
    for person, username, role, department in (
        line.split("|") for line in _ACCOUNTS.strip().splitlines()
    )
)

# name | kind | days here | days until the membership ends, if it does
_PEOPLE = {
    "management": """
Surya Wicaksana|manager|4020
Maya Larasati|standing_deputy|2890
Oktavia Rinjani|member|1130
Teguh Baskoro|member|610
""",
    "backoffice": """
Ratna Wulansari|manager|3310
Hendra Saputro|standing_deputy|2480
Dewi Kartikasari|member|1760
Putri Maharani|member|880
Bagus Adiwinata|member|1420
Slamet Riyanto|member|2950
Nadia Anggraini|member|420
Joko Sumantri|member|1990
Wening Prastiwi|member|9
""",
    "finance": """
Lestari Handayani|manager|2770
Agung Setyabudi|standing_deputy|1650
Citra Nareswari|member|1240
Dimas Kurniadi|member|730
Farida Hasanah|member|300
Gilang Ramadan|member|560|24
""",
    "outpatient": """
Arif Budiharjo|manager|3620
Sekar Ayuningtyas|standing_deputy|2110
Anisa Fitriyani|member|1310
Bayu Hermawan|member|1020
Desi Ratnasari|member|870
Eka Puspitasari|member|690
Galih Prayogo|member|1480
Hana Safitri|member|350
Irwan Syahputra|member|2230
Jihan Maulida|member|190
Kurnia Dewanti|member|770
Laras Setyowati|member|540
Mulyono Hadi|member|2640
Nur Azizah|member|1150
""",
    "nursing": """
Kartini Widyastuti|manager|2980
Rudi Hartawan|standing_deputy|1870
Yoga Pranata|member|640
Ayu Lestariningsih|member|1220
Bunga Kusumawati|member|450
Candra Wijayanto|member|980
Dian Purnamasari|member|1540
Endah Susilowati|member|2090
Fitri Rahayuningsih|member|320
Guntur Prasetya|member|710
Heni Marlinawati|member|1380
Indah Cahyaningrum|member|160
Krisna Adinugroho|member|830
""",
    "laboratory": """
Intan Permatahati|manager|2340
Wahyu Nurcahyo|standing_deputy|1590
Fajar Nugraha|member|920
Lina Marpuah|member|1180
Reza Firmansyah|member|480
Siska Damayanti|member|760
Tomi Haryadi|member|1670
Umi Kulsumawati|member|240
""",
    "pharmacy": """
Vina Oktaviani|manager|2150
Zainal Mustakim|standing_deputy|1710
Asri Wahyuningsih|member|590
Bima Setiaji|member|1060
Cahya Ningrum|member|380
Dony Iskandar|member|1290
Erna Suryaningsih|member|840
""",
}
# Who came from where: the former department and the days spent there.
_MOVED = {"Nadia Anggraini": ("nursing", 380), "Gilang Ramadan": ("backoffice", 500)}

_BACK = "backoffice"
_ALL = tuple(d.code for d in DEPARTMENTS if d.code != _BACK)
# code | name | kind | parent | department | serves everybody
_PLACES = """
MB|Main building|site||management|
STORE|Store room, ground floor|room|MB|backoffice|all
A1|Shelf A1, paper|shelf|STORE|backoffice|all
A2|Shelf A2, pads and rolls|shelf|STORE|backoffice|all
A3|Shelf A3, printed forms|shelf|STORE|backoffice|all
A4|Shelf A4, pens|shelf|STORE|backoffice|all
A5|Shelf A5, files|shelf|STORE|backoffice|all
A6|Shelf A6, desk supplies|shelf|STORE|backoffice|all
B1|Shelf B1, toner and ink|shelf|STORE|backoffice|all
B2|Shelf B2, envelopes|shelf|STORE|backoffice|all
B3|Shelf B3, cleaning|shelf|STORE|backoffice|all
B4|Shelf B4, pantry|shelf|STORE|backoffice|all
C1|Shelf C1, clinic consumables|shelf|STORE|backoffice|all
C2|Shelf C2, batteries and lamps|shelf|STORE|backoffice|all
OFFICE|Back office, floor 2|room|MB|backoffice|
COPY|Copy corner, floor 2|shelf|OFFICE|backoffice|all
FIN|Finance office, floor 2|room|MB|finance|
DIR|Management office, floor 3|room|MB|management|
MEET|Meeting room, floor 3|room|MB|management|
REC|Reception and queue|room|MB|outpatient|
CON1|Consulting room 1|room|MB|outpatient|
CON2|Consulting room 2|room|MB|outpatient|
CON3|Consulting room 3, dental|room|MB|outpatient|
NURSE|Nurses' station|room|MB|nursing|
N1|Nurses' cupboard|shelf|NURSE|nursing|
LAB|Laboratory|room|MB|laboratory|
L1|Laboratory cupboard|shelf|LAB|laboratory|
PHARM|Pharmacy|room|MB|pharmacy|
P1|Pharmacy back shelf|shelf|PHARM|pharmacy|
AX|Annex|site||management|
ARCHIVE|Archive|room|AX|backoffice|
GARAGE|Garage and workshop|room|AX|backoffice|
"""

CONTACTS = (
    DemoContact(
        kind="organisation",
        name="Bengkel Mesin Kantor Jaya Teknik",
        works_for=None,
        points=(("phone", "+62 21 5550 8101"), ("email", "servis@jayateknik.example")),
        note="Copiers and printers; comes on Tuesdays and Fridays.",
    ),
    DemoContact(
        kind="person",
        name="Rahmat Santoso",
        works_for="Bengkel Mesin Kantor Jaya Teknik",
        points=(("phone", "+62 812 5550 8102"),),
        note="Technician for the copier on floor 2.",
    ),
    DemoContact(
        kind="organisation",
        name="Kurir Langit Biru",
        works_for=None,
        points=(("phone", "+62 21 5550 6400"), ("web", "https://kurirlangitbiru.example")),
        note="Collects post at 15:30.",
    ),
    DemoContact(
        kind="organisation",
        name="Laboratorium Rujukan Bina Sehat",
        works_for=None,
        points=(("phone", "+62 21 5550 3120"), ("fax", "+62 21 5550 3121")),
        note="Takes the specimens that are not tested in the house.",
    ),
    DemoContact(
        kind="person",
        name="Sri Mulatsih",
        works_for="Laboratorium Rujukan Bina Sehat",
        points=(("phone", "+62 813 5550 3122"), ("email", "sri@binasehat.example")),
    ),
    DemoContact(
        kind="organisation",
        name="Asuransi Tirta Harapan",
        works_for=None,
        points=(("phone", "+62 21 5550 2200"), ("fax", "+62 21 5550 2201")),
        note="Asks for claims by fax.",
    ),
    DemoContact(
        kind="organisation",
        name="Pengelola Gedung Anggrek Tengah",
        works_for=None,
        points=(("phone", "+62 21 5550 1700"), ("address", "Jalan Contoh 17, Jakarta")),
        note="Landlord of the annex.",
    ),
    DemoContact(
        kind="person",
        name="Hartono Gunadi",
        works_for="Pengelola Gedung Anggrek Tengah",
        points=(("phone", "+62 811 5550 1701"),),
    ),
    DemoContact(
        kind="organisation",
        name="Konsultan Pajak Mandala",
        works_for=None,
        points=(("phone", "+62 21 5550 4980"), ("email", "kantor@pajakmandala.example")),
        department="finance",
    ),
    DemoContact(
        kind="organisation",
        name="Pengelola Limbah Medis Hijau Asri",
        works_for=None,
        points=(("phone", "+62 21 5550 7090"),),
        note="Collects yellow bags on Wednesdays.",
    ),
)


def people(today: date) -> tuple[DemoPerson, ...]:
    """Return everybody who works at the clinic, with memberships dated from ``today``."""
    lines = [(code, line) for code, text in _PEOPLE.items() for line in text.strip().splitlines()]
    return tuple(_person(today, number, *line) for number, line in enumerate(lines, start=1))


def places() -> tuple[DemoPlace, ...]:
    """Return the places of the clinic, parents first, in walking order."""
    lines = enumerate(_PLACES.strip().splitlines(), start=1)
    return tuple(_place(number * 10, line) for number, line in lines)


def person_key(name: str) -> str:
    return ".".join(name.casefold().split())


def _person(today: date, number: int, department: str, line: str) -> DemoPerson:
    name, kind, days, *until = line.split("|")
    joined = today - timedelta(days=int(days))
    ends = today + timedelta(days=int(until[0])) if until else None
    now = DemoMembership(department=department, kind=kind, from_on=joined, until_on=ends)
    memberships: tuple[DemoMembership, ...] = (now,)
    if name in _MOVED:
        former, stayed = _MOVED[name]
        began = joined - timedelta(days=stayed)
        before = DemoMembership(department=former, kind="member", from_on=began, until_on=joined)
        memberships = (before, now)
    key = person_key(name)
    return DemoPerson(
        key=key,
        name=name,
        email=f"{key}@sinarmedika.example",
        phone=f"+62 21 5550 9{number:03d}" if number % 3 else None,
        language="en" if key in {a.person for a in ACCOUNTS} else "id",
        active_from=memberships[0].from_on,
        memberships=memberships,
    )


def _place(walk_order: int, line: str) -> DemoPlace:
    code, name, kind, parent, department, serves = line.split("|")
    return DemoPlace(
        code=code,
        name=name,
        kind=kind,
        parent=parent or None,
        department=department,
        walk_order=walk_order,
        serves=_ALL if serves else (),
    )
