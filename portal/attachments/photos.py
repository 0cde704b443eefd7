"""Drawing pictures anew in a child process, one at a time in each worker."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from portal.errors import ValidationFailed
from portal.messages import message

CHILD = Path(__file__).with_name("photo_child.py")
SECONDS = 30
_one_at_a_time = threading.Semaphore(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture as it is kept: its bytes, those of its preview, and its size in pixels."""

    kind: str  # jpeg or png
    body: bytes
    preview: bytes
    width: int
    height: int


def drawn_anew(source: BinaryIO, name: str) -> Picture:
    """Return the picture in ``source`` without anything else that came with it.

    It is at most 2,560 pixels wide and high. Raise ValidationFailed for one that is too large to
    draw or is broken.
    """
    source.seek(0)
    with _one_at_a_time:
        try:
            # A file is read by the child itself: its bytes never lie in this process.
            file = _as_file(source)
            ran = subprocess.run(
                [sys.executable, "-I", str(CHILD)],
                stdin=file,
                input=source.read() if file is None else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _refused("unreadable", name) from None
    head, _, rest = ran.stdout.partition(b"\n")
    told: dict[str, Any] = {"refused": "unreadable"}
    if ran.returncode == 0 and head:
        told = json.loads(head)
    if why := told.get("refused"):
        raise _refused(why, name)
    size = told["size"]
    return Picture(
        kind=told["kind"],
        body=rest[:size],
        preview=rest[size : size + told["preview"]],
        width=told["width"],
        height=told["height"],
    )


def _as_file(source: BinaryIO) -> int | None:
    try:
        return source.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None


def _refused(why: str, name: str) -> ValidationFailed:
    if why == "pixels":
        return ValidationFailed(
            {"files": message("{name} has more than 40 million pixels.", name=name)}
        )
    return ValidationFailed(
        {"files": message("{name} is a picture that cannot be read. Save it anew.", name=name)}
    )
