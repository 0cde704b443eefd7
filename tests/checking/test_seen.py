"""Where there is no browser, the check of a plugin says so instead of saying nothing."""

from portal.checking import running
from portal.checking.seen import NOT_LOOKED
from portal.checking.sources import found_at
from tests.checking.test_planted import BASES


def test_without_a_browser_it_is_said_loudly_that_pages_were_not_looked_at(tmp_path, monkeypatch):
    import kantor_keys

    monkeypatch.setenv("PATH", "")
    (sources,) = found_at(BASES["keys"], tmp_path)
    said = []
    found = running.asked_alive(
        sources, kantor_keys.plugin, kinds=["sqlite"], parts=["browser"], say=said.append
    )
    assert found == []
    assert NOT_LOOKED in said
