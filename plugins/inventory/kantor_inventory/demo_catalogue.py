"""What the demo clinic keeps: written by hand, with invented suppliers and prices in rupiah.

One line an item: code, name, unit, packs, used a week, price, minimum, maximum, shelf, supplier.
Packs are ``unit=base units``, an exact fraction where needed; quantities are in the base unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from .rules import ONE, Factor, gtin_check_digit

RUPIAH = 100  # minor units in one rupiah


@dataclass(frozen=True, kw_only=True)
class DemoPack:
    """A unit an item comes in; the one with factor 1 is the unit it is counted in."""

    unit: str
    factor: Factor
    gtin: str | None


@dataclass(frozen=True, kw_only=True)
class DemoItem:
    """One line of the clinic's stock list; quantities in thousandths, the price in minor units."""

    sku: str
    name: str
    category: str
    packs: tuple[DemoPack, ...]
    weekly: int
    price: int
    minimum: int | None
    maximum: int | None
    shelf: str
    supplier: str
    mode: str = "perpetual"
    status: str = "active"

    @property
    def unit(self) -> str:
        return self.packs[0].unit

    @property
    def order_pack(self) -> DemoPack:
        """Return the largest unit the item comes in, which is the one it is bought in."""
        return max(self.packs, key=lambda pack: Fraction(pack.factor.num, pack.factor.den))


@dataclass(frozen=True, kw_only=True)
class DemoSupplier:
    """An invented firm and how long it usually takes."""

    code: str
    name: str
    customer_number: str
    lead_days: int
    spread_days: int
    order_by: str
    phone: str
    fax: str | None
    email: str
    note: str = ""
    order_every: int = 14
    minimum_order: int | None = None  # minor units, as the next
    free_delivery_from: int | None = None


# code -> ordered every so many days, delivers from, delivers free from, in rupiah
_TERMS = {
    "kertas": (7, 500_000, 2_500_000),
    "tulis": (14, None, 750_000),
    "cetak": (14, 1_000_000, None),
    "bersih": (7, None, 1_000_000),
    "medis": (7, 750_000, 3_000_000),
    "listrik": (28, None, None),
}
# code, name, customer number, days it takes, give or take, orders go by, phone, fax, e-mail, note
_SUPPLIERS = """
kertas|Toko Kertas Bintang Fajar|KSM-118|3|1|phone|1181|1182|pesan@bintangfajar.example|
tulis|CV Pena Lestari|20417|5|2|email|2046||order@penalestari.example|
cetak|PT Cetak Karya Utama|C-7731|8|3|email|7310|7311|sales@cetak.example|Toner, forms.
bersih|UD Sumber Bersih|SB/042|4|1|phone|4207||toko@sumberbersih.example|
medis|PT Mitra Alkes Nusaraya|MAN-3306|6|2|fax|3306|3307|order@alkes.example|Faxed by 11, sent then.
listrik|Toko Listrik Cahaya Timur||14|8|phone|9008||order@timur.example|Often late.
"""
CATEGORIES = {
    "paper": "Paper",
    "forms": "Clinic forms and labels",
    "writing": "Pens and markers",
    "filing": "Filing",
    "desk": "Desk supplies",
    "print": "Printing",
    "mail": "Post and packing",
    "clean": "Cleaning and hygiene",
    "pantry": "Pantry",
    "medical": "Clinic consumables",
    "lab": "Laboratory",
    "electric": "Batteries, cables and lamps",
}

