"""What a plugin says of a kind of record, so that the portal can do the rest. No database here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.messages import Message

if TYPE_CHECKING:
    from portal.work import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectField:
    """A column whose changes the timeline of a record tells: old value, new value.

    With ``permission`` only its holders are told. ``values`` names what stands in the column
    (``{"active": message("In use")}``); ``kind`` is ``text``, ``quantity``, ``money`` or ``date``.
    """

    title: Message
    permission: str = ""
    values: Mapping[str, Message] = field(default_factory=dict)
    kind: str = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One thing that happened to a record, as the timeline shows it.

    ``text`` follows the name of ``person``, in small letters: "received 40 reams". ``behalf`` is
    whom they stood in for. ``changes`` are (what, before, after).
    """

    at: datetime
    text: Message | str
    person: str = ""
    behalf: str = ""
    icon: str = ""
    note: str = ""
    detail: Message | str = ""
    amount: Any = ""
    amount_meta: Any = ""
    endpoint: str = ""  # the page it leads to
    values: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[tuple[Message | str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A kind of record with a page of its own, ``<slug>.<noun>`` as in its permissions.

    Records of it get comments, files, watchers, links to others and a timeline. ``permission`` is
    what it takes to see one, ``endpoint`` its page, which is given the ``public_id``. ``label`` and
    ``number`` are the columns that name one; a label may lie one relationship away
    (``contact.name``). Who holds ``staff`` on a record handles it: they write and read the internal
    notes, which nobody else sees. Of a ``confidential`` kind no notice and no mail says which.
    ``told(tx, row, most, before)`` gives what else
    happened to one, as its plugin knows it: the newest ``most``, before an instant if one is given;
    ``better_told`` are the acts of the audit that stand in there already. Without
    ``talk`` a kind has neither comments nor a timeline; it can be found and mentioned all the same.
    """

    name: str
    title: Message
    model: Any
    permission: str
    endpoint: str
    label: str = ""
    number: str = ""
    staff: str = ""
    fields: Mapping[str, SubjectField | Message] = field(default_factory=dict)
    told: Callable[[UnitOfWork, Any, int, datetime | None], Iterable[Told]] | None = None
    better_told: tuple[str, ...] = ()
    icon: str = "file"
    confidential: bool = False
    talk: bool = True

    @property
    def slug(self) -> str:
        """The plugin it belongs to; ``core`` for the portal's own."""
        return self.name.partition(".")[0]

    def field_of(self, column: str) -> SubjectField | None:
        """Return what the timeline tells of a column, None for nothing."""
        found = self.fields.get(column)
        return SubjectField(title=found) if isinstance(found, Message) else found


def record_kind(row: Any) -> str:
    """Return what kind of record a row is, such as ``inventory.item``, or nothing if it is none.

    By this a hook knows the records of another plugin, whose classes it does not import.
    """
    return str(getattr(type(row), "__kind__", ""))
