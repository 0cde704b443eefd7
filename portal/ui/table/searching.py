"""A page of what is searched for: first the keys of its rows, then the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, JSON, ColumnElement, Select, any_, bindparam, func, select, union_all

from portal.orm import RULE
from portal.search import COPY_OF, FOR_THESE_WORDS, Found
from portal.work import UnitOfWork

from .paging import Order, Place, arranged, marked, ordered, parameters

LOOKED_AT = 3600  # rows in which a page of a common word is hoped for,
MORE = 8  # and so many more for each row that is wanted
SOME = 8  # hits among which somebody who does not see everything sees one, it is hoped
_KEYS, _BOUND = "keys_given", "text_given"


@dataclass(frozen=True)
class Searched:
    """A list in which something is searched for, in the order and from the place asked for."""

    found: Found
    keys: Select[Any]  # of the whole list
    mine: Callable[[Select[Any]], Select[Any]]
    order: Order
    here: Place

    def page(self, tx: UnitOfWork, most: int) -> Sequence[Any]:
        """Return the first ``most`` keys, each with its keyset."""
        if not self.soon_fetched:
            rows = self._near(tx, most)
            if len(rows) == most:
                return rows
        return self._first_of_all(tx, most)

    def _first_of_all(self, tx: UnitOfWork, most: int) -> Sequence[Any]:
        """Return the first hits, all of them fetched by key and sorted."""
        if not self.found.number:
            return ()
        hits = self._hits()
        marks = list(hits.selected_columns)[1:]
        page = arranged(hits, marks, self.order, self.here.step)
        page = page.execution_options(**FOR_THESE_WORDS)
        return tx.session.execute(page, parameters(self.here, most)).all()

    def _hits(self) -> Select[Any]:
        """Return the hits in no order: of those that follow each other in it only the first."""
        order, step, found = self.order, self.here.step, self.found
        rows = self.mine(marked(self.keys, order, step))
        if not self.by_text or not found.stretches:
            return found.fetched(rows)
        parts = [arranged(rows.where(part), order.columns, order, step) for part in found.stretches]
        if found.scattered is not None and found.scattered.number:
            parts.append(found.scattered.fetched(rows))
        return select(union_all(*[select(part.subquery()) for part in parts]).subquery("hits"))

    def _near(self, tx: UnitOfWork, most: int) -> Sequence[Any]:
        """Return the first hits, unless all that have the words stand together further on."""
        rows = self.keys.add_columns(self.found.condition.label("hit"))
        begin = self.mine(ordered(rows, self.order, self.here.step)).limit(bindparam("looked_at"))
        looked = begin.subquery()
        # Not sorted again: the rows come in their order, and only until there are enough.
        wanted = [column for column in looked.c if column.name != "hit"]
        near = select(*wanted).where(looked.c.hit).limit(most).execution_options(**FOR_THESE_WORDS)
        known = parameters(self.here, most) | {"looked_at": LOOKED_AT + MORE * most}
        return tx.session.execute(near, known).all()

    @property
    def by_text(self) -> bool:
        """Whether the list is in the order of what is searched."""
        return bool(self.order.columns[0] is self.found.text)

    @property
    def soon_fetched(self) -> bool:
        """Whether the first hits take no longer than a page that is read in order."""
        scattered = self.found.scattered
        return self.found.few or (self.by_text and scattered is not None and scattered.soon)

    @property
    def copies_text(self) -> bool:
        """Whether the list is in the order of the text of the rows that are searched."""
        text = self.found.text.property.columns[0]
        return bool(getattr(self.order.columns[0], "info", {}).get(COPY_OF) == str(text))

    def nearest_hits(
        self, tx: UnitOfWork, most: int, enough: int
    ) -> Iterator[tuple[Sequence[Any], bool]]:
        """Yield keys and texts of the searched rows that come first, and whether they are all.

        For a list that ``copies_text``; whoever may see them. First those soon found, if they are
        ``enough``, then ``most``.
        """
        order = Order("text", (self.found.text, self.found.key), self.order.descending)
        here = self.here
        if here.values:
            ties = 2**31 - 1 if self.order.runs_back(here.step) else 0
            here = Place(here.step, (here.values[0], ties))
        listed = Searched(self.found, select(self.found.key), lambda rows: rows, order, here)
        if not listed.soon_fetched:
            hits = listed._near(tx, most)
            if len(hits) >= enough:
                yield hits, False
            if len(hits) == most:
                return
        hits = listed._first_of_all(tx, most)
        yield hits, len(hits) < most


def of_keys(
    statement: Select[Any], key: Any, order: Order, step: str, *, as_array: bool
) -> Select[Any]:
    """Return ``statement`` in order, limited to keys given as a parameter."""
    rows = marked(statement, order, "first").where(_is_given(key, as_array=as_array))
    return arranged(rows, order.columns, order, step)


def of_hits(
    statement: Select[Any], found: Found, order: Order, step: str, *, until_last: bool
) -> Select[Any]:
    """Return ``statement`` in order, limited to rows of the hits given as a parameter.

    ``until_last``: only up to the text of the last one, which those not given may have too.
    """
    rows = marked(statement, order, step).where(_is_given(found.key, as_array=found.lateral))
    if until_last:
        text = order.columns[0]
        last = bindparam(_BOUND, type_=text.type)
        rows = rows.where(text > last if order.runs_back(step) else text < last)
    return arranged(rows, order.columns, order, step)


def given(rows: Sequence[Any], place: Place, most: int) -> dict[str, Any]:
    """Return what a statement of ``of_keys`` or ``of_hits`` is executed with."""
    known = {_KEYS: [row[0] for row in rows], _BOUND: rows[-1].mark_0}
    return known | parameters(place, most)


def _is_given(key: Any, *, as_array: bool) -> ColumnElement[bool]:
    """Return the condition on ``key``: one parameter, so that the statement is always the same."""
    if as_array:
        return key == any_(bindparam(_KEYS, type_=ARRAY(key.type)))
    listed = func.json_each(bindparam(_KEYS, type_=JSON)).table_valued("value")
    return key.in_(select(listed.c.value)._annotate({RULE: True}))
