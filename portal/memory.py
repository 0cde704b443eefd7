"""What a serving process does with its memory: heaps of its threads, and what stays for good."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_M_ARENA_MAX = -8  # of <malloc.h>
HEAPS = 2


def share_heaps() -> None:
    """Let all threads of this process take memory from two heaps instead of one heap each.

    The C library of Linux gives every thread a heap of its own and seldom gives it back: many
    uploads at once left a worker tens of megabytes larger. Other systems have no such setting.
    """
    if sys.platform != "linux":
        return
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, HEAPS)


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """Load something that stays as long as the process: nothing in it is looked through for waste.

    Classes, statements and templates are hundreds of thousands of objects that never go; looking
    through them again and again took a quarter of the start, and some of every collection after it.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