_LINES = {
    "paper": """
PAP-001|Copy paper A4 70 g white|ream|box=5|14|49500|40|90|A1|kertas
PAP-002|Copy paper A4 80 g white|ream|box=5|6|56500|18|45|A1|kertas
PAP-003|Copy paper F4 70 g white|ream|box=5|9|55000|25|60|A1|kertas
PAP-004|Copy paper A3 80 g white|ream|box=5|0.8|118000|4|10|A1|kertas
PAP-005|Coloured paper A4 blue|ream||0.5|62000|2|6|A1|kertas
PAP-006|Coloured paper A4 yellow|ream||0.6|62000|2|6|A1|kertas
PAP-007|Card A4 160 g white|pack|carton=10|0.7|41000|3|8|A1|kertas
PAP-009|Notebook A5 lined|book|pack=10|3|7800|15|40|A2|kertas
PAP-010|Notebook A4 hard cover|book|pack=6|1.2|24500|6|18|A2|kertas
PAP-011|Sticky notes 76 x 76 mm|pad|pack=12|6|6200|24|72|A2|tulis
PAP-012|Sticky notes 38 x 51 mm|pad|pack=12|4|4100|18|60|A2|tulis
PAP-013|Till roll 57 x 30 mm|roll|box=100|22|2400|90|300|A2|kertas
PAP-014|Thermal roll 80 x 80 mm, queue ticket printer|roll|box=50|9|11500|40|120|A2|kertas
""",
    "forms": """
FRM-001|Registration form, new patient|pad|pack=10|4|18500|15|50|A3|cetak
FRM-002|Referral letter, 2 ply|pad|pack=10|3|21000|12|40|A3|cetak
FRM-003|Sick note, numbered|book|pack=5|1.5|32000|6|20|A3|cetak
FRM-004|Consent form for procedures|pad|pack=10|1.2|19500|6|20|A3|cetak
FRM-005|Laboratory request form|pad|pack=10|5|17000|20|60|A3|cetak
FRM-006|Receipt book, 3 ply, numbered|book|pack=10|2|28500|10|30|A3|cetak
FRM-007|Prescription pad|pad|pack=10|8|12500|30|90|A3|cetak
FRM-008|Patient card, plastic|piece|box=250|35|1450|250|1000|A3|cetak
FRM-009|Patient record folder, coloured tabs|piece|box=50|26|6900|120|350|A3|cetak
FRM-010|Specimen label 38 x 25 mm|roll|box=12|2.5|46000|10|30|A3|cetak
FRM-011|Pharmacy label, blue, external use|roll|box=10|1.4|38500|6|20|A3|cetak
FRM-012|Pharmacy label, white, internal use|roll|box=10|2.8|38500|10|30|A3|cetak
""",
    "writing": """
WRI-001|Ballpoint pen blue|pen|box=12, carton=144|19|2300|72|216|A4|tulis
WRI-002|Ballpoint pen black|pen|box=12, carton=144|23|2300|72|216|A4|tulis
WRI-003|Ballpoint pen red|pen|box=12|5|2300|24|72|A4|tulis
WRI-004|Gel pen black 0.5|pen|box=12|8|6800|24|84|A4|tulis
WRI-005|Pencil 2B|pencil|box=12|4|2100|24|72|A4|tulis
WRI-008|Eraser white|piece|box=30|1.5|2600|10|40|A4|tulis
WRI-010|Highlighter yellow|piece|box=10|3|7200|10|40|A4|tulis
WRI-011|Highlighter pink|piece|box=10|1.3|7200|6|25|A4|tulis
WRI-012|Permanent marker black|piece|box=12|3.5|8900|12|40|A4|tulis
WRI-013|Permanent marker fine, tube writing|piece|box=12|4|9800|15|48|A4|tulis
WRI-014|Whiteboard marker blue|piece|box=12|2|8700|10|36|A4|tulis
WRI-016|Correction tape|piece|box=10|3|9200|10|40|A4|tulis
WRI-017|Stamp pad blue|piece||0.3|19500|2|6|A4|tulis
WRI-018|Stamp ink blue 50 ml|bottle||0.4|16500|2|8|A4|tulis
""",
    "filing": """
FIL-001|Lever arch file A4 70 mm blue|piece|box=12|3|24500|18|60|A5|kertas
FIL-002|Lever arch file F4 70 mm black|piece|box=12|4|26500|20|60|A5|kertas
FIL-003|Map folder, cardboard|piece|pack=50|22|1250|100|350|A5|kertas
FIL-004|Map folder, plastic with button|piece|pack=12|6|3800|30|96|A5|kertas
FIL-005|Hanging file F4|piece|box=25|2|7200|20|75|A5|kertas
FIL-006|Divider set A4, 10 tabs|set||1.1|13500|6|20|A5|kertas
FIL-007|Sheet protector A4|pack|carton=20|1.4|29500|6|20|A5|kertas
FIL-008|Archive box, cardboard|piece|bundle=10|3|14500|15|50|A5|kertas
FIL-009|Fastener, plastic, 50 sets|box||1|11500|5|16|A5|kertas
FIL-011|Business card album|piece||0.1|36500||3|A5|tulis
""",
    "desk": """
DSK-001|Paper clips 33 mm|box|pack=10|3|3400|15|50|A6|tulis
DSK-002|Binder clips 25 mm|box|pack=12|2|8200|10|36|A6|tulis
DSK-003|Binder clips 41 mm|box|pack=12|1|14200|6|24|A6|tulis
DSK-004|Staples no. 10|box|pack=20|5|2900|20|80|A6|tulis
DSK-005|Staples 24/6|box|pack=10|1.5|5300|10|30|A6|tulis
DSK-006|Stapler no. 10|piece||0.5|19500|3|10|A6|tulis
DSK-008|Hole punch, 2 holes|piece||0.3|33500|2|6|A6|tulis
DSK-013|Glue stick 25 g|piece|box=20|2.6|8800|12|40|A6|tulis
DSK-014|Clear tape 24 mm x 66 m|roll|tube=6|3|9300|12|48|A6|tulis
DSK-015|Double-sided tape 24 mm|roll|tube=6|1|9900|6|18|A6|tulis
DSK-018|Rubber bands|bag||0.9|16000|4|12|A6|tulis
DSK-019|Letter tray, 3 tiers|piece||0.1|96500||3|A6|tulis
DSK-020|Desk calendar, yearly|piece||0|22500|||A6|cetak
""",
    "print": """
PRN-001|Toner black, office laser printer|cartridge||1.1|865000|4|10|B1|cetak
PRN-002|Toner cyan, colour laser printer|cartridge||0.3|1120000|2|4|B1|cetak
PRN-003|Toner magenta, colour laser printer|cartridge||0.3|1120000|2|4|B1|cetak
PRN-004|Toner yellow, colour laser printer|cartridge||0.3|1120000|2|4|B1|cetak
PRN-005|Toner black, copier on floor 2|cartridge||0.5|1340000|2|5|B1|cetak
PRN-006|Waste toner box, copier on floor 2|piece||0.08|415000|1|2|B1|cetak
PRN-007|Ink bottle black 70 ml|bottle||1.6|112000|6|18|B1|cetak
PRN-008|Ink bottle cyan 70 ml|bottle||0.6|112000|3|9|B1|cetak
PRN-009|Ink bottle magenta 70 ml|bottle||0.6|112000|3|9|B1|cetak
PRN-010|Ink bottle yellow 70 ml|bottle||0.5|112000|3|9|B1|cetak
PRN-011|Ribbon, dot matrix printer at the till|piece|box=6|0.9|58500|4|12|B1|cetak
PRN-012|Label printer ribbon 110 mm|roll|box=12|0.8|67500|4|12|B1|cetak
PRN-013|Fax film, 2 rolls|box||0.2|148000|1|4|B1|cetak
PRN-015|Laminating pouch A4|box||0.4|96000|2|5|B1|cetak
""",
    "mail": """
MAI-001|Envelope white DL|piece|box=100|48|340|300|1200|B2|kertas
MAI-002|Envelope brown F4|piece|pack=50|24|1150|150|500|B2|kertas
MAI-003|Envelope with clinic print|piece|box=100|38|780|300|1000|B2|cetak
MAI-004|X-ray envelope, large|piece|pack=50|9|3200|60|200|B2|cetak
MAI-005|Bubble mailer 20 x 28 cm|piece|pack=25|3|3900|20|75|B2|kertas
MAI-006|Packing tape brown 48 mm|roll|tube=6|1.6|12800|8|24|B2|kertas
MAI-008|Revenue stamp Rp 10.000|piece|sheet=50|22|10000|60|250|B2|kertas
MAI-009|Carton box 30 x 20 x 20 cm|piece|bundle=20|2|6300|20|60|B2|kertas
""",
    "clean": """
CLN-001|Hand soap|litre|bottle=1/2, jerrycan=5|6|28500|20|60|B3|bersih
CLN-002|Hand sanitiser gel|litre|bottle=1/2, jerrycan=5|4.5|64000|15|45|B3|bersih
CLN-003|Floor cleaner|litre|jerrycan=5|7|17500|20|60|B3|bersih
CLN-004|Disinfectant concentrate|litre|jerrycan=5|3|92000|10|30|B3|bersih
CLN-005|Glass cleaner|bottle|carton=12|1.4|18500|6|24|B3|bersih
CLN-006|Dishwashing liquid|pouch|carton=12|1.6|15500|6|24|B3|bersih
CLN-007|Toilet paper|roll|pack=10|26|4700|100|300|B3|bersih
CLN-008|Hand towels, folded|pack|carton=24|18|11800|60|168|B3|bersih
CLN-009|Facial tissue, box|box|carton=24|13|10400|48|144|B3|bersih
CLN-010|Bin bag black 60 x 100 cm|piece|pack=20|45|1650|200|600|B3|bersih
CLN-011|Bin bag yellow, clinical waste|piece|pack=20|52|2350|200|600|B3|medis
CLN-013|Scouring sponge|piece|pack=6|3|3100|12|48|B3|bersih
CLN-014|Microfibre cloth|piece|pack=10|2|8900|12|40|B3|bersih
CLN-015|Air freshener refill|can|carton=12|2|31500|8|24|B3|bersih
CLN-016|Rubber gloves, household, M|pair|pack=12|1|14500|6|18|B3|bersih
""",
    "pantry": """
PAN-001|Drinking water 19 l|gallon||16|21000|20|48|B4|bersih
PAN-002|Drinking water 240 ml, guests|cup|carton=48|95|650|288|960|B4|bersih
PAN-003|Ground coffee|kg|sachet=1/50, bag=1/2|1.2|118000|4|10|B4|bersih
PAN-004|Tea bags jasmine|bag|box=25|48|460|150|500|B4|bersih
PAN-005|Sugar|kg|sachet=1/125|2.5|17500|8|24|B4|bersih
PAN-006|Creamer|kg|sachet=1/200|0.6|74000|2|6|B4|bersih
PAN-007|Paper cup 200 ml|piece|sleeve=50, carton=1000|110|520|400|1600|B4|bersih
PAN-009|Paper napkins|pack|carton=24|2|7600|10|36|B4|bersih
""",
    "medical": """
MED-001|Examination gloves nitrile S|box|carton=10|5|68000|20|60|C1|medis
MED-002|Examination gloves nitrile M|box|carton=10|9|68000|30|90|C1|medis
MED-003|Examination gloves nitrile L|box|carton=10|3|68000|12|40|C1|medis
MED-004|Surgical mask, 3 ply|box|carton=40|10|27500|40|120|C1|medis
MED-005|Alcohol swabs|box|carton=50|8|13500|30|100|C1|medis
MED-006|Couch roll 50 cm|roll|carton=12|5|52000|18|48|C1|medis
MED-007|Tongue depressor, wooden|box|carton=50|1.3|21500|6|20|C1|medis
MED-008|Cotton wool|kg|roll=1/2|1.1|76000|4|10|C1|medis
MED-009|Gauze swabs 10 x 10 cm|pack|carton=40|6|24500|25|80|C1|medis
MED-010|Adhesive plaster, round|box||3|17800|12|36|C1|medis
MED-011|Elastic bandage 10 cm|roll|pack=12|4|19500|18|48|C1|medis
MED-012|Sharps container 5 l|piece|carton=10|2.2|23500|10|30|C1|medis
MED-014|Ultrasound gel|litre|bottle=1/4, jerrycan=5|1.5|48000|5|15|C1|medis
MED-015|Blood pressure cuff, adult|piece||0.1|186000|1|3|C1|medis
MED-016|First-aid kit refill|set||0.2|142000|2|5|C1|medis
""",
    "lab": """
LAB-001|Vacuum tube EDTA 3 ml, purple|piece|rack=100|140|1850|500|1600|L1|medis
LAB-002|Vacuum tube plain 5 ml, red|piece|rack=100|85|1750|300|1000|L1|medis
LAB-003|Vacuum tube citrate 2.7 ml, blue|piece|rack=100|25|2100|100|400|L1|medis
LAB-004|Urine container 60 ml|piece|carton=200|70|1400|250|900|L1|medis
LAB-005|Blood collection needle 21 G|piece|box=100|160|1300|600|1800|L1|medis
LAB-006|Microscope slides|box|carton=50|1.6|24500|8|24|L1|medis
LAB-007|Cover glasses 22 x 22 mm|box|pack=10|1|19500|5|20|L1|medis
LAB-008|Pipette tips 200 µl, yellow|bag|carton=10|0.8|62000|4|12|L1|medis
LAB-009|Test strips, urine, 10 parameters|bottle||1.2|128000|5|14|L1|medis
LAB-011|Stool container with spoon|piece|bag=100|12|1900|60|250|L1|medis
""",
    "electric": """
ELC-001|Battery AA alkaline|piece|pack=4, box=40|7|7200|24|80|C2|listrik
ELC-002|Battery AAA alkaline|piece|pack=4, box=40|9|7200|32|96|C2|listrik
ELC-003|Battery 9 V|piece||0.6|38500|3|10|C2|listrik
ELC-004|Coin cell CR2032|piece|card=5|1.6|9800|10|30|C2|listrik
ELC-005|LED lamp 12 W E27|piece|box=10|1.8|34500|8|24|C2|listrik
ELC-006|LED tube 16 W T8|piece|box=25|1|62500|6|20|C2|listrik
ELC-008|Network cable 3 m|piece||0.5|29500|4|12|C2|listrik
ELC-009|USB cable type C 1 m|piece||0.6|42500|4|12|C2|listrik
ELC-010|Mouse, wired|piece||0.4|78500|2|6|C2|listrik
ELC-012|USB stick 32 GB|piece||0.3|69500|3|8|C2|listrik
""",
}
NOT_ORDERED_AGAIN = {"PAP-005": "use_up", "PRN-013": "use_up", "FIL-011": "discontinued"}
COUNTED_ONLY = frozenset(
    {"WRI-001", "WRI-002", "WRI-005", "DSK-001", "DSK-004", "PAP-011", "PAN-004", "PAN-005"}
)


