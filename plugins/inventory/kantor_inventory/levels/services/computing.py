"""Levels worked out from what was used: every night, and when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import and_, func, select

from portal.api import UnitOfWork

from ...models import Balance, Item, ItemUnit, StockRule, Supplier, SupplierItem, SupplierRecord
from ...ordering.services.usage import Held
from ...rules import ONE
from ...services import balances
from ...services.balances import Limits
from ...services.many import any_of
from ...services.pairs import Pair, among
from ...watching import episodes
from .. import rules
from ..formulas import Lead
from ..rules import Found, Levels, Past, Wanted
from . import records
from .pasts import pasts

AT_ONCE = 250  # rules of one unit: their past is read while the database is held
USED = "what is used at a place, whoever asks"


@dataclass
class Night:
    """What a night has to do, and has done."""

    records: list[dict[str, Any]]
    ids: list[int]
    moved: int = 0
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class Source:
    """From whom an item is bought first, and how long that takes; None where nobody sells it."""

    every: int
    lead: Lead
    measured: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a rule says about the levels that are to be worked out."""

    service: int = 98
    review: int | None = None
    cap: int | None = None


def look(tx: UnitOfWork) -> Night:
    """Find how suppliers delivered, and which rules there are to work out."""
    ids = select(StockRule.id).where(StockRule.method == "auto").order_by(StockRule.id)
    return Night(records=records.look(tx), ids=list(tx.session.scalars(ids)))


def pieces(night: Night) -> Iterator[Callable[[UnitOfWork], None]]:
    """Yield what writes some of it; lead times first, as levels follow from them."""
    for some in records.in_pieces(night.records):
        yield partial(records.put, some=some)
    for start in range(0, len(night.ids), AT_ONCE):
        yield partial(_piece, night=night, ids=night.ids[start : start + AT_ONCE])


def _piece(tx: UnitOfWork, *, night: Night, ids: Sequence[int]) -> None:
    done = run(tx, ids)
    night.moved += done.moved
    night.waiting += done.waiting


def finish(tx: UnitOfWork, night: Night) -> None:
    """Note in the audit what the night has changed."""
    if night.moved or night.waiting:
        tx.audit("inventory.levels_computed", None, moved=night.moved, waiting=night.waiting)


@dataclass(kw_only=True)
class Done:
    """How many rules have other limits now, and how many wait to be confirmed."""

    moved: int = 0
    waiting: int = 0
    found: dict[Pair, Found] = field(default_factory=dict)


def run(tx: UnitOfWork, ids: Sequence[int], *, confirmed: bool = False) -> Done:
    """Work these rules out again, those that are ``auto``; what somebody ``confirmed`` moves whole.

    Balances are held, then rules, in the order of all who change either.
    """
    where = select(StockRule.item_id, StockRule.point_id).where(any_of(StockRule.id, ids))
    pairs = [(row.item_id, row.point_id) for row in tx.session.execute(where)]
    points = balances.points_of(tx, {point_id for _, point_id in pairs})
    held = balances.hold(tx, pairs, points, limited=False)
    chosen = select(StockRule).where(any_of(StockRule.id, ids), StockRule.method == "auto")
    in_order = chosen.order_by(StockRule.id).with_for_update()
    found = tx.session.scalars(in_order.execution_options(populate_existing=True)).all()
    asked = {(rule.item_id, rule.point_id): _asked(rule) for rule in found}
    told = work_out(tx, asked, {pair: held[pair].quantity for pair in asked})
    done = Done(found=told)
    limits: dict[Pair, Limits] = {}
    for rule in found:
        pair = (rule.item_id, rule.point_id)
        if pair in told and _keep(tx, rule, told[pair], confirmed):
            limits[pair] = Limits(rule.minimum, rule.maximum)
        done.waiting += rule.proposed_minimum is not None
    tx.session.flush()
    balances.limit(tx, limits)
    episodes.settle(tx, list(limits))
    done.moved = len(limits)
    return done


def _asked(rule: StockRule) -> Asked:
    return Asked(service=rule.service_percent, review=rule.review_days, cap=rule.hard_cap)


