"""What may be done with stock, and which of the shipped roles may do it, how far."""

from __future__ import annotations

from portal.api import message
from portal.plugin import Permission, RoleGrant

PERMISSIONS = (
    Permission(name="inventory.item.view", title=message("See what is kept in stock")),
    Permission(name="inventory.item.edit", title=message("Add and change items"), writes=True),
    Permission(name="inventory.item.import", title=message("Import a stock list"), writes=True),
    Permission(name="inventory.supplier.view", title=message("See the suppliers")),
    Permission(
        name="inventory.supplier.edit", title=message("Add and change suppliers"), writes=True
    ),
    Permission(name="inventory.stock.view", title=message("See how much there is, and where")),
    Permission(name="inventory.stock.receive", title=message("Receive goods"), writes=True),
    Permission(name="inventory.stock.issue", title=message("Issue stock"), writes=True),
    Permission(
        name="inventory.stock.transfer", title=message("Move stock between places"), writes=True
    ),
    Permission(name="inventory.stock.scrap", title=message("Scrap stock"), writes=True),
    Permission(name="inventory.stock.reverse", title=message("Reverse movements"), writes=True),
    Permission(
        name="inventory.stock.set_rule", title=message("Set minimum and maximum"), writes=True
    ),
    Permission(name="inventory.cost.view", title=message("See what stock costs")),
)

_EVERY_ROLE = (
    "administrator",
    "department_manager",
    "office_manager",
    "executive",
    "assistant",
    "employee",
)
_KEEPERS = ("office_manager", "executive")  # the office keeps the stock of everything below it
_MOVES = ("receive", "issue", "transfer", "scrap")


def _grants(role: str, reach: str, *names: str) -> tuple[RoleGrant, ...]:
    return tuple(
        RoleGrant(role=role, permission=f"inventory.{name}", reach=reach) for name in names
    )


ROLES = (
    *(RoleGrant(role=role, permission="inventory.item.view", reach="all") for role in _EVERY_ROLE),
    *(
        grant
        for role in _EVERY_ROLE
        if role not in ("administrator", "employee")
        for grant in _grants(role, "all", "supplier.view")
    ),
    *_grants("employee", "department", "stock.view"),
    *_grants("assistant", "department", "stock.view", *(f"stock.{name}" for name in _MOVES)),
    *_grants("department_manager", "tree", "stock.view", "stock.set_rule", "cost.view"),
    *_grants("department_manager", "tree", *(f"stock.{name}" for name in (*_MOVES, "reverse"))),
    *(
        grant
        for role in _KEEPERS
        for grant in (
            *_grants(role, "tree", "stock.view", "stock.set_rule", "cost.view"),
            *_grants(role, "tree", *(f"stock.{name}" for name in (*_MOVES, "reverse"))),
            *_grants(role, "all", "item.edit", "item.import", "supplier.edit"),
        )
    ),
)
