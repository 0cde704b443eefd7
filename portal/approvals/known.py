"""A request as others get it: plain values, free of the session that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.messages import Message

if TYPE_CHECKING:
    from portal.work import UnitOfWork

    from .models import ApprovalRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A request and what became of it.

    ``state`` is pending, approved, refused, withdrawn, expired or void; ``amount`` is in the
    smallest unit of the organisation's money, None where it does not matter. ``due_at`` is when
    whoever decides is reminded; ``decided_at`` is None while it waits.
    """

    id: int
    public_id: str
    version: int
    kind: str
    subject: str
    title: Message | str
    state: str
    amount: int | None
    requester_id: int
    beneficiary_id: int | None
    department_id: int
    asked_at: datetime
    due_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalOutcome:
    """What became of a request: ``state`` is approved, refused, withdrawn, expired or void.

    ``person_id`` is who did it, None for the portal itself; ``on_behalf_of_id`` whom they stood in
    for.
    """

    approval: str
    kind: str
    subject: str
    state: str
    person_id: int | None = None
    on_behalf_of_id: int | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalSubject:
    """What a request is about, for whoever decides: a title, the page it stands on, what matters.

    ``facts`` are (label, value), ``lines`` one sentence each.
    """

    title: Message | str
    endpoint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[tuple[Message | str, Message | str], ...] = ()
    lines: tuple[Message | str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalKind:
    """A kind of request that a plugin has decided: ``<slug>.<noun>``.

    Every function is called with a unit in the plugin's own right. ``describe(tx, subject)``
    returns what whoever decides must know, ``digest(tx, subject)`` a text that differs as soon as
    what is approved differs, ``decided(tx, outcome)`` does what follows, in the same transaction.
    ``subject`` is the public id that was given when it was asked.
    """

    name: str
    title: Message
    describe: Callable[[Any, str], ApprovalSubject]
    digest: Callable[[Any, str], str]
    decided: Callable[[Any, ApprovalOutcome], None]


def known(row: ApprovalRequest) -> Approval:
    """Return a row as others get it."""
    return Approval(
        id=row.id,
        public_id=row.public_id,
        version=row.version,
        kind=row.kind,
        subject=row.subject,
        title=unpacked(row.title, row.gaps),
        state=row.state,
        amount=row.amount,
        requester_id=row.requester_id,
        beneficiary_id=row.beneficiary_id,
        department_id=row.department_id,
        asked_at=row.asked_at,
        due_at=row.due_at,
        decided_at=row.decided_at,
    )


def packed(title: Message | str) -> tuple[str, dict[str, Any] | None]:
    """Return a title as a row keeps it: the sentence, and what fills its gaps if it has any."""
    if isinstance(title, Message):
        return title.msgid, {name: _stored(value) for name, value in title.params.items()}
    return title, None


def unpacked(title: str, gaps: Mapping[str, Any] | None) -> Message | str:
    """Return a title that a row keeps."""
    if gaps is None:
        return title
    return Message(title, {name: _restored(value) for name, value in gaps.items()})


def _stored(value: Any) -> Any:
    if isinstance(value, Message):
        return {"msgid": value.msgid, "params": {n: _stored(v) for n, v in value.params.items()}}
    return value if isinstance(value, int) else str(value)


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return Message(value["msgid"], {n: _restored(v) for n, v in value["params"].items()})
    return value


def kind_of(tx: UnitOfWork, name: str) -> ApprovalKind | None:
    """Return a declared kind, or None if the plugin that declared it is gone."""
    runtime = tx.session.runtime
    found: ApprovalKind | None = runtime.approvals().get(name) if runtime is not None else None
    return found
