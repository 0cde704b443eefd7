"""What is kept: items, the units they come in, their codes, and the categories they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from portal.api import (
    Conflict,
    Message,
    NotFound,
    UnitOfWork,
    ValidationFailed,
    message,
    sort_key,
    visible,
)

from .. import rules
from ..models import Barcode, Category, Item, ItemUnit, Unit
from ..watching import episodes

# Asked for every new item, so made once.
UNIT_ID = select(Unit.id).where(Unit.name_key == bindparam("key"))
TAKEN = select(Item.id, Item.name).where(Item.sku_key == bindparam("key"))


class UnitInUse(Conflict):
    """The unit cannot be switched off: the item is counted in it."""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """``den`` of ``unit`` hold ``num`` base units; ``code`` is what is printed on it."""

    unit: str
    num: int
    den: int = 1
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class AddItem:
    """A new kind of thing, counted in ``unit``; units are named, and made if they are new."""

    name: str
    sku: str
    unit: str
    code: str = ""
    packs: tuple[Pack, ...] = ()
    category: str | None = None
    mode: str = "perpetual"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class EditItem:
    """What may be changed about an item, and the version it was read at."""

    item: str
    version: int
    name: str
    sku: str
    category: str | None
    mode: str
    status: str
    note: str


@dataclass(frozen=True, kw_only=True)
class AddPack:
    """A further unit that an item comes in."""

    item: str
    pack: Pack


@dataclass(frozen=True, kw_only=True)
class AddCode:
    """A further code for one of an item's units."""

    unit: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Rename:
    """A new name for a category or a unit, and the version it was read at."""

    row: str
    version: int
    name: str


def add_item(tx: UnitOfWork, command: AddItem) -> Item:
    """Add an item with its units and codes; raise ValidationFailed with every fault at once."""
    problems = _name_problems(command)
    if not command.unit.strip():
        problems["unit"] = message("Say in what the item is counted.")
    if problems:
        raise ValidationFailed(problems | _sku_problem(tx, command.sku))
    tx.if_refused(lambda tx: _sku_problem(tx, command.sku))
    base_id, category = unit_id_named(tx, command.unit), _category(tx, command.category)
    item = Item(
        name=command.name.strip(),
        sku=command.sku.strip(),
        sku_key=sort_key(command.sku.strip()),
        base_unit_id=base_id,
        category_id=category.id if category is not None else None,
        mode=command.mode,
        note=command.note.strip(),
    )
    tx.session.add(item)
    _put_unit(tx, item, base_id, Pack(unit=command.unit, num=1, code=command.code))
    for pack in command.packs:
        _add_unit(tx, item, pack)
    tx.audit("inventory.item_added", item, sku=item.sku)
    return item


def edit_item(tx: UnitOfWork, command: EditItem) -> Item:
    """Change an item; raise EditConflict when it was changed since it was read."""
    item: Item = tx.one(
        visible(select(Item), "inventory.item.edit", tx.actor), public_id=command.item
    )
    rearmed = (item.mode, item.status) != (command.mode, command.status)
    if rearmed or item.name != command.name.strip():  # A new name is written to balances, too.
        episodes.hold(tx, [command.item])
    tx.expect_version(item, command.version, **_said(item))
    number = item.id
    problems = _name_problems(command) | _sku_problem(tx, command.sku, besides=number)
    if problems:
        raise ValidationFailed(problems)
    tx.if_refused(lambda tx: _sku_problem(tx, command.sku, besides=number))
    before = _said(item)
    item.name, item.sku = command.name.strip(), command.sku.strip()
    item.sku_key = sort_key(item.sku)
    item.category = _category(tx, command.category)
    item.mode, item.status, item.note = command.mode, command.status, command.note.strip()
    after = _said(item)
    if changed := {name for name in after if after[name] != before[name]}:
        tx.audit(
            "inventory.item_changed",
            item,
            before={name: before[name] for name in sorted(changed)},
            after={name: after[name] for name in sorted(changed)},
        )
    if rearmed:
        episodes.settle_items(tx, [command.item])
    return item


