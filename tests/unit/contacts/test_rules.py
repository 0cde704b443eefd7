"""What people write as a number or an address, and what is stored of it."""

from __future__ import annotations

import pytest

from portal.contacts import rules

STORED = {
    "at home, with spaces": ("phone", "021 5550 8101", "+622155508101"),
    "a mobile with dashes": ("phone", "0812-3456-7890", "+6281234567890"),
    "with the country": ("phone", "+62 21 5550 8101", "+622155508101"),
    "from abroad": ("phone", "+44 20 7946 0018", "+442079460018"),
    "with an extension": ("phone", "021 5550 8101 ext. 12", "+622155508101;ext=12"),
    "an extension alone": ("phone", "104", "104"),
    "a code with a star": ("fax", "*72", "*72"),
    "a web address without its beginning": ("web", "www.example.org", "https://www.example.org"),
    "a whole web address": ("web", "http://example.org/a?b=c", "http://example.org/a?b=c"),
    "an address": ("address", " Jalan Contoh 17\nJakarta ", "Jalan Contoh 17\nJakarta"),
    "an e-mail address": ("email", "a.b@example.org", "a.b@example.org"),
}
REFUSED = {
    "words": ("phone", "ask at the desk"),
    "too many digits": ("phone", "0" * 40),
    "a scheme that runs script": ("web", "javascript:alert(1)"),
    "an address with blanks": ("web", "example .org"),
    "a word": ("web", "example"),
    "half an e-mail address": ("email", "name@"),
    "a novel": ("address", "x" * 501),
}


@pytest.mark.parametrize(("kind", "text", "kept"), STORED.values(), ids=STORED.keys())
def test_is_stored(kind, text, kept):
    assert rules.stored(kind, text, "ID") == kept


@pytest.mark.parametrize(("kind", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused(kind, text):
    with pytest.raises(rules.BadPoint):
        rules.stored(kind, text, "ID")


def test_the_country_follows_the_time_zone():
    assert rules.region_of("Asia/Jakarta") == "ID"
    assert rules.region_of("Europe/London") == "GB"
    assert rules.region_of("Mars/Olympus") == "ID"
