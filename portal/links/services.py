"""Giving codes to things, taking them back, and finding what a code stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select, update

from portal.errors import NotFound, Refused
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.plugin import Destination, LinkKind
from portal.work import UnitOfWork

from .models import Link
from .rules import LONGEST_TARGET, new_code, read_code

ATTEMPTS = 5  # A new code is taken already once in some hundred million times.
AT_ONCE = 500
table: Any = Link.__table__


def link_codes(tx: UnitOfWork, kind: str, targets: Iterable[str]) -> dict[str, str]:
    """Return target -> the code of its label, made for those that have none.

    ``kind`` is one that a plugin declares; who may do this is asked by the caller.
    """
    if not tx.writing:
        raise Refused("change rows inside `with transaction()`")
    wanted = list(dict.fromkeys(targets))
    _require_declared(tx, kind, wanted)
    for _ in range(ATTEMPTS):
        found = known_codes(tx, kind, wanted)
        missing = [target for target in wanted if target not in found]
        if not missing:
            return found
        for some in _some(missing):
            rows = [
                {
                    "code": new_code(),
                    "kind": kind,
                    "target": target,
                    "active": True,
                    "created_at": tx.now,
                    "created_by_id": tx.actor.person_id,
                }
                for target in some
            ]
            # Somebody may print the same label at this moment: then both get the same code.
            made = dialect_of(tx.session).insert(table).values(rows).on_conflict_do_nothing()
            kernel_execute(tx.session, made)
    raise RuntimeError(f"no free code was found for {kind}")


def known_codes(tx: UnitOfWork, kind: str, targets: Iterable[str]) -> dict[str, str]:
    """Return target -> code for those that have one in use."""
    found: dict[str, str] = {}
    for some in _some(list(targets)):
        asked = select(table.c.target, table.c.code).where(
            table.c.kind == kind, table.c.target.in_(some), table.c.active
        )
        found |= {row.target: row.code for row in kernel_execute(tx.session, asked)}
    return found


def link_targets(tx: UnitOfWork, kind: str, codes: Iterable[str]) -> dict[str, str]:
    """Return code -> target for those codes of a kind that are in use."""
    found: dict[str, str] = {}
    for some in _some([code for text in codes if (code := read_code(text)) is not None]):
        asked = select(table.c.code, table.c.target).where(
            table.c.kind == kind, table.c.code.in_(some), table.c.active
        )
        found |= {row.code: row.target for row in kernel_execute(tx.session, asked)}
    return found


def retire_link(tx: UnitOfWork, kind: str, target: str) -> bool:
    """Take the code of a thing out of use; its next label gets a new one. False if it had none."""
    if not tx.writing:
        raise Refused("change rows inside `with transaction()`")
    of_it = (table.c.kind == kind, table.c.target == target, table.c.active)
    ended = update(table).where(*of_it).values(active=False, retired_at=tx.now)
    code = kernel_execute(tx.session, ended.returning(table.c.code)).scalar_one_or_none()
    if code is None:
        return False
    tx.audit("core.link_retired", None, kind=kind, code=code)
    return True


def follow(tx: UnitOfWork, text: str) -> tuple[Destination, bool]:
    """Return where a code leads its reader, and whether its label is still in use.

    Raises NotFound for a code nobody gave out, and in the same way for one that leads to what the
    reader may not see.
    """
    code = read_code(text)
    found = look_up(tx, [code]) if code is not None else {}
    if code not in found:
        raise NotFound
    return found[code]


def look_up(tx: UnitOfWork, codes: Iterable[str]) -> dict[str, tuple[Destination, bool]]:
    """Return code -> where it leads its reader and whether its label is in use.

    What nobody gave out, and what leads to things out of reach, is left out.
    """
    declared, found = _declared(tx), dict[str, tuple[Destination, bool]]()
    for some in _some(list(dict.fromkeys(codes))):
        asked = select(table.c.code, table.c.kind, table.c.target, table.c.active)
        for row in kernel_execute(tx.session, asked.where(table.c.code.in_(some))).all():
            kind = declared.get(row.kind)
            if kind is not None and (place := _resolved(tx, kind, row.target)) is not None:
                found[row.code] = place, row.active
    return found


def _resolved(tx: UnitOfWork, kind: LinkKind, target: str) -> Destination | None:
    if not _may_ask(tx, kind):
        return None
    try:
        return kind.resolve(tx, target)
    except NotFound:
        return None


def _may_ask(tx: UnitOfWork, kind: LinkKind) -> bool:
    slug = kind.name.partition(".")[0]
    return slug in tx.actor.active and tx.actor.holds(kind.permission)


def _declared(tx: UnitOfWork) -> dict[str, LinkKind]:
    runtime = tx.session.runtime
    return {} if runtime is None else dict(runtime.links())


def _require_declared(tx: UnitOfWork, kind: str, targets: list[str]) -> None:
    if kind not in _declared(tx):
        raise LookupError(f"no plugin declares links of the kind {kind!r}")
    if too_long := [target for target in targets if not 0 < len(target) <= LONGEST_TARGET]:
        raise ValueError(f"a target has 1 to {LONGEST_TARGET} letters: {too_long[0][:100]!r}")


def _some(targets: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(targets), AT_ONCE):
        yield targets[start : start + AT_ONCE]
