"""Which labels are printed, and on what."""

from __future__ import annotations

from dataclasses import dataclass

from portal.api import message
from portal.web import (
    ChoiceField,
    Form,
    HiddenField,
    ManyField,
    WholeField,
    longest,
    optional,
    required,
)

from .rules import MOST_LABELS, SHEETS
from .services import KINDS


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How labels are printed."""

    sheet: str
    start: int
    copies: int


class OfForm(Form):
    """Whose labels the page is about; everything in it comes from the address."""

    kind = ChoiceField(
        message("Kind"), [required()], choices=[(name, name) for name in KINDS], default="item"
    )
    place = HiddenField(message("Place"), [optional(), longest(40)], default="")
    item = HiddenField(message("Item"), [optional(), longest(40)], default="")


class PrintForm(Form):
    """On which sheet, from which label on, how many of each."""

    sheet = ChoiceField(
        message("Sheet"),
        [required()],
        choices=[(sheet.key, sheet.title) for sheet in SHEETS.values()],
        default="a4-3x8",
    )
    start = WholeField(
        message("First free label"),
        [required()],
        default=1,
        minimum=1,
        maximum=24,
        description=message(
            "On a sheet that was used before: count from the top left, line by line."
        ),
    )
    copies = WholeField(message("Copies of each"), [required()], default=1, minimum=1, maximum=50)

    def wanted(self) -> Wanted:
        """Return what was asked for, once the form is valid."""
        command: Wanted = self.command(Wanted)
        return command


class ChooseForm(PrintForm):
    of = ManyField(message("Labels"), [required(message("Choose at least one label."))])

    def fits(self) -> bool:
        """Return whether all of it may be printed at once; if not, say so beside the field."""
        wanted = len(self.of.data or ()) * (self.copies.data or 1)
        if wanted > MOST_LABELS:
            self.add_errors(
                {
                    "copies": message(
                        "These are {count} labels. Print at most {most} at once.",
                        count=wanted,
                        most=MOST_LABELS,
                    )
                }
            )
        return wanted <= MOST_LABELS
