"""Quantities, minimums, values and prices of wares in one room."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kantor_inventory.models import Balance, Item, ItemUnit, Supplier, SupplierItem
from kantor_inventory.services import items, stock
from tests.policy import tables
from tests.policy.canaries import ROLES, Aviary, Canary, holders

# Pages that show stock to whoever may look at it; who may only move it sees it on the forms.
LOOKING = r"^/(\?|$)|^/inventory/(stock|places|ledger)|^/inventory/items/\w+($|/movements)"
STOCK = tuple(
    f"inventory.stock.{verb}"
    for verb in ("view", "receive", "issue", "transfer", "scrap", "reverse", "set_rule")
)


def plant(tx: Any, world: Any, aviary: Aviary) -> None:
    unit = items.unit_named(tx, "piece")
    for relation in ("same", "below", "above", "elsewhere", "team", "served"):
        place = world.places[relation]
        item = Item(name=f"Ware {relation}", sku=f"W-{relation}", sku_key=f"w-{relation}")
        item.base_unit = unit
        item.units = [ItemUnit(unit=unit, num=1)]
        tx.session.add(item)
        tx.session.flush()
        seers = holders(*STOCK, rule="stock", relation=relation)
        lookers = holders("inventory.stock.view", rule="stock", relation=relation)
        looking: dict[str, Any] = {"sure": frozenset(lookers), "strict": frozenset(lookers)}
        looking["strict_at"] = LOOKING
        buyers = holders("inventory.cost.view", rule="stock", relation=relation)
        even = {r for r in ROLES if _same_reach(r, "inventory.cost.view", "inventory.stock.view")}
        movements = f"/inventory/items/{item.public_id}/movements"
        quantity = aviary.number(
            f"quantity of ware {relation}",
            seers,
            lists=("/inventory/items", "/inventory/stock", movements),
            **looking,
        )
        worth = Canary(
            f"worth of ware {relation}",
            str(quantity * 3),
            frozenset(buyers & seers),
            ("/inventory/stock", movements),
            frozenset(buyers & lookers & even),
        )
        aviary.canaries.append(worth)
        note = aviary.word(f"movement of ware {relation}", seers, lists=(movements,), **looking)
        command = stock.Receive(
            item=item.public_id,
            quantity=quantity * 1_000,
            price=300,
            to_place=place["id"],
            note=note,
        )
        moved = stock.receive(tx, command)
        minimum = aviary.number(
            f"minimum of ware {relation}", seers, lists=("/inventory/stock",), **looking
        )
        tx.session.flush()
        rule = stock.SetRule(
            item=item.public_id, place=place["id"], minimum=minimum * 1_000, maximum=None
        )
        stock.set_rule(tx, rule)
        price = aviary.number(
            f"price of ware {relation}",
            holders("inventory.cost.view", rule="anybody", relation="any"),
            sure=frozenset(
                holders("inventory.cost.view", rule="anybody", relation="any")
                & holders("inventory.item.view", rule="anybody", relation="any")
            ),
            also=("csv",),  # the order list to be taken along
        )
        supplier = tx.session.scalars(
            select(Supplier).where(Supplier.public_id == world.common["supplier"])
        ).one()
        tx.session.add(
            SupplierItem(supplier_id=supplier.id, item_unit_id=item.units[0].id, price=price * 100)
        )
        _finding(tx, world, aviary, item, relation, lookers)
        here = f"/inventory/items/{item.public_id}"
        aviary.addresses |= {
            here,
            movements,
            *(f"{movements}?format={name}" for name in ("json", "csv", "xlsx")),
            *(f"{here}/{name}" for name in ("issue", "receive", "transfer", "scrap", "rules/new")),
            f"{here}/rules/{place['id']}",
            f"/inventory/movements/{moved.public_id}",
            f"/inventory/movements/{moved.public_id}/reverse",
        }
        aviary.addresses |= {
            f"/inventory/stock?place={place['id']}{more}"
            for more in ("", "&format=json", "&state=below")
        }


def _same_reach(role: str, one: str, other: str) -> bool:
    grants = tables.roles()[role]
    return one in grants and grants.get(one) == grants.get(other)


def _finding(
    tx: Any, world: Any, aviary: Aviary, item: Any, relation: str, lookers: set[str]
) -> None:
    balance = tx.session.scalars(
        select(Balance).where(Balance.item_id == item.id, ~Balance.outside)
    ).one()
    buyers = holders("inventory.cost.view", rule="stock", relation=relation)
    for kind, readers in (("quantity", lookers), ("value", lookers & buyers)):
        world.common.setdefault("findings", []).append(
            {
                "item_id": item.id,
                "point_id": balance.point_id,
                "kind": kind,
                "stored": aviary.number(f"finding about the {kind} of ware {relation}", readers),
                "computed": 0,
            }
        )
