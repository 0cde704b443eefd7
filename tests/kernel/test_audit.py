"""The audit chain: complete, append-only, and broken where somebody touched it."""

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.db import looking, new_session, unscoped
from portal.errors import OutOfReach
from portal.guard import kernel_execute
from portal.reach import visible
from portal.work import unit_of_work

from .small.goods.models import Item
from .small_world import ANN, HANA, LAB

TABLE = AuditEntry.__table__


def write(session, *actions):
    with unit_of_work(session, request_id="r1") as tx:
        for action in actions:
            tx.audit(action, tx.session.get(Item, 1), before={"name": "mine"}, count=3)


def broken(app):
    with app.app_context(), looking(reason="test") as tx:
        return list(audit.broken(tx.session))


def entries(app):
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, select(TABLE).order_by(TABLE.c.id)).all()


def tampered(app, change):
    """Change the audit as somebody could who owns the database and switches its triggers off."""
    with app.app_context(), unscoped(reason="test") as tx:
        if tx.session.get_bind().dialect.name == "sqlite":
            found = tx.session.execute(
                text(
                    "select name from sqlite_master where type = 'trigger'"
                    " and tbl_name = 'audit_entry'"
                )
            )
            for (name,) in found.all():
                tx.session.execute(text(f"drop trigger {name}"))
        else:
            tx.session.execute(text("set local session_replication_role = replica"))
        tx.session.execute(text(change))


def test_an_entry_says_who_did_what_to_which_row(app, session_of):
    write(session_of(ANN), "goods.item_looked_at")
    (entry,) = entries(app)
    assert (entry.actor_id, entry.actor_name, entry.action) == (ANN, "Ann", "goods.item_looked_at")
    assert (entry.subject_kind, entry.subject_id, entry.subject_label) == ("goods.item", 1, "mine")
    assert entry.detail == {"before": {"name": "mine"}, "count": 3}
    assert (entry.request_id, entry.previous) == ("r1", audit.GENESIS)


def test_what_a_provider_does_is_audited_under_the_person_who_asked(app, session_of):
    with unit_of_work(session_of(ANN)) as tx, tx.acting_for("goods", reason="parts") as own:
        own.audit("goods.item_issued", own.session.get(Item, 2))
    (entry,) = entries(app)
    assert (entry.actor_id, entry.subject_id) == (ANN, 2)


def test_a_failed_unit_leaves_no_entry(app, session_of):
    def fail(tx):
        tx.audit("goods.item_looked_at")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unit_of_work(session_of(ANN)) as tx:
        fail(tx)
    assert entries(app) == []


def test_an_untouched_chain_is_whole(app, session_of):
    for _ in range(3):
        write(session_of(ANN), "one", "two")
    assert len(entries(app)) == 6
    assert broken(app) == []


@pytest.mark.parametrize(
    "change",
    ["update audit_entry set action = 'x'", "delete from audit_entry"],
    ids=["update", "delete"],
)
def test_the_database_refuses_to_change_the_audit(app, session_of, change):
    write(session_of(ANN), "one")
    refused = pytest.raises(DBAPIError, match="append-only")
    with app.app_context(), refused, unscoped(reason="test") as tx:
        tx.session.execute(text(change))
    assert [entry.action for entry in entries(app)] == ["one"]


def test_postgresql_refuses_to_empty_the_audit(app, session_of):
    write(session_of(ANN), "one")
    with app.app_context():
        if new_session().get_bind().dialect.name != "postgresql":
            pytest.skip("SQLite has no TRUNCATE")
        with pytest.raises(DBAPIError, match="append-only"), unscoped(reason="test") as tx:
            tx.session.execute(text("truncate audit_entry"))


