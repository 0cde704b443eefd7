"""Every error the portal raises on purpose, each with its HTTP status and a sentence for the
reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .messages import Message, message


class PortalError(Exception):
    """Something the portal refuses to do; ``message`` says what happened and what to do next."""

    status = 500
    default = message("Something went wrong.")

    def __init__(self, text: Message | str | None = None) -> None:
        self.message: Message | str = text if text is not None else self.default
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class Refused(PortalError):
    """A way to the database that the guarded session does not offer: a bug in the calling code."""


class NoPrincipal(Refused):
    """Nobody is bound to the session, so nothing may be read."""


class ReadOnly(Refused):
    """A change outside ``with transaction()``."""


class BadRequest(PortalError):
    """The request is not one this page can have sent."""

    status = 400
    default = message(
        "The page could not read this request. Go back, reload the page and try again."
    )


class NotSignedIn(PortalError):
    status = 401
    default = message("Sign in to go on.")


class Forbidden(PortalError):
    status = 403
    default = message(
        "Your roles do not include this. Ask your manager or an administrator if you need it for"
        " your work."
    )


class NotFound(PortalError):
    """Missing and out of reach look alike."""

    status = 404
    default = message("This page does not exist, or it is not yours to see.")


class OutOfReach(NotFound):
    """A row that is written to, or pointed at, lies outside the actor's rows."""


class Conflict(PortalError):
    """The thing is not in a state that allows this."""

    status = 409
    default = message("This has changed in the meantime.")


class EditConflict(Conflict):
    """Somebody else saved this form first; ``theirs`` is what is stored now, by form field.

    A view may put both versions into words (``portal.ui.submitting``): ``theirs`` and ``yours`` are
    then by label.
    """

    default = message("Somebody else saved this while you were editing it.")

    def __init__(
        self, text: Message | str | None = None, *, theirs: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text)
        self.theirs = dict(theirs or {})
        self.yours: dict[str, str] | None = None


class InUse(Conflict):
    """Other records still point at this one, so it cannot be removed."""

    default = message("Other records still use this, so it cannot be removed.")


class Shortfall(Conflict):
    """Less is left than was asked for."""

    default = message("Less is left than was asked for.")


class ValidationFailed(PortalError):
    """Fields that cannot be accepted, all at once, as field name -> sentence."""

    status = 422
    default = message("Some fields need another look.")

    def __init__(self, fields: Mapping[str, Message | str]) -> None:
        super().__init__()
        self.fields = dict(fields)


class KeyReused(PortalError):
    """The same idempotency key came with another form."""

    status = 422
    default = message(
        "This form was already used for something else. Reload the page and try again."
    )


class TooMany(PortalError):
    """Too often in too short a time; ``retry_after`` is in seconds."""

    status = 429
    default = message("Too many tries in a short time. Wait a moment and try again.")

    def __init__(self, text: Message | str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Unavailable(PortalError):
    status = 503
    default = message("The database does not answer at the moment. Try again in a minute.")


class AlreadyDone(PortalError):
    """The same form was sent before; ``answer`` is where it led."""

    status = 303

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        super().__init__(message("Already done."))
