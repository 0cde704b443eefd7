"""Whatever is noted, changed and ended: nobody is away twice at the same time, or for no time."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.absences.models import Absence
from portal.absences.services import (
    ChangeAbsence,
    EndAbsence,
    NoteAbsence,
    change_absence,
    end_absence,
    note_absence,
    remove_absence,
)
from portal.errors import Conflict, ValidationFailed
from portal.testing import working_as

some = settings(
    max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
halves = st.tuples(st.integers(-4, 8), st.integers(0, 5), st.booleans(), st.booleans())
acts = st.lists(
    st.tuples(st.sampled_from(("note", "note", "change", "back", "remove")), halves), max_size=12
)


def carried_out(tx, act, when):
    """Do one act with some absence; return whether it was done."""
    first, length, from_noon, until_noon = when
    days = {
        "from_on": tx.today + timedelta(days=first),
        "last_on": tx.today + timedelta(days=first + length),
        "from_noon": from_noon,
        "until_noon": until_noon,
    }
    rows = tx.session.scalars(select(Absence).order_by(Absence.id)).all()
    try:
        if act == "note":
            note_absence(tx, NoteAbsence(**days))
        elif rows:
            row = rows[length % len(rows)]
            if act == "change":
                change_absence(tx, row.public_id, ChangeAbsence(version=row.version, **days))
            elif act == "back":
                since = "noon" if from_noon else "morning"
                end_absence(tx, row.public_id, EndAbsence(version=row.version, since=since))
            else:
                remove_absence(tx, row.public_id, row.version)
    except (ValidationFailed, Conflict):
        return False
    return True


@some
@given(acts)
def test_the_absences_of_a_person_never_overlap(portal_app, world, wanted):
    with working_as(portal_app, world.people["employee"]) as tx:
        for act, when in wanted:
            carried_out(tx, act, when)
            kept = [row.away for row in tx.session.scalars(select(Absence))]
            assert not any(one.meets(other) for one, other in combinations(kept, 2))
            assert not any(one.is_empty for one in kept)
        for row in tx.session.scalars(select(Absence)).all():
            tx.session.delete(row)
