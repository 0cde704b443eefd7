"""Every page that the portal has can be read, with the demo's data in it."""

from __future__ import annotations

from tests.pages.addresses import left_out, pages, readable_routes


def test_every_page_is_there_with_the_demo_in_it(clinic, portal_database_kind, figures):
    wrong = []
    found = pages(clinic.app, clinic.known)
    for page in found:
        answer = clinic.client(page.visitor).get(page.path)
        if answer.status_code != 200:
            wrong.append(f"{answer.status_code} {page.path} for {page.visitor or 'nobody'}")
    assert wrong == []
    figures.append(
        f"pages with the demo's data on {portal_database_kind}: {len(found)}, each all 200"
    )


def test_what_is_left_out_exists_and_says_why(clinic):
    routes = {rule.rule for rule in readable_routes(clinic.app)}
    assert left_out().keys() <= routes
    assert all(left_out().values())
