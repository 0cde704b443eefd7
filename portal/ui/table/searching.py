"""A page of what is searched for: first the keys of its rows, then the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select

from portal.search import COPY_OF, Found
from portal.work import UnitOfWork

from .paging import Order, Place, arranged, marked, ordered, parameters

LOOKED_AT = 3000  # rows in which a page of a common word is hoped for,
MORE = 24  # and so many more for each row that is wanted
SOME = 16  # hits among which somebody who does not see everything sees one, it is hoped
_KEYS = "page_keys"


@dataclass(frozen=True)
class Searched:
    """A list in which something is searched for, in the order and from the place asked for."""

    found: Found
    keys: Select[Any]  # of the whole list
    mine: Callable[[Select[Any]], Select[Any]]
    order: Order
    here: Place
    sees_all: bool

    def page(self, tx: UnitOfWork, most: int) -> Sequence[Any]:
        """Return the first ``most`` keys, each with its keyset."""
        if not self.found.number:
            return ()
        if self._copies_text():
            nearest = self._of_nearest_hits(tx, most)
            if nearest is not None:
                return nearest
        if not self.found.few:
            rows = self._near(tx, most)
            if len(rows) == most:
                return rows
        hits = self.found.fetched(self._marked())
        return self._first(tx, hits, list(hits.selected_columns)[1:], most)

    def _near(self, tx: UnitOfWork, most: int) -> Sequence[Any]:
        """Return the first hits, unless all that have the words stand together further on."""
        rows = self.keys.add_columns(self.found.condition.label("hit"))
        begin = self.mine(ordered(rows, self.order, self.here.step)).limit(bindparam("looked_at"))
        looked = begin.subquery()
        # Not sorted again: the rows come in their order, and only until there are enough.
        wanted = [column for column in looked.c if column.name != "hit"]
        near = select(*wanted).where(looked.c.hit).limit(most)
        known = parameters(self.here, most) | {"looked_at": LOOKED_AT + MORE * most}
        return tx.session.execute(near, known).all()

    def _of_nearest_hits(self, tx: UnitOfWork, most: int) -> Sequence[Any] | None:
        """Return the rows of the nearest hits, or None if those do not make a page."""
        many = most if self.sees_all else SOME * most
        found, back = self.found, self.order.runs_back(self.here.step)
        order = Order("text", (found.text, found.key), self.order.descending)
        ties = 0 if not back else 2**31 - 1
        here = Place(self.here.step, (self.here.values[0], ties)) if self.here.values else Place()
        listed = Searched(found, select(found.key), lambda rows: rows, order, here, sees_all=True)
        hits = listed.page(tx, many)
        rows = self._marked().where(found.key.in_([hit[0] for hit in hits]))
        if len(hits) == many:  # Others may have the text of the last one.
            text, last = self.order.columns[0], hits[-1].mark_0
            rows = rows.where(text > last if back else text < last)
        met = self._first(tx, rows, self.order.columns, most)
        return met if len(met) == most or len(hits) < many else None

    def _copies_text(self) -> bool:
        """Return whether the list is in the order of the text of the rows that are searched."""
        text = self.found.text.property.columns[0]
        return bool(getattr(self.order.columns[0], "info", {}).get(COPY_OF) == str(text))

    def _marked(self) -> Select[Any]:
        return self.mine(marked(self.keys, self.order, self.here.step))

    def _first(
        self, tx: UnitOfWork, rows: Select[Any], columns: Sequence[Any], most: int
    ) -> Sequence[Any]:
        statement = arranged(rows, columns, self.order, self.here.step)
        return tx.session.execute(statement, parameters(self.here, most)).all()


def with_keys(statement: Select[Any], key: Any, order: Order, step: str) -> Select[Any]:
    """Return ``statement`` in order, limited to keys given as a parameter."""
    rows = marked(statement, order, "first").where(key.in_(bindparam(_KEYS, expanding=True)))
    return arranged(rows, order.columns, order, step)


def keys_parameter(keys: Sequence[Any]) -> dict[str, Any]:
    """Return what a statement of ``with_keys`` is executed with."""
    return {_KEYS: keys} | parameters(Place(), len(keys))
