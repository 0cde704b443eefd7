"""The portal's own kinds of records."""

from __future__ import annotations

from portal.contacts.models import Contact
from portal.messages import message
from portal.people.models import Department, Person
from portal.places.models import Place

from .rules import Subject

CORE_SUBJECTS = (
    Subject(
        name="core.person",
        title=message("Person"),
        model=Person,
        permission="core.person.view",
        endpoint="people.person",
        label="name",
        staff="core.person.edit",
        icon="user",
        talk=False,
        fields={
            "name": message("Name"),
            "email": message("Work e-mail"),
            "phone": message("Work phone"),
        },
    ),
    Subject(
        name="core.department",
        title=message("Department"),
        model=Department,
        permission="core.department.view",
        endpoint="people.department",
        label="name",
        staff="core.department.edit",
        icon="sitemap",
        talk=False,
        fields={"name": message("Name")},
    ),
    Subject(
        name="core.contact",
        title=message("Contact"),
        model=Contact,
        permission="core.contact.view",
        endpoint="contacts.contact",
        label="name",
        staff="core.contact.edit",
        icon="address-book",
        fields={"name": message("Name"), "note": message("Note")},
    ),
    Subject(
        name="core.place",
        title=message("Place"),
        model=Place,
        permission="core.place.view",
        endpoint="places.place",
        label="name",
        number="code",
        staff="core.place.edit",
        icon="map-pin",
        fields={"name": message("Name"), "code": message("Code")},
    ),
)
