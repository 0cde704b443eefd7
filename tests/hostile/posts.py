"""Hostile forms made from one that is good, and the bytes a client would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from random import Random
from urllib.parse import quote_plus

from tests.hostile import values

BOUNDARY = b"----------hostile-7MA4YWxkTrZu0gW"
ALL = (*values.TEXTS, *values.NUMBERS, *values.DATES, *values.NULS)


@dataclass(frozen=True)
class File:
    """A file of a form."""

    name: bytes
    content: bytes


Value = str | bytes | File  # bytes: as they stand between the equals sign and the ampersand
Fields = list[tuple[str, Value]]


@dataclass(frozen=True)
class Known:
    """What there is to play with: a good form, every field of the page, ids of other things."""

    good: Fields
    names: tuple[str, ...]
    ids: tuple[str, ...]


def hostile(known: Known, number: int, seed: str) -> Iterator[Fields]:
    """Yield that many hostile forms, the same ones for the same seed."""
    chance = Random(seed)
    plain = chance.sample(ALL, len(ALL))
    for turn in range(number):
        if turn % 2 and plain:
            yield _set(known.good, _name(known, chance), plain.pop())
        else:
            yield chance.choice(WAYS)(known, chance)


def _name(known: Known, chance: Random) -> str:
    return chance.choice(known.names) if known.names else "name"


def _set(fields: Fields, name: str, value: Value) -> Fields:
    return [(n, v) for n, v in fields if n != name] + [(name, value)]


def _value(known: Known, chance: Random) -> Value:
    if known.ids and chance.random() < 0.2:
        return chance.choice(known.ids)
    return chance.choice((*ALL, *values.RAW))


def _missing(known: Known, chance: Random) -> Fields:
    return [field for field in known.good if chance.random() < 0.5]


def _nothing(known: Known, chance: Random) -> Fields:
    return []


def _extras(known: Known, chance: Random) -> Fields:
    own = {*known.names, *(name for name, _ in known.good)}
    more: Fields = [(n, v) for n, v in values.EXTRAS.items() if n not in own]
    return known.good + more


def _one(known: Known, chance: Random) -> Fields:
    return _set(known.good, _name(known, chance), _value(known, chance))


def _every(known: Known, chance: Random) -> Fields:
    return [(name, _value(known, chance)) for name in known.names]


def _all_the_same(known: Known, chance: Random) -> Fields:
    value = _value(known, chance)
    return [(name, value) for name in known.names]


def _lists(known: Known, chance: Random) -> Fields:
    ending = chance.choice(("[]", "[0]", "-0", ".id", "[__class__]"))
    return [(f"{name}{ending}", value) for name, value in known.good]


def _repeated(known: Known, chance: Random) -> Fields:
    name = _name(known, chance)
    more: Fields = [(name, _value(known, chance)) for _ in range(chance.choice((1, 3, 60)))]
    return known.good + more if chance.random() < 0.5 else more + known.good


def _foreign(known: Known, chance: Random) -> Fields:
    if not known.ids:
        return _every(known, chance)
    return [(name, chance.choice(known.ids)) for name in known.names]


def _file_for_text(known: Known, chance: Random) -> Fields:
    file = File(chance.choice(values.FILENAMES), chance.choice(values.CONTENTS))
    return _set(known.good, _name(known, chance), file)


def _files(known: Known, chance: Random) -> Fields:
    made = [File(n, chance.choice(values.CONTENTS)) for n in values.FILENAMES]
    files = [name for name, value in known.good if isinstance(value, File)] or ["file"]
    return _set(known.good, files[0], chance.choice(made))


def _text_for_file(known: Known, chance: Random) -> Fields:
    return [
        (name, _value(known, chance) if isinstance(value, File) else value)
        for name, value in known.good
    ] + [("file", "no file at all")]


def _odd_names(known: Known, chance: Random) -> Fields:
    odd = ("", " ", "a" * 9_000, "\0", "\udcff", "<b>", "a=b&c", "é", "__init__", "submit", "form")
    return known.good + [(name, "1") for name in odd if chance.random() < 0.5]


def _many(known: Known, chance: Random) -> Fields:
    return known.good + [(f"field{n}", "1") for n in range(chance.choice((900, 6_000)))]


WAYS: Sequence[Callable[[Known, Random], Fields]] = (
    *(_one,) * 6,
    *(_every,) * 3,
    *(_extras,) * 3,
    *(_repeated,) * 2,
    *(_foreign,) * 2,
    *(_files,) * 2,
    _missing,
    _nothing,
    _all_the_same,
    _lists,
    _file_for_text,
    _text_for_file,
    _odd_names,
    _many,
)


def encoded(fields: Fields, needed: Fields, *, multipart: bool) -> tuple[bytes, str]:
    """Return the body of a request and its content type; ``needed`` comes first."""
    every = needed + fields
    if multipart or any(isinstance(value, File) for _, value in every):
        body = b"".join(_part(name, value) for name, value in every)
        kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
        return body + b"--" + BOUNDARY + b"--\r\n", kind
    pairs = [_quoted(name) + b"=" + _plain(value) for name, value in every]
    return b"&".join(pairs), "application/x-www-form-urlencoded"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _quoted(text: str) -> bytes:
    return quote_plus(_bytes(text)).encode()


def _plain(value: Value) -> bytes:
    assert not isinstance(value, File)
    return value if isinstance(value, bytes) else _quoted(value)


def _part(name: str, value: Value) -> bytes:
    clean = _bytes(name).replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")
    head = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="' + clean + b'"'
    if isinstance(value, File):
        head += b'; filename="' + value.name + b'"\r\nContent-Type: text/csv'
        return head + b"\r\n\r\n" + value.content + b"\r\n"
    content = value if isinstance(value, bytes) else _bytes(value)
    return head + b"\r\n\r\n" + content + b"\r\n"


class FieldNames(HTMLParser):
    """Collects the names of what a page lets one fill in."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "main":
            self._inside = True
        name = said.get("name")
        if self._inside and tag in ("input", "select", "textarea", "button") and name:
            self.names[name] = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._inside = False


def field_names(html: str) -> tuple[str, ...]:
    """Return the names of the fields of a page, without token and key."""
    reader = FieldNames()
    reader.feed(html)
    return tuple(name for name in reader.names if name not in ("csrf_token", "_key"))
