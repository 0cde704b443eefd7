"""What one set of rights covers of another."""

from __future__ import annotations

import pytest

from portal.reach import Held
from portal.roles.rules import beyond, covers, given_by

ONE, TWO = frozenset({1}), frozenset({1, 2})
PARENTS = {1: None, 2: 1, 3: None}

COVERED = {
    "nothing by nothing": (Held(), Held()),
    "own by own": (Held(own=True), Held(own=True)),
    "own by a department": (Held(departments=ONE), Held(own=True)),
    "team by team": (Held(own=True, team=True), Held(own=True, team=True)),
    "one department by two": (Held(departments=TWO), Held(departments=ONE)),
    "anything by everything": (Held(everything=True), Held(True, True, TWO)),
}
NOT_COVERED = {
    "own by nothing": (Held(), Held(own=True)),
    "team by own": (Held(own=True), Held(own=True, team=True)),
    "team by a department": (Held(departments=ONE), Held(own=True, team=True)),
    "two departments by one": (Held(departments=ONE), Held(departments=TWO)),
    "everything by two departments": (Held(departments=TWO), Held(everything=True)),
    "a department by team": (Held(own=True, team=True), Held(departments=ONE)),
}


@pytest.mark.parametrize(("held", "given"), COVERED.values(), ids=COVERED.keys())
def test_covers(held, given):
    assert covers(held, given)


@pytest.mark.parametrize(("held", "given"), NOT_COVERED.values(), ids=NOT_COVERED.keys())
def test_does_not_cover(held, given):
    assert not covers(held, given)


def test_what_a_role_gives_is_measured_from_its_department():
    rights = [("a.b.view", "department"), ("a.b.edit", "tree"), ("a.b.own", "own")]
    given = given_by(rights, 1, PARENTS)
    assert given["a.b.view"].departments == {1}
    assert given["a.b.edit"].departments == {1, 2}
    assert given["a.b.own"] == Held(own=True)
    assert all(held.everything for held in given_by(rights[:2], None, PARENTS).values())


def test_the_excess_is_named():
    given = given_by([("a.b.view", "department"), ("a.b.edit", "all")], 2, PARENTS)
    assert beyond(given, {"a.b.view": Held(departments=TWO)}) == ["a.b.edit"]
