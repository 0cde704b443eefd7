"""The rows of the par sheet by supplier, each group with its sum and what is missing to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from portal.api import Message, UnitOfWork, message

from ...forms import ORDER_BY
from ...levels import words
from ...rules import ONE, Amount, UnevenQuantity
from .. import rules
from ..rules import Sentence
from ..services import sheet
from ..services.sheet import Row, Sheet


@dataclass(kw_only=True)
class Group:
    """What one department orders from one supplier; without ``terms`` nobody sells it yet."""

    terms: Any = None
    department: str | None = None
    draft: Any = None
    rows: list[Row] = field(default_factory=list)
    soon: list[Row] = field(default_factory=list)
    chosen: Mapping[str, int] = field(default_factory=dict)  # packs by row, as they are filled in

    @property
    def open_rows(self) -> list[Row]:
        """The rows that are on no list yet, with something to order."""
        return [row for row in self.rows if row.line is None and (row.suggestion or row.told)]

    @property
    def cost(self) -> int | None:
        """What is on the list already and what is filled in; None where one may not see it."""
        if not self.rows or not all(row.priced for row in self.rows):
            return None
        filled_in = sum(
            row.cost(self.chosen.get(row.key, 0)) or 0 for row in self.rows if row.line is None
        )
        return int(filled_in + self.listed)

    @property
    def listed(self) -> int:
        """What the lines cost that are on the list already."""
        return int(self.draft.cost) if self.draft is not None else 0

    def lacking(self, name: str) -> int:
        """Return by how much the sum is below what the supplier wants."""
        wanted = getattr(self.terms, name, None)
        return max(wanted - self.cost, 0) if wanted and self.cost is not None else 0

    @property
    def how(self) -> Message | str:
        if self.terms is None:
            return ""
        return message(
            "{channel}, takes {days} days",
            channel=ORDER_BY[self.terms.order_by],
            days=self.terms.lead_days,
        )


def grouped(
    tx: UnitOfWork, found: Sheet, *, terms: dict[int, Any], chosen: Mapping[str, int], fill: bool
) -> list[Group]:
    """Return the groups in the order of names; ``fill`` looks for what would fill orders up.

    ``chosen`` says how many packs are filled in for each row, by its key.
    """
    lists: dict[Any, Any] = sheet.drafts(tx)
    groups: dict[tuple[int | None, int | None], Group] = {}
    for row in found.rows:
        key = _key(row)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(
                terms=terms.get(key[0]) if key[0] is not None else None,
                department=row.department,
                draft=lists.get(key),
                chosen=chosen,
            )
        group.rows.append(row)
    if fill:
        short = {
            group.terms.id
            for group in groups.values()
            if group.terms is not None
            and (group.lacking("free_delivery_from") or group.lacking("minimum_order"))
        }
        found.soon = sheet.due_soon(tx, short)
    sheet.complete(tx, found, terms)
    for row in found.soon:
        if (group := groups.get(_key(row))) is not None:
            group.soon.append(row)
    places = {id: place for place, id in enumerate(terms)}
    order = sorted(groups, key=lambda key: (places.get(key[0] or 0, len(places)), key[1] or 0))
    return [groups[key] for key in order]


def _key(row: Row) -> tuple[int | None, int | None]:
    return (row.offer.supplier_id if row.offer is not None else None, row.department_id)


def sentence(row: Row, terms: Mapping[int, Any], *, zone: tzinfo, brief: bool = False) -> Any:
    """Return why so much of a row is suggested, in one sentence."""
    if row.offer is None:
        return message("Nobody sells it yet. Add a price on the page of the item.")
    packs = row.suggestion.packs if row.suggestion is not None else 0
    why = sheet.why(row, terms[row.offer.supplier_id], packs, zone)
    if brief and row.level and not row.level.get("kept"):
        # Where Kantor set the limits, that is what there is to say of usage and lead time.
        said = rules.explain_briefly(why | {"weekly": None}, default=False)
        return Sentence((*said.clauses, *words.explain(row.level, row.unit).clauses))
    return rules.explain_briefly(why) if brief else rules.explain(why)


def telling(row: Row, zone: tzinfo) -> Any:
    """Return who said at the shelf that it is nearly empty, or None."""
    said = sheet.told(row, zone)
    return rules.explain_telling({"told": said}) if said else None


def lasts(row: Row) -> Message | None:
    """Return how long a row lasts with what is on order."""
    weeks = row.cover
    if weeks is None:
        return None
    if weeks < 1:
        return message("lasts less than a week")
    if round(weeks) == 1:
        return message("lasts about a week")
    return message("lasts about {weeks} weeks", weeks=round(weeks))


def in_packs(row: Row, packs: int) -> Amount:
    assert row.offer is not None
    return Amount(packs * ONE, row.offer.pack)


def in_base(row: Row, packs: int) -> Amount | None:
    """Return what so many packs of a row are in the unit it is counted in, if that comes out."""
    assert row.offer is not None
    try:
        return Amount(row.offer.terms.base(packs), row.unit)
    except UnevenQuantity:
        return None
