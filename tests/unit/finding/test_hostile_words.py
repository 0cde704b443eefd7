"""Whatever is typed, the search answers; and what has the words is found by them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from portal.contacts.models import Contact
from portal.finding.rules import MOST_WORDS, typed, wanted, words_of
from portal.finding.services import find
from portal.testing import sign_in, working_as

HOSTILE = [
    *("C++", "C#", "a@b.org", '"', '""', "x", "%", "_", "%_%", "\\", "\\'", "'", "''", "*", "-"),
    *("--", "OR", "AND NOT", "NEAR(", "NEAR(a b, 2)", "title:x", "{title} : x", "^x", "x*", "(("),
    *("& | !", "x:*", "<->", "'x' & !'y'", ";--", "$1", ":q", "%s", "%(q)s", "x\x00y", "\x00"),
    *("\t\n", "\u05e9\u05dc\u05d5\u05dd", "\u202eabc", "\u0645\u0643\u062a\u0628", "\U0001f389"),
    *("\u4e2d", "e\u0301lan", "\ufeff", "\u200d", "\uffff", "a + b", "\ud800"),
]
LONG = ["y" * 10_000, "y " * 5_000, '"' * 10_000]
# What people write in, and signs that mean something to a database.
LETTERS = some.sampled_from(
    "abcXYZ019+#éÄßøłМя\u05e9\u0645\u4e2d\U0001f389 \"'*-%_\\()^:&|!<>@.,;{}~`=/?$"
)
TEXTS = some.lists(some.text(LETTERS, max_size=9) | some.sampled_from(HOSTILE[:-1]), max_size=5)
SOMETIMES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def browser(portal_app, world):
    return sign_in(portal_app, world.people["administrator"])


@pytest.mark.parametrize("path", ["/search", "/search/palette"])
def test_every_page_answers_whatever_is_typed(browser, path):
    for before in ("", "@", "#", ">"):
        for words in HOSTILE + LONG:
            asked = (before + words).encode(errors="surrogatepass").decode(errors="replace")
            expected = 400 if "\x00" in asked else 200  # No page reads such an address.
            assert browser.get(path, query_string={"q": asked}).status_code == expected, asked
            of_kind = {"q": asked, "kind": asked}
            assert browser.get(path, query_string=of_kind).status_code == expected, asked


@SOMETIMES
@given(TEXTS.map(" ".join))
def test_no_text_makes_a_statement_fail(portal_app, world, text):
    for person in (world.people["administrator"], world.people["assistant"]):
        with working_as(portal_app, person) as tx:
            find(tx, typed(text))
            find(tx, wanted(text, numbers_only=True))


@SOMETIMES
@given(TEXTS.map(" ".join))
@example("C++")
@example("a@b.org")
@example("\u05e9\u05dc\u05d5\u05dd \u0645\u0643\u062a\u0628")
@example("100% _under_ \\ 'x'")
@example("0 \ufeff")
@example("\ufeff")
@example("\u0e3f 7 \u060d")
def test_a_name_is_found_by_itself(portal_app, world, text):
    """Also by somebody of one department, whose words stand in the index by themselves."""
    name = text.replace("\x00", "")[:150].encode(errors="replace").decode()
    words = words_of(name)
    with working_as(portal_app) as tx:
        row = Contact(name=name, department_id=world.departments["office"])
        tx.session.add(row)
        tx.session.flush()
        number = row.id
    for person in (world.people["administrator"], world.people["assistant"]):
        with working_as(portal_app, person) as tx:
            groups = find(tx, wanted(name), kinds=["core.contact"], most=1_000)
            found = {one.id for group in groups for one in group.found}
            assert (number in found) == bool(words), (name, words[:MOST_WORDS])
