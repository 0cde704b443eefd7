"""Every rule of tools/lint.py notices what it is for, and lets the right way pass."""

import ast

import pytest

from tools import lint

ERRORS = {"Conflict", "ValidationFailed"}
SERVICE = "plugins/keys/kantor_keys/services.py"

REFUSED = {
    "a formatted sentence": (SERVICE, 'raise Conflict(f"{key} is lent")', "message()"),
    "format()": (SERVICE, 'raise Conflict("{} is lent".format(key))', "message()"),
    "a plain sentence": (SERVICE, 'raise Conflict("The key is lent")', "message()"),
    "a plain field error": (SERVICE, 'raise ValidationFailed({"a": "Too long"})', "message()"),
    "a broad except": (SERVICE, "try:\n    x\nexcept Exception:\n    pass", "boundaries"),
    "a bare except": (SERVICE, "try:\n    x\nexcept:\n    pass", "boundaries"),
    "one of several": (SERVICE, "try:\n    x\nexcept (OSError, Exception):\n    x", "boundaries"),
    "a commit in a service": (SERVICE, "tx.session.commit()", ".commit()"),
    "markup in a plugin": (SERVICE, "Markup('<b>')", "Markup()"),
    "the kernel's own query": (SERVICE, "kernel_execute(s, x)", "guarded session"),
    "a Core table": (SERVICE, "select(Key.__table__)", "guarded session"),
    "a Core table by name": (SERVICE, 'getattr(Key, "__table__")', "guarded session"),
    "a private module": (SERVICE, "from portal.orm import Global", "portal.orm is private"),
    "a private package": (SERVICE, "from portal import people", "portal.people is private"),
    "a plain import": (SERVICE, "import portal.work", "portal.work is private"),
    "a private module in a test": (
        "plugins/keys/tests/test_keys.py",
        "from portal.app import create_app",
        "portal.app is private",
    ),
    "a long function": (SERVICE, "def f():\n" + "    x = 1\n" * 60, "61 lines"),
    "a long file": (SERVICE, "x = 1\n" * 500, "500 lines"),
}

ALLOWED = {
    "a message": (SERVICE, 'raise Conflict(message("{key} is lent", key=key))'),
    "an error for developers": (SERVICE, 'raise ValueError(f"{key} is no key")'),
    "rolling back and passing on": (
        SERVICE,
        "try:\n    x\nexcept BaseException:\n    y\n    raise",
    ),
    "a named error": (SERVICE, "try:\n    x\nexcept OSError:\n    pass"),
    "a boundary": ("portal/runtime.py", "try:\n    x\nexcept Exception:\n    pass"),
    "markup in the kit": ("portal/ui/icons.py", "Markup('<b>')"),
    "the public interface": (SERVICE, "from portal.api import visible"),
    "core's own table": ("portal/work.py", "select(Job.__table__)"),
    "a long table that says why": (SERVICE, "# long: one table, read as one\n" + "x = 1\n" * 500),
}


def complaints(name: str, source: str) -> list[str]:
    found = lint.python_problems(name, ast.parse(source), source, ERRORS)
    return [what for _, _, what in found]


@pytest.mark.parametrize(("name", "source", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_python_is_refused_for(name, source, said):
    assert any(said in complaint for complaint in complaints(name, source))


@pytest.mark.parametrize(("name", "source"), ALLOWED.values(), ids=ALLOWED.keys())
def test_python_is_allowed_for(name, source):
    assert complaints(name, source) == []


def test_only_what_speaks_to_people_is_a_domain_error():
    source = (
        "class A(Conflict): ...\nclass Conflict(PortalError): ...\nclass Refused(PortalError): ..."
    )
    assert lint.domain_errors([ast.parse(source)]) == {"PortalError", "Conflict", "A"}


@pytest.mark.parametrize(
    "line",
    [
        "{{ note|safe }}",
        '<p style="color: red">',
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        '<button onclick="go()">',
        '<div hx-on:click="go()">',
        '<a href="javascript:go()">',
        "{% autoescape false %}",
        '{% import "macros/forms.html" as forms %}',
    ],
)
def test_a_template_is_refused_for(line):
    ((_, number, _),) = lint.template_problems("portal/templates/a.html", f"<p>\n{line}\n")
    assert number == 2


@pytest.mark.parametrize(
    "line",
    [
        '<script src="/static/kantor.js" defer></script>',
        '<meta name="htmx-config" content="{}">',
        "{# never |safe, never style= #}",
        '{% from "macros/forms.html" import field %}',
        '<p class="text-muted" data-only="x">',
    ],
)
def test_a_template_is_allowed_for(line):
    assert list(lint.template_problems("portal/templates/a.html", line)) == []


def test_a_template_of_another_kind_is_refused():
    ((_, _, what),) = lint.template_problems("portal/templates/mail.txt", "Hello")
    assert "ends in .html" in what
