"""What the people of the demo clinic said about the stock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from portal.api import UnitOfWork, past_comment

from .models import Item

# code of the item | days ago | who | what
_SAID = """
PAP-001|41|Putri Maharani|The last delivery was damp at the edges. I put the two worst reams aside for drafts.
PAP-001|40|Hendra Saputro|Kertas takes them back with the next order, I spoke to them. @Putri Maharani please keep the wrapping.
PAP-001|12|Dewi Kartikasari|We use more since the copier on the second floor prints both sides only when asked. I set that right today.
PAP-014|23|Slamet Riyanto|Printer antrean lantai 1 macet lagi dengan rol yang lama. Rol baru aman.
PAP-014|22|Hendra Saputro|Terima kasih, rol lama dipakai di kasir saja sampai habis.
WRI-001|9|Putri Maharani|Nursing asks for blue again, black is for forms only. @Dewi Kartikasari may we raise the maximum?
WRI-001|8|Dewi Kartikasari|Yes, until the end of the quarter.
FRM-006|16|Hendra Saputro|Numbers 4501 to 4600 were misprinted and are void. The printer sends new books, same price.
PAN-001|5|Slamet Riyanto|Depot tutup hari Minggu, jadi pesan paling lambat Sabtu pagi.
"""  # noqa: E501 - one remark a line


def fill(tx: UnitOfWork, items: Mapping[str, Item], people: Mapping[str, int]) -> None:
    """Write down who said what about which item."""
    for line in _SAID.strip().splitlines():
        code, days, who, text = line.split("|")
        at = tx.now - timedelta(days=int(days), hours=len(text) % 7)
        past_comment(tx, items[code], person_id=people[who], text=text, at=at)
