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
from portal.settings.services import remember, remembered
from portal.work import UnitOfWork

LAST, RUNNING = "backup:last", "backup:running"
LONGEST = timedelta(days=1)  # a backup that has not ended by then was killed
_NAME = re.compile(r"kantor-\d{8}T\d{6}Z\.tar")


@dataclass(frozen=True, slots=True)
class Last:
    """A good backup: the instant it is of, its name, and how many files had been lost before."""

    made_at: datetime
    archive: str
    lost: int


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


def note_begin(tx: UnitOfWork) -> None:
    """Note that a backup is being made: until its end no content of a file is removed."""
    remember(tx, RUNNING, tx.now.isoformat())


def note_end(tx: UnitOfWork, made: dict[str, Any] | None) -> None:
    """Note that a backup has ended, and, when it is good, which it is."""
    remember(tx, RUNNING, None)
    if made is not None:
        remember(tx, LAST, made)
        tx.audit("core.backup_made", None, **made)


def is_running(tx: UnitOfWork) -> bool:
    """Return whether a backup is being made, so that files it still needs must stay."""
    began = remembered(tx, RUNNING)
    return began is not None and tx.now - datetime.fromisoformat(began) < LONGEST


def last(tx: UnitOfWork) -> Last | None:
    """Return what is known of the last good backup, None when there has been none."""
    made = remembered(tx, LAST)
    if made is None:
        return None
    return Last(datetime.fromisoformat(made["made_at"]), str(made["archive"]), int(made["lost"]))


def founded(tx: UnitOfWork) -> datetime | None:
    """Return when the first thing happened in this portal; before, there was nothing to keep."""
    first = select(entries.c.at).order_by(entries.c.id).limit(1)
    found: datetime | None = kernel_execute(tx.session, first).scalar()
    return found
