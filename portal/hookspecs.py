"""The seven hooks of the portal. Their docstrings are the reference."""

from __future__ import annotations

from typing import Any

from .plugin import hookspec


@hookspec
def app_ready(app: Any) -> None:
    """Run once per process after every plugin is registered. The only escape hatch to Flask."""


@hookspec(firstresult=True)
def authenticate(username: str, password: str) -> Any:
    """Return the id of the person these credentials prove, or None to let the next plugin try."""


@hookspec
def panels(tx: Any, subject: Any, slot: str) -> Any:
    """Return the Panel objects to show in ``slot`` of the page about ``subject``."""


@hookspec
def actions(tx: Any, subject: Any) -> Any:
    """Return the Action objects (buttons) offered on the page about ``subject``."""


@hookspec
def scanned(tx: Any, codes: Any) -> Any:
    """Return a Scanned for each of ``codes`` (texts a scanner has read) that stands for something
    the reader may see. Ask the database for all of them at once.
    """


@hookspec
def withheld(tx: Any, act: str, record: Any) -> Any:
    """Return a Message, the reason, if the details of ``act`` (its name in the audit) on the
    record with this id are not for the reader now. The audit then shows no more than that it was
    done, by whom and when.
    """


@hookspec
def checks(tx: Any) -> Any:
    """Return a Problem for everything ``kantor doctor`` should complain about."""
