"""What the palette offers to do: pages of the menu, new records, one's own preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.messages import message, translate
from portal.ui.shell import NavEntry, Shell, Text

from .rules import Wanted, words_of


@dataclass(frozen=True, kw_only=True)
class Command:
    """Something to do: a page to go to, or a button of the frame to press."""

    title: Text
    meta: Text = ""
    url: str = ""
    press: str = ""  # a selector of kantor.js
    icon: str = "chevron-right"
    hue: str = "slate"


def commands(shell: Shell) -> list[Command]:
    """Return everything that somebody may do from any page, as the frame offers it."""
    found = [*_places(shell), *_new(shell)]
    if shell.preferences_url:
        found.append(
            Command(
                title=message("Switch between light and dark"),
                press="[data-toggle-theme]",
                icon="moon",
            )
        )
        found += [
            Command(title=name, press=f"button[name=language][value={code}]", icon="world")
            for code, name in shell.languages
            if code != shell.language
        ]
    found.append(Command(title=message("Keyboard"), press="[data-show-keys]", icon="help-circle"))
    if shell.account_url:
        account = message("Your account")
        found.append(Command(title=account, url=shell.account_url, icon="user-circle"))
    if shell.bin_url:
        found.append(Command(title=message("Bin"), url=shell.bin_url, icon="trash"))
    if shell.sign_out_url:
        press = f'form[action="{shell.sign_out_url}"] button'
        found.append(Command(title=message("Sign out"), press=press, icon="logout"))
    return found


def matching(offered: list[Command], asked: Wanted) -> list[Command]:
    """Return the commands with words that begin as all that was typed; all of them for nothing."""
    return [
        command
        for command in offered
        if all(any(w.startswith(a) for w in _words(command)) for a in asked.words)
    ]


def _words(command: Command) -> list[str]:
    return words_of(f"{_said(command.title)} {_said(command.meta)}")


def _said(text: Text) -> str:
    return text if isinstance(text, str) else translate(text)


def _places(shell: Shell) -> Iterator[Command]:
    for group in shell.groups:
        for entry in group.entries:
            yield _place(entry)
            for child in entry.children:
                if child.url != entry.url:
                    yield Command(
                        title=child.title,
                        meta=entry.title,
                        url=child.url,
                        icon=entry.icon,
                        hue=entry.hue,
                    )


def _place(entry: NavEntry) -> Command:
    return Command(title=entry.title, url=entry.url, icon=entry.icon, hue=entry.hue)


def _new(shell: Shell) -> Iterator[Command]:
    for entry in shell.create:
        yield Command(
            title=entry.title, meta=message("New"), url=entry.url, icon=entry.icon, hue=entry.hue
        )
