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


class NotEmpty(NotRestored):
    """Something is there already: ``left`` says what, and what to do if a killed restore left it.

    The two are (what is there, what to do), all at once, so that nobody is refused twice.
    """

    def __init__(self, *left: tuple[str, str]) -> None:
        self.left = left
        found, remedies = (" and ".join(said) for said in zip(*left, strict=True))
        super().__init__(
            f"{found}; a backup is restored into an empty place only. Nothing was changed. If this"
            f" is of a restore that was killed, and no portal uses it, {remedies}, and try again."
        )
