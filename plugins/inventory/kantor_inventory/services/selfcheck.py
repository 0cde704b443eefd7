"""Adding the ledger up again and comparing it with what is shown: nothing is corrected here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, func, or_, select, union_all
from sqlalchemy.orm import aliased

from portal.api import UnitOfWork, message

from ..asking.models import Reservation
from ..budgets.services import checking
from ..models import Balance, Item, LedgerCheck, Movement, StockRule
from ..ordering.models import OrderLine
from ..rules import State
from ..watching.episodes import GRADE_OF, WATCHED
from ..watching.models import Alert

KEPT_FINDINGS = 200
KINDS = {
    "quantity": message("The quantity is not the sum of its movements."),
    "value": message("The value is not the sum of its movements."),
    "missing": message("Movements of which no balance knows."),
    "line": message("A line says another quantity was left than there was."),
    "reversal": message("A reversal is not the opposite of what it reverses."),
    "rule": message("Another minimum stands beside the balance than in its rule."),
    "alert": message("The alert does not say what the balance says."),
    "reserved": message("What is put aside is not what is put aside for requests."),
    "on_order": message("What is on order is not what the open order lines still bring."),
    "budget_committed": message("What is committed of a budget is not the sum of its entries."),
    "budget_spent": message("What is spent of a budget is not the sum of its entries."),
    "budget_left": message("What is left of a budget is not its amount without its entries."),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One figure that does not add up; ``movement_id`` when it is a line, else a balance.

    With ``budget_id`` it is one of a budget, which has neither item nor point.
    """

    kind: str
    item_id: int
    point_id: int
    stored: int
    computed: int
    movement_id: int | None = None
    budget_id: int | None = None

    def stored_as(self) -> dict[str, Any]:
        """Return it as it is kept with the result of a check."""
        named = {"kind": self.kind, "item_id": self.item_id, "point_id": self.point_id}
        figures = {"stored": self.stored, "computed": self.computed}
        more = {} if self.budget_id is None else {"budget_id": self.budget_id}
        return named | figures | {"movement_id": self.movement_id} | more


def check_ledger(tx: UnitOfWork) -> LedgerCheck:
    """Check every balance and every line, keep the result and return it; needs every row."""
    return keep(tx, add_up(tx))


def add_up(tx: UnitOfWork) -> dict[str, Any]:
    """Return what a check of every balance and every line found; needs every row, writes none."""
    found = findings(tx)
    return {
        "checked_at": tx.now,
        "balances": tx.session.scalar(select(func.count()).select_from(Balance)) or 0,
        "movements": tx.session.scalar(select(func.count()).select_from(Movement)) or 0,
        "differences": len(found),
        "findings": [finding.stored_as() for finding in found[:KEPT_FINDINGS]],
    }


def keep(tx: UnitOfWork, found: dict[str, Any]) -> LedgerCheck:
    """Keep what ``add_up`` found and return it."""
    result = LedgerCheck(**found)
    tx.session.add(result)
    tx.session.flush()
    return result


def findings(tx: UnitOfWork) -> list[Finding]:
    """Return everything that does not add up, each of one of KINDS."""
    return [
        *_balances(tx),
        *_strays(tx),
        *_lines(tx),
        *_reversals(tx),
        *_rules(tx),
        *_alerts(tx),
        *_stray_alerts(tx),
        *_on_order(tx),
        *_reserved(tx),
        *_budgets(tx),
    ]


def _ends() -> Any:
    """Return both ends of every movement: the point, what it gained, what it then held."""
    arrived = select(
        Movement.id.label("movement_id"),
        Movement.item_id.label("item_id"),
        Movement.to_point_id.label("point_id"),
        Movement.quantity.label("gained"),
        Movement.value.label("worth"),
        Movement.left_to.label("held"),
    )
    left = select(
        Movement.id,
        Movement.item_id,
        Movement.from_point_id,
        -Movement.quantity,
        -Movement.value,
        Movement.left_from,
    )
    return union_all(arrived, left).subquery("ends")


def _sums() -> Any:
    ends = _ends()
    return (
        select(
            ends.c.item_id,
            ends.c.point_id,
            func.sum(ends.c.gained).label("quantity"),
            func.sum(ends.c.worth).label("value"),
        )
        .group_by(ends.c.item_id, ends.c.point_id)
        .subquery("sums")
    )


