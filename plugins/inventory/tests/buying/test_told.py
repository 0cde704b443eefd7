"""Who is told what of a request: the room, who asked, whom it is for; and nobody else."""

import pytest


@pytest.fixture
def told(clinic):
    """Return a function: what somebody reads under the bell, after all have signed in once."""
    for who in ("keeper", "second", "clerk", "colleague", "manager", "stranger", "other"):
        clinic.client(who)
    return lambda who: clinic.page(who, "/notices")


def number_of(clinic, request):
    page = clinic.page("clerk", f"/inventory/requests/{request}")
    return next(word.strip("(),.") for word in page.split() if word.startswith("REQ"))


def test_who_answers_for_the_room_is_told_that_it_is_asked(clinic, told):
    request = clinic.ask("clerk", clinic.wanted())
    said = f"Lab Clerk asks Shelf A1 for something ({number_of(clinic, request)})"
    for who in ("keeper", "second"):
        assert said in told(who), who
    for who in ("clerk", "stranger", "other", "manager"):
        assert said not in told(who), who


def test_a_room_is_told_only_when_the_request_was_approved(clinic, told):
    request = clinic.ask("clerk", clinic.wish())
    assert clinic.status(request)[0] == "waiting"
    assert "for something" not in told("keeper")
    clinic.decide("manager", request)
    assert "Lab Clerk asks Shelf A1 for something" in told("keeper")


def test_who_asked_is_told_of_the_answer_and_not_who_gave_it(clinic, told):
    request = clinic.ask("clerk", clinic.wanted())
    number = number_of(clinic, request)
    clinic.answer(request)
    assert f"Your request {number} was answered" in told("clerk")
    for who in ("keeper", "colleague", "stranger"):
        assert "was answered" not in told(who), who


def test_what_is_put_aside_can_be_fetched(clinic, told):
    request = clinic.ask("clerk", clinic.wanted(60_000))
    clinic.answer(request, "put_aside")
    number = number_of(clinic, request)
    assert f"{number}: what you asked for is put aside for you. You can fetch it." in told("clerk")
    assert "put aside for you" not in told("keeper")


def test_who_asked_is_told_that_it_is_ordered_and_that_it_came(clinic, told):
    request = clinic.approved(clinic.wanted(150_000))
    clinic.answer(request, "order")
    clinic.buy(request)
    number = number_of(clinic, request)
    assert "is ordered" not in told("clerk")
    order = clinic.place_order()
    assert f"What you asked for in {number} is ordered" in told("clerk")
    assert "You can fetch it" not in told("clerk")
    clinic.receive(order, 13)
    assert f"{number}: what you asked for is put aside for you. You can fetch it." in told("clerk")
    assert "is ordered" not in told("colleague")
