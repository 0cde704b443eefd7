"""The mail server as it is configured: addresses, encryption, signing in, ``kantor mail test``."""

import subprocess

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from portal.cli import main
from portal.config import Config
from portal.mail.outgoing import outgoing_of, read_url
from portal.testing import KEY, mail_server

SOUND = {
    "smtp://mail.example": ("mail.example", 587, "starttls", "", ""),
    "smtp://mail.example:25?tls=none": ("mail.example", 25, "none", "", ""),
    "smtp://localhost": ("localhost", 25, "none", "", ""),
    "smtps://a%40b:p%2Fw@mail.example": ("mail.example", 465, "smtps", "a@b", "p/w"),
    "smtp://a:b@127.0.0.1:2525": ("127.0.0.1", 2525, "none", "a", "b"),
}
UNSOUND = [
    "mail.example",
    "http://mail.example",
    "smtp://",
    "smtp://mail.example/path",
    "smtp://mail.example?tls=perhaps",
    "smtp://mail.example?verify=no",
    "smtp://a:b@mail.example?tls=none",
    "smtp://mail.example:notaport",
]


@pytest.mark.parametrize("url", SOUND)
def test_a_mail_url_says_where_and_how_safely(url):
    assert tuple(read_url(url).values()) == SOUND[url]


@pytest.mark.parametrize("url", UNSOUND)
def test_a_mail_url_that_is_none_stops_the_portal_with_a_sentence(url, tmp_path):
    with pytest.raises(ValueError, match=r"mail_url|Port"):
        Config(home=tmp_path, secret_key=KEY, mail_url=url, mail_from="kantor@sinar.example")


@pytest.mark.parametrize("sender", ["", "kantor", "a@b.example, c@d.example"])
def test_a_mail_server_needs_an_address_to_send_from(sender, tmp_path):
    with pytest.raises(ValueError, match="mail_from must be an address"):
        Config(home=tmp_path, secret_key=KEY, mail_url="smtp://mail.example", mail_from=sender)


def test_the_password_is_not_shown(tmp_path):
    url = "smtp://kantor:hunter22@mail.example"
    config = Config(home=tmp_path, secret_key=KEY, mail_url=url, mail_from="kantor@sinar.example")
    assert "hunter22" not in str(config.model_dump(mode="json"))
    assert "hunter22" not in repr(config)


@pytest.fixture
def certificate(tmp_path):
    """Return the files of a certificate for this machine that nobody else trusts."""
    files = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-out", files[0], "-keyout", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    return files


@pytest.fixture
def kantor(tmp_path, monkeypatch):
    """Return a function that runs a command with that mail server."""
    (tmp_path / "secret.key").write_text(KEY)
    (tmp_path / "secret.key").chmod(0o600)
    monkeypatch.setenv("KANTOR_MAIL_FROM", "Kantor <kantor@sinar.example>")

    def ran(url, *arguments):
        monkeypatch.setenv("KANTOR_MAIL_URL", url)
        return CliRunner().invoke(main, ["--home", str(tmp_path), *arguments])

    return ran


def test_kantor_mail_test_sends_a_mail_at_once(kantor):
    with mail_server() as server:
        result = kantor(server.url, "mail", "test", "sari@sinar.example")
    assert result.exit_code == 0
    assert "took the mail for sari@sinar.example" in result.output
    (taken,) = server.taken
    assert taken.recipients == ["sari@sinar.example"]
    assert "kantor mail test" in taken.body


def test_it_says_what_the_server_answered(kantor):
    with mail_server() as server:
        server.refusals["*"] = "550 no such user"
        result = kantor(server.url, "mail", "test", "sari@sinar.example")
    assert (result.exit_code, "550 no such user" in result.output) == (1, True)
    gone = kantor(server.url, "mail", "test", "sari@sinar.example")
    assert (gone.exit_code, "refused" in gone.output) == (1, True)


def test_it_says_that_nothing_is_set_and_what_is_no_address(kantor):
    unset = kantor("", "mail", "test", "sari@sinar.example")
    assert (unset.exit_code, "set mail_url" in unset.output) == (1, True)
    wrong = kantor("smtp://127.0.0.1:1", "mail", "test", "sari")
    assert (wrong.exit_code, "is no e-mail address" in wrong.output) == (2, True)


def test_a_connection_is_encrypted_and_signed_in(kantor, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    with mail_server(certificate=certificate, login=("kantor", "p w/d")) as server:
        url = server.url.replace("smtp://", "smtp://kantor:p%20w%2Fd@")
        assert kantor(url, "mail", "test", "sari@sinar.example").exit_code == 0
        wrong = kantor(url.replace("%2F", ""), "mail", "test", "sari@sinar.example")
        assert wrong.exit_code == 1
        assert "535" in wrong.output
    assert len(server.taken) == 1


def test_nothing_is_told_to_a_server_that_is_not_trusted(kantor, certificate):
    with mail_server(certificate=certificate, login=("kantor", "pw")) as server:
        url = server.url.replace("smtp://", "smtp://kantor:pw@")
        result = kantor(url, "mail", "test", "sari@sinar.example")
    assert (result.exit_code, "certificate verify failed" in result.output) == (1, True)
    assert server.taken == []


def test_without_a_url_there_is_no_server(tmp_path):
    config = Config(home=tmp_path, secret_key=KEY)
    assert outgoing_of(config, None) is None
    assert config.mail_url == SecretStr("")