@cache
def suppliers() -> tuple[DemoSupplier, ...]:
    """Return the firms the clinic buys from."""
    return tuple(_supplier(line) for line in _SUPPLIERS.strip().splitlines())


@cache
def items() -> tuple[DemoItem, ...]:
    """Return the whole stock list."""
    lines = [(c, line) for c, text in _LINES.items() for line in text.strip().splitlines()]
    return tuple(_item(number, *line) for number, line in enumerate(lines, start=1))


def _supplier(line: str) -> DemoSupplier:
    code, name, customer, days, spread, channel, phone, fax, email, note = line.split("|")
    every, least, free = _TERMS[code]
    return DemoSupplier(
        code=code,
        name=name,
        customer_number=customer,
        lead_days=int(days),
        spread_days=int(spread),
        order_by=channel,
        phone=f"+62 21 5550 {phone}",
        fax=f"+62 21 5550 {fax}" if fax else None,
        email=email,
        note=note,
        order_every=every,
        minimum_order=least * RUPIAH if least else None,
        free_delivery_from=free * RUPIAH if free else None,
    )


def _item(number: int, category: str, line: str) -> DemoItem:
    sku, name, unit, packs, weekly, price, minimum, maximum, shelf, supplier = line.split("|")
    named = [(unit, Factor(1)), *(_pack(text) for text in packs.split(",") if text)]
    return DemoItem(
        sku=sku,
        name=name,
        category=category,
        packs=tuple(
            DemoPack(unit=u, factor=f, gtin=_gtin(number, rank))
            for rank, (u, f) in enumerate(named)
        ),
        weekly=thousandths(weekly),
        price=int(price) * RUPIAH,
        minimum=thousandths(minimum) if minimum else None,
        maximum=thousandths(maximum) if maximum else None,
        shelf=shelf,
        supplier=supplier,
        mode="periodic" if sku in COUNTED_ONLY else "perpetual",
        status=NOT_ORDERED_AGAIN.get(sku, "active"),
    )


def _pack(text: str) -> tuple[str, Factor]:
    unit, _, size = text.strip().partition("=")
    num, _, den = size.partition("/")
    return unit, Factor(int(num), int(den or 1))


def _gtin(number: int, rank: int) -> str:
    """Return a code from the range that every organisation may use inside its own walls."""
    digits = f"21{number:05d}{rank:05d}"
    return digits + str(gtin_check_digit(digits))


def thousandths(text: str) -> int:
    """Return a decimal number written with a point as thousandths."""
    return int(Decimal(text) * ONE)
