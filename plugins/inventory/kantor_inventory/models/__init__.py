"""The models that all areas of inventory share; each area has its own beside them."""

from .base import Base, among, partial
from .buying import CHANNELS, PriceBreak, Supplier, SupplierItem, SupplierRecord
from .catalogue import (
    MODES,
    STATUSES,
    Barcode,
    Category,
    Item,
    ItemUnit,
    Substitute,
    Unit,
)
from .ledger import (
    ABOVE,
    METHODS,
    REAL_KINDS,
    TYPES,
    VIRTUAL_KINDS,
    Balance,
    LedgerCheck,
    Movement,
    Point,
    StockRule,
)

__all__ = [
    "ABOVE",
    "CHANNELS",
    "METHODS",
    "MODES",
    "REAL_KINDS",
    "STATUSES",
    "TYPES",
    "VIRTUAL_KINDS",
    "Balance",
    "Barcode",
    "Base",
    "Category",
    "Item",
    "ItemUnit",
    "LedgerCheck",
    "Movement",
    "Point",
    "PriceBreak",
    "StockRule",
    "Substitute",
    "Supplier",
    "SupplierItem",
    "SupplierRecord",
    "Unit",
    "among",
    "partial",
]
