"""Who is named as deputy reads so under the bell, whoever named them."""

from datetime import timedelta

import pytest

from portal.delegation.services import NameDeputy, name_deputy
from portal.errors import ValidationFailed
from portal.people.models import Person
from portal.testing import sign_in, working_as


@pytest.fixture
def named(portal_app, world):
    """Return a function: somebody names the assistant for a week, for themselves or for another."""

    def naming(by, principal=None):
        for role in ("assistant", "department_manager", "employee"):
            sign_in(portal_app, world.people[role])
        with working_as(portal_app, world.people[by]) as tx:
            known = {
                role: tx.session.get(Person, world.people[role]).public_id
                for role in ("assistant", principal or by)
            }
            first, last = tx.today, tx.today + timedelta(days=6)
            command = NameDeputy(
                deputy=known["assistant"],
                principal=known[principal] if principal else "",
                from_on=first,
                last_on=last,
            )
            return name_deputy(tx, command).public_id

    return naming


@pytest.mark.parametrize(
    ("by", "principal", "name"),
    [
        ("department_manager", None, "Department Manager"),
        ("administrator", "department_manager", "Department Manager"),
    ],
)
def test_the_deputy_is_told_for_whom_and_goes_on_to_it(
    portal_app, world, named, by, principal, name
):
    made = named(by, principal)
    client = sign_in(portal_app, world.people["assistant"])
    assert '<span class="n num">1<' in client.get("/").text
    page = client.get("/notices").text
    assert f"You stand in for {name} from " in page
    notice = page.split("/open")[0].rpartition("/notices/")[2]
    assert client.post(f"/notices/{notice}/open").location == f"/deputies/{made}"
    for other in ("department_manager", "employee"):
        page = sign_in(portal_app, world.people[other]).get("/notices").text
        assert "You stand in for" not in page


def test_who_names_a_deputy_that_cannot_be_tells_nobody(portal_app, world, named):
    named("department_manager")
    with pytest.raises(ValidationFailed):
        named("department_manager")  # The same days again.
    page = sign_in(portal_app, world.people["assistant"]).get("/").text
    assert '<span class="n num">1<' in page
