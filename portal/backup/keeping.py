"""Which backups a folder keeps, and what the portal knows of its last one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.audit.services import entries
from portal.guard import kernel_execute
from portal.settings.services import facts, forget, remember, remembered, remembered_under
from portal.work import UnitOfWork

LAST, RUNNING, VERIFIED = "backup:last", "backup:running:", "backup:verified"
LONGEST = timedelta(days=1)  # a backup that has not ended by then was killed
_NAME = re.compile(r"kantor-\d{8}T\d{6}Z\.tar")


@dataclass(frozen=True, slots=True)
class Last:
    """A good backup: the instant it is of, its name, and how many files had been lost before.

    ``verified_at`` is when it was found whole, None if nobody let the portal know.
    """

    made_at: datetime
    archive: str
    lost: int
    verified_at: datetime | None = None


def name_at(moment: datetime) -> str:
    """Return the name of an archive in a folder; in order of the names is in order of time."""
    return f"kantor-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"


def drop_old(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest archives that bear our names; return the names removed."""
    ours = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    old = ours[:-keep] if keep else []
    for path in old:
        path.unlink()
    return [path.name for path in old]


def note_begin(tx: UnitOfWork, run: str) -> None:
    """Note that a backup is being made: until its end no content of a file is removed.

    Several may be made at once, each with a ``run`` of its own.
    """
    for key, began in _running(tx).items():
        if tx.now - began >= LONGEST:
            forget(tx, key)
    remember(tx, f"{RUNNING}{run}", tx.now.isoformat())


def note_end(tx: UnitOfWork, run: str, made: dict[str, Any] | None) -> None:
    """Note that a backup has ended, and, when it is good, which it is."""
    forget(tx, f"{RUNNING}{run}")
    if made is not None:
        remember(tx, LAST, made)
        tx.audit("core.backup_made", None, **made)


def note_verified(tx: UnitOfWork, *, archive: str, seal: str) -> None:
    """Note that an archive was read and is whole."""
    remember(tx, VERIFIED, {"seal": seal, "archive": archive, "at": tx.now.isoformat()})
    tx.audit("core.backup_verified", None, archive=archive, seal=seal)


def is_running(tx: UnitOfWork) -> bool:
    """Return whether a backup is being made, so that files it still needs must stay."""
    return any(tx.now - began < LONGEST for began in _running(tx).values())


def _running(tx: UnitOfWork) -> dict[str, datetime]:
    """Return when each backup began that has not ended, or was killed."""
    found = remembered_under(tx, RUNNING)
    return {key: datetime.fromisoformat(began) for key, began in found.items()}


def last(tx: UnitOfWork) -> Last | None:
    """Return what is known of the last good backup, None when there has been none."""
    made = remembered(tx, LAST)
    if made is None:
        return None
    checked = remembered(tx, VERIFIED)
    same = checked is not None and checked["seal"] == made.get("seal")
    return Last(
        datetime.fromisoformat(made["made_at"]),
        str(made["archive"]),
        int(made["lost"]),
        datetime.fromisoformat(checked["at"]) if same else None,
    )


def days_without(tx: UnitOfWork, days: int) -> int:
    """Return for how many days a real portal has had no backup, once it is more than ``days``."""
    if facts(tx)["kind"] != "real" or not days:
        return 0
    known = last(tx)
    since = known.made_at if known is not None else founded(tx)
    late = since is not None and tx.now - since > timedelta(days=days)
    return (tx.now - since).days if late and since is not None else 0


def founded(tx: UnitOfWork) -> datetime | None:
    """Return when the first thing happened in this portal; before, there was nothing to keep."""
    first = select(entries.c.at).order_by(entries.c.id).limit(1)
    found: datetime | None = kernel_execute(tx.session, first).scalar()
    return found
