"""Every way to change rows we know of, as Ann, who writes in her own department only."""

import pytest
import sqlalchemy as sa
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm.exc import ObjectDeletedError

from portal.auth.models import Account
from portal.contacts.models import Contact
from portal.db import new_session, unscoped
from portal.errors import NoPrincipal, NotFound, OutOfReach, ReadOnly, Refused
from portal.people.models import Membership, Person
from portal.reach import visible
from portal.roles.models import Role, RolePermission
from portal.work import unit_of_work

from .small.cases import Leave, Statement
from .small.goods.models import Balance, Item, Memo, Movement, Supplier, Transfer
from .small.orders import Order
from .small_world import (
    ANN,
    BOARD,
    BOB,
    CELLAR,
    DI,
    HANA,
    IN_CELLAR,
    IN_LAB,
    LAB,
    ON_SHELF,
    OUTSIDE,
    STORES,
)

T, M = Item.__table__, Movement.__table__


def added(row):
    return lambda s: (s.add(row()), s.flush())


def changed(model, number, **values):
    def change(s):
        row = s.get(model, number)
        for name, value in values.items():
            setattr(row, name, value)
        s.flush()

    return change


def deleted(model, number):
    return lambda s: (s.delete(s.get(model, number)), s.flush())


def executed(statement, *parameters):
    return lambda s: s.execute(statement, *parameters)


