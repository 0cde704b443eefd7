"""Figures for whoever may read them."""

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from portal.db import unscoped
from portal.testing import sign_in

TOKEN = "a-scraper-with-a-long-token"


@pytest.fixture
def scraper(portal_app, monkeypatch):
    config = portal_app.extensions["kantor_config"]
    monkeypatch.setattr(config, "metrics_token", SecretStr(TOKEN))
    return portal_app.test_client()


def scrape(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def samples(answer):
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_a_scraper_with_the_token_reads_them(scraper):
    answer = scrape(scraper)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert samples(answer)


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é"])
def test_another_token_reads_nothing(scraper, token):
    answer = scrape(scraper, token)
    assert answer.status_code == 303
    assert "kantor_requests" not in answer.text


def test_without_a_configured_token_no_token_fits(portal_app):
    assert scrape(portal_app.test_client(), "").status_code == 303
    assert scrape(portal_app.test_client(), "None").status_code == 303


def test_an_administrator_reads_them_and_an_employee_does_not(portal_app, world):
    administrator = sign_in(portal_app, world.people["administrator"])
    employee = sign_in(portal_app, world.people["employee"])
    assert administrator.get("/metrics").status_code == 200
    assert employee.get("/metrics").status_code == 403


def test_requests_are_counted_by_page_and_status_with_the_process_named(scraper):
    process = str(os.getpid())
    before = samples(scrape(scraper))
    for path in ("/sign-in", "/sign-in", "/nowhere/1", "/nowhere/2", "/"):
        scraper.get(path)
    after = samples(scrape(scraper))

    def more(endpoint, status):
        labels = {"process": process, "method": "GET", "endpoint": endpoint, "status": status}
        key = ("kantor_requests_total", tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0)

    assert more("sign.sign_in", "200") == 2
    assert more("none", "404") == 2, "addresses that are no page are counted as one"
    assert more("home.index", "303") == 1
    timed = ("kantor_request_seconds_count", (("endpoint", "sign.sign_in"), ("process", process)))
    assert after[timed] >= 2


def test_what_waits_is_counted_in_the_database(portal_app, scraper):
    with portal_app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue("core.nothing", args={})
        tx.enqueue("core.nothing", args={})
    assert samples(scrape(scraper))["kantor_jobs", (("state", "waiting"),)] == 2


def test_a_failing_plugin_shows(portal_app, scraper):
    runtime = portal_app.extensions["kantor"]
    runtime.hook_failures["shelf", "panels"] = 3
    try:
        found = samples(scrape(scraper))
    finally:
        runtime.hook_failures.clear()
    labels = {"process": str(os.getpid()), "plugin": "shelf", "stage": "hook panels"}
    assert found["kantor_plugin_failures", tuple(sorted(labels.items()))] == 3
