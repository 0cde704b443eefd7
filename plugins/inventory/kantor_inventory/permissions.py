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
    Permission(name="inventory.budget.view", title=message("See the budgets")),
    Permission(
        name="inventory.budget.edit", title=message("Set up and change budgets"), writes=True
    ),
    Permission(name="inventory.count.view", title=message("See the counts")),
    Permission(name="inventory.count.plan", title=message("Plan counts"), writes=True),
    Permission(name="inventory.count.enter", title=message("Count"), writes=True),
    Permission(name="inventory.count.review", title=message("Review and post counts"), writes=True),
    Permission(name="inventory.order.view", title=message("See the orders")),
    Permission(name="inventory.order.edit", title=message("Fill the order list"), writes=True),
    Permission(name="inventory.order.place", title=message("Place orders"), writes=True),
    Permission(
        name="inventory.order.receive", title=message("Receive what was ordered"), writes=True
    ),
    Permission(name="inventory.requisition.view", title=message("See what was asked for")),
    Permission(
        name="inventory.requisition.ask", title=message("Ask a stock room for things"), writes=True
    ),
    Permission(
        name="inventory.requisition.answer",
        title=message("Answer what a stock room was asked for"),
        writes=True,
    ),
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


_COUNTS = ("count.view", "count.enter")
_REVIEWS = ("count.plan", "count.review")
_ORDERS = ("order.view", "order.edit", "order.receive")

ROLES = (
    *(RoleGrant(role=role, permission="inventory.item.view", reach="all") for role in _EVERY_ROLE),
    *(
        grant
        for role in _EVERY_ROLE
        if role not in ("administrator", "employee")
        for grant in _grants(role, "all", "supplier.view")
    ),
    *(
        grant
        for role in _EVERY_ROLE
        if role != "administrator"
        for grant in _grants(role, "own", "requisition.ask")
    ),
    *_grants("employee", "department", "stock.view"),
    *_grants("employee", "own", "requisition.view"),
    *_grants("assistant", "department", "stock.view", *(f"stock.{name}" for name in _MOVES)),
    *_grants("assistant", "department", *_COUNTS, *_ORDERS),
    *_grants("assistant", "department", "requisition.view", "requisition.answer"),
    *_grants("department_manager", "tree", "stock.view", "stock.set_rule", "cost.view"),
    *_grants("department_manager", "tree", *(f"stock.{name}" for name in (*_MOVES, "reverse"))),
    *_grants("department_manager", "tree", *_COUNTS, *_REVIEWS, *_ORDERS, "order.place"),
    *_grants("department_manager", "tree", "requisition.view", "requisition.answer"),
    *_grants("department_manager", "tree", "budget.view"),
    *(
        grant
        for role in _KEEPERS
        for grant in (
            *_grants(role, "tree", "stock.view", "stock.set_rule", "cost.view"),
            *_grants(role, "tree", *(f"stock.{name}" for name in (*_MOVES, "reverse"))),
            *_grants(role, "tree", *_COUNTS, *_REVIEWS, *_ORDERS, "order.place"),
            *_grants(role, "tree", "requisition.view", "requisition.answer"),
            *_grants(role, "tree", "budget.view", "budget.edit"),
            *_grants(role, "all", "item.edit", "item.import", "supplier.edit"),
        )
    ),
)