def add_pack(tx: UnitOfWork, command: AddPack) -> ItemUnit:
    """Let an item come in a further unit; raise ValidationFailed if it already does."""
    item: Item = tx.one(
        visible(select(Item), "inventory.item.edit", tx.actor), public_id=command.item
    )
    unit = _add_unit(tx, item, command.pack)
    tx.audit("inventory.unit_added", item, unit=unit.unit.name, num=unit.num, den=unit.den)
    return unit


def retire_pack(tx: UnitOfWork, public_id: str) -> ItemUnit:
    """Switch a unit of an item off, with its codes; old movements keep it."""
    unit: ItemUnit = tx.one(
        visible(select(ItemUnit), "inventory.item.edit", tx.actor), public_id=public_id
    )
    if unit.unit_id == unit.item.base_unit_id:
        raise UnitInUse(message("The item is counted in this unit, so it stays."))
    unit.active = False
    codes = select(Barcode).filter_by(item_unit_id=unit.id, active=True)
    for barcode in tx.session.scalars(codes):
        barcode.active = False
    tx.audit("inventory.unit_retired", unit.item, unit=unit.unit.name)
    return unit


def add_code(tx: UnitOfWork, command: AddCode) -> Barcode:
    """Say what is printed on a packet; raise BadBarcode or ValidationFailed."""
    unit: ItemUnit = tx.one(
        visible(select(ItemUnit), "inventory.item.edit", tx.actor), public_id=command.unit
    )
    barcode = _add_code(tx, unit, command.code)
    tx.audit("inventory.code_added", unit.item, code=barcode.code)
    return barcode


def retire_code(tx: UnitOfWork, code: str) -> Item:
    """Let a code stand for nothing any more; return the item it stood for, or raise NotFound."""
    barcode = _barcode(tx, code)
    if barcode is None:
        raise NotFound
    barcode.active = False
    item = barcode.item_unit.item
    tx.audit("inventory.code_retired", item, code=barcode.code)
    return item


def add_category(tx: UnitOfWork, name: str) -> Category:
    """Add a category, or raise ValidationFailed if there is one of that name."""
    _free_name(tx, Category, name)
    category = Category(name=name.strip())
    tx.session.add(category)
    tx.audit("inventory.category_added", category)
    return category


def add_unit(tx: UnitOfWork, name: str) -> Unit:
    """Add a word for what is counted, or raise ValidationFailed if it is there."""
    _free_name(tx, Unit, name)
    unit = Unit(name=name.strip())
    tx.session.add(unit)
    tx.audit("inventory.unit_named", unit)
    return unit


def rename(tx: UnitOfWork, model: type[Category | Unit], command: Rename) -> Any:
    """Give a category or a unit another name; raise EditConflict or ValidationFailed."""
    row = tx.one(visible(select(model), "inventory.item.edit", tx.actor), public_id=command.row)
    tx.expect_version(row, command.version, name=row.name)
    _free_name(tx, model, command.name, besides=row.id)
    before = row.name
    row.name = command.name.strip()
    tx.audit("inventory.renamed", row, before=before, after=row.name)
    return row


def unit_named(tx: UnitOfWork, name: str) -> Unit:
    """Return the unit of this name, however it is spelt in capitals; made if it is new."""
    same = select(Unit).where(Unit.name_key == sort_key(name.strip()))
    unit = tx.session.scalars(same).one_or_none()
    if unit is None:
        unit = Unit(name=name.strip())
        tx.session.add(unit)
        tx.session.flush()
    return unit


def unit_id_named(tx: UnitOfWork, name: str) -> int:
    """Return the id of what unit_named() returns."""
    known: int | None = tx.session.scalar(UNIT_ID, {"key": sort_key(name.strip())})
    return known if known is not None else unit_named(tx, name).id


