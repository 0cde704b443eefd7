"""What this portal is (organisation, zone, currency, language), read once and then every half
minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from .errors import Unavailable
from .settings.services import FACTS

KEPT = 30.0  # seconds


class Facts:
    """The facts of the portal as a mapping; the last known ones while the database
    does not answer.
    """

    def __init__(self, read: Callable[[], Mapping[str, str]]) -> None:
        self._read = read
        self._known: Mapping[str, str] = FACTS
        self._until = 0.0

    def __getitem__(self, key: str) -> str:
        return self._current()[key]

    def get(self, key: str, default: str = "") -> str:
        return self._current().get(key, default)

    def forget(self) -> None:
        """Read again next time, because a fact has just been changed."""
        self._until = 0.0

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self["time_zone"])

    def _current(self) -> Mapping[str, str]:
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + KEPT
            try:
                self._known = self._read()
            except (DBAPIError, Unavailable):  # No tables, or no database: pages say so themselves.
                self._until = time.monotonic() + 1
        return self._known
