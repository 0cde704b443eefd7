"""How much memory the threads of a serving process keep for themselves."""

from __future__ import annotations

import ctypes
import sys

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
