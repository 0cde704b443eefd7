"""The first page of a portal in which nothing has been done yet."""

from portal.home.views import FIRST_STEPS


def test_a_new_office_is_led_through_its_first_steps(new_office):
    new_office.speak("sari", "en")
    page = new_office.client("sari").get("/").text
    assert "Set the portal up" in page
    assert all(str(title) in page for title, *_ in FIRST_STEPS)
    for address in ("/people/departments/new", "/people/new", "/roles/assign", "/places/new"):
        assert f'href="{address}"' in page
        assert new_office.client("sari").get(address).status_code == 200
