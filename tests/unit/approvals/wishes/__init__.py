"""Wishes that somebody has to approve: the smallest plugin that asks for decisions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.api import (
    Approval,
    ApprovalOutcome,
    Global,
    Public,
    UnitOfWork,
    Versioned,
    ask_approval,
    declarative_base,
    message,
    void_approval,
)
from portal.plugin import ApprovalKind, ApprovalSubject, Permission, Plugin

KIND = "wishes.wish"
Base = declarative_base("wishes")


class Wish(Public, Versioned, Global, Base, reason="wishes are made aloud"):
    __tablename__ = "wishes_wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    told: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True, kw_only=True)
class MakeWish:
    what: str
    department_id: int
    amount: int | None = None
    beneficiary_id: int | None = None


def make_wish(tx: UnitOfWork, command: MakeWish) -> Approval:
    """Make a wish and ask whether it may come true."""
    with tx.acting_for("wishes", reason="anybody may wish") as own:
        wish = Wish(what=command.what, amount=command.amount)
        own.session.add(wish)
        own.session.flush()
        subject = wish.public_id
    return ask_approval(
        tx,
        kind=KIND,
        subject=subject,
        title=message("Wish for {what}", what=command.what),
        amount=command.amount,
        department_id=command.department_id,
        beneficiary_id=command.beneficiary_id,
    )


def change_wish(tx: UnitOfWork, subject: str, what: str, *, quietly: bool = False) -> None:
    """Wish for something else; ``quietly`` forgets to say so."""
    with tx.acting_for("wishes", reason="anybody may wish") as own:
        own.one(select(Wish), public_id=subject).what = what
    if not quietly:
        void_approval(tx, kind=KIND, subject=subject)


def describe(tx: UnitOfWork, subject: str) -> ApprovalSubject:
    wish = tx.one(select(Wish), public_id=subject)
    facts = ((message("Made by"), "somebody"),)
    return ApprovalSubject(title=wish.what, facts=facts, lines=(f"one {wish.what}",))


def digest(tx: UnitOfWork, subject: str) -> str:
    wish = tx.one(select(Wish), public_id=subject)
    return f"{wish.what} for {wish.amount}"


def decided(tx: UnitOfWork, outcome: ApprovalOutcome) -> None:
    wish = tx.one(select(Wish), public_id=outcome.subject)
    wish.state = outcome.state
    wish.told += f"{outcome.state} "


plugin = Plugin(
    slug="wishes",
    title=message("Wishes"),
    package=__name__,
    models=Base,
    permissions=(Permission(name="wishes.wish.make", title=message("Wish"), writes=True),),
    approvals=(
        ApprovalKind(
            name=KIND,
            title=message("Wish"),
            describe=describe,
            digest=digest,
            decided=decided,
        ),
    ),
)
