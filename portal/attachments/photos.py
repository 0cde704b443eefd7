"""Drawing pictures anew in a child process, one at a time in each worker."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from portal.errors import ValidationFailed
from portal.messages import message

CHILD = Path(__file__).with_name("photo_child.py")
SECONDS = 30
UNREADABLE = {"refused": "unreadable"}
_one_at_a_time = threading.Semaphore(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture as it is kept: its bytes, those of its preview, and its size in pixels."""

    kind: str  # jpeg or png
    body: BinaryIO
    preview: BinaryIO
    width: int
    height: int


@contextmanager
def drawn_anew(source: BinaryIO, name: str) -> Iterator[Picture]:
    """Yield the picture in ``source`` without anything else that came with it.

    It is at most 2,560 pixels wide and high. Raise ValidationFailed for one that is too large to
    draw or is broken.
    """
    with tempfile.TemporaryFile() as drawn:
        told = _draw(source, drawn)
        if why := told.get("refused"):
            raise _refused(why, name)
        size, begin = told["size"], drawn.tell()
        yield Picture(
            kind=told["kind"],
            body=_Part(drawn, begin, size),
            preview=_Part(drawn, begin + size, told["preview"]),
            width=told["width"],
            height=told["height"],
        )


def _draw(source: BinaryIO, drawn: BinaryIO) -> dict[str, Any]:
    """Let the child draw ``source`` into ``drawn``; return what it says, leave its bytes next.

    What comes and what is drawn are files of the child's: neither lies in this process.
    """
    source.seek(0)
    file = _as_file(source)
    with _one_at_a_time:
        try:
            ran = subprocess.run(
                [sys.executable, "-I", str(CHILD)],
                stdin=file,
                input=source.read() if file is None else None,
                stdout=drawn,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return UNREADABLE
    drawn.seek(0)
    head = drawn.readline() if ran.returncode == 0 else b""
    told: dict[str, Any] = json.loads(head) if head else UNREADABLE
    return told


class _Part(io.RawIOBase, BinaryIO):
    """Some bytes of a file, to be read as a file of their own."""

    def __init__(self, whole: BinaryIO, begin: int, size: int) -> None:
        self._whole, self._begin, self._size, self._at = whole, begin, size, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(self._size - self._at, 0)
        self._whole.seek(self._begin + self._at)
        found = self._whole.read(left if size < 0 else min(size, left))
        self._at += len(found)
        return found


def _as_file(source: BinaryIO) -> int | None:
    """Return the number of an open file that the child reads from its beginning, if it is one."""
    try:
        number = source.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None
    os.lseek(number, 0, os.SEEK_SET)  # What was read ahead had moved it, whatever seek() says.
    return number


def _refused(why: str, name: str) -> ValidationFailed:
    if why == "pixels":
        return ValidationFailed(
            {"files": message("{name} has more than 40 million pixels.", name=name)}
        )
    return ValidationFailed(
        {"files": message("{name} is a picture that cannot be read. Save it anew.", name=name)}
    )
