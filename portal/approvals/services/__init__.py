"""Asking, deciding, reminding, and the rules that say who decides."""

from .asking import (
    approval_of,
    ask_approval,
    require_approved,
    void_approval,
    withdraw_approval,
    withdraw_request,
)
from .deciding import Decided, Decision, decide
from .reminding import expire, remind
from .seeing import approval_waits_for, decided_for, find_approval
from .waiting import arms_of, waiting_count, waiting_for

__all__ = [
    "Decided",
    "Decision",
    "approval_of",
    "approval_waits_for",
    "arms_of",
    "ask_approval",
    "decide",
    "decided_for",
    "expire",
    "find_approval",
    "remind",
    "require_approved",
    "void_approval",
    "waiting_count",
    "waiting_for",
    "withdraw_approval",
    "withdraw_request",
]
