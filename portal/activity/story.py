"""The story of a record as its page shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from portal.audit.words import ACTIONS
from portal.comments.rules import parted
from portal.messages import Message, current_language, message, translate
from portal.subjects.rules import Subject, SubjectField, Told
from portal.subjects.services import (
    Described,
    describe,
    described,
    handles,
    subject_named,
)
from portal.ui import formats
from portal.work import UnitOfWork

from . import reading
from .reading import Before

VERDICTS = {"approve": message("approved this"), "refuse": message("refused this")}


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file as a page shows it; ``mine`` says whether the reader may take it away."""

    public_id: str
    name: str
    type: str
    size: int
    mine: bool = False
    internal: bool = False

    @property
    def is_picture(self) -> bool:
        return self.type != "file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a story: a comment (``pieces`` of text, each with the person it names), a file
    or something that happened.
    """

    part: str
    id: int
    at: datetime
    told: Told
    public_id: str = ""
    pieces: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    internal: bool = False
    changed_at: datetime | None = None
    own: bool = False  # the reader wrote it
    removable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RelatedTo:
    """A record that has to do with this one; ``mine`` says whether the reader may take it away."""

    public_id: str
    record: Described
    note: str
    mine: bool


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything people said and did about one record, as far as the reader may see it."""

    record: Described
    entries: tuple[Entry, ...]
    more: Before | None = None  # where the older entries begin
    only: str = ""
    staff: bool = False  # the reader handles the record
    files: tuple[File, ...] = ()
    more_files: bool = False
    watchers: tuple[tuple[str, str], ...] = ()  # (public id, name)
    watching: bool = False
    related: tuple[RelatedTo, ...] = field(default_factory=tuple)

    @property
    def watched_by(self) -> Message | str:
        """Who watches: three names at most, then how many others."""
        names = [name for _, name in self.watchers]
        if len(names) <= 3:
            return ", ".join(names)
        others = len(names) - 2
        return message("{names} and {count} others", names=", ".join(names[:2]), count=others)

    @property
    def values(self) -> dict[str, str]:
        """What the addresses of the record's parts need."""
        return {"kind": self.record.subject.name, "public_id": self.record.public_id}


def story(tx: UnitOfWork, row: Any, *, only: str = "", before: Before | None = None) -> Story:
    """Return the story of a record the actor sees, for its page: show it with the macros of
    ``macros/story.html``.

    Costs two statements, and one for each kind of record it is linked with.
    """
    subject = subject_named(tx, type(row).__kind__)
    staff = bool(subject.staff) and tx.actor.holds(subject.staff) and handles(tx, subject, row)
    record = describe(tx, subject, row)
    entries, more = _entries(tx, subject, row, staff=staff, only=only, before=before)
    found = Story(record=record, entries=tuple(entries), more=more, only=only, staff=staff)
    return found if before is not None else _with_what_lies_beside(tx, found)


def _entries(
    tx: UnitOfWork,
    subject: Subject,
    row: Any,
    *,
    staff: bool,
    only: str,
    before: Before | None,
) -> tuple[list[Entry], Before | None]:
    """Return a page of entries and where the next begins."""
    most = reading.SHOWN
    rows = reading.entries_of(
        tx, subject.name, row.id, row.public_id, internal=staff, only=only, before=before
    )
    talk = [each.id for each in rows if each.part == "comment"]
    files: dict[int, list[File]] = defaultdict(list)
    for one in reading.files_of_comments(tx, talk):
        files[one.comment_id].append(
            File(public_id=one.public_id, name=one.name, type=one.type, size=one.size)
        )
    found = [_entry(tx, subject, each, files.get(each.id, []), staff=staff) for each in rows]
    entries = [entry for entry in found if entry is not None]
    if subject.told is not None and only in ("", "changes"):
        earlier = before.at if before is not None else None
        entries += _as_told(subject.told(tx, row, most + 1, earlier), before)
        entries.sort(key=lambda entry: entry.at, reverse=True)
    if len(rows) <= most and len(entries) <= most:
        return entries, None
    entries = entries[:most]
    last = entries[-1]
    return entries, Before(at=last.at, part=last.part, id=last.id)


