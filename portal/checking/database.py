"""How a plugin's code speaks to the database: by the guarded session and its own models, or not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .findings import Finding, finding, names
from .sources import Module, Sources

SQL = re.compile(
    r"^\s*\(*\s*(?:select\b.+\bfrom\b|insert\s+(?:or\s+\w+\s+)?into\b|update\s+[\w\"{}.%]+\s+set\b"
    r"|delete\s+from\b|replace\s+into\b|with\s+\w+\s+as\s*\(|drop\s+(?:table|index|trigger|view)\b"
    r"|alter\s+table\b|create\s+(?:\w+\s+)?(?:table|index|trigger|view)\b|truncate\b|pragma\s+\w+"
    r"|vacuum\b|attach\s+database\b|copy\s+\w+\s+(?:from|to)\b)",
    re.IGNORECASE | re.DOTALL,
)
REMARKS = re.compile(r"\A(?:\s*(?:/\*.*?\*/|--[^\n]*\n))+", re.DOTALL)
BEGINNING = re.compile(r"^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|DROP TABLE|ALTER TABLE)\s\S")
TABLES = re.compile(
    r"\b(?:from|join|into|update|table(?:\s+if\s+exists)?)\s+(?:only\s+)?\"?([a-z_][a-z0-9_]*)\"?",
    re.IGNORECASE,
)
NO_TABLES = names(
    "select of or and set only lateral where on if not exists each statement row as is"
    " distinct unnest generate_series json_each information_schema sqlite_master pg_catalog"
    " new old the"
)
TEXTS = frozenset(
    {"sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text"}
    | {"sqlalchemy.literal_column", "sqlalchemy.sql.literal_column", "sqlalchemy.TextClause"}
    | {"sqlalchemy.sql.expression.literal_column"}
)
# Where a text says something about the plugin's own table, and nothing is sent.
DECLARING = names(
    "Index CheckConstraint ExcludeConstraint mapped_column Column Computed DDL"
    " column_property ForeignKeyConstraint UniqueConstraint"
)
DRIVERS = names("sqlite3 psycopg psycopg2 asyncpg apsw pymysql MySQLdb oracledb")
ENGINES = names(
    "sqlalchemy.create_engine sqlalchemy.engine.create_engine sqlalchemy.engine_from_config"
    " sqlalchemy.ext.asyncio.create_async_engine sqlalchemy.orm.Session"
    " sqlalchemy.orm.sessionmaker sqlalchemy.orm.scoped_session flask_sqlalchemy"
)
LOOSE_TABLES = frozenset({"sqlalchemy.Table", "sqlalchemy.table", "sqlalchemy.sql.table"})
KERNEL = frozenset({"kernel_execute", "LIMITED", "__table__", "kernel_session", "guarded_names"})
# A statement of the table behind a class, not of the class.
BARE = frozenset({"local_table", "persist_selectable"})
NAMING = names("select insert update delete join outerjoin select_from exists aliased execute")
# Of a session: these go round the wall, or end what is the caller's.
ROUND = names(
    "exec_driver_sql raw_connection get_bind connection bulk_insert_mappings"
    " bulk_save_objects bulk_update_mappings begin_nested_raw"
)
ENDING = frozenset({"commit", "rollback"})
# Of alembic's operations: the first argument is a table.
OPERATIONS = names(
    "create_table drop_table add_column drop_column alter_column batch_alter_table"
    " rename_table bulk_insert"
)


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield everything that goes to the database another way than the guarded one."""
    for module in sources.modules:
        if module.is_migration:
            yield from _in_migration(sources, module)
        else:
            yield from _in_code(sources, module)


def foreign_tables(sources: Sources) -> Iterator[Finding]:
    """Yield what touches tables of others alone."""
    for one in findings(sources):
        if one.rule in ("foreign-table", "round-the-guard"):
            yield one


def _in_code(sources: Sources, module: Module) -> Iterator[Finding]:
    documentation = _docstrings(module.tree)
    declaring = set(_inside_declarations(module))
    asked_which = {  # Which database it is may be asked.
        n.value for n in module.nodes if isinstance(n, ast.Attribute) and n.attr == "dialect"
    }
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield from _calls(sources, module, node, node in declaring, asked_which)
        elif isinstance(node, (ast.Import, ast.ImportFrom, ast.Attribute, ast.Name)):
            yield from _ways_round(module, node)
        elif isinstance(node, ast.Constant) and node.value in KERNEL:
            yield _round(module, node, str(node.value))
        text = _sql_in(module, node) if node not in documentation else None
        if text is not None and (SQL.match(text) or BEGINNING.match(text)):
            yield finding("raw-sql", module.at(node), f"sends SQL of its own: {_short(text)}")
            yield from _tables(sources, module, node, text)