REFUSED = {
    "core update": (executed(update(T).values(name="pwn")), Refused),
    "bulk insert": (executed(insert(Item).values(name="pwn", department_id=LAB)), Refused),
    "insert from select": (
        executed(
            insert(M).from_select(
                ["item_id", "department_id", "note"], select(Item.id, sa.literal(2), Item.name)
            )
        ),
        Refused,
    ),
    "update by primary key": (executed(update(Item), [{"id": 2, "name": "pwn"}]), Refused),
    "bulk re-parenting": (executed(update(Item).values(department_id=LAB)), Refused),
    "bulk attach to a foreign row": (executed(update(Movement).values(item_id=2)), Refused),
    "bulk attach to a followed row": (executed(update(Memo).values(item_id=2)), Refused),
    "update from another class": (
        executed(update(Item).where(Item.id == Movement.item_id).values(name=Movement.note)),
        Refused,
    ),
    "update returning another class": (
        executed(update(Item).values(name="x").returning(Movement.note)),
        Refused,
    ),
    "delete using another class": (
        executed(delete(Item).where(Item.id == Order.item_id)),
        Refused,
    ),
    "insert into a foreign department": (
        added(lambda: Item(name="x", department_id=LAB)),
        OutOfReach,
    ),
    "insert readable but not writable": (
        added(lambda: Item(name="x", department_id=CELLAR)),
        OutOfReach,
    ),
    "move away": (changed(Item, 1, department_id=LAB), OutOfReach),
    "move away by SQL expression": (
        changed(Item, 1, department_id=select(sa.literal(LAB)).scalar_subquery()),
        Refused,
    ),
    "attach through the relationship": (
        added(
            lambda: Movement(
                item=Item(id=77, name="x", department_id=LAB), department_id=STORES, note="x"
            )
        ),
        OutOfReach,
    ),
    "change a row that is only readable": (changed(Item, 3, name="x"), OutOfReach),
    "delete a row that is only readable": (deleted(Item, 3), OutOfReach),
    "pull a foreign row in": (changed(Item, 3, department_id=STORES), OutOfReach),
    "child of a foreign row": (
        added(lambda: Movement(item_id=2, department_id=STORES, note="x")),
        OutOfReach,
    ),
    "re-point at a foreign row": (changed(Movement, 1, item_id=2), OutOfReach),
    "point at a foreign row of core": (changed(Item, 1, contact_id=2), OutOfReach),
    "global row without a grant": (changed(Person, BOB, name="x"), OutOfReach),
    "new global row without a grant": (added(lambda: Supplier(name="x")), OutOfReach),
    "confidential row without a grant": (
        added(lambda: Statement(case_id=1, body="x")),
        OutOfReach,
    ),
    "somebody else's": (added(lambda: Leave(owner_id=BOB, days=1)), OutOfReach),
    "shared row without a grant": (changed(Contact, 1, name="x"), OutOfReach),
    "follower of a foreign row": (added(lambda: Memo(item_id=2, text="x")), OutOfReach),
    "follower of a row that is only readable": (
        added(lambda: Memo(item_id=3, text="x")),
        OutOfReach,
    ),
    "follower moved to a foreign row": (changed(Memo, 1, item_id=2), OutOfReach),
    "follower changed where only readable": (changed(Memo, 3, text="x"), OutOfReach),
    "orphan removed where only readable": (
        lambda s: ((item := s.get(Item, 3)).memos.remove(item.memos[0]), s.flush()),
        OutOfReach,
    ),
    "stock of a place that only serves us": (changed(Balance, IN_LAB, quantity=9), OutOfReach),
    "transfer of which one end is foreign": (
        added(lambda: Transfer(from_point_id=ON_SHELF, to_point_id=IN_CELLAR, quantity=1)),
        OutOfReach,
    ),
    "transfer to a place that only serves us": (
        added(lambda: Transfer(from_point_id=ON_SHELF, to_point_id=IN_LAB, quantity=1)),
        OutOfReach,
    ),
    "a role of one's own": (
        lambda s: (s.add(Role(slug="mine", name="Mine")), s.flush()),
        OutOfReach,
    ),
    "a permission for a role": (
        lambda s: (
            s.add(RolePermission(role_id=1, permission="goods.item.edit", reach="all")),
            s.flush(),
        ),
        OutOfReach,
    ),
    "a membership": (
        added(lambda: Membership(person_id=ANN, department_id=LAB, from_on=sa.func.current_date())),
        OutOfReach,
    ),
    "an account": (
        lambda s: (
            s.add(Account(person_id=DI, username="x", created_at=sa.func.now())),
            s.flush(),
        ),
        OutOfReach,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_writing_is_limited_on_both_sides(session_of, truth, name):
    write, error = REFUSED[name]
    session = session_of(ANN)
    state = "select sum(department_id) || max(name) || count(*) from goods_item"
    memos = "select sum(item_id) || max(text) || count(*) from goods_memo"
    before = (truth(state), truth(memos))
    with pytest.raises(error) as caught, unit_of_work(session):
        write(session)
    assert type(caught.value) is error
    assert (truth(state), truth(memos)) == before


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (update(Item).values(name="x"), 1),
        (update(Item).where(Item.id == 2).values(name="x"), 0),
        (
            update(Item)
            .where(Item.id.in_(select(Movement.item_id).where(Movement.note.like("SECRET%"))))
            .values(name="x"),
            0,
        ),
        (
            update(Item).values(
                name=func.coalesce(select(func.max(Movement.note)).scalar_subquery(), "-")
            ),
            1,
        ),
        (update(Memo).values(text="x"), 1),
        (update(Balance).values(value=1), 2),  # the shelf's, and the one that is nobody's
        (update(Transfer).values(quantity=2), 1),
        (delete(Movement), 2),
        (delete(Movement).where(Movement.item_id.in_(select(Order.item_id))), 1),
        (delete(Memo), 1),
    ],
    ids=str,
)
def test_bulk_statements_touch_only_writable_rows(session_of, truth, statement, rows):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        assert tx.session.execute(statement).rowcount == rows
    assert truth("select count(*) from goods_item where name like 'SECRET%'") == 1
    assert truth("select max(text) from goods_memo where id = 2") == "SECRET"


def test_legitimate_writes_pass(session_of, truth):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        tx.session.add(Movement(item_id=1, department_id=STORES, note="new"))
        tx.session.get(Item, 1).name = "renamed"
        tx.session.get(Order, 1).note = "looked at"
        item = tx.session.get(Item, 1)
        item.movements.append(Movement(department_id=STORES, note="by collection"))
        item.quantity = Item.quantity - 1
        item.contact_id = 1
        tx.session.add(Memo(item_id=1, text="noted"))
        tx.session.add(Transfer(from_point_id=OUTSIDE, to_point_id=ON_SHELF, quantity=3))
        tx.session.get(Balance, ON_SHELF).quantity = 7
        item.memos.remove(item.memos[0])
    assert truth("select name from goods_item where id = 1") == "renamed"
    assert truth("select count(*) from goods_memo where item_id = 1") == 1


