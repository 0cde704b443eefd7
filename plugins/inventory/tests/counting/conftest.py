"""A shelf under a blind count, and the browsers of those who count and review it."""

import re

import pytest

from portal.testing import sign_in


@pytest.fixture
def office(counting):
    """Forty pens and nine reams on the shelf, and a blind count of both."""
    counting.receive(40_000, price=2300_00)
    counting.receive(9_000, item=counting.shop.ream)
    counting.count = counting.plan()
    counting.pens = counting.line(counting.count)
    counting.reams = counting.line(counting.count, item=counting.shop.ream)
    return counting


@pytest.fixture
def dewi(office, portal_app):
    return sign_in(portal_app, office.dewi)


@pytest.fixture
def joko(office, portal_app):
    return sign_in(portal_app, office.joko)


@pytest.fixture
def maya(office, portal_app):
    return sign_in(portal_app, office.maya)


def text_of(answer):
    """Return the words of a page."""
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


def count(client, office, line, **form):
    """Send what lies there, as the page of a line does."""
    return client.post(f"/inventory/counts/lines/{line}", data=form)