def _as_told(told: Iterable[Told], before: Before | None) -> list[Entry]:
    """Return what a plugin tells; ``part`` sorts behind the portal's own of the same instant."""
    return [
        Entry(part="told", id=0, at=one.at, told=one)
        for one in told
        if before is None or one.at < before.at
    ]


def _entry(
    tx: UnitOfWork, subject: Subject, row: Any, files: list[File], *, staff: bool
) -> Entry | None:
    mine = row.person_id is not None and row.person_id == tx.actor.person_id
    about = {"part": row.part, "id": row.id, "at": row.at, "public_id": row.public_id}
    said = Told(at=row.at, text="", person=row.person, behalf=row.behalf)
    match row.part:
        case "comment":
            return Entry(
                **about,
                told=said,
                pieces=tuple(parted(row.text, row.extra or {})),
                files=tuple(files),
                internal=row.internal,
                changed_at=row.changed_at,
                own=mine,
                removable=mine or staff,
            )
        case "file":
            file = File(public_id=row.public_id, name=row.name, type=row.text, size=row.number)
            return Entry(
                **about,
                told=replace(said, text=message("attached")),
                files=(file,),
                internal=row.internal,
            )
        case "decision":
            return Entry(**about, told=replace(said, text=VERDICTS[row.text], note=row.name))
    if row.text not in ACTIONS or row.text in subject.better_told:
        return None
    changes = tuple(_changes(tx, subject, row.extra or {}))
    return Entry(**about, told=replace(said, text=_in_a_sentence(row.text), changes=changes))


def _in_a_sentence(action: str) -> str:
    """Return what an act is called, to follow a name: "changed an item"."""
    title = translate(ACTIONS[action])
    return title[:1].lower() + title[1:]


def _changes(
    tx: UnitOfWork, subject: Subject, detail: Mapping[str, Any]
) -> Iterable[tuple[Message | str, str, str]]:
    """Yield (what, before, after) of the columns that the timeline may tell this reader."""
    before, after = detail.get("before"), detail.get("after")
    changed = detail.get("changed")
    if not isinstance(changed, Mapping):
        if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
            return
        changed = {name: [before.get(name), value] for name, value in after.items()}
    for name, pair in changed.items():
        told = subject.field_of(name)
        if told is None or (told.permission and not tx.actor.holds(told.permission)):
            continue
        if not (isinstance(pair, list) and len(pair) == 2) or pair[0] == pair[1]:
            continue
        yield told.title, _shown(tx, told, pair[0]), _shown(tx, told, pair[1])


def _shown(tx: UnitOfWork, told: SubjectField, value: Any) -> str:
    language = current_language.get()
    if value is None or value == "":
        return ""
    if str(value) in told.values:
        return translate(told.values[str(value)])
    match told.kind:
        case "quantity":
            return formats.quantity(int(value), language)
        case "money":
            return formats.money_to_compare(int(value), tx.currency, language)
        case "date":
            return formats.day(date.fromisoformat(str(value)), language)
    return str(value)


def _with_what_lies_beside(tx: UnitOfWork, found: Story) -> Story:
    """Return a story with the files, watchers and linked records of its record."""
    key, me = found.record.key, tx.actor.person_id
    rows = reading.beside(tx, *key, internal=found.staff)
    files = [
        File(
            public_id=row.public_id,
            name=row.name,
            type=row.text,
            size=row.number,
            mine=found.staff or row.person_id == me,
            internal=row.internal,
        )
        for row in rows
        if row.part == "file"
    ]
    linked = [row for row in rows if row.part == "related"]
    there = described(tx, {(row.text, row.number) for row in linked}) if linked else {}
    watching = [row for row in rows if row.part == "watcher"]
    return replace(
        found,
        files=tuple(files[: reading.FILES_SHOWN]),
        more_files=len(files) > reading.FILES_SHOWN,
        watchers=tuple((row.public_id, row.name) for row in watching),
        watching=any(row.person_id == me for row in watching),
        related=tuple(
            RelatedTo(
                public_id=row.public_id,
                record=there[row.text, row.number],
                note=row.name,
                mine=found.staff or row.person_id == me,
            )
            for row in linked
            if (row.text, row.number) in there
        ),
    )
