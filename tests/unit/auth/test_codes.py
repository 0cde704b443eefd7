"""The codes themselves: when one counts, and how a seed is kept."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.auth import codes

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 30, 8, 0, 10, tzinfo=UTC)
OLD, NEW = "an old key of more than 32 signs 12345", "the new key of more than 32 signs 6789"


def code(offset=0):
    return pyotp.TOTP(SEED).at(NOW, counter_offset=offset)


@pytest.mark.parametrize(("offset", "counts"), [(-2, False), (-1, True), (0, True), (1, False)])
def test_a_code_counts_in_its_half_minute_and_the_next(offset, counts):
    assert (codes.step_of(SEED, code(offset), NOW) is not None) is counts


def test_a_code_that_was_used_or_is_older_counts_no_more():
    used = codes.step_of(SEED, code(), NOW)
    assert codes.step_of(SEED, code(), NOW, after=used) is None
    assert codes.step_of(SEED, code(-1), NOW, after=used) is None
    later = NOW + timedelta(seconds=30)
    assert codes.step_of(SEED, code(1), later, after=used) == used + 1


def test_a_code_is_read_with_blanks_in_it():
    typed = code()
    assert codes.step_of(SEED, f" {typed[:3]} {typed[3:]} ", NOW) is not None


@given(st.text(max_size=20))
def test_whatever_else_is_typed_is_no_code(typed):
    if "".join(typed.split()) not in {code(), code(-1)}:
        assert codes.step_of(SEED, typed, NOW) is None


def test_a_recovery_code_is_the_same_in_any_way_of_writing():
    written = codes.new_recovery_codes()[0]
    plain = written.replace(" ", "")
    ways = {written, plain, plain.lower(), written.replace(" ", "-"), f" {written} "}
    assert len({codes.recovery_hash(7, way) for way in ways}) == 1
    assert codes.recovery_hash(8, written) != codes.recovery_hash(7, written)
    assert all(codes.is_recovery(way) for way in ways)
    assert not codes.is_recovery("123 456")


def test_ten_recovery_codes_are_ten():
    assert len(set(codes.new_recovery_codes())) == codes.RECOVERY_CODES == 10


def test_a_sealed_seed_says_nothing_and_opens_with_its_key():
    sealed = codes.Sealing([NEW]).seal(SEED)
    assert SEED not in sealed
    assert codes.Sealing([NEW]).open(sealed) == SEED
    with pytest.raises(codes.Unreadable):
        codes.Sealing([OLD]).open(sealed)
    with pytest.raises(codes.Unreadable):
        codes.Sealing([NEW]).open(sealed[:-8] + "AAAAAAA=")


def test_an_old_key_still_opens_and_the_new_one_seals():
    sealed = codes.Sealing([OLD]).seal(SEED)
    both = codes.Sealing([NEW, OLD])
    assert both.open(sealed) == SEED
    assert codes.Sealing([NEW]).open(both.seal(SEED)) == SEED
