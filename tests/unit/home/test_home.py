"""The home page: what to do in an office that has nothing yet, and the ways that start there."""

from portal.home.views import FIRST_STEPS, first_steps
from portal.testing import working_as


def test_who_works_in_an_office_with_departments_is_not_led_to_make_them(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        assert first_steps(tx) == ()


def test_the_ways_that_start_here_are_those_of_the_menu(as_role):
    page = as_role("administrator").get("/").text
    assert "Quick start" in page
    assert 'href="/people/new"' in page
    assert 'href="/contacts/new"' in page
    mine = as_role("employee").get("/").text
    assert 'href="/away/new"' in mine
    assert 'href="/people/new"' not in mine


def test_the_first_steps_lead_to_pages_there_are(portal_app):
    assert {endpoint for _, _, endpoint, _ in FIRST_STEPS} <= set(portal_app.view_functions)
