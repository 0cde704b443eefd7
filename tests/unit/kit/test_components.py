"""The page of components, for those who write plugins."""

import pytest

from portal.kit.showing import MODULES, calls, macros
from portal.settings.services import write_facts
from portal.testing import working_as


@pytest.fixture
def page(portal_app, world, as_role):
    """Return the page as an employee reads it in the demo."""
    become(portal_app, "demo")
    return as_role("employee").get("/dev/kit").text


def become(portal_app, kind):
    with working_as(portal_app) as tx:
        write_facts(tx, kind=kind)
    portal_app.extensions["kantor_facts"].forget()


def test_a_sample_is_shown_of_every_macro(page):
    for module in MODULES:
        assert set(calls(module)) == set(macros(module)), module
        for name in macros(module):
            assert f'id="call-{name}"' in page


def test_the_call_stands_as_it_is_written(page):
    assert '<span class="pill ok">Enough</span>' in page
    assert "{{ pill(&#34;Enough&#34;, &#34;ok&#34;) }}" in page


def test_a_portal_that_people_work_with_does_not_have_it(portal_app, world, as_role):
    become(portal_app, "real")
    assert as_role("administrator").get("/dev/kit").status_code == 404


def test_it_wants_somebody_who_is_signed_in(anonymous, world):
    assert anonymous.get("/dev/kit").status_code == 303