def test_an_orphan_that_nobody_looked_at_is_not_deleted(session_of, truth):
    """Ann may edit her item, and Bob has left a note on it that is none of hers."""
    session = session_of(ANN)
    with unscoped(reason="test") as tx:
        tx.session.add(Memo(id=9, item_id=1, text="hers too"))
    with unit_of_work(session) as tx:
        item = tx.session.get(Item, 1)
        item.memos = []
    assert truth("select count(*) from goods_memo where item_id = 1") == 0


def test_a_row_that_left_my_reach_cannot_be_refreshed(session_of):
    session = session_of(ANN)
    row = session.get(Item, 1)
    session.rollback()
    with unscoped(reason="test") as tx:
        tx.session.get(Item, 1).department_id = LAB
    with pytest.raises((InvalidRequestError, ObjectDeletedError)):
        session.refresh(row)
    session.expire(row)
    with pytest.raises(ObjectDeletedError):
        _ = row.name
    assert session.get(Item, 1) is None


def test_a_row_of_another_session_cannot_be_attached(session_of):
    session = session_of(ANN)
    with unscoped(reason="test") as tx:
        foreign = tx.session.get(Item, 2)
        tx.session.expunge(foreign)
    with pytest.raises(Refused):
        session.add(foreign)


def test_nothing_without_a_principal(app):
    with app.app_context(), new_session() as session, pytest.raises(NoPrincipal):
        session.scalars(select(Person)).all()


def test_changes_need_a_writing_unit(session_of):
    session = session_of(ANN)
    with pytest.raises(ReadOnly):
        session.execute(update(Item).values(name="x"))
    session.get(Item, 1).name = "x"
    with pytest.raises(ReadOnly):
        session.flush()


def test_a_service_cannot_end_the_transaction_of_its_caller(session_of, truth):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        changed(Item, 1, quantity=4)(tx.session)
        with pytest.raises(Refused):
            tx.session.rollback()
    assert truth("select quantity from goods_item where id = 1") == 4
    assert truth("select name from goods_item where id = 1") == "mine"


def test_a_failed_flush_rearms_the_tripwire(session_of):
    session = session_of(ANN)
    with pytest.raises(IntegrityError), unit_of_work(session):
        session.add(Movement(id=1, item_id=1, department_id=STORES, note="twin"))
    with pytest.raises(Refused), session.get_bind().connect() as connection:
        connection.execute(text("select * from goods_item"))


def test_visible_narrows_the_wall_to_one_permission(session_of):
    session = session_of(ANN)

    def ids(model, permission):
        return {
            row.id for row in session.scalars(visible(select(model), permission, session.principal))
        }

    assert ids(Item, "goods.item.view") == {1, 3}
    assert ids(Item, "goods.item.adjust") == {1}
    assert ids(Memo, "goods.memo.view") == {1, 3}
    assert ids(Memo, "goods.memo.write") == {1}
    assert ids(Balance, "goods.stock.view") == {ON_SHELF, IN_LAB}
    assert ids(Balance, "goods.stock.move") == {ON_SHELF}
    with pytest.raises(ValueError, match=r"not a permission on goods\.item"):
        visible(select(Item), "orders.order.view", session.principal)


def test_a_permission_one_does_not_hold_shows_nothing(session_of):
    session = session_of(DI)
    for model, permission in (
        (Item, "goods.item.view"),
        (Memo, "goods.memo.view"),
        (Leave, "cases.leave.view"),
    ):
        assert session.scalars(visible(select(model), permission, session.principal)).all() == []


def test_a_missing_and_a_foreign_row_are_the_same(session_of):
    session = session_of(ANN)
    for item_id in (2, 999):
        with pytest.raises(NotFound), unit_of_work(session) as tx:
            tx.one(visible(select(Item), "goods.item.view", tx.actor), id=item_id)


def test_one_row_is_found_by_its_own_columns_whatever_is_joined(session_of):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        found = visible(select(Item).join(Item.movements), "goods.item.view", tx.actor)
        assert tx.one(found, id=1).name == "mine"
        with pytest.raises(NotFound):
            tx.one(found, id=4)  # a movement in reach has that number


def test_board_is_not_reached_from_below(session_of):
    session = session_of(ANN)
    assert session.scalars(select(Item).where(Item.department_id == BOARD)).all() == []
    assert session_of(HANA).scalars(select(Item)).all() == []
