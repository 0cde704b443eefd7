"""Where a page lies in the menu, and the way there."""

import pytest

from portal.ui.shell import Crumb, NavEntry, NavGroup, Shell

ITEMS = NavEntry(title="Items", url="/inventory/items")
BELOW = NavEntry(title="Below minimum", url="/inventory/below")
INVENTORY = NavEntry(title="Inventory", url="/inventory/items", children=(ITEMS, BELOW))
KEYS = NavEntry(title="Keys", url="/keys/")
SHELL = Shell(
    organisation="Klinik Sinar Medika",
    groups=(
        NavGroup(entries=(NavEntry(title="Home", url="/"),)),
        NavGroup(title="Apps", entries=(INVENTORY, KEYS)),
    ),
)


def marked(path: str) -> dict[str, str]:
    entries = [e for group in SHELL.on_page(path).groups for e in group.entries]
    both = [*entries, *(child for entry in entries for child in entry.children)]
    return {str(entry.title): entry.current for entry in both if entry.current}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", {"Home": "page"}),
        ("/inventory/items", {"Inventory": "true", "Items": "page"}),
        ("/inventory/items/a1b2", {"Inventory": "true", "Items": "true"}),
        ("/inventory/below", {"Inventory": "true", "Below minimum": "page"}),
        ("/inventory/itemsets", {}),
        ("/keys/", {"Keys": "page"}),
        ("/keys/12/lend", {"Keys": "true"}),
        ("/people", {}),
    ],
)
def test_the_entry_nearest_to_the_page_is_marked_and_the_one_above_it(path, expected):
    assert marked(path) == expected


def way(path: str, *more: Crumb) -> list[str]:
    return [str(crumb.title) for crumb in SHELL.on_page(path, breadcrumbs=more).breadcrumbs]


def test_the_breadcrumb_is_the_way_through_the_menu_and_what_the_page_adds():
    assert way("/") == []
    assert way("/inventory/items") == ["Inventory", "Items"]
    assert way("/inventory/items/a1b2", Crumb("Paper")) == ["Inventory", "Items", "Paper"]
    assert way("/people", Crumb("People", "/people"), Crumb("Sari")) == ["People", "Sari"]


def test_a_step_the_menu_knows_is_not_said_twice():
    steps = (Crumb("All items", "/inventory/items"), Crumb("Paper"))
    assert way("/inventory/items/a1b2", *steps) == ["Inventory", "Items", "Paper"]


def test_a_page_beside_the_menu_lies_where_its_first_breadcrumb_does():
    steps = (Crumb("All items", "/inventory/items"), Crumb("Paper", "/inventory/items/a1b2"))
    page = SHELL.on_page("/inventory/movements/9", breadcrumbs=(*steps, Crumb("Movement 9")))
    entries = [entry for group in page.groups for entry in group.entries]
    assert [entry.title for entry in entries if entry.current] == ["Inventory"]
    assert [child.current for child in entries[1].children] == ["true", ""]
    assert [str(crumb.title) for crumb in page.breadcrumbs] == [
        "Inventory", "Items", "Paper", "Movement 9"
    ]  # fmt: skip
    assert page.place == SHELL.on_page("/inventory/items/a1b2").place


def test_a_page_of_the_menu_may_name_itself():
    assert way("/inventory/items", Crumb("Items")) == ["Inventory", "Items"]
    assert way("/keys/", Crumb("Keys", "/keys/")) == ["Keys"]


def test_the_kept_shell_is_not_changed_by_a_page():
    SHELL.on_page("/keys/")
    assert not any(entry.current for group in SHELL.groups for entry in group.entries)


def test_a_phone_goes_one_step_up_and_from_the_first_page_of_an_app_nowhere():
    page = SHELL.on_page("/inventory/items/a1b2", breadcrumbs=(Crumb("Paper"),))
    assert page.back_url == "/inventory/items"
    assert SHELL.on_page("/inventory/items").back_url == ""
    assert SHELL.on_page("/inventory/below").back_url == "/inventory/items"
    assert SHELL.on_page("/").back_url == ""
