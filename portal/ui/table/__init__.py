"""Lists: one declaration gives the page, CSV, XLSX and JSON of the same rows, policy included."""

from .cells import Cell
from .declaration import Action, Column, Empty, TableDefinitionError, View
from .page import Page
from .table import LISTS, Table

__all__ = [
    "LISTS",
    "Action",
    "Cell",
    "Column",
    "Empty",
    "Page",
    "Table",
    "TableDefinitionError",
    "View",
]
