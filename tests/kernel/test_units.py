"""Units of work, on both databases."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import case, event, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from portal.db import db, looking, new_session, unscoped
from portal.errors import (
    AlreadyDone,
    EditConflict,
    KeyReused,
    NotFound,
    OutOfReach,
    ReadOnly,
    Refused,
    Shortfall,
)
from portal.idempotency import FormKey
from portal.reach import EVERYTHING
from portal.retries import retrying
from portal.work import UnitOfWork, unit_of_work

from .small.goods import GoodsIssued, issue
from .small.goods.models import Balance, Item, Memo, Movement, Transfer
from .small.orders import Order
from .small_world import ANN, IN_CELLAR, IN_LAB, LAB, ON_SHELF, OUTSIDE, STORES

QUANTITY = "select quantity from goods_item where id = 1"


def in_threads(count, work):
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def failing(tx, work):
    """Do something, then fail."""
    work(tx)
    raise ZeroDivisionError


def test_a_failing_block_leaves_nothing_and_publishes_nothing(session_of, truth):
    with pytest.raises(ZeroDivisionError), unit_of_work(session_of(ANN)) as tx:
        failing(tx, lambda tx: issue(tx, tx.session.get(Item, 1), 2, note="x"))
    assert (truth(QUANTITY), truth("select count(*) from outbox")) == (5, 0)


def test_units_do_not_nest(session_of):
    session = session_of(ANN)
    with unit_of_work(session), pytest.raises(Refused, match="already open"), unit_of_work(session):
        pass


def test_changes_before_the_unit_are_refused(session_of):
    session = session_of(ANN)
    session.add(Item(name="x", department_id=STORES))
    with pytest.raises(Refused, match="before the unit"), unit_of_work(session):
        pass


def test_a_unit_starts_from_the_newest_state(session_of):
    session = session_of(ANN)
    item = session.get(Item, 1)
    with unscoped(reason="test") as other:
        other.session.execute(text("update goods_item set name='newer' where id=1"))
    with unit_of_work(session):
        assert item.name == "newer"
    assert db.engine.pool.checkedout() <= 3


def test_one_row_may_be_held_until_the_commit(session_of):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        item = tx.one(select(Item), id=1)
        assert tx.one(select(Item), lock=True, id=1) is item
        if db.engine.dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="could not obtain lock"):
                take_at_once("goods_item")
    if db.engine.dialect.name == "postgresql":
        take_at_once("goods_item")


def take_at_once(table):
    with unscoped(reason="test") as tx:
        tx.session.execute(text(f"select 1 from {table} where id = 1 for update nowait"))


def test_a_held_row_is_read_anew(session_of):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        item = tx.one(select(Item), id=1)
        with tx.acting_for("goods", reason="test") as own:
            own.session.execute(sa.update(Item).where(Item.id == 1).values(name="newer"))
        assert tx.one(select(Item), lock=True, id=1).name == item.name == "newer"


# --- adjust


def test_adjust_stops_at_the_floor(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        item = tx.session.get(Item, 1)
        assert (tx.adjust(item, "quantity", -3), item.quantity) == (2, 2)
        with pytest.raises(Shortfall):
            tx.adjust(item, "quantity", -3)
        assert tx.adjust(item, "quantity", -2) == 0
        assert tx.adjust(item, "quantity", 1, floor=1) == 1
        with pytest.raises(Shortfall):
            tx.adjust(item, "quantity", -1, floor=1)
    assert truth(QUANTITY) == 1


def test_adjust_changes_and_sets_further_columns_in_the_same_update(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        balance = tx.session.get(Balance, ON_SHELF)
        left = tx.adjust(
            balance,
            "quantity",
            -3,
            also={"value": -70},
            put={"below": case((Balance.quantity - 3 < 4, True), else_=False)},
        )
        assert (left, balance.quantity, balance.value, balance.below) == (2, 2, -70, True)
    row = "select quantity || '/' || value from goods_balance where id = 1"
    assert truth(row) == "2/-70"


def test_without_a_floor_a_value_goes_below_nothing(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        assert tx.adjust(tx.session.get(Balance, ON_SHELF), "quantity", -8, floor=None) == -3


def test_adjust_leaves_the_version_of_the_form_alone(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        item = tx.session.get(Item, 1)
        tx.adjust(item, "quantity", -1)
        assert item.version == 1
        item.name = "renamed"
        tx.session.flush()
        assert (item.version, item.quantity) == (2, 4)


@pytest.mark.parametrize("floor", [0, None])
def test_adjust_does_not_reach_rows_that_are_only_readable(session_of, truth, floor):
    with pytest.raises(OutOfReach), unit_of_work(session_of(ANN)) as tx:
        tx.adjust(tx.session.get(Item, 3), "quantity", 1, floor=floor)
    with pytest.raises(OutOfReach), unit_of_work(session_of(ANN)) as tx:
        tx.adjust(tx.session.get(Balance, IN_LAB), "quantity", 1, floor=floor)
    assert truth("select quantity from goods_item where id = 3") == 5


def test_adjust_neither_moves_nor_reads_what_is_out_of_reach(session_of):
    secret = select(func.max(Movement.id)).where(Movement.note == "SECRET").scalar_subquery()
    with unit_of_work(session_of(ANN)) as tx:
        item = tx.session.get(Item, 1)
        with pytest.raises(Refused):
            tx.adjust(item, "quantity", 0, put={"department_id": LAB})
        tx.adjust(item, "quantity", 0, put={"worth": func.coalesce(secret, -1)})
        assert item.worth == -1


def test_concurrent_adjusts_lose_nothing(app, principal_of, truth):
    ann, left = principal_of(ANN), []

    def take():
        with app.app_context():
            for _ in range(5):
                with new_session() as session:
                    session.act_as(ann)
                    try:
                        with unit_of_work(session) as tx:
                            left.append(tx.adjust(tx.session.get(Item, 1), "quantity", -1))
                    except Shortfall:
                        pass

    in_threads(4, take)
    assert sorted(left) == [0, 1, 2, 3, 4]
    assert truth(QUANTITY) == 0


# --- ensure and append


def test_ensure_makes_a_row_once(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        made = tx.ensure(
            Balance,
            point_id=ON_SHELF,
            name="ink",
            defaults={"quantity": 4, "value": 0, "below": False},
        )
        again = tx.ensure(
            Balance,
            point_id=ON_SHELF,
            name="ink",
            defaults={"quantity": 9, "value": 0, "below": False},
        )
        assert made is again
        assert made.quantity == 4
    assert truth("select count(*) from goods_balance where name = 'ink'") == 1


def test_ensure_by_many_at_once_makes_one_row(app, principal_of, truth):
    ann, ids = principal_of(ANN), []

    def make():
        with app.app_context(), new_session() as session:
            session.act_as(ann)
            with unit_of_work(session) as tx:
                ids.append(tx.ensure(Balance, point_id=ON_SHELF, name="ink").id)

    in_threads(6, make)
    assert len(ids) == 6
    assert len(set(ids)) == 1
    assert truth("select count(*) from goods_balance where name = 'ink'") == 1


@pytest.mark.parametrize("point", [IN_CELLAR, IN_LAB])
def test_ensure_makes_nothing_out_of_reach_even_if_the_refusal_is_swallowed(
    session_of, truth, point
):
    with unit_of_work(session_of(ANN)) as tx:
        with pytest.raises(OutOfReach):
            tx.ensure(Balance, point_id=point, name="ink")
        tx.session.get(Item, 1).name = "went on"
    assert truth("select count(*) from goods_balance where name = 'ink'") == 0
    assert truth("select name from goods_item where id = 1") == "went on"


def test_ensure_does_not_show_a_row_out_of_reach(session_of):
    with unit_of_work(session_of(ANN)) as tx, pytest.raises(NotFound):
        tx.ensure(Balance, point_id=IN_CELLAR, name="pen")


def test_ensure_takes_no_sql_that_nobody_limits(session_of):
    secret = select(func.max(Movement.note)).scalar_subquery()
    with unit_of_work(session_of(ANN)) as tx:
        for value in (secret, func.now(), Movement.note):
            with pytest.raises(Refused):
                tx.ensure(Balance, point_id=ON_SHELF, name="ink", defaults={"name": value})


def test_append_inserts_many_rows_and_returns_their_ids_in_order(session_of, truth):
    rows = [
        {"item_id": 1, "department_id": STORES, "note": f"note {number}"} for number in range(1200)
    ]
    with unit_of_work(session_of(ANN)) as tx:
        ids = tx.append(Movement, rows)
    assert len(ids) == len(set(ids)) == 1200
    assert truth(f"select note from goods_movement where id = {ids[777]}") == "note 777"
    assert truth("select count(*) from goods_movement") == 1204


def test_append_of_nothing_is_nothing(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        assert tx.append(Movement, []) == []


@pytest.mark.parametrize(
    ("model", "row"),
    [
        (Movement, {"item_id": 1, "department_id": LAB, "note": "theirs"}),
        (Movement, {"item_id": 2, "department_id": STORES, "note": "on theirs"}),
        (Memo, {"item_id": 3, "text": "only readable"}),
        (Transfer, {"from_point_id": ON_SHELF, "to_point_id": IN_LAB, "quantity": 1}),
        (Transfer, {"from_point_id": IN_CELLAR, "to_point_id": ON_SHELF, "quantity": 1}),
    ],
    ids=str,
)
def test_append_inserts_nothing_when_one_row_is_out_of_reach(session_of, truth, model, row):
    mine = {
        Movement: {"item_id": 1, "department_id": STORES, "note": "mine"},
        Memo: {"item_id": 1, "text": "mine"},
        Transfer: {"from_point_id": OUTSIDE, "to_point_id": ON_SHELF, "quantity": 1},
    }[model]
    count = f"select count(*) from {model.__tablename__}"
    before = truth(count)
    with unit_of_work(session_of(ANN)) as tx, pytest.raises(OutOfReach):
        tx.append(model, [mine, row])
    assert truth(count) == before
    with unit_of_work(session_of(ANN)) as tx:
        tx.append(model, [mine, mine])
    assert truth(count) == before + 2


@pytest.mark.parametrize(
    "write",
    [
        lambda tx: tx.append(Movement, [{"item_id": 1, "department_id": STORES, "note": "x"}]),
        lambda tx: tx.ensure(Balance, point_id=ON_SHELF, name="ink"),
        lambda tx: tx.enqueue("goods.count", args={}),
        lambda tx: tx.adjust(tx.session.get(Item, 1), "quantity", 1),
    ],
    ids=["append", "ensure", "enqueue", "adjust"],
)
def test_a_reading_unit_writes_nothing(session_of, write):
    session = session_of(ANN)
    with pytest.raises((Refused, ReadOnly)):
        write(UnitOfWork(session, session.principal, False))


# --- jobs


def test_a_job_asked_for_twice_under_one_key_is_one_job(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        first = tx.enqueue("goods.count", key="count-1", args={"place": 1})
        assert tx.enqueue("goods.count", key="count-1", args={"place": 2}) == first
    with unit_of_work(session_of(ANN)) as tx:
        assert tx.enqueue("goods.count", key="count-1", args={}) == first
        assert tx.enqueue("goods.count", args={}) != tx.enqueue("goods.count", args={})
    assert truth("select count(*) from job where key = 'count-1'") == 1
    assert truth("select count(*) from job") == 3
    assert truth(f"select count(*) from job where owner_id = {ANN}") == 3


def test_a_job_is_sent_after_the_commit_and_never_after_a_failure(app, session_of, monkeypatch):
    sent = []
    monkeypatch.setattr(
        app.extensions["kantor"], "send_jobs", lambda jobs, events: sent.append(jobs)
    )
    with pytest.raises(ZeroDivisionError), unit_of_work(session_of(ANN)) as tx:
        failing(tx, lambda tx: tx.enqueue("goods.count", args={}))
    assert sent == []
    with unit_of_work(session_of(ANN)) as tx:
        tx.enqueue("goods.count", args={})
        assert sent == []
    assert [len(jobs) for jobs in sent] == [1]


# --- conflicts and repeated forms


def test_a_stale_form_and_a_stale_row_meet_the_conflict(session_of):
    first, second = session_of(ANN), session_of(ANN)
    with pytest.raises(EditConflict) as caught, unit_of_work(first) as tx:
        tx.expect_version(tx.session.get(Item, 1), 99, name="theirs")
    assert caught.value.theirs == {"name": "theirs"}
    if first.get_bind().dialect.name == "postgresql":  # On SQLite the second writer waits outside.
        with pytest.raises(EditConflict), unit_of_work(first) as tx:
            rename_meanwhile(tx.session.get(Item, 1), second)


def rename_meanwhile(mine, session):
    with unit_of_work(session) as other:
        other.session.get(Item, 1).name = "theirs"
    mine.name = "ours"


def sent(session, key="key-1", digest="d"):
    """Send a form that takes one away; return where it led."""
    try:
        with unit_of_work(session, form=FormKey(key=key, digest=digest)) as tx:
            tx.adjust(tx.session.get(Item, 1), "quantity", -1)
            tx.answer = "/done"
    except AlreadyDone as error:
        return error.answer
    return tx.answer


def test_the_same_form_twice_has_one_effect_and_one_answer(session_of, truth):
    assert [sent(session_of(ANN)) for _ in range(3)] == ["/done"] * 3
    assert truth(QUANTITY) == 4
    with pytest.raises(KeyReused):
        sent(session_of(ANN), digest="other")


def test_two_people_may_use_the_same_key(session_of, truth):
    from .small_world import BOB

    sent(session_of(ANN))
    with unit_of_work(session_of(BOB), form=FormKey(key="key-1", digest="x")) as tx:
        tx.answer = "/bob"
    assert truth("select count(*) from idempotency") == 2


def test_twelve_twins_at_once_have_one_effect(app, principal_of, truth):
    ann, seen = principal_of(ANN), []

    def send():
        with app.app_context(), new_session() as session:
            session.act_as(ann)
            seen.append(sent(session))

    in_threads(12, send)
    assert seen == ["/done"] * 12
    assert truth(QUANTITY) == 4


def test_a_form_that_failed_may_be_sent_again(session_of, truth):
    form = FormKey(key="key-1", digest="d")
    with pytest.raises(ZeroDivisionError), unit_of_work(session_of(ANN), form=form) as tx:
        failing(tx, lambda tx: None)
    assert sent(session_of(ANN)) == "/done"
    assert truth(QUANTITY) == 4


# --- events


def test_an_event_is_stored_with_the_change_once_for_each_subscriber(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        tx.publish(GoodsIssued(item_id=1, quantity=2))
    assert truth("select count(*) from outbox") == 1
    assert truth("select subscriber || ' ' || event from outbox") == "orders goods.item_issued"
    assert truth(f"select count(*) from outbox where owner_id = {ANN}") == 1


# --- acting for a plugin


def test_acting_for_a_plugin_is_one_transaction_and_one_realm(session_of, truth):
    def use_part(tx):
        with tx.acting_for("goods", reason="parts") as own:
            issue(own, own.one(select(Item), id=2), 1, note="for an order")
            assert own.session.scalars(select(Order)).all() == []
            assert own.actor.person_id == ANN
        assert tx.session.get(Item, 2) is None

    left = "select quantity from goods_item where id = 2"
    with pytest.raises(ZeroDivisionError), unit_of_work(session_of(ANN)) as tx:
        failing(tx, use_part)
    assert (truth(left), truth("select count(*) from outbox")) == (5, 0)
    with unit_of_work(session_of(ANN)) as tx:
        use_part(tx)
    assert (truth(left), truth("select count(*) from outbox")) == (4, 1)


def test_what_was_done_for_a_plugin_inside_a_savepoint_stays(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        with tx.session.begin_nested(), tx.acting_for("goods", reason="parts") as own:
            own.adjust(own.one(select(Item), id=2), "quantity", -1)
            own.session.add(Memo(item_id=2, text="kept"))
        tx.session.get(Item, 1).name = "after"
    assert truth("select quantity from goods_item where id = 2") == 4
    assert truth("select count(*) from goods_memo where text = 'kept'") == 1
    assert truth("select name from goods_item where id = 1") == "after"


def short(tx):
    with tx.acting_for("goods", reason="parts") as own:
        own.adjust(own.one(select(Item), id=2), "quantity", -1)
        raise Shortfall


def broken(tx):
    with tx.acting_for("goods", reason="parts") as own:
        own.adjust(own.one(select(Item), id=2), "quantity", -1)
        own.session.add(Item(name="x", quantity=-1, department_id=LAB))


def caught(tx, provide):
    try:
        provide(tx)
    except (Shortfall, DBAPIError):
        return True
    return False


@pytest.mark.parametrize("provide", [short, broken])
def test_a_provider_that_fails_leaves_nothing_and_its_caller_may_go_on(session_of, truth, provide):
    with unit_of_work(session_of(ANN)) as tx:
        tx.session.get(Item, 1).name = "before"
        assert caught(tx, provide)
        assert tx.session.get(Item, 1).name == "before"
        tx.session.get(Order, 1).note = "without the part"
    assert truth("select quantity from goods_item where id = 2") == 5
    assert truth("select name from goods_item where id = 1") == "before"
    assert truth("select note from orders_order where id = 1") == "without the part"


@pytest.mark.parametrize("provide", [short, broken])
def test_a_provider_that_fails_takes_a_caller_along_that_does_not_catch(session_of, truth, provide):
    def use(tx):
        tx.session.get(Item, 1).name = "half"
        provide(tx)

    with pytest.raises((Shortfall, DBAPIError)), unit_of_work(session_of(ANN)) as tx:
        use(tx)
    assert truth("select name from goods_item where id = 1") == "mine"


def test_what_a_provider_returns_can_be_read_afterwards(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        with tx.acting_for("goods", reason="parts") as own:
            item = own.one(select(Item), id=2)
            item.name = "shown by name"
        assert (item.id, item.name) == (2, "shown by name")


def test_what_another_plugin_changed_is_read_again(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        item = tx.session.get(Item, 1)
        with tx.acting_for("goods", reason="parts") as own:
            own.adjust(own.one(select(Item), id=1), "quantity", -1)
        assert item.quantity == 4


def test_nobody_acts_for_all_plugins(session_of):
    with unit_of_work(session_of(ANN)) as tx, pytest.raises(Refused):
        tx.acting_for(EVERYTHING, reason="x").__enter__()


def test_a_unit_lent_while_reading_writes_nothing(session_of):
    session = session_of(ANN)
    tx = UnitOfWork(session, session.principal, False)
    with tx.acting_for("goods", reason="look") as own:
        assert own.session.get(Item, 2).name == "SECRET"
        with pytest.raises(ReadOnly):
            own.adjust(own.session.get(Item, 2), "quantity", 1)


def test_a_unit_lent_while_reading_asks_the_database_for_nothing_of_its_own(session_of):
    session, seen = session_of(ANN), []
    tx = UnitOfWork(session, session.principal, False)
    connection = Session.connection(session)
    event.listen(connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
    with tx.acting_for("goods", reason="look") as own:
        assert own.session.get(Item, 2).name == "SECRET"
    assert [sql.split()[0] for sql in seen] == ["SELECT"]
    assert connection.in_transaction()


def test_looking_sees_everything_and_changes_nothing(app):
    with app.app_context(), looking(reason="test") as tx:
        assert tx.session.get(Item, 2).name == "SECRET"
        with pytest.raises((Refused, ReadOnly)):
            tx.ensure(Balance, point_id=ON_SHELF, name="ink")


# --- a busy database


class Busy(Exception):
    sqlstate = "40001"


def test_busy_is_retried_until_something_was_committed(session_of):
    session, tries = session_of(ANN), []

    def work(commit=False):
        tries.append(1)
        if commit:
            with unit_of_work(session) as tx:
                tx.session.add(Movement(item_id=1, department_id=STORES, note="x"))
        if len(tries) < 3:
            raise OperationalError("x", {}, Busy("locked"))
        return "done"

    assert (retrying(work, session), len(tries)) == ("done", 3)
    tries.clear()
    with pytest.raises(OperationalError):
        retrying(lambda: work(commit=True), session)
    assert len(tries) == 1


def test_another_error_is_not_retried(session_of):
    tries = []

    def work():
        tries.append(1)
        raise OperationalError("x", {}, Exception("disk full"))

    with pytest.raises(OperationalError):
        retrying(work, session_of(ANN))
    assert len(tries) == 1


def test_an_instant_is_aware_and_comes_back_in_utc(app):
    from portal.auth.models import Account

    with app.app_context(), unscoped(reason="test") as tx:
        stored = tx.session.scalars(select(Account.created_at)).first()
        assert stored.tzinfo is UTC
        with pytest.raises(Exception, match="naive datetime"):
            tx.session.scalars(
                select(Account).where(Account.created_at < datetime.fromisoformat("2026-01-01"))
            ).all()