def _balances(tx: UnitOfWork) -> list[Finding]:
    """Compare every balance with the sum of its movements, in quantity and value."""
    sums = _sums()
    quantity, value = func.coalesce(sums.c.quantity, 0), func.coalesce(sums.c.value, 0)
    statement = (
        select(
            Balance.item_id,
            Balance.point_id,
            Balance.quantity,
            Balance.value,
            quantity.label("summed"),
            value.label("worth"),
        )
        .outerjoin(
            sums, (sums.c.item_id == Balance.item_id) & (sums.c.point_id == Balance.point_id)
        )
        .where(or_(Balance.quantity != quantity, Balance.value != value))
        .order_by(Balance.item_id, Balance.point_id)
    )
    found = []
    for item_id, point_id, held, worth, summed, summed_worth in tx.session.execute(statement):
        where = {"item_id": item_id, "point_id": point_id}
        if held != summed:
            found.append(Finding(kind="quantity", stored=held, computed=int(summed), **where))
        if worth != summed_worth:
            found.append(Finding(kind="value", stored=worth, computed=int(summed_worth), **where))
    return found


def _strays(tx: UnitOfWork) -> list[Finding]:
    """Find movements of which no balance knows; what was undone altogether needs none."""
    sums = _sums()
    statement = (
        select(sums.c.item_id, sums.c.point_id, sums.c.quantity)
        .outerjoin(
            Balance, (sums.c.item_id == Balance.item_id) & (sums.c.point_id == Balance.point_id)
        )
        .where(Balance.id.is_(None), or_(sums.c.quantity != 0, sums.c.value != 0))
    )
    rows = tx.session.execute(statement)
    return [
        Finding(kind="missing", item_id=i, point_id=p, stored=0, computed=int(q))
        for i, p, q in rows
    ]


def _lines(tx: UnitOfWork) -> list[Finding]:
    """Compare what each line says was left with the running sum."""
    ends = _ends()
    running = (
        select(
            ends,
            func.sum(ends.c.gained)
            .over(partition_by=(ends.c.item_id, ends.c.point_id), order_by=ends.c.movement_id)
            .label("running"),
        )
    ).subquery("running")
    wrong = select(running).where(running.c.held != running.c.running).order_by("movement_id")
    return [
        Finding(
            kind="line",
            item_id=row.item_id,
            point_id=row.point_id,
            stored=row.held,
            computed=int(row.running),
            movement_id=row.movement_id,
        )
        for row in tx.session.execute(wrong)
    ]


def _reversals(tx: UnitOfWork) -> list[Finding]:
    """Find reversals that are not the exact opposite of what they reverse."""
    first = aliased(Movement, name="reversed")
    opposite = (
        (first.item_id == Movement.item_id)
        & (first.from_point_id == Movement.to_point_id)
        & (first.to_point_id == Movement.from_point_id)
        & (first.quantity == Movement.quantity)
    )
    statement: Select[Any] = (
        select(Movement.id, Movement.item_id, Movement.to_point_id, Movement.quantity)
        .add_columns(first.quantity.label("reversed"))
        .join(first, first.id == Movement.reverses_id)
        .where(~opposite)
    )
    return [
        Finding(kind="reversal", item_id=i, point_id=p, stored=q, computed=r, movement_id=m)
        for m, i, p, q, r in tx.session.execute(statement)
    ]


def _rules(tx: UnitOfWork) -> list[Finding]:
    """Find balances beside which another minimum stands than in their rule."""
    none = -1  # A minimum is never negative, so this stands for there being none.
    told = func.coalesce(StockRule.minimum, none)
    kept = func.coalesce(Balance.minimum, none)
    statement = (
        select(Balance.item_id, Balance.point_id, kept, told)
        .outerjoin(
            StockRule,
            (StockRule.item_id == Balance.item_id) & (StockRule.point_id == Balance.point_id),
        )
        .where(told != kept)
    )
    return [
        Finding(kind="rule", item_id=i, point_id=p, stored=k, computed=t)
        for i, p, k, t in tx.session.execute(statement)
    ]