def _keep(tx: UnitOfWork, rule: StockRule, found: Found, confirmed: bool) -> bool:
    """Write into a rule what was found; return whether its limits are others now."""
    rule.last_auto_inputs, rule.computed_at = found.inputs, tx.now
    waiting = rule.proposed_minimum is not None
    rule.proposed_minimum = rule.proposed_maximum = None
    if found.levels is None:
        return False
    rule.last_auto_minimum, rule.last_auto_maximum = found.levels.minimum, found.levels.maximum
    now = Levels(minimum=rule.minimum, maximum=rule.maximum)
    step = rules.Step(levels=found.levels)
    if not confirmed:
        step = rules.move(now, found.levels, waiting=waiting, step=found.inputs["step"])
    if step.proposed is not None:
        rule.proposed_minimum = step.proposed.minimum
        rule.proposed_maximum = step.proposed.maximum
    rule.minimum, rule.maximum = step.levels.minimum, step.levels.maximum
    return step.levels != now


def work_out(
    tx: UnitOfWork, asked: Mapping[Pair, Asked], on_hand: Mapping[Pair, int]
) -> dict[Pair, Found]:
    """Return the levels of items at places, nothing written; nothing of what is not ordered."""
    if not asked:
        return {}
    with tx.acting_for("inventory", reason=USED) as own:
        held = _held(own, list(asked), on_hand)
        sources = sources_of(own, {item_id for item_id, _ in held})
        known = pasts(own, held)
    return {pair: _of(known[pair], asked[pair], sources.get(pair[0])) for pair in held}


def _of(past: Past, asked: Asked, source: Source | None) -> Found:
    if source is None:
        return rules.unsold(past)
    wanted = Wanted(
        service=asked.service,
        review=asked.review or source.every,
        cap=asked.cap,
        lead=source.lead,
        measured=source.measured,
    )
    return rules.work_out(past, wanted)


def _held(own: UnitOfWork, pairs: Sequence[Pair], on_hand: Mapping[Pair, int]) -> dict[Pair, Held]:
    """Return what is known of items at places that are ordered at all."""
    rows = own.session.execute(
        select(
            Balance.item_id,
            Balance.point_id,
            Balance.counted_at,
            func.coalesce(StockRule.mode, Item.mode).label("mode"),
        )
        .join(Item, Item.id == Balance.item_id)
        .outerjoin(
            StockRule,
            and_(StockRule.item_id == Balance.item_id, StockRule.point_id == Balance.point_id),
        )
        .where(among(Balance, pairs), Item.status == "active", Item.mode != "non_stock")
    )
    return {
        (row.item_id, row.point_id): Held(
            on_hand=on_hand[row.item_id, row.point_id],
            periodic=row.mode == "periodic",
            counted_at=row.counted_at,
        )
        for row in rows
    }


def sources_of(own: UnitOfWork, items: Collection[int]) -> dict[int, Source]:
    """Return from whom each item is bought first: the lowest rank, then the oldest offer."""
    rows = own.session.execute(
        select(
            ItemUnit.item_id,
            SupplierItem.rank,
            SupplierItem.id,
            Supplier.lead_days,
            Supplier.order_every,
            SupplierRecord.lead_mean,
            SupplierRecord.lead_sd,
            SupplierRecord.lead_count,
        )
        .join(SupplierItem, SupplierItem.item_unit_id == ItemUnit.id)
        .join(Supplier, Supplier.id == SupplierItem.supplier_id)
        .outerjoin(SupplierRecord, SupplierRecord.supplier_id == Supplier.id)
        .where(any_of(ItemUnit.item_id, sorted(items)), ItemUnit.active, Supplier.active)
    )
    found: dict[int, Source] = {}
    for row in sorted(rows, key=lambda row: (row.rank, row.id), reverse=True):
        # The agreed days may have been changed since they were measured.
        mean = max((row.lead_mean or 0) / ONE, float(row.lead_days))
        lead = Lead(mean=mean, sd=(row.lead_sd or 0) / ONE)
        measured = row.lead_count or 0
        found[row.item_id] = Source(every=row.order_every, lead=lead, measured=measured)
    return found
