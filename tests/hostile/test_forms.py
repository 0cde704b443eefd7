"""No form breaks the portal, whatever is sent with it: no 500, no 429, no column set by stealth.

``make soak`` sends 200 forms to each; here a part of the same ones is enough.
"""

from __future__ import annotations

import os

import pytest

from tests.hostile.run import forms

NUMBER = int(os.environ.get("KANTOR_TEST_HOSTILE", "50"))


@pytest.mark.parametrize("route", forms(), ids=str)
def test_a_form_withstands_whatever_is_sent(target, answered, route):
    found = target.attack(route, NUMBER)
    answered.setdefault(target.stand.kind, []).append(found)
    assert found.wrong == []


def test_every_form_of_the_portal_is_attacked(target):
    app = target.stand.app
    taking = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert taking == {route.route for route in forms()}