def _alerts(tx: UnitOfWork) -> list[Finding]:
    """Find alerts that are open without reason, and reasons without an open alert."""
    said = case(
        (Balance.below & (Balance.quantity <= 0), GRADE_OF[State.OUT]),
        (Balance.below, GRADE_OF[State.LOW]),
        (Balance.quantity > Balance.maximum, GRADE_OF[State.TOO_MUCH]),
    )
    wanted = case((WATCHED, said))
    none = -1  # No grade is negative, so this stands for there being none.
    told, kept = func.coalesce(wanted, none), func.coalesce(Alert.grade, none)
    statement = (
        select(Balance.item_id, Balance.point_id, kept, told)
        .join(Item, Item.id == Balance.item_id)
        .outerjoin(
            Alert,
            (Alert.item_id == Balance.item_id)
            & (Alert.point_id == Balance.point_id)
            & Alert.closed_at.is_(None),
        )
        .where(told != kept)
    )
    return [
        Finding(kind="alert", item_id=i, point_id=p, stored=k, computed=t)
        for i, p, k, t in tx.session.execute(statement)
    ]


def _stray_alerts(tx: UnitOfWork) -> list[Finding]:
    """Find alerts that are open where nothing is held, nor should be."""
    here = (Alert.item_id == Balance.item_id) & (Alert.point_id == Balance.point_id)
    statement = (
        select(Alert.item_id, Alert.point_id, Alert.grade)
        .outerjoin(Balance, here)
        .where(Alert.closed_at.is_(None), Balance.id.is_(None))
    )
    return [
        Finding(kind="alert", item_id=i, point_id=p, stored=grade, computed=-1)
        for i, p, grade in tx.session.execute(statement)
    ]


def _budgets(tx: UnitOfWork) -> list[Finding]:
    """Compare every budget with its entries."""
    return [
        Finding(kind=kind, item_id=0, point_id=0, stored=kept, computed=summed, budget_id=budget_id)
        for kind, budget_id, kept, summed in checking.differences(tx)
    ]


def _on_order(tx: UnitOfWork) -> list[Finding]:
    """Compare what balances say is on order with what the open order lines still bring."""
    lines = (
        select(
            OrderLine.item_id,
            OrderLine.point_id,
            cast(func.sum(OrderLine.outstanding), BigInteger).label("coming"),
        )
        .where(OrderLine.state == "open")
        .group_by(OrderLine.item_id, OrderLine.point_id)
        .subquery("lines")
    )
    here = (lines.c.item_id == Balance.item_id) & (lines.c.point_id == Balance.point_id)
    coming, kept = func.coalesce(lines.c.coming, 0), func.coalesce(Balance.on_order, 0)
    known = select(Balance.item_id, Balance.point_id, kept, coming).outerjoin(lines, here)
    unknown = (
        select(lines.c.item_id, lines.c.point_id, kept, coming)
        .outerjoin(Balance, here)
        .where(Balance.id.is_(None))
    )
    return [
        Finding(kind="on_order", item_id=i, point_id=p, stored=k, computed=int(c))
        for statement in (known, unknown)
        for i, p, k, c in tx.session.execute(statement.where(kept != coming))
    ]


def _reserved(tx: UnitOfWork) -> list[Finding]:
    """Compare what balances say is put aside with the sum of the reservations."""
    rows = (
        select(
            Reservation.item_id,
            Reservation.point_id,
            cast(func.sum(Reservation.quantity), BigInteger).label("aside"),
        )
        .group_by(Reservation.item_id, Reservation.point_id)
        .subquery("aside")
    )
    here = (rows.c.item_id == Balance.item_id) & (rows.c.point_id == Balance.point_id)
    aside, kept = func.coalesce(rows.c.aside, 0), func.coalesce(Balance.reserved, 0)
    known = select(Balance.item_id, Balance.point_id, kept, aside).outerjoin(rows, here)
    unknown = (
        select(rows.c.item_id, rows.c.point_id, kept, aside)
        .outerjoin(Balance, here)
        .where(Balance.id.is_(None))
    )
    return [
        Finding(kind="reserved", item_id=i, point_id=p, stored=k, computed=int(c))
        for statement in (known, unknown)
        for i, p, k, c in tx.session.execute(statement.where(kept != aside))
    ]
