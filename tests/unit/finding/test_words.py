"""What people type, as words."""

from __future__ import annotations

import pytest

from portal.finding.rules import LONGEST_WORD, MOST_WORDS, typed, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Copy paper, A4", ["copy", "paper", "a4"]),
        ("C++ and C#", ["c++", "and", "c#"]),
        ("info@élan.org", ["info", "elan", "org"]),
        ("PO-2026-0036", ["po", "2026", "0036"]),
        ("Jum'at", ["jum", "at"]),
        ("Ćopić ŻÓŁĆ Ärger İstanbul", ["copic", "zołc", "arger", "istanbul"]),
        ("МОСКВА Ελλάς", ["москва", "ελλασ"]),
        ("中村 商店", ["中村", "商店"]),
        ("🎉 \" * ( ) – … '", []),
        ("+62 21 555", ["+62", "21", "555"]),
    ],
)
def test_case_accents_and_signs_do_not_matter(text, expected):
    assert words_of(text) == expected


def test_the_last_word_is_the_start_of_one_unless_it_is_a_single_letter():
    assert typed("pap").starts
    assert not typed("p").starts
    assert typed("paper a").starts
    assert typed("村").starts


def test_a_sign_before_it_says_among_what():
    assert (typed("@sari").people_only, typed("@sari").words) == (True, ("sari",))
    assert (typed("# 0036").numbers_only, typed("# 0036").words) == (True, ("0036",))
    assert typed("C#").words == ("c#",)


def test_no_more_is_looked_for_than_people_type():
    assert len(typed("one " * 50).words) == MOST_WORDS
    assert [len(word) for word in typed("x" * 1000).words] == [LONGEST_WORD]
    assert not typed("   ")
