"""Tells mypy that ``Base = declarative_base("slug")`` makes a class that models may derive from.

Its models stand for whole tables, so that `insert(Model.__table__)` is accepted as well.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.mro import calculate_mro
from mypy.nodes import GDEF, MDEF, Block, ClassDef, SymbolTable, SymbolTableNode, TypeInfo, Var
from mypy.plugin import DynamicClassDefContext, Plugin
from mypy.types import AnyType, TypeOfAny

MAKERS = {"portal.api.declarative_base", "portal.orm.declarative_base"}
ANY = AnyType(TypeOfAny.special_form)
TABLE = "sqlalchemy.sql.schema.Table"
BASE = "sqlalchemy.orm.decl_api.DeclarativeBase"


def make_class(context: DynamicClassDefContext) -> None:
    """Define the name on the left as a subclass of SQLAlchemy's declarative base."""
    base = context.api.named_type_or_none(BASE)
    if base is None:
        context.api.defer()
        return
    definition = ClassDef(context.name, Block([]))
    definition.fullname = context.api.qualified_name(context.name)
    made = TypeInfo(SymbolTable(), definition, context.api.cur_mod_id)
    definition.info = made
    made.bases = [base]
    variable = Var("__table__", context.api.named_type_or_none(TABLE, [ANY]) or ANY)
    variable.info, variable.is_classvar = made, True
    made.names["__table__"] = SymbolTableNode(MDEF, variable)
    calculate_mro(made)
    context.api.add_symbol_table_node(context.name, SymbolTableNode(GDEF, made))


class Models(Plugin):
    """The plugin of this module."""

    def get_dynamic_class_hook(
        self, fullname: str
    ) -> Callable[[DynamicClassDefContext], None] | None:
        return make_class if fullname in MAKERS else None


def plugin(version: str) -> type[Plugin]:
    """Return the plugin, whatever the version of mypy."""
    return Models