def by_code(tx: UnitOfWork, code: str) -> ItemUnit | None:
    """Return what a scanned code stands for: one pen, or the carton of them."""
    try:
        barcode = _barcode(tx, code)
    except rules.BadBarcode:
        return None
    return None if barcode is None else barcode.item_unit


def _add_unit(tx: UnitOfWork, item: Item, pack: Pack) -> ItemUnit:
    if pack.num <= 0 or pack.den <= 0:
        raise ValidationFailed({"num": message("A pack holds something.")})
    if not pack.unit.strip():
        raise ValidationFailed({"unit": message("Name the unit, for example box.")})
    unit = unit_named(tx, pack.unit)
    same = select(ItemUnit.id).filter_by(item_id=item.id, unit_id=unit.id, active=True)
    if tx.session.scalars(same).first() is not None:
        raise ValidationFailed(
            {
                "unit": message(
                    "{item} already comes by the {unit}. Switch that one off first.",
                    item=item.name,
                    unit=unit.name,
                )
            }
        )
    return _put_unit(tx, item, unit.id, pack)


def _put_unit(tx: UnitOfWork, item: Item, unit_id: int, pack: Pack) -> ItemUnit:
    factor = rules.Factor(pack.num, pack.den)
    row = ItemUnit(item=item, unit_id=unit_id, num=factor.num, den=factor.den)
    tx.session.add(row)
    tx.session.flush()
    if pack.code.strip():
        _add_code(tx, row, pack.code)
    return row


def _add_code(tx: UnitOfWork, unit: ItemUnit, code: str) -> Barcode:
    taken = _barcode(tx, code)
    if taken is not None:
        other = taken.item_unit.item.name
        raise rules.BadBarcode({"code": message("This code is already on {item}.", item=other)})
    barcode = Barcode(item_unit=unit, code=code.strip(), code_key=rules.barcode_key(code))
    tx.session.add(barcode)
    tx.session.flush()
    return barcode


def _barcode(tx: UnitOfWork, code: str) -> Barcode | None:
    found = select(Barcode).filter_by(code_key=rules.barcode_key(code), active=True)
    return tx.session.scalars(found).one_or_none()


def _category(tx: UnitOfWork, public_id: str | None) -> Category | None:
    if not public_id:
        return None
    category: Category = tx.one(select(Category), public_id=public_id)
    return category


def _name_problems(command: AddItem | EditItem) -> dict[str, Message | str]:
    problems: dict[str, Message | str] = {}
    if not command.name.strip():
        problems["name"] = message("Give the item a name.")
    if not command.sku.strip():
        problems["sku"] = message("Give the item a code.")
    return problems


def _sku_problem(
    tx: UnitOfWork, sku: str, *, besides: int | None = None
) -> dict[str, Message | str]:
    found = tx.session.execute(TAKEN, {"key": sort_key(sku.strip())}).first()
    if found is None or found.id == besides:
        return {}
    return {"sku": message("This is already the code of {item}.", item=found.name)}


def _free_name(tx: UnitOfWork, model: Any, name: str, *, besides: int | None = None) -> None:
    """Raise ValidationFailed for an empty name or one that another row has."""
    if not name.strip():
        raise ValidationFailed({"name": message("Give it a name.")})

    def taken(tx: UnitOfWork) -> dict[str, Message | str]:
        same = select(model.id).where(model.name_key == sort_key(name.strip()))
        if all(found == besides for found in tx.session.scalars(same)):
            return {}
        return {"name": message("There is already one of this name.")}

    if problems := taken(tx):
        raise ValidationFailed(problems)
    tx.if_refused(taken)


def _said(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "sku": item.sku,
        "category": item.category.name if item.category is not None else None,
        "mode": item.mode,
        "status": item.status,
        "note": item.note,
    }
