"""Lists: one declaration gives the page, CSV, XLSX and JSON of the same rows, policy included."""

from .cells import Cell
from .choosing import Chosen
from .declaration import (
    Action,
    BulkAction,
    Column,
    Empty,
    RowAction,
    TableDefinitionError,
    View,
    Withheld,
)
from .page import Page
from .table import LISTS, Table

__all__ = [
    "LISTS",
    "Action",
    "BulkAction",
    "Cell",
    "Chosen",
    "Column",
    "Empty",
    "Page",
    "RowAction",
    "Table",
    "TableDefinitionError",
    "View",
    "Withheld",
]
