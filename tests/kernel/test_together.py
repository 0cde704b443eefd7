"""What ``together`` promises to a test of several at the same moment; it needs no database."""

import sqlite3
from threading import Event
from threading import enumerate as alive

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from portal.errors import Conflict
from portal.testing import together
from portal.testing_races import TRIES

LOCKED = sqlite3.OperationalError("database is locked")
WAITED = psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")
GONE = psycopg.OperationalError("the connection is closed")


class Act:
    """Meets an error of the database so many times before it is done."""

    def __init__(self, error, times):
        self.error, self.times, self.begun = error, times, 0

    def __call__(self):
        self.begun += 1
        if self.begun <= self.times:
            raise OperationalError("UPDATE", {}, self.error)
        return "done"


def refuse(error):
    raise error


def test_what_came_stands_in_the_order_of_the_acts_whoever_was_done_first():
    done = Event()
    assert together(lambda: done.wait(20), done.set) == [True, None]


def test_nobody_begins_before_all_are_there():
    before = set(alive())
    assert together(*[lambda: len(set(alive()) - before)] * 8) == [8] * 8


def test_who_is_refused_stands_beside_who_is_not():
    late = Conflict()
    assert together(lambda: refuse(late), lambda: "done") == [late, "done"]


def test_an_error_that_is_no_refusal_is_raised():
    with pytest.raises(ZeroDivisionError):
        together(lambda: "done", lambda: refuse(ZeroDivisionError()))


@pytest.mark.parametrize("error", [LOCKED, WAITED])
def test_who_finds_the_database_busy_tries_again(error):
    act = Act(error, TRIES - 1)
    assert together(act, lambda: "too") == ["done", "too"]
    assert act.begun == TRIES


@pytest.mark.parametrize(("error", "begun"), [(LOCKED, TRIES), (GONE, 1)])
def test_a_database_that_stays_busy_or_does_not_answer_is_an_error(error, begun):
    act = Act(error, TRIES)
    with pytest.raises(OperationalError):
        together(act)
    assert act.begun == begun
