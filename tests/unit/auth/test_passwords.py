"""Which passwords are taken, and what checking one costs."""

import unicodedata

import pytest

from portal.auth import passwords, rules
from portal.demo import PASS_PHRASES

GUESSABLE = [
    "aaaaaaaaaaaaaaa",
    "abababababababab",
    "123456789012345",
    "112233445566778899",
    "abcdefghijklmnop",
    "qwertyuiopasdfghjkl",
    "1qaz2wsx3edc4rfv",
    "zxcvbnmasdfghjkl",
    "passwordpassword",
    "Password1Password1",
    "P@ssw0rd12345678",
    "Kantor2026Admin!!",
    "SelamatPagi2026!!!",
    "rahasia rahasia rahasia",
    "correct horse battery staple",
    "iloveyouforever1",
    "monday tuesday wednesday",
    "Klinik Sinar Medika",
    "sari.wulandari2026",
    "               ",
    "!!!!!!!!!!!!!!!!",
]
GOOD = [
    "tali sepatu hijau di pagar",
    "ombak lewat jendela tua",
    "z8Kq!w02mXr-Lp4v",
    "mR7 pelikan berdasi",
    "北京的秋天非常美丽但是我不喜欢下雨天",
]
ABOUT = ("Klinik Sinar Medika", "sari.wulandari", "Sari Wulandari")


@pytest.mark.parametrize("password", GUESSABLE)
def test_what_everybody_tries_first_is_refused(password):
    assert rules.password_problem(password, ABOUT) is not None


@pytest.mark.parametrize("password", [*GOOD, *PASS_PHRASES.values()])
def test_words_that_do_not_belong_together_are_taken(password):
    assert rules.password_problem(password, ABOUT) is None


def test_fourteen_characters_are_too_few_and_fifteen_enough():
    assert "15" in str(rules.password_problem("mR7 pelikan da"))
    assert rules.password_problem("mR7 pelikan dar") is None


def test_no_kind_of_character_is_demanded():
    assert rules.password_problem("hanyahurufkecilbiasa") is None


def test_two_hundred_and_fifty_six_characters_are_taken_and_one_more_is_not():
    long = "".join(chr(0x4E00 + 37 * place) for place in range(257))
    assert rules.password_problem(long[:256]) is None
    assert "256" in str(rules.password_problem(long))
    stored = passwords.hashed(long[:256])
    assert passwords.verify(stored, long[:256])
    assert not passwords.verify(stored, long), "nothing is cut off"


def test_blanks_at_the_ends_are_part_of_a_password():
    assert not passwords.verify(passwords.hashed("tali sepatu hijau "), "tali sepatu hijau")


def test_two_keyboards_write_the_same_letter():
    stored = passwords.hashed(unicodedata.normalize("NFD", "élève à l'école dimanche"))
    assert passwords.verify(stored, unicodedata.normalize("NFC", "élève à l'école dimanche"))


def test_the_stand_in_for_no_password_costs_what_a_password_costs():
    assert not passwords.outdated(passwords.DUMMY)
    assert not passwords.outdated(passwords.hashed("tali sepatu hijau"))
    assert passwords.DUMMY.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
                " (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 16; Pixel) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/141.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome on Android",
        ),
        ("curl/8.5", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_called_what_people_call_it(user_agent, name):
    assert str(rules.device_name(user_agent)) == name


@pytest.mark.parametrize("name", ["sari", "sari.wulandari", "s2", "a@klinik.example", "纪念"])
def test_a_user_name_may_be(name):
    assert rules.username_problem(rules.normal_username(name)) is None


@pytest.mark.parametrize(
    "name", ["", " ", "sari wulandari", ".sari", "sari.", "sari/..", "a" * 101]
)
def test_a_user_name_may_not_be(name):
    assert rules.username_problem(rules.normal_username(name)) is not None


def test_a_user_name_is_the_same_however_it_is_typed():
    assert rules.normal_username(" Sari.WULANDARI ") == rules.normal_username("sari.wulandari")
    assert rules.normal_username("ｓａｒｉ") == "sari"
