"""Loans that somebody has to approve: what lets the pages of approvals show something."""

from __future__ import annotations

from portal.api import ApprovalOutcome, UnitOfWork, message
from portal.plugin import ApprovalKind, ApprovalSubject, Plugin

KIND = "loans.loan"


def _describe(tx: UnitOfWork, subject: str) -> ApprovalSubject:
    facts = ((message("From"), "Monday"), (message("Until"), "Friday"))
    return ApprovalSubject(title=subject, facts=facts, lines=("1 projector", "2 cables"))


def _digest(tx: UnitOfWork, subject: str) -> str:
    return subject


def _decided(tx: UnitOfWork, outcome: ApprovalOutcome) -> None:
    return None


plugin = Plugin(
    slug="loans",
    title=message("Loans"),
    package=__name__,
    approvals=(
        ApprovalKind(
            name=KIND,
            title=message("Loan"),
            describe=_describe,
            digest=_digest,
            decided=_decided,
        ),
    ),
)
