"""An item at a point, and how a statement is limited to many such pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, literal

from . import many

Pair = tuple[int, int]  # item id, point id
_POINTS = 2**32  # more than there can be: a column of whole numbers ends below


def among(model: Any, pairs: Sequence[Pair]) -> ColumnElement[bool]:
    """Return the condition of being about one of these; SQLite uses no index for pairs alone."""
    named = naming(pairs)
    items, both = named["items"], named["pairs"]
    return and_(many.any_of(model.item_id, items), many.any_of(_both(model), both))


def among_named(model: Any) -> ColumnElement[bool]:
    """Return ``among`` for a SELECT that is made once; ``naming`` gives it the pairs."""
    return and_(many.any_named(model.item_id, "items"), many.any_named(_both(model), "pairs"))


def naming(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the parameters of a statement with ``among_named``."""
    items = sorted({item_id for item_id, _ in pairs})
    return {"items": items, "pairs": [item_id * _POINTS + point_id for item_id, point_id in pairs]}


def _both(model: Any) -> ColumnElement[int]:
    """Return item and point as one number."""
    return cast(model.item_id, BigInteger) * literal(_POINTS, BigInteger) + model.point_id
