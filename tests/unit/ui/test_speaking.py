"""Words and icons are put into templates when these are compiled, once for each language."""

from __future__ import annotations

import pytest

from portal.messages import current_language
from portal.ui import speaking
from tests.gallery.app import create_app

PLAIN = "{{ _('Save') }}|{{ _('%(num)s selected', num='<b>') }}|{{ icon('search', 's') }}"


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(params=["en", "id"])
def language(request):
    token = current_language.set(request.param)
    yield request.param
    current_language.reset(token)


def test_a_template_says_the_same_as_when_words_are_looked_up(app, language):
    with app.test_request_context("/"):
        looked_up = app.jinja_env.from_string(PLAIN).render()
        assert speaking.environment().from_string(PLAIN).render() == looked_up
    assert {"en": "Save", "id": "Simpan"}[language] in looked_up
    assert "&lt;b&gt;" in looked_up


def test_a_language_keeps_its_own_templates(app):
    with app.test_request_context("/"):
        said = {}
        for language in ("en", "id", "en"):
            token = current_language.set(language)
            said.setdefault(language, set()).add(
                speaking.environment().from_string("{{ _('Save') }}").render()
            )
            current_language.reset(token)
    assert said == {"en": {"Save"}, "id": {"Simpan"}}


def test_words_and_icons_are_not_looked_up_while_a_page_is_drawn(app, language):
    with app.test_request_context("/"):
        environment = speaking.environment()
        written = environment.compile(PLAIN, raw=True)
    assert {"en": "'Save|'", "id": "'Simpan|'"}[language] in written
    assert "<svg" in written


def test_a_percent_sign_is_written_twice_in_a_sentence(app, language):
    with app.test_request_context("/"):
        template = "{{ _('100%% of %(what)s', what='it') }} {{ _('100%%') }}"
        assert speaking.environment().from_string(template).render() == "100% of it 100%"