def _calls(
    sources: Sources, module: Module, node: ast.Call, declares: bool, asked_which: set[ast.expr]
) -> Iterator[Finding]:
    called = module.dotted(node.func)
    last = called.rpartition(".")[2]
    said = module.text_of(node.args[0]) if node.args else None
    if called in TEXTS and not declares:
        yield finding("raw-sql", module.at(node), f"sends SQL of its own: {last}()")
    if called in TEXTS and said:
        yield from _tables(sources, module, node, said)
    if called in LOOSE_TABLES and said is not None and not _own(sources, said):
        yield finding(
            "foreign-table", module.at(node), f"reaches for the table {said}, which is not its own"
        )
    if last in NAMING:
        for value in node.args:
            if isinstance(value, ast.Attribute) and value.attr in BARE:
                yield _round(module, value, value.attr)
    if last in ROUND and isinstance(node.func, ast.Attribute) and node not in asked_which:
        yield _round(module, node, f"{last}()")
    if last in ("offset", "paginate", "slice") and isinstance(node.func, ast.Attribute):
        yield finding("paging-by-offset", module.at(node), f"turns pages by {last}()")
    if last in ENDING and isinstance(node.func, ast.Attribute) and not node.args:
        yield finding(
            "round-the-guard", module.at(node), f"calls {last}(); the caller's block decides"
        )


def _ways_round(module: Module, node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
    else:
        names = []
        dotted = module.dotted(node)
        if isinstance(node, ast.Attribute) and node.attr in KERNEL:
            yield _round(module, node, node.attr)
        elif dotted.endswith(("db.session", "db.engine", ".metadata.tables", "metadata.tables")):
            yield _round(module, node, dotted.rpartition(".")[0].rpartition(".")[2] or dotted)
        elif dotted in ENGINES:
            yield _round(module, node, dotted)
    for name in names:
        head = name.partition(".")[0]
        if head in DRIVERS or name in ENGINES or head in ENGINES:
            yield _round(module, node, name)
        elif name.rpartition(".")[2] in KERNEL:
            yield _round(module, node, name.rpartition(".")[2])


def _round(module: Module, node: ast.AST, what: str) -> Finding:
    return finding("round-the-guard", module.at(node), f"{what} goes round the guarded session")


def _in_migration(sources: Sources, module: Module) -> Iterator[Finding]:
    """A migration may send SQL, on the plugin's own tables."""
    documentation = _docstrings(module.tree)
    for node in module.nodes:
        text = _sql_in(module, node) if node not in documentation else None
        if text is not None and SQL.match(text):
            yield from _tables(sources, module, node, text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            name = module.text_of(node.args[0])
            operation = module.dotted(node.func)
            own = operation.startswith("alembic.op.") and node.func.attr in OPERATIONS
            if own and name is not None and not _own(sources, name):
                yield finding(
                    "foreign-table",
                    module.at(node),
                    f"{node.func.attr}() on {name}, which is not its own table",
                )


def _tables(sources: Sources, module: Module, node: ast.AST, text: str) -> Iterator[Finding]:
    named = {name.lower() for name in TABLES.findall(text)} - NO_TABLES
    named -= {name.lower() for name in re.findall(r"\b(\w+)\s+as\s*\(", text, re.IGNORECASE)}
    for name in sorted(name for name in named if not _own(sources, name)):
        if name.startswith(("pg_", "sqlite_")):
            continue
        yield finding(
            "foreign-table", module.at(node), f"SQL names {name}, which is not its own table"
        )


def _own(sources: Sources, table: str) -> bool:
    return table.startswith(f"{sources.slug}_")


def _sql_in(module: Module, node: ast.AST) -> str | None:
    """Return a text without the remarks it begins with."""
    text = _whole_text(module, node)
    return None if text is None else REMARKS.sub("", text)


def _whole_text(module: Module, node: ast.AST) -> str | None:
    """Return a text with the gaps of an f-string left as {}; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return module.text_of(node)
    return None


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    """Return the constants that are documentation, and the parts of f-strings, read as a whole."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.update(part for part in node.values if isinstance(part, ast.Constant))
    return found


def _inside_declarations(module: Module) -> Iterator[ast.AST]:
    """Yield what stands in the declaration of a table, and texts that are named for one alone."""
    declared: set[str] = set()
    inside: list[ast.AST] = []
    for node in module.nodes:
        if isinstance(node, ast.Call) and module.dotted(node.func).rpartition(".")[2] in DECLARING:
            for below in ast.walk(node):
                inside.append(below)
                if isinstance(below, ast.Name):
                    declared.add(below.id)
    yield from inside
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in declared:
                yield from ast.walk(node)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) < 60 else f"{line[:57]}..."
