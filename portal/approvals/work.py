"""What waits for somebody's decision, as a part of their work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.messages import message
from portal.mywork.rules import Whose, WorkAsk, WorkItem, WorkItems
from portal.people.models import Person
from portal.work import UnitOfWork

from .known import kind_of, unpacked
from .models import ApprovalRequest
from .services.circles import WHY
from .services.waiting import STEP, desk_of, nearest

MINUTES = 5  # that a decision is reckoned with
_LISTED = select(
    *STEP,
    ApprovalRequest.public_id,
    ApprovalRequest.kind,
    ApprovalRequest.title,
    ApprovalRequest.gaps,
    ApprovalRequest.amount,
    ApprovalRequest.asked_at,
    ApprovalRequest.due_at,
    Person.name.label("requester"),
).join(Person, Person.id == ApprovalRequest.requester_id)


def waiting(tx: UnitOfWork, ask: WorkAsk) -> Sequence[WorkItem]:
    """Return what the reader may decide now, for themselves or standing in, by when it is due."""
    me = tx.actor.person_id
    if ask.whose is not Whose.ME or me is None or ask.keys is not None:
        return ()
    desk = desk_of(tx)
    arms = desk.arms.standing_in() if ask.standing_in else desk.arms
    with tx.acting_for("core", reason=WHY) as own:
        rows = nearest(own, arms, ask.limit, listed=_LISTED)
        deputy = desk.for_whom(rows)
        return [_item(tx, row, me, deputy.get(row.id)) for row in rows]


def _item(tx: UnitOfWork, row: Any, me: int, for_id: int | None) -> WorkItem:
    kind = kind_of(tx, row.kind)
    said = {"kind": kind.title if kind is not None else "", "name": row.requester}
    return WorkItem(
        key=row.public_id,
        title=unpacked(row.title, row.gaps),
        endpoint="approvals.approval",
        values={"public_id": row.public_id},
        since=row.asked_at,
        due_at=row.due_at,
        owner_id=me,
        department_id=row.department_id,
        minutes=MINUTES,
        meta=message("{kind}, asked by {name}", **said),
        for_id=for_id,
    )


APPROVALS = WorkItems(
    name="core.approvals",
    title=message("To decide"),
    items=waiting,
    endpoint="approvals.waiting",
    icon="checklist",
    hue="indigo",
)
