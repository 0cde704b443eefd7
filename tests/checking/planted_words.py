"""Mistakes in words: what cannot be translated, and what is not."""

from __future__ import annotations

from .garden import Garden, kind


@kind("a sentence without translation", "missing-translation")
def untranslated(garden: Garden) -> None:
    if garden.pick(True, False, False):
        gone = garden.pick("Who has it", "Key register", "New key", "Saved a key")
        catalogue = "translations/id/LC_MESSAGES/messages.po"
        text = garden.read(catalogue)
        block = next(b for b in text.split("\n\n") if f'msgid "{gone}"\n' in b)
        garden.write(catalogue, text.replace(block + "\n\n", "").replace("\n\n" + block, ""))
        for file in ("views.py", "templates/keys/index.html", "__init__.py"):
            if f'"{gone}"' in garden.read(file):
                garden.seen(file, f'"{gone}"')
        return
    words = f"Ask the porter on floor {garden.number()}"
    if garden.pick(True, False):
        garden.change(
            "services.py", '"There is a key with this code already."', f'"{words}"', words
        )
        garden.change(
            "translations/id/LC_MESSAGES/messages.po",
            "There is a key with this code already.",
            "Zzz",
        )
        garden.change(
            "translations/id/LC_MESSAGES/messages.po",
            'msgid "Zzz"\nmsgstr "Sudah ada kunci dengan kode ini."\n',
            "",
        )
    else:
        garden.change(
            "templates/keys/form.html", "{% call", f'<p>{{{{ _("{words}") }}}}</p>\n{{% call', words
        )


@kind("a text that cannot be translated", "untranslated-string", along="stale-translation")
def spoken(garden: Garden) -> None:
    form = garden.pick(
        "label", "title", "node", "attribute", "macro", "toast", "column", "empty", "plain"
    )
    if form == "label":
        garden.change(
            "views.py", 'web.TextField(message("Room")', 'web.TextField("Room"', 'TextField("Room"'
        )
    elif form == "title":
        garden.change(
            "__init__.py",
            'title=message("See who holds a key")',
            'title="See who holds a key"',
            "See who",
        )
    elif form == "node":
        words = garden.pick("Ask the porter.", "All keys", "Lost it?", "Beware")
        tag = garden.pick("p", "span", "h2", "td")
        garden.change(
            "templates/keys/index.html",
            "{{ render_table",
            f"<{tag}>{words}</{tag}>\n{{{{ render_table",
            words,
        )
    elif form == "attribute":
        name = garden.pick("title", "placeholder", "aria-label", "alt")
        garden.change(
            "templates/keys/form.html",
            "{% call",
            f'<i {name}="Where it hangs"></i>\n{{% call',
            "Where it",
        )
    elif form == "macro":
        garden.change(
            "templates/keys/index.html",
            'link_button(_("New key")',
            'link_button("New key"',
            'link_button("New key"',
        )
    elif form == "toast":
        said = garden.pick('"The key is saved."', 'f"{code} is saved."', '"Saved %s" % code')
        garden.append("views.py", f"def told(code):\n    web.toast({said})", "web.toast")
    elif form == "column":
        garden.change(
            "views.py",
            'web.Column("room", message("Room"))',
            'web.Column("room", "Room")',
            'Column("room"',
        )
    elif form == "empty":
        garden.change(
            "views.py",
            '    default_sort="code",',
            '    default_sort="code",\n    empty=web.Empty(title="No keys yet"),',
            "No keys yet",
        )
    else:
        garden.change(
            "services.py",
            'message("There is a key with this code already.")',
            '"There is a key with this code already."',
            "There is a key",
        )


@kind("an error that cannot be translated", "formatted-error", along="untranslated-string")
def formatted(garden: Garden) -> None:
    text = garden.pick(
        'f"{key.code} is lent"',
        '"{} is lent".format(key.code)',
        '"%s is lent" % key.code',
        '"Lent: " + key.code',
        'message(f"{key.code} is lent")',
    )
    error = garden.pick("KeyAlreadyLent", "Conflict", "ValidationFailed")
    given = f'{{"code": {text}}}' if error == "ValidationFailed" else text
    form = garden.pick("raise", "named")
    if form == "raise" or error == "ValidationFailed":
        body = f"    raise {error}({given})"
        mark = given
    else:
        body = f"    said = {text}\n    raise {error}(said)"
        mark = f"{error}(said)"
    garden.append("services.py", f"def refuse(key):\n{body}", mark)
