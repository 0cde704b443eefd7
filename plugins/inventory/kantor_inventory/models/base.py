"""What the models of inventory share: their base, and words for indexes and CHECKs."""

from __future__ import annotations

from sqlalchemy import Index, text

from portal.api import declarative_base

Base = declarative_base("inventory")


def partial(name: str, columns: str, on_sqlite: str, on_postgresql: str) -> Index:
    """Return an index of the rows that each database, in its own words, is told of."""
    return Index(
        name,
        *columns.split(),
        sqlite_where=text(on_sqlite),
        postgresql_where=text(on_postgresql),
    )


def among(column: str, values: tuple[str, ...]) -> str:
    """Return the words of a CHECK that a column is one of these."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
