"""A form that is only shown says what the row says; one that was sent says what was sent."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from werkzeug.datastructures import ImmutableMultiDict

from portal.web import BooleanField, Form, TextField, VersionField

ROW = SimpleNamespace(name="Paper", active=True, version=3)


class ThingForm(Form):
    name = TextField("Name")
    active = BooleanField("In use")
    version = VersionField()


def test_a_page_that_is_shown_has_the_ticks_and_the_version_of_the_row():
    form = ThingForm(ImmutableMultiDict(), obj=ROW)
    assert form.active.data is True
    assert 'value="3"' in form.version()


def test_a_tick_that_was_taken_away_is_away():
    form = ThingForm(ImmutableMultiDict({"name": "Paper", "version": "3"}), obj=ROW)
    assert form.active.data is False


@pytest.mark.parametrize(
    ("sent", "understood"),
    [("7", 7), ("", None), ("-1", -1), ("²", -1), ("1e3", -1), ("9" * 5000, -1)],
)
def test_a_version_is_a_number_nothing_or_fits_no_row(sent, understood):
    assert ThingForm(ImmutableMultiDict({"version": sent}), obj=ROW).version.data == understood


def test_a_form_that_leaves_its_version_out_does_not_get_the_one_of_the_row():
    assert ThingForm(ImmutableMultiDict({"name": "Paper"}), obj=ROW).version.data is None
