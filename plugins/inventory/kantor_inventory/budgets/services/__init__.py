"""Budgets for whoever asks and orders: which one pays, how much is left, booking on it.

All of it works in the right of inventory inside the caller's transaction: whoever asks for things
need not see a budget. A source has one budget for good, the one it was first booked on.
"""

from .booking import BudgetExhausted, commit, refund, release, spend
from .finding import Payer, budget_left, find, left

__all__ = [
    "BudgetExhausted",
    "Payer",
    "budget_left",
    "commit",
    "find",
    "left",
    "refund",
    "release",
    "spend",
]
