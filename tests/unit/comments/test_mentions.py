"""Whom a comment names: words behind an @ that are somebody's name, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.comments.rules import beginnings, named_in, parted, possible_names
from portal.orm import sort_key

KNOWN = {"dewi lestari": "d", "dewi": "u", "budi hartono, s.kom": "b", "o'neil": "o"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Dewi Lestari please look", {"Dewi Lestari": "d"}),
        ("ask @dewi, then order", {"dewi": "u"}),
        ("(@DEWI LESTARI)", {"DEWI LESTARI": "d"}),
        ("@Budi Hartono, S.Kom knows", {"Budi Hartono, S.Kom": "b"}),
        ("@O'Neil!", {"O'Neil": "o"}),
        ("@dewi and @Dewi Lestari", {"dewi": "u", "Dewi Lestari": "d"}),
        ("write to dewi@example.org", {}),
        ("mail a@b.org or x+@dewi", {}),
        ("@nobody here", {}),
        ("@ dewi", {}),
        ("@@dewi", {}),
        ("@", {}),
        ("", {}),
        ("@Dewi\nLestari", {"Dewi": "u"}),
    ],
)
def test_a_name_behind_the_sign_is_found_and_the_longest_wins(text, named):
    assert named_in(text, KNOWN) == named


@given(st.text(max_size=300))
def test_the_pieces_of_a_comment_are_the_comment_as_it_was_typed(text):
    pieces = list(parted(text, {"Dewi Lestari": "d", "a(b": "x"}))
    assert "".join(piece for piece, _ in pieces) == text


@given(st.text(alphabet="@dewi lestari\n.,x", max_size=120))
def test_who_is_named_is_marked_in_the_text_and_nobody_else(text):
    named = named_in(text, KNOWN)
    marked = {who for piece, who in parted(text, named) if who}
    assert marked <= set(named.values())
    assert all(sort_key(name) in possible_names(text) for name in named)


def test_a_long_text_of_signs_is_read_in_a_moment():
    assert len(list(beginnings("@a" * 100_000))) <= 20
    assert list(parted("@" * 100_000 + "x" * 100_000, {"x": "y"}))
