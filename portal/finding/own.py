"""What is found of the portal's own records."""

from __future__ import annotations

from .rules import Search

CORE_SEARCHES = (
    Search(subject="core.person", text=("email", "phone"), listed="people.people"),
    Search(subject="core.contact", text=("points.value",), listed="contacts.contacts"),
    Search(subject="core.place", listed="places.places"),
    Search(subject="core.department"),
)