@pytest.mark.parametrize(
    "change",
    [
        "update audit_entry set action = 'x' where id = {}",
        "update audit_entry set actor_id = 1 where id = {}",
        "update audit_entry set actor_name = 'Bob' where id = {}",
        "update audit_entry set on_behalf_of_id = 1 where id = {}",
        "update audit_entry set subject_id = 2 where id = {}",
        "update audit_entry set subject_kind = '' where id = {}",
        "update audit_entry set subject_label = '' where id = {}",
        "update audit_entry set detail = '{{}}' where id = {}",
        "update audit_entry set request_id = '' where id = {}",
        "update audit_entry set at = '2020-01-01 00:00:00+00:00' where id = {}",
        "update audit_entry set hash = '0' where id = {}",
    ],
    ids=lambda sql: sql.split()[3],
)
def test_verify_names_a_row_that_was_changed(app, session_of, change):
    write(session_of(ANN), "one", "two", "three")
    second = entries(app)[1].id
    tampered(app, change.format(second))
    assert second in broken(app)
    assert entries(app)[0].id not in broken(app)


def test_verify_names_the_row_after_a_gap(app, session_of):
    write(session_of(ANN), "one", "two", "three")
    _, second, third = (entry.id for entry in entries(app))
    tampered(app, f"delete from audit_entry where id = {second}")
    assert broken(app) == [third]


def test_a_resealed_row_breaks_at_the_next(app, session_of):
    write(session_of(ANN), "one", "two", "three")
    _, second, third = entries(app)
    forged = audit.sealed(second.previous, {**second._mapping, "action": "forged"})
    change = f"update audit_entry set action = 'forged', hash = '{forged}' where id = {second.id}"
    tampered(app, change)
    assert broken(app) == [third.id]


def test_eight_writers_at_once_make_one_chain(app, principal_of):
    ann = principal_of(ANN)

    def work():
        for _ in range(6):
            with app.app_context(), new_session() as session:
                session.act_as(ann)
                write(session, "one", "two")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain = entries(app)
    assert len(chain) == 96
    assert [entry.previous for entry in chain[1:]] == [entry.hash for entry in chain[:-1]]
    assert broken(app) == []


def test_only_who_may_read_the_audit_reads_it(session_of):
    write(session_of(ANN), "one")
    assert session_of(ANN).scalars(select(AuditEntry)).all() == []
    reader = session_of(HANA)
    assert (
        len(reader.scalars(visible(select(AuditEntry), "core.audit.view", reader.principal)).all())
        == 1
    )


def test_nobody_writes_the_audit_as_a_row(session_of):
    session = session_of(HANA)

    def forge(tx):
        row = {"at": tx.now, "actor_name": "Bob", "action": "x", "detail": {}}
        tx.session.add(AuditEntry(**row, previous="0", hash="1"))
        tx.session.flush()

    with pytest.raises(OutOfReach), unit_of_work(session) as tx:
        forge(tx)
    with pytest.raises(OutOfReach), unit_of_work(session) as tx:
        tx.append(
            AuditEntry,
            [
                {
                    "at": tx.now,
                    "actor_name": "Bob",
                    "action": "x",
                    "detail": {},
                    "subject_kind": "",
                    "subject_label": "",
                    "request_id": "",
                    "previous": "0",
                    "hash": "1",
                }
            ],
        )


def test_plain_values_of_every_kind_survive_the_seal(app, session_of):
    from datetime import date

    with unit_of_work(session_of(ANN)) as tx:
        tx.audit(
            "goods.odd",
            day=date(2026, 3, 1),
            text='é\u2028"\\',
            big=2**60,
            none=None,
            n=[1, {"a": 0.1}],
        )
    assert broken(app) == []
    assert entries(app)[0].detail["day"] == "2026-03-01"


def test_the_label_of_a_long_name_is_cut(app, session_of):
    with unit_of_work(session_of(ANN)) as tx:
        item = tx.session.get(Item, 1)
        item.name = "n" * 500
        tx.audit("goods.item_renamed", item)
    assert len(entries(app)[0].subject_label) == 200
    assert LAB not in {entry.subject_id for entry in entries(app)}
