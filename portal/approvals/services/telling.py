"""Notices of requests: to whoever may decide, to who asked, to whom was stood in for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.approvals.known import unpacked
from portal.approvals.models import ApprovalRequest
from portal.messages import Message, message
from portal.notices.services import notify
from portal.work import UnitOfWork

WAITING, DECIDED = "core.approval_waiting", "core.approval_decided"
FOR_YOU = "core.approval_decided_for"
ENDED = {
    "approved": message("Approved: {title}"),
    "refused": message("Refused: {title}"),
    "expired": message("Nobody decided it in time: {title}"),
    "void": message("It changed, so it does not count any more: {title}"),
}


def of_waiting(own: UnitOfWork, row: ApprovalRequest, people: Iterable[int]) -> None:
    """Tell who may decide now that it waits, each once for a step."""
    text = message("{title} waits for your decision", title=_title(row))
    _tell(own, row, WAITING, people, text, episode=f"{row.public_id} {row.open_step}")


def of_reminder(own: UnitOfWork, row: ApprovalRequest, people: Iterable[int], late: bool) -> None:
    """Remind who may decide; ``late``: those above them may now too."""
    if late:
        text = message("{title} has waited too long; you may decide it too", title=_title(row))
    else:
        text = message("{title} still waits for your decision", title=_title(row))
    episode = f"{row.public_id} {row.open_step} {'late' if late else 'again'}"
    _tell(own, row, WAITING, people, text, episode=episode)


def of_end(own: UnitOfWork, row: ApprovalRequest) -> None:
    """Tell who asked, and for whom it is, what became of it; who withdrew it knows."""
    if (said := ENDED.get(row.state)) is None:
        return
    people = {row.requester_id, row.beneficiary_id} - {None}
    text = message(said.msgid, title=_title(row))
    _tell(own, row, DECIDED, people, text)  # type: ignore[arg-type]


def of_standing_in(own: UnitOfWork, row: ApprovalRequest, for_id: int | None) -> None:
    """Tell somebody that another person decided for them."""
    if for_id is not None:
        said = {"name": own.actor.name, "title": _title(row)}
        _tell(own, row, FOR_YOU, [for_id], message("{name} decided for you: {title}", **said))


def _title(row: ApprovalRequest) -> Message | str:
    return unpacked(row.title, row.gaps)


def _tell(
    own: UnitOfWork,
    row: ApprovalRequest,
    kind: str,
    people: Iterable[int],
    text: Message,
    **more: Any,
) -> None:
    notify(
        own,
        kind,
        people,
        text,
        endpoint="approvals.approval",
        values={"public_id": row.public_id},
        record=f"core.approval:{row.public_id}",
        **more,
    )
