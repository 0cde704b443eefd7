"""The audit, jobs, letters and events that could not be handed over, reasons, names of accounts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from kantor_inventory.models import LedgerCheck
from portal.guard import kernel_execute
from portal.jobs.models import Job, Outbox
from portal.jobs.sentences import packed
from portal.mail.models import MailRow
from portal.orm import new_public_id
from portal.people.models import Person
from tests.policy.canaries import Aviary, everywhere, holders

HOLDING = r"^/(people|roles)/\w{12}$"  # who holds what, for whoever may look at it


def add_job(tx: Any, name: str, owner: int | None, error: str, *, upload: str = "") -> str:
    choices = {"columns": {}, "number_format": None, "date_order": None, "grouped": False}
    args = {"import": "inventory.items", "upload": upload, "choices": choices, "chosen": {}}
    row = {
        "public_id": new_public_id(),
        "name": name,
        "args": args,
        "state": "failed",
        "error": packed(error),
        "owner_id": owner,
        "created_at": tx.now,
        "sent_at": tx.now,
    }
    kernel_execute(tx.session, insert(Job.__table__).values(row))
    return str(row["public_id"])


def plant(tx: Any, world: Any, aviary: Aviary) -> None:
    """Audit, events that could not be handed over, ledger findings, accounts, reasons."""
    watchers = everywhere("core.audit.view")
    subject = tx.session.get_one(Person, world.actors["nobody"]["id"])
    act = aviary.word("act in the audit", watchers, lists=("/audit",))
    tx.audit(f"core.{act}", subject, secret=aviary.word("audit detail", watchers))
    menders = everywhere("core.job.view")
    job = aviary.word("job of the portal", menders, lists=("/jobs",))
    mishap = aviary.word("mishap of a job", menders)
    aviary.addresses.add(f"/jobs/{add_job(tx, f'core.{job}', None, mishap)}")
    event = {
        "event": "core.test_happened",
        "subscriber": "inventory",
        "payload": {},
        "attempts": 5,
        "created_at": tx.now,
        "due_at": tx.now,
        "error": packed(aviary.word("stuck event", menders)),
    }
    kernel_execute(tx.session, insert(Outbox.__table__).values(event))
    aviary.addresses.add("/jobs/given-up")
    letter = {"public_id": new_public_id(), "key": "letter", "message_id": "<a@c.example>"}
    letter |= {"sender": "a@b.example", "subject": aviary.word("subject of a mail", set())}
    letter |= {"recipient": aviary.word("recipient of a mail", menders), "state": "dead"}
    letter |= {"text": aviary.word("text of a mail", set()), "attempts": 12}
    letter |= {"created_at": tx.now, "due_at": tx.now}
    kernel_execute(tx.session, insert(MailRow.__table__).values(letter))
    findings = world.common.pop("findings")
    tx.session.add(
        LedgerCheck(
            checked_at=tx.now,
            balances=3,
            movements=3,
            differences=len(findings),
            findings=findings,
        )
    )
    for relation in ("same", "below", "above", "elsewhere", "team"):
        givers = holders("core.person.give_access", rule="person", relation=relation)
        world.rename_account(
            tx,
            world.common[f"colleague_{relation}"],
            aviary.word(f"username of {relation}", givers),
        )
        seers = holders(
            *(f"core.role.{verb}" for verb in ("view", "edit", "assign", "grant")),
            rule="person",
            relation=relation,
        )
        looks = holders("core.role.view", rule="person", relation=relation)
        world.give_reason(
            tx,
            world.get("assignment", relation, "*")["id"],
            aviary.word(
                f"reason of {relation}",
                seers,
                sure=frozenset(looks),
                strict=frozenset(looks),
                strict_at=HOLDING,
            ),
        )
    aviary.addresses |= {f"/roles/{world.common['role']}"}
