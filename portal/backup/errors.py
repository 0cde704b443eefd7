"""What keeps a backup from being made or restored, each in one sentence for the administrator."""

from __future__ import annotations


class BackupError(Exception):
    """A backup was not made, or not restored; nothing half done is left."""


class Damaged(BackupError):
    """An archive is not, byte for byte, the one that was written; says where."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"The archive is damaged: {where} {what}.")


class NotRestored(BackupError):
    """An archive is sound, but cannot be restored here."""
