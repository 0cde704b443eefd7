"""What a database looks like, as lines that can be compared. For tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, inspect, text

from .guard import LIMITED
from .reach import EVERYTHING

SQLITE = r"SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'"
# Of the schema in use, without what extensions bring along.
POSTGRESQL = """
SELECT 'column', c.relname || '.' || a.attname, concat_ws(' ',
       format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation,
       pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v', 'm')
   AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT 'trigger', tgname, pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = current_schema()::regnamespace AND NOT tgisinternal
UNION ALL
SELECT 'function', p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'relation', c.relname, c.relkind::text
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
   AND c.relkind IN ('S', 'v', 'm')
UNION ALL
SELECT 'type', t.typname, t.typtype::text
  FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'd')
"""


def schema(engine: Engine) -> set[str]:
    """Return every table, column, constraint, index, trigger and function as a line."""
    query = SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL
    with engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        found = connection.exec_driver_sql(query).all()
    return {" ".join(str(part) for part in row) for row in found}


def rows(engine: Engine, *, but: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table that is not left out, in an order that can be compared."""
    found = {}
    with engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        for name in sorted(set(inspect(connection).get_table_names()) - but):
            all_rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
            found[name] = sorted((tuple(row) for row in all_rows), key=repr)
    return found
