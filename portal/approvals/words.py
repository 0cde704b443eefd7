"""Rules, states and ways to decide in words."""

from __future__ import annotations

from collections.abc import Mapping

from portal.delegation.rules import Way
from portal.messages import Message, message

from .rules import Rule

STATES = {
    "pending": message("Waits"),
    "approved": message("Approved"),
    "refused": message("Refused"),
    "withdrawn": message("Withdrawn"),
    "expired": message("Expired"),
    "void": message("No longer counts"),
}
TONES = {
    "pending": "warn",
    "approved": "ok",
    "refused": "bad",
    "withdrawn": "mute",
    "expired": "mute",
    "void": "mute",
}
VERDICTS = {"approve": message("Approved"), "refuse": message("Refused")}
WAYS = {
    Way.OWN: message("in their own right"),
    Way.DEPUTY: message("as deputy"),
    Way.STANDING: message("as standing deputy"),
    Way.SUPERIOR: message("as superior"),
    Way.FALLBACK: message("because nobody else can"),
}
MANAGER = message("whoever leads the department")


def who_of(
    rule: Rule, roles: Mapping[int, Message | str], people: Mapping[int, str]
) -> Message | str:
    """Return who decides by a rule; ``roles`` and ``people`` are names by id."""
    if rule.who == "manager":
        return MANAGER
    if rule.who == "role":
        said = {"role": roles.get(rule.role_id or 0, ""), "number": rule.needed}
        if rule.needed == 1:
            return message("one who holds the role {role}", **said)
        return message("{number} of those who hold the role {role}", **said)
    names = ", ".join(people.get(person, "") for person in rule.people)
    if rule.needed == 1:
        return names if len(rule.people) == 1 else message("one of {names}", names=names)
    return message("{number} of {names}", number=rule.needed, names=names)


def sentence_of(
    rule: Rule, roles: Mapping[int, Message | str], people: Mapping[int, str]
) -> Message:
    """Return a rule as a sentence: who decides, and when others are told."""
    said = {"who": who_of(rule, roles, people), "remind": rule.remind_hours}
    if rule.escalate_hours is None:
        return message("Decided by {who}; reminded after {remind} working hours.", **said)
    return message(
        "Decided by {who}; reminded after {remind} working hours, after {escalate} their superior"
        " may decide too.",
        **said,
        escalate=rule.escalate_hours,
    )
