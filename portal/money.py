"""Amounts of money as parts of sentences."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import current_language
from .ui import formats


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency, written in the reader's language.

    ``message("Only {left} are left.", left=Money(row.left, tx.currency))``
    """

    minor: int
    currency: str

    def in_language(self, language: str) -> str:
        """Return the amount with its currency: ``Rp 2.450.000``."""
        return formats.money(self.minor, self.currency, language)

    def __str__(self) -> str:
        return self.in_language(current_language.get())
