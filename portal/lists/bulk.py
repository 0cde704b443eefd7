"""What doing one thing to many rows comes to. No Flask here: services say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.messages import Message, message

NAMED = 5  # refused rows that are named, the rest are counted
LONGEST = 40  # characters of a name
SOME_REFUSED = message("{done} Not changed: {names}.")
AND_MORE = message("{names} and {count} more")
WITH_REASON = message("{name} ({reason})")


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    """What was done, which rows refused and why (name, reason), and the step that undoes it."""

    done: Message
    refused: Sequence[tuple[str, Message | str]] = ()
    undo: str = ""

    @property
    def sentence(self) -> Message:
        """Everything as one sentence or two."""
        if not self.refused:
            return self.done
        named = [_named(name, reason) for name, reason in self.refused[:NAMED]]
        names: Message | str = ", ".join(named)
        if more := len(self.refused) - len(named):
            names = Message(AND_MORE.msgid, {"names": names, "count": more})
        return Message(SOME_REFUSED.msgid, {"done": self.done, "names": names})


def _named(name: str, reason: Message | str) -> str:
    short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return str(Message(WITH_REASON.msgid, {"name": short, "reason": reason})) if reason else short
