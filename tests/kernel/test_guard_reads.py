"""Every way to read rows we know of, as Ann: her department and, for items, what lies below it."""

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased, joinedload, selectinload, subqueryload

from portal.auth.models import Account
from portal.contacts.models import Contact, ContactPoint
from portal.errors import Refused
from portal.people.models import Person

from .small.cases import Leave, Statement
from .small.goods.models import Balance, Item, Memo, Movement, Supplier, Transfer
from .small.orders import Order
from .small_world import ANN

T, M, ORDERS = Item.__table__, Movement.__table__, Order.__table__
LIGHT = sa.table("goods_item", sa.column("id"), sa.column("name"))
OTHER_SCHEMA = sa.table("goods_item", sa.column("id"), schema="main")
COPY = T.to_metadata(sa.MetaData())
cte = select(Item.name).cte()
alias = aliased(Item)
alias_of_table = M.alias()
other, third = aliased(Movement), aliased(Movement)
memo_alias = aliased(Memo)


def names(rows):
    return sorted(str(row) for row in rows)


def pairs(rows):
    return sorted(tuple(row) for row in rows)


READS = {
    "select": (lambda s: names(i.name for i in s.scalars(select(Item))), ["below", "mine"]),
    "get cold": (lambda s: s.get(Item, 2), None),
    "columns": (lambda s: names(s.scalars(select(Item.name))), ["below", "mine"]),
    "count select_from": (lambda s: s.scalar(select(func.count()).select_from(Item)), 2),
    "count column": (lambda s: s.scalar(select(func.count(Item.id))), 2),
    "aliased": (lambda s: names(i.name for i in s.scalars(select(alias))), ["below", "mine"]),
    "exists": (
        lambda s: s.scalar(select(select(Item.id).where(Item.name == "SECRET").exists())),
        False,
    ),
    "scalar subquery": (
        lambda s: s.scalar(select(select(Item.name).where(Item.id == 2).scalar_subquery())),
        None,
    ),
    "cte": (lambda s: names(s.scalars(select(cte.c.name))), ["below", "mine"]),
    "union": (
        lambda s: names(s.scalars(sa.union(select(Item.name), select(Movement.note)))),
        ["below", "mine", "mine, foreign item", "r1"],
    ),
    "union as subquery": (
        lambda s: s.scalar(
            select(func.count()).select_from(
                sa.union_all(select(Item.name), select(Order.note)).subquery()
            )
        ),
        3,
    ),
    "correlated scalar": (
        lambda s: s.execute(
            select(
                Item.name,
                select(Movement.note)
                .where(Movement.item_id == Item.id)
                .correlate(Item)
                .scalar_subquery(),
            ).where(Item.id == 1)
        ).one()[1],
        "r1",
    ),
    "join": (lambda s: names(i.name for i in s.scalars(select(Item).join(Movement))), ["mine"]),
    "join across registries": (
        lambda s: names(s.scalars(select(Item.name).join(Order, Order.item_id == Item.id))),
        [],
    ),
    "join to an alias": (
        lambda s: pairs(
            s.execute(select(Item.name, other.note).join(other, other.item_id == Item.id))
        ),
        [("mine", "r1")],
    ),
    "self join": (
        lambda s: pairs(
            s.execute(
                select(Movement.note, other.note).join(other, other.item_id == Movement.item_id)
            )
        ),
        [("mine, foreign item", "mine, foreign item"), ("r1", "r1")],
    ),
    "outer self join": (
        lambda s: pairs(
            s.execute(
                select(Movement.note, other.note)
                .outerjoin(other, sa.and_(other.item_id == Movement.item_id, other.id == 3))
                .where(Movement.id == 1)
            )
        ),
        [("r1", None)],
    ),
    "two aliases": (
        lambda s: pairs(
            s.execute(
                select(other.note, third.note)
                .join(third, third.item_id == other.item_id)
                .where(other.item_id == 1)
            )
        ),
        [("r1", "r1")],
    ),
    "alias by relationship": (
        lambda s: pairs(
            s.execute(select(Item.name, other.note).join(Item.movements.of_type(other)))
        ),
        [("mine", "r1")],
    ),
    "alias in a correlated subquery": (
        lambda s: s.scalar(
            select(
                select(func.count(other.id))
                .where(other.item_id == Item.id)
                .correlate(Item)
                .scalar_subquery()
            ).where(Item.id == 1)
        ),
        1,
    ),
    "outer join across registries": (
        lambda s: pairs(
            s.execute(select(Order.note, Item.name).outerjoin(Item, Order.item_id == Item.id))
        ),
        [("mine", None)],
    ),
    "aggregate": (lambda s: s.scalar(select(func.max(Movement.note))), "r1"),
    "case": (
        lambda s: names(s.scalars(select(sa.case((Item.id > 0, Item.name))))),
        ["below", "mine"],
    ),
    "in subquery": (
        lambda s: names(
            s.scalars(select(Movement.note).where(Movement.item_id.in_(select(Item.id))))
        ),
        ["r1"],
    ),
    "any()": (
        lambda s: names(
            s.scalars(select(Item.name).where(Item.movements.any(Movement.note.like("SECRET%"))))
        ),
        [],
    ),
    "has()": (
        lambda s: names(s.scalars(select(Order.note).where(Order.item.has(Item.name == "SECRET")))),
        [],
    ),
    "lazy 1-n": (lambda s: names(m.note for m in s.get(Item, 1).movements), ["r1"]),
    "lazy n-1": (lambda s: s.get(Movement, 4).item, None),
    "lazy n-1 across registries": (lambda s: s.get(Order, 1).item, None),
    "lazy n-1 from a global row": (lambda s: s.get(Supplier, 1).favourite, None),
    "lazy to core": (lambda s: s.get(Order, 1).reporter.name, "Ann"),
    "joinedload": (
        lambda s: s.scalars(select(Order).options(joinedload(Order.item))).unique().one().item,
        None,
    ),
    "joinedload from a global row": (
        lambda s: (
            s.scalars(select(Supplier).options(joinedload(Supplier.favourite))).one().favourite
        ),
        None,
    ),
    "joinedload 1-n": (
        lambda s: names(
            m.note
            for i in s.scalars(select(Item).options(joinedload(Item.movements))).unique()
            for m in i.movements
        ),
        ["r1"],
    ),
    "joinedload of two plugins": (
        lambda s: [
            m.note
            for o in s.scalars(
                select(Order).options(joinedload(Order.item).joinedload(Item.movements))
            ).unique()
            for m in (o.item.movements if o.item else [])
        ],
        [],
    ),
    "selectinload": (
        lambda s: names(
            m.note
            for i in s.scalars(select(Item).options(selectinload(Item.movements)))
            for m in i.movements
        ),
        ["r1"],
    ),
    "selectinload n-1": (
        lambda s: s.scalars(select(Order).options(selectinload(Order.item))).one().item,
        None,
    ),
    "subqueryload": (
        lambda s: names(
            m.note
            for i in s.scalars(select(Item).options(subqueryload(Item.movements)))
            for m in i.movements
        ),
        ["r1"],
    ),
    "yield_per": (
        lambda s: names(i.name for i in s.scalars(select(Item).execution_options(yield_per=1))),
        ["below", "mine"],
    ),
    "populate_existing": (lambda s: s.get(Item, 2, populate_existing=True), None),
    "with_for_update": (
        lambda s: s.scalars(select(Item).where(Item.id == 2).with_for_update()).all(),
        [],
    ),
    "get twice": (lambda s: (s.get(Item, 1).name, s.get(Item, 1).name), ("mine", "mine")),
    "owned": (lambda s: [leave.owner_id for leave in s.scalars(select(Leave))], [ANN]),
    "no grant on the noun": (lambda s: s.scalars(select(Statement)).all(), []),
    "global": (lambda s: s.scalar(select(func.count()).select_from(Person)), 6),
    "shared when null": (
        lambda s: names(c.name for c in s.scalars(select(Contact))),
        ["Shared Ltd"],
    ),
    "follows a row": (lambda s: names(s.scalars(select(Memo.text))), ["on below", "on mine"]),
    "follows, by alias": (
        lambda s: names(s.scalars(select(memo_alias.text))),
        ["on below", "on mine"],
    ),
    "follows, get cold": (lambda s: s.get(Memo, 2), None),
    "follows, lazy 1-n": (lambda s: [m.text for m in s.get(Item, 1).memos], ["on mine"]),
    "follows, joined": (
        lambda s: names(
            m.text
            for i in s.scalars(select(Item).options(joinedload(Item.memos))).unique()
            for m in i.memos
        ),
        ["on below", "on mine"],
    ),
    "follows, in a subquery": (
        lambda s: s.scalar(select(select(Memo.id).where(Memo.id == 2).exists())),
        False,
    ),
    "follows its place": (
        lambda s: sorted(s.scalars(select(Balance.point_id))),
        [1, 2],  # the lab's shelf serves the stores
    ),
    "follows two ends": (lambda s: sorted(s.scalars(select(Transfer.id))), [1, 3, 4]),
    "core only": (lambda s: s.scalars(select(sa.func.count()).select_from(Account)).one(), 0),
    "core only, by relationship": (lambda s: s.scalars(select(ContactPoint)).all(), []),
}
REFUSED = {
    "core select": lambda s: s.execute(select(T)),
    "text": lambda s: s.execute(text("select * from goods_item")),
    "from_statement": lambda s: s.scalars(
        select(Item).from_statement(text("select * from goods_item"))
    ).all(),
    "from_statement over the class": lambda s: s.scalars(
        select(Item).from_statement(select(Item))
    ).all(),
    "text inside an ORM statement": lambda s: s.scalars(
        select(Order).where(text("exists(select 1 from goods_item)"))
    ).all(),
    "literal column": lambda s: s.scalars(
        select(Item.id, sa.literal_column("(select max(note) from goods_movement)"))
    ).all(),
    "literal search table": lambda s: s.scalars(
        select(Item.id, sa.literal_column("(select max(c0) from goods_movement_fts_content)"))
    ).all(),
    "literal column of a followed table": lambda s: s.scalars(
        select(Memo.id, sa.literal_column("(select max(name) from goods_item)"))
    ).all(),
    "statement hint": lambda s: s.scalars(
        select(Item.id).with_statement_hint("UNION SELECT id FROM goods_item")
    ).all(),
    "table hint": lambda s: s.scalars(
        select(Item.id).with_hint(Item, "JOIN goods_item AS x ON true")
    ).all(),
    "operator written by hand": lambda s: s.scalars(
        select(Item.id).where(Item.id.op("IN (SELECT id FROM goods_item) OR 1 =")(1))
    ).all(),
    "prefix": lambda s: s.scalars(
        select(Item.id).prefix_with(text("(SELECT max(name) FROM goods_item),"))
    ).all(),
    "table in a subquery": lambda s: s.scalars(
        select(Item).where(Item.id.in_(select(M.c.item_id)))
    ).all(),
    "table in exists": lambda s: s.scalars(select(Item).where(sa.exists(select(M)))).all(),
    "table joined": lambda s: s.scalars(select(Item).join(M)).all(),
    "table alias of another plugin": lambda s: s.scalars(
        select(Item.id).where(Item.id.in_(select(ORDERS.alias().c.item_id)))
    ).all(),
    "table alias beside its class": lambda s: s.scalars(
        select(Movement.id).where(sa.exists(select(alias_of_table.c.id)))
    ).all(),
    "followed table beside the follower": lambda s: s.scalars(
        select(Memo.id).where(sa.exists(select(T.alias().c.id)))
    ).all(),
    "lightweight table() beside its class": lambda s: s.scalars(
        select(Item.id).where(Item.id.in_(select(LIGHT.c.id)))
    ).all(),
    "lightweight table() of a connected class": lambda s: s.scalars(
        select(Order.id).where(sa.exists(select(LIGHT.c.id).where(LIGHT.c.name == "SECRET")))
    ).all(),
    "lightweight table() under another schema": lambda s: s.scalars(
        select(Order.id).where(sa.exists(select(OTHER_SCHEMA.c.id)))
    ).all(),
    "alias of a lightweight table()": lambda s: s.scalars(
        select(Order.id).where(sa.exists(select(LIGHT.alias("x").c.id)))
    ).all(),
    "lightweight table() as an entity": lambda s: s.execute(select(Item.id, LIGHT.c.name)).all(),
    "a copied table": lambda s: s.scalars(
        select(Order.id).where(sa.exists(select(COPY.c.id)))
    ).all(),
    "tablesample": lambda s: s.scalars(
        select(Order.id).where(sa.exists(select(T.tablesample(100).c.id)))
    ).all(),
    "lateral": lambda s: s.execute(select(Order.id, select(T.c.name).lateral().c.name)).all(),
    "join of tables": lambda s: s.scalars(select(Item.id).select_from(sa.join(T, M))).all(),
    "join of a class and a table": lambda s: s.scalars(
        select(M.c.note).select_from(sa.join(Item, M, Item.id == M.c.item_id))
    ).all(),
    "table in ORDER BY": lambda s: s.scalars(select(alias.id).order_by(T.c.name)).all(),
    "table in GROUP BY": lambda s: s.scalars(select(func.count(alias.id)).group_by(T.c.name)).all(),
    "table in a CTE": lambda s: s.scalars(
        select(Order.id).where(Order.item_id.in_(select(select(T.c.id).cte().c.id)))
    ).all(),
    "table in a union": lambda s: s.scalars(sa.union(select(Order.note), select(T.c.name))).all(),
    "table in a window": lambda s: s.scalars(
        select(func.max(T.c.name).over(order_by=alias.id)).select_from(alias)
    ).all(),
    "of_type() with an alias named nowhere else": lambda s: s.scalars(
        select(Item.name).join(Item.movements.of_type(other))
    ).all(),
    "plain column beside an alias of the class": lambda s: s.scalars(
        select(alias.id).where(T.c.name == "SECRET")
    ).all(),
    "aliased() over a table": lambda s: s.scalars(
        select(aliased(Item, select(T).subquery()))
    ).all(),
    "exists() without a class": lambda s: s.scalar(
        select(sa.exists().where(Item.name == "SECRET"))
    ),
    "a table of the portal itself": lambda s: s.execute(select(Account.__table__)),
    "connection()": lambda s: s.connection(),
    "query()": lambda s: s.query(Item).all(),
    "merge()": lambda s: s.merge(Item(id=2, name="pwn", department_id=2)),
    "commit()": lambda s: s.commit(),
    "bulk_update_mappings": lambda s: s.bulk_update_mappings(Item, [{"id": 2, "name": "pwn"}]),
    "bulk_insert_mappings": lambda s: s.bulk_insert_mappings(
        Item, [{"name": "pwn", "department_id": 9}]
    ),
    "bulk_save_objects": lambda s: s.bulk_save_objects([Item(name="pwn", department_id=9)]),
    "engine, text": lambda s: on_engine(s, text("select * from goods_item")),
    "engine, upper case": lambda s: on_engine(s, text("select * from GOODS_ITEM")),
    "engine, search table": lambda s: on_engine(s, text("select * from goods_item_fts_data")),
    "engine, ORM select": lambda s: on_engine(s, select(Item)),
    "engine, driver SQL": lambda s: on_driver(s, "select * from goods_item"),
    "a second principal": lambda s: s.act_as(s.principal.__class__()),
}


def on_engine(session, statement):
    with session.get_bind().connect() as connection:
        return connection.execute(statement)


def on_driver(session, sql):
    with session.get_bind().connect() as connection:
        return connection.exec_driver_sql(sql)


@pytest.mark.parametrize("name", READS)
def test_reading_is_limited(session_of, name):
    read, expected = READS[name]
    assert read(session_of(ANN)) == expected


@pytest.mark.parametrize("name", REFUSED)
def test_detours_are_refused(session_of, name):
    with pytest.raises(Refused):
        REFUSED[name](session_of(ANN))
