"""How one is told: a choice for every kind, and when mail may come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.messages import message
from portal.ui.forms import ChoiceField, Form

from .rules import NoticeKind

WAYS = (
    ("at_once", message("At once")),
    ("digest", message("In the morning, all together")),
    ("never", message("Not by mail")),
)
TIMES = (
    ("calendar", message("Only while I work")),
    ("never", message("At any time")),
)


def preferences_form(kinds: Iterable[NoticeKind]) -> type[Form]:
    """Return a form with a field for each kind, named after it, and one for the hours."""
    fields: dict[str, Any] = {
        "hours": ChoiceField(message("When mail may come"), choices=list(TIMES))
    }
    for kind in kinds:
        fields[field_of(kind.name)] = ChoiceField(kind.title, choices=list(WAYS))
    return type("PreferencesForm", (Form,), fields)


def field_of(kind: str) -> str:
    """Return the name of the field for a kind."""
    return kind.replace(".", "__")
